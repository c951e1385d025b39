"""Stripe as we use it: Checkout, PaymentIntents, Refunds, Customers and PaymentMethods. https://docs.stripe.com/api"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from werkzeug import Request, Response
from werkzeug.utils import redirect

from gateways.simulator import pages
from gateways.simulator.ledger import Ledger, new_id
from gateways.simulator.wire import answer_once, json_answer, tell

SECRET_KEY: Final = "sk_test_simulated"  # noqa: S105  of nothing but the simulator
WEBHOOK_SECRET: Final = "whsec_simulated"  # noqa: S105
CARDS: Final = {
    "visa": ("Visa ending in 4242, works", "visa", "4242", ""),
    "mastercard": ("Mastercard ending in 4444, works", "mastercard", "4444", ""),
    "declined": ("Visa ending in 0002, is declined", "visa", "0002", "card_declined"),
    "no_funds": ("Visa ending in 9995, has no money", "visa", "9995", "insufficient_funds"),
    "later": ("Visa ending in 0341, can be kept, then is declined", "visa", "0341", ""),
}
_MESSAGES: Final = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
}
_FEE_PERMILLE, _FEE_FIXED = 15, 25
_OTHER: Final = (
    400,
    {
        "error": {
            "type": "idempotency_error",
            "message": "Keys for idempotent requests can only be used with the same parameters.",
        }
    },
)


class Refused(Exception):
    """An error in Stripe's form."""

    def __init__(self, status: int, kind: str, message: str, code: str | None = None, **more: Any) -> None:
        self.status = status
        self.body = {"error": {"type": kind, "message": message, "code": code, **more}}


