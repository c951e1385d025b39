"""Authorize.net: cards, typed on its own pages (Accept Hosted) and kept by it (CIM payment profiles).

Wire: its JSON API over HTTP, https://developer.authorize.net/api/reference/. Our key is the invoice number of a
transaction: by it one whose answer was lost is found in the lists, and the same one sent again is refused as a
duplicate. The order of members matters: the JSON is read as XML.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from domain.money import minor_to_text, parse_minor
from domain.refusals import Refusal
from gateways.authorize_net_events import read_authorize_net_event
from gateways.authorize_net_objects import EXPIRED, card_of, charge_of_listed, charge_of_response, error_of, state_of
from gateways.authorize_net_wire import LONGEST_KEY, AuthorizeNetWire, Refused
from gateways.port import (
    ChargeRequest,
    ChargeResult,
    ChargeState,
    GatewayNotice,
    Health,
    Means,
    MethodRefs,
    Mode,
    RefundRequest,
    RefundResult,
    StoreRequest,
    StoreResult,
)
from gateways.wire import ANSWER_SECONDS, NoAnswer

API: Final = "https://api.authorize.net/xml/v1/request.api"
SANDBOX: Final = "https://apitest.authorize.net/xml/v1/request.api"
_PAGES: Final = {API: "https://accept.authorize.net", SANDBOX: "https://test.authorize.net"}
PAGE_LASTS: Final = dt.timedelta(minutes=30)
"""A page can be opened for 15 minutes after it was asked for; as long again is left to type."""
LISTED_AFTER: Final = dt.timedelta(seconds=40)
"""So long a transaction may be missing in the lists."""
_LOOKED_BACK: Final = dt.timedelta(days=2)
_DUPLICATE_WINDOW: Final = "28800"  # seconds; the longest there is

_NOT_ACCEPTED: Final = frozenset({"E00005", "E00006", "E00007", "E00008", "E00009", "E00011"})
_THERE_ALREADY, _NOT_THERE = "E00039", "E00040"
_DUPLICATE, _NOT_SETTLED = "11", "54"
CANNOT_BE_USED: Final = "The payment provider cannot carry this out. Nothing was taken. Try another way to pay."
STILL_OPEN: Final = "The payment provider's page cannot be closed. Until it closes by itself the payment waits."
TOMORROW: Final = "A part can be given back only when the charge is settled, on the next day. Try again tomorrow."

log = logging.getLogger("foyer.gateways.authorize_net")
_Result = TypeVar("_Result", ChargeResult, RefundResult, StoreResult)


class AuthorizeNet:
    """One merchant's account, which has one currency. ``api`` is its address, that of the sandbox, or the simulator's;
    ``pages`` where a payer is led, of the two former by default.
    """

    name, label = "authorize_net", "Authorize.net"
    means = pages = stores = frozenset({Means.CARD})
    asks_back = True

    def __init__(
        self,
        login_id: str,
        transaction_key: str,
        signature_key: str,
        *,
        currency: str = "USD",
        api: str = API,
        pages: str = "",
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._signature_key, self._currency = signature_key, currency
        self._pages = pages or _PAGES.get(api, api)
        self.mode = {API: Mode.LIVE, SANDBOX: Mode.TEST}.get(api, Mode.SIMULATED)
        self._wire = AuthorizeNetWire(api, login_id, transaction_key, answer_seconds=answer_seconds)

    def takes(self, currency: str) -> bool:
        return currency == self._currency

    def check(self) -> Health:
        try:
            self._wire.call("authenticateTestRequest", {})
        except Refused as refused:
            return Health.REFUSES_KEYS if refused.code in _NOT_ACCEPTED else Health.DOES_NOT_ANSWER
        except (NoAnswer, KeyError, TypeError, ValueError, AttributeError):
            log.warning("Authorize.net did not answer whether it can be worked with", exc_info=True)
            return Health.DOES_NOT_ANSWER
        return Health.WORKS

    def charge(self, request: ChargeRequest) -> ChargeResult:
        if not self.takes(request.currency) or request.means not in self.means:
            return ChargeResult(ChargeState.DECLINED, code="not_offered", message=CANNOT_BE_USED)
        return self._asked(
            lambda: self._open_page(request) if request.method is None else self._charge(request), ChargeResult
        )

    def finish_charge(self, request: ChargeRequest, handle: str) -> ChargeResult:
        return self.find_charge(request, handle=handle)

    def find_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        return self._looked_up(lambda: self._find(request, handle), ChargeResult)

    def cancel_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        """A page cannot be closed: it closes by itself, and until then the payer may be faster."""
        found = self.find_charge(request, handle=handle)
        if found.state is ChargeState.NOT_FOUND:
            return ChargeResult(ChargeState.DECLINED, code="cancelled", message="It was given up.")
        if found.state is ChargeState.WAITING and found.gateway_ref is None:
            return dataclasses.replace(found, message=STILL_OPEN)
        return found

    def refund(self, request: RefundRequest) -> RefundResult:
        return self._asked(lambda: self._refund(request), RefundResult)

    def find_refund(self, key: str, *, charge_ref: str) -> RefundResult:
        def ask() -> RefundResult:
            found = next(self._wire.listed(key, dt.datetime.now(dt.UTC) - _LOOKED_BACK), None)
            if found is not None:
                return RefundResult(state_of(found), str(found["transId"]))
            charge = self._wire.transaction(charge_ref)
            if charge["transactionStatus"] == "voided":  # the whole of it, before it was settled
                return RefundResult(ChargeState.SUCCEEDED, charge_ref)
            return RefundResult(ChargeState.NOT_FOUND)

        return self._looked_up(ask, RefundResult)

    def store_method(self, request: StoreRequest) -> StoreResult:
        """The handle is the customer's profile, the newest of its methods, and when it was asked for."""

        def ask() -> StoreResult:
            customer, newest = self._customer(request)
            settings = {
                "hostedProfileReturnUrl": request.return_url,
                "hostedProfileReturnUrlText": "Continue",
                "hostedProfilePageBorderVisible": "false",
            }
            told = self._wire.call(
                "getHostedProfilePageRequest",
                {"customerProfileId": customer, "hostedProfileSettings": {"setting": _settings(settings)}},
            )
            return StoreResult(
                ChargeState.WAITING,
                f"{customer}/{newest}/{int(time.time())}",
                continue_at=f"{self._pages}/customer/addPayment",
                continue_fields={"token": str(told["token"])},
            )

        return self._asked(ask, StoreResult)

    def finish_storing(self, request: StoreRequest, handle: str) -> StoreResult:
        def ask() -> StoreResult:
            customer, newest, opened = handle.split("/")
            added = [each for each in self._profiles(customer) if int(each["customerPaymentProfileId"]) > int(newest)]
            if added:
                profile = max(added, key=lambda each: int(each["customerPaymentProfileId"]))
                return StoreResult(ChargeState.SUCCEEDED, handle, card_of(customer, profile))
            if _is_open(opened):
                return StoreResult(ChargeState.WAITING, handle)
            return StoreResult(ChargeState.DECLINED, handle, message="The page was open too long. Add the card again.")

        return self._looked_up(ask, StoreResult)

    def remove_method(self, refs: MethodRefs) -> bool:
        told = {"customerProfileId": refs.customer_ref, "customerPaymentProfileId": refs.method_ref}
        try:
            self._wire.call("deleteCustomerPaymentProfileRequest", told)
        except Refused as refused:
            return refused.code == _NOT_THERE
        except NoAnswer:
            log.warning("Authorize.net did not say whether a card is removed", exc_info=True)
            return False
        return True

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: dt.datetime) -> GatewayNotice:
        return read_authorize_net_event(
            headers, body, signature_key=self._signature_key, currency=self._currency, now=now
        )

    def page_origins(self) -> frozenset[str]:
        parts = urlsplit(self._pages)
        return frozenset({f"{parts.scheme}://{parts.netloc}"})

    # Charges

    def _open_page(self, request: ChargeRequest) -> ChargeResult:
        """A page for one transaction. Asked twice there are two, of which one card can use only one."""
        options = {
            "showReceipt": False,
            "url": request.return_url,
            "urlText": "Continue",
            "cancelUrl": request.cancel_url,
            "cancelUrlText": "Cancel",
        }
        settings = {
            "hostedPaymentReturnOptions": json.dumps(options),
            "hostedPaymentButtonOptions": json.dumps({"text": "Pay"}),
            "hostedPaymentPaymentOptions": json.dumps({"showCreditCard": True, "showBankAccount": False}),
            "hostedPaymentOrderOptions": json.dumps({"show": True}),
        }
        transaction = {
            "transactionType": "authCaptureTransaction",
            "amount": minor_to_text(request.amount, request.currency),
            "currencyCode": request.currency,
            "order": _order(request),
            "customer": {"id": request.payer.reference[:20], "email": request.payer.email},
            "transactionSettings": {"setting": _settings({"duplicateWindow": _DUPLICATE_WINDOW})},
        }
        told = self._wire.call(
            "getHostedPaymentPageRequest",
            {
                "refId": request.key,
                "transactionRequest": transaction,
                "hostedPaymentSettings": {"setting": _settings(settings)},
            },
        )
        return ChargeResult(
            ChargeState.WAITING,
            handle=f"page-{int(time.time())}",
            continue_at=f"{self._pages}/payment/payment",
            continue_fields={"token": str(told["token"])},
        )

    def _charge(self, request: ChargeRequest) -> ChargeResult:
        method = request.method
        if method is None:
            raise ValueError("only a stored method is charged without its payer")
        told = self._wire.transact(
            request.key,
            {
                "transactionType": "authCaptureTransaction",
                "amount": minor_to_text(request.amount, request.currency),
                "currencyCode": request.currency,
                "profile": {
                    "customerProfileId": method.customer_ref,
                    "paymentProfile": {"paymentProfileId": method.method_ref},
                },
                "order": _order(request),
                "transactionSettings": {"setting": _settings({"duplicateWindow": _DUPLICATE_WINDOW})},
            },
        )
        if error_of(told) == _DUPLICATE:
            return self._find(request, None)
        result = charge_of_response(told, request.amount, request.currency)
        if result.state is ChargeState.SUCCEEDED and result.gateway_ref is not None:
            # The answer does not repeat the amount; what was taken is what the transaction says.
            return self._looked_up(lambda: self._details(result), ChargeResult)
        return result

    def _details(self, result: ChargeResult) -> ChargeResult:
        transaction = self._wire.transaction(result.gateway_ref or "")
        amount = parse_minor(str(transaction["settleAmount"]), self._currency)
        return dataclasses.replace(result, amount=amount)

    def _find(self, request: ChargeRequest, handle: str | None) -> ChargeResult:
        """By the key. A page shows refused tries too, which end nothing while it is open."""
        since = (request.asked_at or dt.datetime.now(dt.UTC) - _LOOKED_BACK) - dt.timedelta(hours=1)
        found = [charge_of_listed(each, self._currency) for each in self._wire.listed(request.key, since)]
        done = next((each for each in found if each.state is not ChargeState.DECLINED), None)
        if done is not None:
            return dataclasses.replace(done, handle=handle)
        if request.method is not None and found:
            return found[0]
        if handle is not None:
            if _is_open(handle.removeprefix("page-")):
                return ChargeResult(ChargeState.WAITING, handle=handle)
            return ChargeResult(ChargeState.DECLINED, handle=handle, code="expired", message=EXPIRED)
        if request.asked_at is not None and dt.datetime.now(dt.UTC) - request.asked_at < LISTED_AFTER:
            return ChargeResult(ChargeState.UNKNOWN)
        return ChargeResult(ChargeState.NOT_FOUND)

    # Refunds

    def _refund(self, request: RefundRequest) -> RefundResult:
        charge = self._wire.transaction(request.gateway_ref)
        settled = charge["transactionStatus"] == "settledSuccessfully"
        if not settled and parse_minor(str(charge["settleAmount"]), request.currency) == request.amount:
            return self._refund_of(
                request, {"transactionType": "voidTransaction", "refTransId": request.gateway_ref}, request.gateway_ref
            )
        if not settled:
            return RefundResult(ChargeState.DECLINED, code=_NOT_SETTLED, message=TOMORROW)
        card = {"cardNumber": str(charge["payment"]["creditCard"]["cardNumber"])[-4:], "expirationDate": "XXXX"}
        transaction = {
            "transactionType": "refundTransaction",
            "amount": minor_to_text(request.amount, request.currency),
            "currencyCode": request.currency,
            "payment": {"creditCard": card},
            "refTransId": request.gateway_ref,
            "order": {"invoiceNumber": request.key[:LONGEST_KEY], "description": request.reference[:255]},
            "transactionSettings": {"setting": _settings({"duplicateWindow": _DUPLICATE_WINDOW})},
        }
        return self._refund_of(request, transaction, None)

    def _refund_of(self, request: RefundRequest, transaction: Mapping[str, Any], ref: str | None) -> RefundResult:
        told = self._wire.transact(request.key, transaction)
        if error_of(told) == _DUPLICATE:
            return self.find_refund(request.key, charge_ref=request.gateway_ref)
        result = charge_of_response(told, request.amount, request.currency)
        if result.state is ChargeState.DECLINED:
            return RefundResult(result.state, code=result.code, message="Authorize.net did not send the money back.")
        return RefundResult(result.state, ref or result.gateway_ref)

    # Stored methods

    def _customer(self, request: StoreRequest) -> tuple[str, int]:
        """The customer's profile, made where there is none, and the number of its newest method."""
        if request.customer_ref:
            try:
                return request.customer_ref, _newest(self._profiles(request.customer_ref))
            except Refused as refused:
                if refused.code != _NOT_THERE:
                    raise
        profile = {
            "merchantCustomerId": request.payer.reference[:20],
            "description": request.payer.name[:255],
            "email": request.payer.email,
        }
        try:
            made = self._wire.call("createCustomerProfileRequest", {"profile": profile})
            return str(made["customerProfileId"]), 0
        except Refused as refused:
            there = re.search(r"\bID (\d+)\b", refused.text)
            if refused.code != _THERE_ALREADY or there is None:
                raise
            return there[1], _newest(self._profiles(there[1]))

    def _profiles(self, customer: str) -> list[Mapping[str, Any]]:
        told = self._wire.call(
            "getCustomerProfileRequest", {"customerProfileId": customer, "unmaskExpirationDate": "true"}
        )
        return [each for each in told["profile"].get("paymentProfiles") or () if "creditCard" in each["payment"]]

    @staticmethod
    def _asked(ask: Callable[[], _Result], kind: type[_Result], *, refusals: bool = True) -> _Result:
        """Ask, and make a result of whatever happens. Only clear refusals say that nothing was moved."""
        try:
            return ask()
        except Refused as refused:
            level = logging.ERROR if refused.code in _NOT_ACCEPTED else logging.WARNING
            log.log(level, "Authorize.net refused a request: %s", refused.code)
            if not refusals:
                return kind(ChargeState.UNKNOWN)
            return kind(ChargeState.DECLINED, code=refused.code, message=CANNOT_BE_USED)
        except (NoAnswer, KeyError, TypeError, ValueError, AttributeError, IndexError, Refusal):
            log.warning("Authorize.net gave no answer that can be read", exc_info=True)
            return kind(ChargeState.UNKNOWN)

    def _looked_up(self, ask: Callable[[], _Result], kind: type[_Result]) -> _Result:
        """The same for a question: who may not ask does not know."""
        return self._asked(ask, kind, refusals=False)


def _order(request: ChargeRequest) -> dict[str, str]:
    return {
        "invoiceNumber": request.key[:LONGEST_KEY],
        "description": f"{request.reference}: {request.description}"[:255],
    }


def _settings(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"settingName": name, "settingValue": value} for name, value in values.items()]


def _newest(profiles: list[Mapping[str, Any]]) -> int:
    return max((int(each["customerPaymentProfileId"]) for each in profiles), default=0)


def _is_open(opened: str) -> bool:
    return time.time() - int(opened) < PAGE_LASTS.total_seconds()
