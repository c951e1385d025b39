"""Asking Authorize.net: one address, a request by its name, and an answer that says in its messages how it went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateways.wire import NoAnswer, Wire

LONGEST_KEY: Final = 20
"""Of an invoice number and of a reference."""
_PAGE: Final = 1000


class Refused(Exception):
    """A clear no, with the code of the message; nothing was moved."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(code)


class AuthorizeNetWire:
    """The way to one merchant's account."""

    def __init__(self, api: str, login_id: str, transaction_key: str, *, answer_seconds: float) -> None:
        self._authentication = {"name": login_id, "transactionKey": transaction_key}
        self._wire = Wire(api, answer_seconds=answer_seconds)

    def transact(self, key: str, transaction: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for a transaction; its own answer tells more than the message around it."""
        told = self._ask("createTransactionRequest", {"refId": key[:LONGEST_KEY], "transactionRequest": transaction})
        response: Mapping[str, Any] = told.get("transactionResponse") or {}
        if response.get("responseCode") is None:
            _refuse(told)
        return response

    def transaction(self, ref: str) -> Mapping[str, Any]:
        """The details of a transaction. Raises Refused, NoAnswer."""
        told: Mapping[str, Any] = self.call("getTransactionDetailsRequest", {"transId": ref})["transaction"]
        return told

    def call(self, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask a request of this name. Raises Refused, NoAnswer, KeyError."""
        told = self._ask(name, given)
        if told["messages"]["resultCode"] != "Ok":
            _refuse(told)
        return told

    def _ask(self, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._wire.ask("POST", "", told={name: {"merchantAuthentication": self._authentication, **given}})
        if not answer.is_good:
            raise NoAnswer(f"status {answer.status}")
        return answer.body

    def listed(self, key: str, since: dt.datetime) -> Iterator[Mapping[str, Any]]:
        """The transactions under a key, the newest first: those not settled yet, then those of the batches since."""
        for each in self._pages_of("getUnsettledTransactionListRequest", {}):
            if each.get("invoiceNumber") == key:
                yield each
        span = {
            "firstSettlementDate": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lastSettlementDate": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        batches = self.call("getSettledBatchListRequest", span).get("batchList") or ()
        for batch in sorted(batches, key=lambda each: int(each["batchId"]), reverse=True):
            for each in self._pages_of("getTransactionListRequest", {"batchId": str(batch["batchId"])}):
                if each.get("invoiceNumber") == key:
                    yield each

    def _pages_of(self, name: str, given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        number, sorting = 0, {"orderBy": "submitTimeUTC", "orderDescending": "true"}
        while True:
            number += 1
            paging = {"limit": str(_PAGE), "offset": str(number)}
            found = self.call(name, {**given, "sorting": sorting, "paging": paging}).get("transactions") or ()
            yield from found
            if len(found) < _PAGE:
                return


def _refuse(told: Mapping[str, Any]) -> None:
    message = told["messages"]["message"][0]
    raise Refused(str(message["code"]), str(message["text"]))
