"""The wire of Authorize.net as its simulator speaks it: what a request must look like, and how answers are wrapped."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from werkzeug import Request, Response

CURRENCY: Final = "USD"
_ORDER: Final = (
    "transactionType",
    "amount",
    "currencyCode",
    "payment",
    "profile",
    "refTransId",
    "order",
    "customer",
    "transactionSettings",
)


class Refused(Exception):
    """An error in the messages of an answer."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text


TEXTS: Final = {
    "2": "This transaction has been declined.",
    "11": "A duplicate transaction has been submitted.",
    "16": "The transaction cannot be found.",
    "54": "The referenced transaction does not meet the criteria for issuing a credit.",
    "55": "The sum of credits against the referenced transaction would exceed original debit amount.",
}


def check_transaction(wanted: Mapping[str, Any]) -> None:
    """The members stand in the order of the schema, and their values keep its limits."""
    if list(wanted) != [name for name in _ORDER if name in wanted]:
        raise Refused("E00003", "The element has an invalid child element.")
    if len(wanted.get("order", {}).get("invoiceNumber", "")) > 20:
        raise Refused("E00003", "The actual length is greater than the MaxLength value.")
    if "amount" in wanted:
        try:
            valid = 0 < minor(wanted["amount"]) <= 9_999_999 and wanted["currencyCode"] == CURRENCY
        except InvalidOperation:
            valid = False
        if not valid:
            raise Refused("E00027", "A valid amount is required.")


def answer_of(body: Mapping[str, Any], asked: Mapping[str, Any], refused: Refused | None = None) -> Response:
    """An answer begins with a byte order mark, as Authorize.net's do."""
    failed = refused is not None or (body.get("transactionResponse") or {}).get("responseCode", "1") != "1"
    code, text = (refused.code, refused.text) if refused is not None else ("I00001", "Successful.")
    if refused is None and failed:
        code, text = "E00027", "The transaction was unsuccessful."
    messages = {"resultCode": "Error" if failed else "Ok", "message": [{"code": code, "text": text}]}
    told = {**body, "refId": asked.get("refId"), "messages": messages}
    return Response("\ufeff" + json.dumps(told), 200, mimetype="application/json")


def setting(settings: Mapping[str, Any], name: str) -> str:
    return str(next(each["settingValue"] for each in settings["setting"] if each["settingName"] == name))


def given_in(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = request.get_json(silent=True) or {}
    return given


def minor(amount: str | float) -> int:
    return int(Decimal(str(amount)).scaleb(2))


def moment() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "0Z")
