"""PayPal: orders that a payer approves on its page, and billing agreements that are charged without them.

Wire: Orders v2, Payments v2 and Billing Agreements v1, https://developer.paypal.com/api/rest/, over HTTP. Our key goes
along as ``PayPal-Request-Id`` and as ``custom_id``. An order alone takes nothing; only its capture does, and only we
ask for that. So an order whose answer was lost is found by asking for the same one again, which makes no second one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from cryptography.x509 import load_pem_x509_certificates

from domain.refusals import Refusal
from gateways.paypal_events import read_paypal_event
from gateways.paypal_objects import (
    DECLINED,
    EXPIRED,
    agreement_of,
    amount_of,
    charge_of_capture,
    charge_of_order,
    minor_of,
    page_of,
    refund_of,
    refunds_of,
)
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
from gateways.wire import ANSWER_SECONDS, Answer, NoAnswer, Wire

API: Final = "https://api-m.paypal.com"
SANDBOX: Final = "https://api-m.sandbox.paypal.com"
_PAGES: Final = {API: "https://www.paypal.com", SANDBOX: "https://www.sandbox.paypal.com"}
KEYS_KEPT: Final = dt.timedelta(hours=5)
"""PayPal remembers a request ID for six hours. After that a charge is looked for in its list of transactions."""
_LISTED_WITHIN: Final = dt.timedelta(days=1)
# https://developer.paypal.com/reference/currency-codes/ without HUF and TWD, which it takes in whole units only.
_CURRENCIES: Final = frozenset(
    ("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS")
) | frozenset(("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD"))
_PENDING: Final = "PENDING"
_PAYERS_FAULT: Final = frozenset({"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "PAYER_CANNOT_PAY"})
CANNOT_BE_USED: Final = "PayPal cannot carry this out. Nothing was taken. Try another way to pay."
CANCELLED: Final = "The agreement does not work any more: it was cancelled. Make a new one, or pay another way."

log = logging.getLogger("foyer.gateways.paypal")
_Result = TypeVar("_Result", ChargeResult, RefundResult, StoreResult)


class _Refused(Exception):
    """PayPal's clear no, with its word for why; nothing was moved."""

    def __init__(self, answer: Answer) -> None:
        details = answer.body.get("details") or [{}]
        self.status, self.body = answer.status, answer.body
        self.issue = str(details[0].get("issue") or answer.body.get("name") or answer.body.get("error") or "refused")
        super().__init__(self.issue)


