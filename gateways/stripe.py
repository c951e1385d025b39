"""Stripe: cards, typed on its own pages (Checkout) and kept by it (Customers and PaymentMethods).

Wire: https://docs.stripe.com/api, through Stripe's library with its address settable. A POST carries our key as
``Idempotency-Key`` and as metadata, so that a charge whose answer was lost is found in the lists: these are exact,
while Stripe's search lags behind.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import stripe

from domain.currencies import EXPONENTS
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
from gateways.stripe_events import read_stripe_event
from gateways.stripe_objects import KEY, card_of, charge_of_intent, charge_of_session, refund_of

API: Final = "https://api.stripe.com"
PAGES: Final = "https://checkout.stripe.com"
LOOKED_BACK: Final = dt.timedelta(days=7)
"""How far back a charge without a handle is looked for."""
_MOST_PAGES: Final = 20
_CONNECT_SECONDS: Final = 5
# Stripe counts these two with decimals they no longer have, and wants those of three digits rounded.
_COUNTED_OTHERWISE: Final = frozenset({"ISK", "UGX"})
CANNOT_BE_USED: Final = "The payment provider cannot carry this out. Nothing was taken. Try another way to pay."

log = logging.getLogger("foyer.gateways.stripe")
_Result = TypeVar("_Result", ChargeResult, RefundResult, StoreResult)


class Stripe:
    """One Stripe account. ``api`` and ``pages`` are Stripe's own addresses, or those of the simulator."""

    name, label = "stripe", "Stripe"
    means = pages = stores = frozenset({Means.CARD})
    asks_back = True

    def __init__(
        self, secret_key: str, webhook_secret: str, *, api: str = API, pages: str = PAGES, answer_seconds: float = 20
    ) -> None:
        self._webhook_secret = webhook_secret
        self._pages = pages
        self.mode = Mode.SIMULATED if api != API else Mode.LIVE if "_live_" in secret_key else Mode.TEST
        self._v1 = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api},
            max_network_retries=0,  # a repeated call is ours to decide on
            http_client=stripe.RequestsClient(timeout=(_CONNECT_SECONDS, answer_seconds)),
        ).v1

    def takes(self, currency: str) -> bool:
        return EXPONENTS.get(currency, 9) <= 2 and currency not in _COUNTED_OTHERWISE

    def check(self) -> Health:
        try:
            self._v1.balance.retrieve()
        except stripe.AuthenticationError:
            return Health.REFUSES_KEYS
        except stripe.PermissionError:
            return Health.WORKS  # a key that is restricted to what we need may not read the balance
        except (stripe.StripeError, KeyError, TypeError, ValueError, AttributeError):
            log.warning("Stripe did not answer whether it can be worked with", exc_info=True)
            return Health.DOES_NOT_ANSWER
        return Health.WORKS

    def charge(self, request: ChargeRequest) -> ChargeResult:
        if not self.takes(request.currency) or request.means not in self.means:
            return ChargeResult(ChargeState.DECLINED, code="not_offered", message=CANNOT_BE_USED)
        return self._asked(lambda: self._charge(request), ChargeResult)

    def finish_charge(self, request: ChargeRequest, handle: str) -> ChargeResult:
        return self.find_charge(request, handle=handle)

    def find_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        return self._looked_up(lambda: self._find(request.key, handle), ChargeResult)

    def cancel_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        return self._looked_up(lambda: self._cancel(request.key, handle), ChargeResult)

    def refund(self, request: RefundRequest) -> RefundResult:
        def ask() -> RefundResult:
            params: Any = {
                "payment_intent": request.gateway_ref,
                "amount": request.amount,
                "metadata": {KEY: request.key, "reference": request.reference},
            }
            return refund_of(_plain(self._v1.refunds.create(params, {"idempotency_key": request.key})))

        return self._asked(ask, RefundResult)

    def find_refund(self, key: str, *, charge_ref: str) -> RefundResult:
        def ask() -> RefundResult:
            params = {"payment_intent": charge_ref}
            for found in self._listed(self._v1.refunds.list, params):
                if found is None:
                    return RefundResult(ChargeState.UNKNOWN)
                if found["metadata"].get(KEY) == key:
                    return refund_of(found)
            return RefundResult(ChargeState.NOT_FOUND)

        return self._looked_up(ask, RefundResult)

    def store_method(self, request: StoreRequest) -> StoreResult:
        def ask() -> StoreResult:
            params: Any = {
                "mode": "setup",
                "payment_method_types": ["card"],
                "customer": request.customer_ref or self._customer(request),
                "client_reference_id": request.key,
                "success_url": request.return_url,
                "cancel_url": request.cancel_url,
                "metadata": {KEY: request.key},
            }
            session = _plain(self._v1.checkout.sessions.create(params, {"idempotency_key": request.key}))
            return StoreResult(ChargeState.WAITING, session["id"], continue_at=session["url"])

        return self._asked(ask, StoreResult)

    def finish_storing(self, request: StoreRequest, handle: str) -> StoreResult:
        def ask() -> StoreResult:
            params: Any = {"expand": ["setup_intent.payment_method"]}
            session = _plain(self._v1.checkout.sessions.retrieve(handle, params))
            if session["status"] == "complete":
                method = session["setup_intent"]["payment_method"]
                return StoreResult(ChargeState.SUCCEEDED, handle, card_of(method, session["customer"]))
            if session["status"] == "open":
                return StoreResult(ChargeState.WAITING, handle, continue_at=session["url"])
            return StoreResult(ChargeState.DECLINED, handle, message="The page was open too long. Add the card again.")

        return self._looked_up(ask, StoreResult)

    def remove_method(self, refs: MethodRefs) -> bool:
        try:
            self._v1.payment_methods.detach(refs.method_ref)
        except stripe.InvalidRequestError as error:
            # Detached before, or never there: what is not attached to a customer has nothing to be detached from.
            return error.code == "resource_missing" or "not attached" in str(error)
        except stripe.StripeError:
            log.warning("Stripe did not say whether a method is removed", exc_info=True)
            return False
        return True

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: dt.datetime) -> GatewayNotice:
        return read_stripe_event(headers, body, secret=self._webhook_secret, now=now)

    def page_origins(self) -> frozenset[str]:
        parts = urlsplit(self._pages)
        return frozenset({f"{parts.scheme}://{parts.netloc}"})

    def _charge(self, request: ChargeRequest) -> ChargeResult:
        options: Any = {"idempotency_key": request.key}
        metadata = {KEY: request.key, "reference": request.reference}
        params: Any
        if request.method is not None:
            params = {
                "amount": request.amount,
                "currency": request.currency.lower(),
                "customer": request.method.customer_ref,
                "payment_method": request.method.method_ref,
                "payment_method_types": ["card"],
                "off_session": True,
                "confirm": True,
                "description": f"{request.reference}: {request.description}"[:1000],
                "metadata": {**metadata, "flow": "stored"},
                "expand": ["latest_charge.balance_transaction"],
            }
            return charge_of_intent(_plain(self._v1.payment_intents.create(params, options)))
        params = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.currency.lower(),
                        "unit_amount": request.amount,
                        "product_data": {"name": f"{request.reference}: {request.description}"[:250]},
                    },
                }
            ],
            "client_reference_id": request.key,
            "success_url": request.return_url,
            "cancel_url": request.cancel_url,
            "metadata": metadata,
            "payment_intent_data": {"metadata": {**metadata, "flow": "hosted"}},
        }
        if request.payer.email:
            params["customer_email"] = request.payer.email
        return charge_of_session(_plain(self._v1.checkout.sessions.create(params, options)))

    def _find(self, key: str, handle: str | None) -> ChargeResult:
        expand: Any = {"expand": ["latest_charge.balance_transaction"]}
        if handle is not None and handle.startswith("cs_"):
            expand = {"expand": ["payment_intent.latest_charge.balance_transaction"]}
            return charge_of_session(_plain(self._v1.checkout.sessions.retrieve(handle, expand)))
        if handle is not None:
            return charge_of_intent(_plain(self._v1.payment_intents.retrieve(handle, expand)))
        since = {"created": {"gte": int((dt.datetime.now(dt.UTC) - LOOKED_BACK).timestamp())}}
        exhausted = True
        for found in self._listed(self._v1.payment_intents.list, since):
            if found is None:
                exhausted = False
            elif found["metadata"].get(KEY) == key:
                return charge_of_intent(_plain(self._v1.payment_intents.retrieve(found["id"], expand)))
        for found in self._listed(self._v1.checkout.sessions.list, since):
            if found is None:
                exhausted = False
            elif found.get("client_reference_id") == key:
                return self._find(key, found["id"])
        return ChargeResult(ChargeState.NOT_FOUND if exhausted else ChargeState.UNKNOWN)

    def _cancel(self, key: str, handle: str | None) -> ChargeResult:
        found = self._find(key, handle)
        given_up = ChargeResult(ChargeState.DECLINED, handle=found.handle, code="cancelled", message="It was given up.")
        if found.state is ChargeState.NOT_FOUND:
            return given_up
        if found.state is not ChargeState.WAITING or found.handle is None:
            return found
        try:
            if found.handle.startswith("cs_"):
                self._v1.checkout.sessions.expire(found.handle)
            else:
                self._v1.payment_intents.cancel(found.handle)
        except stripe.InvalidRequestError:
            return self._find(key, found.handle)  # the payer was faster
        return given_up

    def _customer(self, request: StoreRequest) -> str:
        params: Any = {"name": request.payer.name, "metadata": {"reference": request.payer.reference}}
        if request.payer.email:
            params["email"] = request.payer.email
        made = self._v1.customers.create(params, {"idempotency_key": f"{request.key}-customer"})
        return str(made.id)

    def _listed(self, ask: Callable[..., Any], params: Mapping[str, Any]) -> Iterator[dict[str, Any] | None]:
        """What a list holds, the newest first; None at the end where there is more than is asked for."""
        after: dict[str, Any] = {}
        for _page in range(_MOST_PAGES):
            page = _plain(ask({"limit": 100, **params, **after}))
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        yield None

    def _looked_up(self, ask: Callable[[], _Result], kind: type[_Result]) -> _Result:
        """Ask what became of something. Who may not ask does not know: a refusal says nothing of the money."""
        try:
            return ask()
        except (stripe.StripeError, KeyError, TypeError, ValueError, AttributeError):
            log.warning("Stripe did not say what became of something", exc_info=True)
            return kind(ChargeState.UNKNOWN)

    def _asked(self, ask: Callable[[], _Result], kind: type[_Result]) -> _Result:
        """Ask, and make a result of whatever happens. Only Stripe's own refusals say that nothing was moved."""
        try:
            return ask()
        except stripe.CardError as error:
            message = error.user_message or "The card was declined."
            return kind(ChargeState.DECLINED, code=error.code or "card_declined", message=message)
        except (stripe.AuthenticationError, stripe.PermissionError):
            log.error("Stripe does not accept our key")
            return kind(ChargeState.DECLINED, code="not_accepted", message=CANNOT_BE_USED)
        except stripe.InvalidRequestError as error:
            log.warning("Stripe refused a request: %s", error.code)
            return kind(ChargeState.DECLINED, code=error.code or "refused", message=CANNOT_BE_USED)
        except (stripe.StripeError, KeyError, TypeError, ValueError, AttributeError):
            log.warning("Stripe gave no answer that can be read", exc_info=True)
            return kind(ChargeState.UNKNOWN)


def _plain(found: Any) -> dict[str, Any]:
    """What the library gives, as plain data."""
    plain: dict[str, Any] = json.loads(json.dumps(found.to_dict(), default=str))
    return plain