class SimulatedStripe:
    """One Stripe account. Amounts are minor units."""

    name = "stripe"

    def __init__(self, ledger: Ledger, url: str, *, secret: str = WEBHOOK_SECRET) -> None:
        self._ledger, self._url, self._secret = ledger, f"{url}/{self.name}", secret

    def moves_money(self, request: Request, path: str) -> bool:
        return request.method == "POST" and path.startswith("v1/")

    def sign(self, body: str, *, forged: bool = False) -> Mapping[str, str]:
        return self.signature(body, int(time.time()), "whsec_of_somebody_else" if forged else self._secret)

    @staticmethod
    def signature(body: str, moment: int, secret: str = WEBHOOK_SECRET) -> Mapping[str, str]:
        """The header that Stripe signs a delivery with."""
        mac = hmac.digest(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hex()
        return {"Stripe-Signature": f"t={moment},v1={mac}"}

    def answer(self, request: Request, path: str) -> Response:
        if path.startswith("page/"):
            return self._page(request, path.removeprefix("page/"))
        if request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            return json_answer({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}, 401)
        key = request.headers.get("Idempotency-Key", "")
        with self._ledger.transaction():
            if request.method != "POST" or not key:
                return self._carry_out(request, path)
            return answer_once(
                self._ledger, self.name, key, request, carry_out=lambda: self._carry_out(request, path), other=_OTHER
            )

    def taken(self) -> int:
        """What all charges took, less what was given back: what our books must say too."""
        intents = self._ledger.all_of(self.name, "payment_intent")
        refunds = self._ledger.all_of(self.name, "refund")
        back = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
        return int(sum(intent["amount_received"] for intent in intents) - back)

    def _carry_out(self, request: Request, path: str) -> Response:
        given = parse_form(request.get_data(as_text=True)) if request.method == "POST" else parse_query(request)
        for method, shape, handle in self._routes():
            found = re.fullmatch(shape, path)
            if found is not None and method == request.method:
                try:
                    return json_answer(self._expanded(handle(given, *found.groups()), given.get("expand", {})))
                except Refused as refused:
                    return json_answer(refused.body, refused.status)
        return json_answer({"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}}, 404)

    def _routes(self) -> list[tuple[str, str, Callable[..., dict[str, Any]]]]:
        return [
            (
                "GET",
                "v1/balance",
                lambda _given: {"object": "balance", "livemode": False, "available": [], "pending": []},
            ),
            ("POST", "v1/customers", self._new_customer),
            ("POST", "v1/checkout/sessions", self._new_session),
            ("GET", "v1/checkout/sessions", lambda given: self._list("checkout.session", given)),
            ("GET", "v1/checkout/sessions/([^/]+)", lambda _given, which: self._thing(which)),
            ("POST", "v1/checkout/sessions/([^/]+)/expire", self._expire),
            ("POST", "v1/payment_intents", self._new_intent),
            ("GET", "v1/payment_intents", lambda given: self._list("payment_intent", given)),
            ("GET", "v1/payment_intents/([^/]+)", lambda _given, which: self._thing(which)),
            ("POST", "v1/payment_intents/([^/]+)/cancel", self._cancel),
            ("POST", "v1/refunds", self._new_refund),
            ("GET", "v1/refunds", lambda given: self._list("refund", given)),
            ("POST", "v1/payment_methods/([^/]+)/detach", self._detach),
        ]

    def _new_customer(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._add("customer", "cus_", name=given.get("name"), email=given.get("email"))

    def _new_session(self, given: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {
            "mode": given["mode"],
            "status": "open",
            "payment_status": "unpaid" if given["mode"] == "payment" else "no_payment_required",
            "client_reference_id": given.get("client_reference_id"),
            "customer": given.get("customer"),
            "success_url": given["success_url"],
            "cancel_url": given.get("cancel_url"),
            "payment_intent": None,
            "setup_intent": None,
            "amount_total": None,
            "currency": None,
            "intent_metadata": given.get("payment_intent_data", {}).get("metadata", {}),
        }
        if given["mode"] == "payment":
            price = given["line_items"]["0"]["price_data"]
            values |= {"currency": price["currency"], "amount_total": _amount(price["unit_amount"])}
            values["description"] = price["product_data"]["name"]
        which = new_id("cs_test_")
        return self._add("checkout.session", which, url=f"{self._url}/page/{which}", **values)

    def _expire(self, _given: dict[str, Any], which: str) -> dict[str, Any]:
        session = self._thing(which)
        if session["status"] != "open":
            raise Refused(400, "invalid_request_error", "Only Checkout Sessions with a status of open can be expired.")
        session |= {"status": "expired", "url": None}
        self._ledger.save(session)
        self._tell("checkout.session.expired", session)
        return session

    def _new_intent(self, given: dict[str, Any]) -> dict[str, Any]:
        method = self._thing(given["payment_method"])
        if method["customer"] is None or method["customer"] != given.get("customer"):
            raise Refused(400, "invalid_request_error", "The PaymentMethod does not belong to the Customer.")
        card = self._card_of(method)
        declined = self._ledger.fault(self.name, "decline") or card == "later"
        code = CARDS[card][3] or ("card_declined" if declined else "")
        intent = self._intent(_amount(given["amount"]), given["currency"], given.get("metadata", {}), method["id"])
        return self._confirm(intent, code, raises=True)

    def _cancel(self, _given: dict[str, Any], which: str) -> dict[str, Any]:
        intent = self._thing(which)
        if intent["status"] in ("succeeded", "canceled"):
            raise Refused(400, "invalid_request_error", "You cannot cancel this PaymentIntent.")
        intent["status"] = "canceled"
        self._ledger.save(intent)
        return intent

    def _new_refund(self, given: dict[str, Any]) -> dict[str, Any]:
        intent = self._thing(given["payment_intent"])
        amount = _amount(given["amount"])
        before = [each for each in self._ledger.all_of(self.name, "refund") if each["payment_intent"] == intent["id"]]
        if amount > intent["amount_received"] - sum(each["amount"] for each in before):
            message = "Refund amount is greater than unrefunded amount on charge"
            raise Refused(400, "invalid_request_error", message, "charge_already_refunded")
        values = {"amount": amount, "currency": intent["currency"], "metadata": given.get("metadata", {})}
        refund = self._add("refund", "re_", payment_intent=intent["id"], status="succeeded", **values)
        self._tell("refund.created", refund)
        return refund

    def _detach(self, _given: dict[str, Any], which: str) -> dict[str, Any]:
        method = self._thing(which)
        if method["customer"] is None:
            raise Refused(400, "invalid_request_error", "The payment method is not attached to a customer.")
        before, method["customer"] = method["customer"], None
        self._ledger.save(method)
        self._tell("payment_method.detached", method, previous_attributes={"customer": before})
        return method

    # What a payer does on the page

    def _page(self, request: Request, which: str) -> Response:
        with self._ledger.transaction():
            session = self._ledger.find(which)
            if session is None or session["status"] != "open":
                return Response(pages.closed(), 410, mimetype="text/html")
            if request.method != "POST":
                return Response(_ask(session), mimetype="text/html")
            if "cancel" in request.form:
                return redirect(session["cancel_url"] or session["success_url"], 303)
            card = request.form.get("card", "")
            if card not in CARDS:
                return Response(_ask(session, said="Choose a card."), 400, mimetype="text/html")
            code = CARDS[card][3] or ("card_declined" if self._ledger.fault(self.name, "decline") else "")
            if code:
                return Response(_ask(session, said=_MESSAGES[code]), 402, mimetype="text/html")
            self._complete(session, card)
            return redirect(session["success_url"], 303)

    def _complete(self, session: dict[str, Any], card: str) -> None:
        method = self._method(card, session["customer"])
        session |= {"status": "complete", "url": None}
        if session["mode"] == "payment":
            amount, metadata = session["amount_total"], session["intent_metadata"]
            intent = self._confirm(self._intent(amount, session["currency"], metadata, method["id"]), "")
            session |= {"payment_status": "paid", "payment_intent": intent["id"]}
            session["amount_total"] = intent["amount_received"]
        else:
            setup = self._add("setup_intent", "seti_", payment_method=method["id"], status="succeeded")
            session["setup_intent"] = setup["id"]
        self._ledger.save(session)
        self._tell("checkout.session.completed", session)

    def _method(self, card: str, customer: str | None) -> dict[str, Any]:
        _label, brand, last_four, _code = CARDS[card]
        shown = {"brand": brand, "last4": last_four, "exp_month": 12, "exp_year": time.gmtime().tm_year + 3}
        return self._add("payment_method", "pm_", type="card", card=shown, customer=customer)

    @staticmethod
    def _card_of(method: dict[str, Any]) -> str:
        return next(name for name, card in CARDS.items() if card[2] == method["card"]["last4"])

    def _intent(self, amount: int, currency: str, metadata: dict[str, Any], method: str) -> dict[str, Any]:
        return self._add(
            "payment_intent",
            "pi_",
            amount=amount,
            amount_received=0,
            currency=currency,
            status="requires_confirmation",
            metadata=metadata,
            payment_method=method,
            latest_charge=None,
            last_payment_error=None,
        )

    def _confirm(self, intent: dict[str, Any], code: str, *, raises: bool = False) -> dict[str, Any]:
        if code:
            error = {"type": "card_error", "code": code, "message": _MESSAGES[code]}
            intent |= {"status": "requires_payment_method", "last_payment_error": error}
            self._ledger.save(intent)
            self._tell("payment_intent.payment_failed", intent)
            if raises:
                raise Refused(402, "card_error", _MESSAGES[code], code, payment_intent=intent)
            return intent
        took = intent["amount"] - (1 if self._ledger.fault(self.name, "wrong_amount") else 0)
        fee = took * _FEE_PERMILLE // 1000 + _FEE_FIXED
        booked = self._add("balance_transaction", "txn_", amount=took, fee=fee, currency=intent["currency"])
        charge = self._add("charge", "ch_", amount=took, balance_transaction=booked["id"])
        intent |= {"status": "succeeded", "amount_received": took, "latest_charge": charge["id"]}
        self._ledger.save(intent)
        self._tell("payment_intent.succeeded", intent)
        return intent

    # What the wire needs

    def _add(self, kind: str, prefix: str, **values: Any) -> dict[str, Any]:
        which = prefix if prefix.startswith("cs_") else new_id(prefix)
        made = {"id": which, "object": kind, "created": int(time.time()), "livemode": False, "metadata": {}, **values}
        self._ledger.add(self.name, kind, made)
        return made

    def _thing(self, which: str) -> dict[str, Any]:
        found = self._ledger.find(which)
        if found is None:
            raise Refused(404, "invalid_request_error", f"No such object: '{which}'", "resource_missing")
        return found

    def _list(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        found = self._ledger.all_of(self.name, kind)
        if "payment_intent" in given:
            found = [each for each in found if each.get("payment_intent") == given["payment_intent"]]
        since = int(given.get("created", {}).get("gte", 0))
        found = [each for each in found if each["created"] >= since]
        after = given.get("starting_after")
        if after is not None:
            ids = [each["id"] for each in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        limit = int(given.get("limit", 10))
        return {"object": "list", "url": "/v1", "data": found[:limit], "has_more": len(found) > limit}

    def _expanded(self, body: dict[str, Any], expand: Mapping[str, str]) -> dict[str, Any]:
        for path in expand.values():
            at: Any = body
            for name in path.split("."):
                if isinstance(at, dict) and isinstance(at.get(name), str):
                    at[name] = self._ledger.find(at[name])
                at = at.get(name) if isinstance(at, dict) else None
        return body

    def _tell(self, name: str, told: dict[str, Any], **more: Any) -> None:
        moment = int(time.time())
        data = {"object": told, **more}
        event = {"id": new_id("evt_"), "object": "event", "type": name, "created": moment, "data": data}
        tell(self._ledger, self.name, event, forged=event | {"id": new_id("evt_")})


def _ask(session: Mapping[str, Any], *, said: str = "") -> str:
    cards = {name: card[0] for name, card in CARDS.items()}
    if session["mode"] != "payment":
        return pages.ask("Keep this card", cards, said=said)
    money = pages.money(session["amount_total"], session["currency"])
    return pages.ask("Pay", cards, money=money, what=session["description"], said=said)


def parse_form(text: str) -> dict[str, Any]:
    """Stripe's nested form encoding: ``a[b][0]=c`` is ``{"a": {"b": {"0": "c"}}}``."""
    made: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *above, last = re.findall(r"[^\[\]]+", name)
        at = made
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    return made


def parse_query(request: Request) -> dict[str, Any]:
    return parse_form(request.query_string.decode())


def _amount(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,7}", str(text)):
        raise Refused(400, "invalid_request_error", "Invalid positive integer", "parameter_invalid_integer")
    return int(text)