class PayPal:
    """One PayPal account of a merchant. ``certificates``: the PEM of those that PayPal signs events with.

    ``api`` is PayPal's own address, that of its sandbox, or of the simulator. Raises ValueError for no certificate.
    """

    name, label = "paypal", "PayPal"
    means = frozenset({Means.PAYPAL, Means.PAYPAL_AGREEMENT})
    pages = frozenset({Means.PAYPAL})
    stores = frozenset({Means.PAYPAL_AGREEMENT})
    asks_back = True

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        webhook_id: str,
        certificates: bytes,
        api: str = API,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._credentials = (client_id, client_secret)
        self._webhook_id, self._certificates = webhook_id, load_pem_x509_certificates(certificates)
        self._pages = _PAGES.get(api, api)
        self.mode = {API: Mode.LIVE, SANDBOX: Mode.TEST}.get(api, Mode.SIMULATED)
        self._wire = Wire(api, answer_seconds=answer_seconds)
        self._lock = threading.Lock()
        self._token, self._token_ends = "", 0.0

    def takes(self, currency: str) -> bool:
        return currency in _CURRENCIES

    def check(self) -> Health:
        with self._lock:
            self._token = ""  # so that the keys are shown again
        try:
            self._bearer()
        except _Refused as refused:
            return Health.REFUSES_KEYS if refused.status == 401 else Health.DOES_NOT_ANSWER
        except (NoAnswer, KeyError, TypeError, ValueError, AttributeError):
            log.warning("PayPal did not answer whether it can be worked with", exc_info=True)
            return Health.DOES_NOT_ANSWER
        return Health.WORKS

    def charge(self, request: ChargeRequest) -> ChargeResult:
        if not self.takes(request.currency) or request.means not in self.means:
            return ChargeResult(ChargeState.DECLINED, code="not_offered", message=CANNOT_BE_USED)

        def ask() -> ChargeResult:
            order = self._order(request)
            return charge_of_order(order) if request.method is None else self._capture(request, order["id"])

        return self._asked(ask, ChargeResult)

    def finish_charge(self, request: ChargeRequest, handle: str) -> ChargeResult:
        def ask() -> ChargeResult:
            order = self._get(f"/v2/checkout/orders/{quote(handle)}")
            if order["status"] == "APPROVED" and request.method is None:
                return self._capture(request, handle)
            return self._standing(request, order)

        return self._looked_up(ask, ChargeResult)

    def find_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        def ask() -> ChargeResult:
            if handle is None and _is_forgotten(request):
                return self._listed(request)
            which = handle or str(self._order(request)["id"])
            return self._standing(request, self._get(f"/v2/checkout/orders/{quote(which)}"))

        return self._looked_up(ask, ChargeResult)

    def cancel_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        """An order cannot be cancelled at PayPal, and need not be: nobody but us takes its money."""
        found = self.find_charge(request, handle=handle)
        if found.state in (ChargeState.NOT_FOUND, ChargeState.WAITING) and found.gateway_ref is None:
            return ChargeResult(ChargeState.DECLINED, handle=found.handle, code="cancelled", message="It was given up.")
        return found

    def refund(self, request: RefundRequest) -> RefundResult:
        told = {
            "amount": amount_of(request.amount, request.currency),
            "custom_id": request.key,
            "invoice_id": request.key,
            "note_to_payer": f"{request.reference} {request.reason}".strip()[:255],
        }
        path = f"/v2/payments/captures/{quote(request.gateway_ref)}/refund"
        return self._asked(lambda: refund_of(self._post(path, told, request.key)), RefundResult)

    def find_refund(self, key: str, *, charge_ref: str) -> RefundResult:
        def ask() -> RefundResult:
            capture = self._get(f"/v2/payments/captures/{quote(charge_ref)}")
            order = self._get(f"/v2/checkout/orders/{quote(capture['supplementary_data']['related_ids']['order_id'])}")
            found = next((each for each in refunds_of(order) if each.get("custom_id") == key), None)
            return refund_of(found) if found is not None else RefundResult(ChargeState.NOT_FOUND)

        return self._looked_up(ask, RefundResult)

    def store_method(self, request: StoreRequest) -> StoreResult:
        told = {
            "description": f"Invoices and orders of {request.payer.name}"[:128],
            "payer": {"payment_method": "PAYPAL"},
            "plan": {
                "type": "MERCHANT_INITIATED_BILLING",
                "merchant_preferences": {
                    "return_url": request.return_url,
                    "cancel_url": request.cancel_url,
                    "accepted_pymt_type": "INSTANT",
                    "skip_shipping_address": True,
                },
            },
        }

        def ask() -> StoreResult:
            made = self._post("/v1/billing-agreements/agreement-tokens", told, request.key)
            return StoreResult(ChargeState.WAITING, made["token_id"], continue_at=page_of(made))

        return self._asked(ask, StoreResult)

    def finish_storing(self, request: StoreRequest, handle: str) -> StoreResult:
        def ask() -> StoreResult:
            asked = self._get(f"/v1/billing-agreements/agreement-tokens/{quote(handle)}")
            if asked["token_status"] == _PENDING:
                return StoreResult(ChargeState.WAITING, handle, continue_at=page_of(asked))
            made = self._post("/v1/billing-agreements/agreements", {"token_id": handle}, f"{request.key}-agreement")
            return StoreResult(ChargeState.SUCCEEDED, handle, agreement_of(made))

        return self._looked_up(ask, StoreResult)

    def remove_method(self, refs: MethodRefs) -> bool:
        path = f"/v1/billing-agreements/agreements/{quote(refs.method_ref)}/cancel"
        try:
            self._post(path, {"note": "Removed by the customer"}, "")
        except _Refused as refused:
            return refused.status == 404 or "CANCEL" in refused.issue.upper()
        except NoAnswer:
            log.warning("PayPal did not say whether an agreement is cancelled", exc_info=True)
            return False
        return True

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: dt.datetime) -> GatewayNotice:
        return read_paypal_event(headers, body, webhook_id=self._webhook_id, certificates=self._certificates, now=now)

    def page_origins(self) -> frozenset[str]:
        parts = urlsplit(self._pages)
        return frozenset({f"{parts.scheme}://{parts.netloc}"})

    def _order(self, request: ChargeRequest) -> Mapping[str, Any]:
        """Ask for the order of this key: a new one, or the one that is there."""
        unit = {
            "custom_id": request.key,
            "invoice_id": request.key,
            "description": f"{request.reference}: {request.description}"[:127],
            "amount": amount_of(request.amount, request.currency),
        }
        told: dict[str, Any] = {"intent": "CAPTURE", "purchase_units": [unit]}
        if request.method is None:
            experience = {
                "return_url": request.return_url,
                "cancel_url": request.cancel_url,
                "user_action": "PAY_NOW",
                "shipping_preference": "NO_SHIPPING",
                "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
            }
            told["payment_source"] = {"paypal": {"experience_context": experience}}
        return self._post("/v2/checkout/orders", told, request.key)

    def _capture(self, request: ChargeRequest, order_id: str) -> ChargeResult:
        """Take the money of an order. A payer whose wallet has nothing to take may choose again on the page."""
        told: dict[str, Any] = {}
        if request.method is not None:
            told["payment_source"] = {"token": {"id": request.method.method_ref, "type": "BILLING_AGREEMENT"}}
        try:
            key = f"{request.key}-capture" if told else ""  # an order is captured once in any case
            return charge_of_order(self._post(f"/v2/checkout/orders/{quote(order_id)}/capture", told, key))
        except NoAnswer:
            return ChargeResult(ChargeState.UNKNOWN, handle=order_id)
        except _Refused as refused:
            if refused.issue == "ORDER_ALREADY_CAPTURED":
                return charge_of_order(self._get(f"/v2/checkout/orders/{quote(order_id)}"))
            if request.method is None and refused.issue in _PAYERS_FAULT:
                page = page_of(refused.body) or page_of(self._get(f"/v2/checkout/orders/{quote(order_id)}"))
                return ChargeResult(ChargeState.WAITING, handle=order_id, continue_at=page, message=DECLINED)
            return dataclasses.replace(_refusal(refused, ChargeResult), handle=order_id)

    @staticmethod
    def _standing(request: ChargeRequest, order: Mapping[str, Any]) -> ChargeResult:
        """How an order stands. One of an agreement waits for nobody: what was not captured was not taken."""
        found = charge_of_order(order)
        if request.method is not None and found.state is ChargeState.WAITING and found.gateway_ref is None:
            return ChargeResult(ChargeState.NOT_FOUND, handle=found.handle)
        return found

    def _listed(self, request: ChargeRequest) -> ChargeResult:
        """Look in the list of transactions, which lags by up to three hours: not for what is fresh."""
        begun = request.asked_at or dt.datetime.now(dt.UTC)
        query = {
            "start_date": (begun - dt.timedelta(minutes=10)).isoformat(timespec="seconds"),
            "end_date": (begun + _LISTED_WITHIN).isoformat(timespec="seconds"),
            "fields": "transaction_info",
            "page_size": "500",
        }
        pages, page = 1, 0
        while page < pages:
            page += 1
            told = self._get("/v1/reporting/transactions", {**query, "page": str(page)})
            pages = int(told.get("total_pages") or 1)
            for each in told["transaction_details"]:
                info = each["transaction_info"]
                if info.get("custom_field") == request.key and info["transaction_event_code"].startswith("T00"):
                    return charge_of_capture(_capture_of_listed(info), None)
        return ChargeResult(ChargeState.NOT_FOUND)

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return self._call("GET", path, query=query)

    def _post(self, path: str, told: Any, key: str) -> Mapping[str, Any]:
        headers = {"Prefer": "return=representation", **({"PayPal-Request-Id": key} if key else {})}
        return self._call("POST", path, told=told, headers=headers)

    def _call(self, method: str, path: str, **given: Any) -> Mapping[str, Any]:
        headers = {**(given.pop("headers", None) or {}), "Authorization": f"Bearer {self._bearer()}"}
        answer = self._wire.ask(method, path, headers=headers, **given)
        if answer.status == 401:  # withdrawn before its time: what it was asked with was not carried out
            with self._lock:
                self._token = ""
            answer = self._wire.ask(
                method, path, headers={**headers, "Authorization": f"Bearer {self._bearer()}"}, **given
            )
        if not answer.is_good:
            raise _Refused(answer)
        return answer.body

    def _bearer(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() >= self._token_ends:
                form = {"grant_type": "client_credentials"}
                answer = self._wire.ask("POST", "/v1/oauth2/token", form=form, auth=self._credentials)
                if not answer.is_good:
                    raise _Refused(answer)
                self._token = str(answer.body["access_token"])
                self._token_ends = time.monotonic() + int(answer.body["expires_in"]) - 60
            return self._token

    @staticmethod
    def _asked(ask: Callable[[], _Result], kind: type[_Result], *, refusals: bool = True) -> _Result:
        """Ask, and make a result of whatever happens. Only PayPal's clear refusals say that nothing was moved."""
        try:
            return ask()
        except _Refused as refused:
            if not refusals:
                raise
            return _refusal(refused, kind)
        except (NoAnswer, KeyError, TypeError, ValueError, AttributeError, IndexError, Refusal):
            log.warning("PayPal gave no answer that can be read", exc_info=True)
            return kind(ChargeState.UNKNOWN)

    def _looked_up(self, ask: Callable[[], _Result], kind: type[_Result]) -> _Result:
        """The same for a question: who may not ask does not know. An order or page that is gone was never used."""
        try:
            return self._asked(ask, kind, refusals=False)
        except _Refused as refused:
            if refused.status == 404 and kind is not RefundResult:
                return kind(ChargeState.DECLINED, code="expired", message=EXPIRED)
            log.error("PayPal does not answer a question: %s", refused.issue)
            return kind(ChargeState.UNKNOWN)


def _is_forgotten(request: ChargeRequest) -> bool:
    return request.asked_at is not None and dt.datetime.now(dt.UTC) - request.asked_at > KEYS_KEPT


def _refusal(refused: _Refused, kind: type[_Result]) -> _Result:
    """The refusal in the words of the port, with what may be said to the payer."""
    code = refused.issue
    if refused.status in (401, 403):
        log.error("PayPal does not accept our credentials, or the account may not do this (%s)", refused.issue)
        return kind(ChargeState.DECLINED, code=code, message=CANNOT_BE_USED)
    if refused.issue in _PAYERS_FAULT:
        return kind(ChargeState.DECLINED, code=code, message=DECLINED)
    if "AGREEMENT" in refused.issue:
        return kind(ChargeState.DECLINED, code=code, message=CANCELLED)
    if refused.status == 404:
        return kind(ChargeState.DECLINED, code=code, message=EXPIRED)
    log.warning("PayPal refused a request: %s", refused.issue)
    return kind(ChargeState.DECLINED, code=code, message=CANNOT_BE_USED)


def _capture_of_listed(info: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the list of transactions, as a capture. Fees stand there as amounts below zero."""
    amount = info["transaction_amount"]
    captured: dict[str, Any] = {"id": info["transaction_id"], "amount": amount}
    captured["status"] = {"S": "COMPLETED", "P": "PENDING", "V": "REFUNDED"}.get(info["transaction_status"], "DECLINED")
    fee = info.get("fee_amount")
    if fee is not None:
        positive = {**fee, "value": str(fee["value"]).lstrip("-")}
        captured["seller_receivable_breakdown"] = {"paypal_fee": positive}
        minor_of(positive)
    return captured
