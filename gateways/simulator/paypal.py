"""PayPal as we use it: Orders and Payments v2, Billing Agreements v1, the list of transactions, and its webhooks."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import string
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from werkzeug import Request, Response
from werkzeug.utils import redirect

from domain.currencies import exponent_of
from gateways.simulator import pages
from gateways.simulator.ledger import Ledger
from gateways.simulator.paypal_signing import Signer
from gateways.simulator.wire import answer_once, json_answer, tell

CLIENT_ID: Final = "simulated-client"
CLIENT_SECRET: Final = "simulated-secret"  # noqa: S105  of nothing but the simulator
WALLETS: Final = {
    "visa": "The balance at PayPal, works",
    "mastercard": "Another bank account, works",
    "declined": "A card in the wallet that is declined",
    "later": "A wallet that can be kept, then is declined",
}
_TOKEN: Final = "A21AA-simulated"  # noqa: S105
_FEE_PERMILLE, _FEE_FIXED = 30, 35
_APPROVED: Final = "APPROVED"
_OTHER: Final = (
    422,
    {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "DUPLICATE_REQUEST_ID", "description": "Used otherwise."}]},
)


class Refused(Exception):
    """An error in PayPal's form."""

    def __init__(self, status: int, name: str, issue: str = "", links: list[dict[str, str]] | None = None) -> None:
        self.status = status
        details = [{"issue": issue, "description": issue.replace("_", " ").capitalize()}] if issue else []
        self.body = {"name": name, "message": name, "debug_id": secrets.token_hex(6), "details": details}
        self.body["links"] = links or []


class SimulatedPayPal:
    """One merchant's account at PayPal. Amounts are decimal texts, as on the wire."""

    name = "paypal"

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger, self._url = ledger, f"{url}/{self.name}"
        self._signer = Signer(ledger, self.name)
        self.certificates = self._signer.certificates

    def moves_money(self, request: Request, path: str) -> bool:
        """An order that its payer must approve, captures, refunds and agreements; an order alone moves nothing."""
        if request.method != "POST" or not path.startswith(("v1/billing-agreements/", "v2/")):
            return False
        return path != "v2/checkout/orders" or "payment_source" in _given(request)

    def sign(self, body: str, *, forged: bool = False) -> Mapping[str, str]:
        return self.signature(body, dt.datetime.now(dt.UTC), forged=forged)

    def signature(self, body: str, moment: dt.datetime, *, forged: bool = False) -> Mapping[str, str]:
        """The headers of a delivery at another moment."""
        address = f"{self._url}/v1/notifications/certs/CERT-simulated"
        return self._signer.headers(body, moment, certificate_url=address, forged=forged)

    def answer(self, request: Request, path: str) -> Response:
        if path in ("checkoutnow", "agreements/approve"):
            with self._ledger.transaction():
                return self._page(request)
        if path == "v1/oauth2/token":
            return self._new_token(request)
        if request.headers.get("Authorization") != f"Bearer {_TOKEN}":
            return json_answer({"error": "invalid_token", "error_description": "Access Token not found"}, 401)
        key = request.headers.get("PayPal-Request-Id", "")
        with self._ledger.transaction():
            if not key:
                return self._carry_out(request, path)
            return answer_once(
                self._ledger,
                self.name,
                key,
                request,
                carry_out=lambda: self._carry_out(request, path),
                other=_OTHER,
                keep=lambda answer: answer.status_code < 400,
            )

    def taken(self) -> int:
        """What all captures took, less what was given back, in minor units."""
        captures, refunds = (self._ledger.all_of(self.name, kind) for kind in ("capture", "refund"))
        return sum(_minor(each["amount"]) for each in captures) - sum(_minor(each["amount"]) for each in refunds)

    def _new_token(self, request: Request) -> Response:
        given = request.authorization
        if given is None or (given.username, given.password) != (CLIENT_ID, CLIENT_SECRET):
            return json_answer({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
        return json_answer({"access_token": _TOKEN, "token_type": "Bearer", "expires_in": 32400})

    def _carry_out(self, request: Request, path: str) -> Response:
        for method, shape, handle in self._routes():
            found = re.fullmatch(shape, path)
            if found is not None and method == request.method:
                try:
                    body = handle(request, *found.groups())
                    return json_answer(body, 201) if body else Response(status=204)
                except Refused as refused:
                    return json_answer(refused.body, refused.status)
        return json_answer({"name": "RESOURCE_NOT_FOUND", "message": "No such address"}, 404)

    def _routes(self) -> list[tuple[str, str, Callable[..., Mapping[str, Any]]]]:
        agreements = "v1/billing-agreements"
        return [
            ("POST", "v2/checkout/orders", self._new_order),
            ("GET", "v2/checkout/orders/([^/]+)", lambda _request, which: self._shown(self._thing(which))),
            ("POST", "v2/checkout/orders/([^/]+)/capture", self._capture),
            ("GET", "v2/payments/captures/([^/]+)", lambda _request, which: self._thing(which)),
            ("POST", "v2/payments/captures/([^/]+)/refund", self._refund),
            ("POST", f"{agreements}/agreement-tokens", self._new_agreement_token),
            ("GET", f"{agreements}/agreement-tokens/([^/]+)", lambda _request, which: self._thing(which)),
            ("POST", f"{agreements}/agreements", self._new_agreement),
            ("POST", f"{agreements}/agreements/([^/]+)/cancel", self._cancel_agreement),
            ("GET", "v1/reporting/transactions", self._transactions),
        ]

    def _new_order(self, request: Request) -> Mapping[str, Any]:
        given = _given(request)
        (unit,) = given["purchase_units"]
        _check_amount(unit["amount"])
        source = given.get("payment_source", {}).get("paypal")
        which = _new_id(17)
        order = {
            "id": which,
            "status": "CREATED" if source is None else "PAYER_ACTION_REQUIRED",
            "intent": given["intent"],
            "purchase_units": [{"reference_id": "default", **unit}],
            "links": [{"rel": "self", "href": f"{self._url}/v2/checkout/orders/{which}", "method": "GET"}],
            "experience": (source or {}).get("experience_context", {}),
        }
        if source is not None:
            order["links"].append(self._page_link("payer-action", f"checkoutnow?token={which}"))
        self._ledger.add(self.name, "order", order)
        return self._shown(order)

    def _capture(self, request: Request, which: str) -> Mapping[str, Any]:
        order = self._thing(which)
        if order["status"] == "COMPLETED":
            raise Refused(422, "UNPROCESSABLE_ENTITY", "ORDER_ALREADY_CAPTURED")
        token = _given(request).get("payment_source", {}).get("token")
        wallet = self._wallet_of(token) if token else order.get("wallet")
        if wallet is None or (token is None and order["status"] != "APPROVED"):
            raise Refused(422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED")
        if wallet == "declined" or (token and wallet == "later") or self._ledger.fault(self.name, "decline"):
            self._decline(order)
            links = [self._page_link("redirect", f"checkoutnow?token={which}")] if token is None else []
            raise Refused(422, "UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED", links)
        capture = self._take(order)
        order |= {"status": "COMPLETED", "captures": [capture["id"]]}
        self._ledger.save(order)
        self._tell("PAYMENT.CAPTURE.COMPLETED", "capture", capture)
        return self._shown(order)

    def _decline(self, order: dict[str, Any]) -> None:
        if order["status"] == "APPROVED":
            self._ledger.save(order | {"status": "PAYER_ACTION_REQUIRED", "wallet": None})
            return  # the payer chooses again
        (unit,) = order["purchase_units"]
        told = {"id": _new_id(17), "status": "DECLINED", "amount": unit["amount"], "custom_id": unit["custom_id"]}
        self._tell("PAYMENT.CAPTURE.DECLINED", "capture", told)

    def _take(self, order: Mapping[str, Any]) -> dict[str, Any]:
        (unit,) = order["purchase_units"]
        currency = unit["amount"]["currency_code"]
        took = _minor(unit["amount"]) - (1 if self._ledger.fault(self.name, "wrong_amount") else 0)
        fee = min(took, took * _FEE_PERMILLE // 1000 + _FEE_FIXED)
        capture = {
            "id": _new_id(17),
            "status": "COMPLETED",
            "amount": _money(took, currency),
            "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"],
            "final_capture": True,
            "seller_receivable_breakdown": {"paypal_fee": _money(fee, currency)},
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
            "create_time": _now(),
        }
        self._ledger.add(self.name, "capture", capture)
        return capture

    def _refund(self, request: Request, which: str) -> Mapping[str, Any]:
        capture, given = self._thing(which), _given(request)
        _check_amount(given["amount"])
        before = [each for each in self._ledger.all_of(self.name, "refund") if each["capture"] == which]
        if _minor(given["amount"]) > _minor(capture["amount"]) - sum(_minor(each["amount"]) for each in before):
            raise Refused(422, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED")
        refund = {
            "id": _new_id(17),
            "status": "COMPLETED",
            "amount": given["amount"],
            "custom_id": given["custom_id"],
            "note_to_payer": given.get("note_to_payer", ""),
            "capture": which,
        }
        self._ledger.add(self.name, "refund", refund)
        self._ledger.save(capture | {"status": "PARTIALLY_REFUNDED"})
        self._tell("PAYMENT.CAPTURE.REFUNDED", "refund", refund)
        return refund

    def _new_agreement_token(self, request: Request) -> Mapping[str, Any]:
        which = f"BA-{_new_id(17)}"
        links = [self._page_link("approval_url", f"agreements/approve?ba_token={which}")]
        made = {"id": which, "token_id": which, "token_status": "PENDING", "links": links, "given": _given(request)}
        self._ledger.add(self.name, "agreement token", made)
        return made

    def _new_agreement(self, request: Request) -> Mapping[str, Any]:
        token = self._thing(_given(request)["token_id"])
        if token["token_status"] != _APPROVED:
            raise Refused(422, "UNPROCESSABLE_ENTITY", "PAYER_ACTION_REQUIRED")
        payer = {"email": "payer@buyer.example", "payer_id": "BUYER2SIMULATE"}
        made = {
            "id": f"B-{_new_id(17)}",
            "state": "ACTIVE",
            "description": token["given"].get("description", ""),
            "payer": {"payer_info": payer},
            "wallet": token["wallet"],
        }
        self._ledger.add(self.name, "agreement", made)
        self._ledger.save(token | {"token_status": "USED"})
        return made

    def _cancel_agreement(self, _request: Request, which: str) -> Mapping[str, Any]:
        agreement = self._thing(which)
        if agreement["state"] != "ACTIVE":
            raise Refused(422, "UNPROCESSABLE_ENTITY", "AGREEMENT_ALREADY_CANCELLED")
        agreement |= {"state": "CANCELLED"}
        self._ledger.save(agreement)
        self._tell("BILLING_AGREEMENTS.AGREEMENT.CANCELLED", "agreement", agreement)
        return {}

    def _wallet_of(self, token: Mapping[str, str]) -> str:
        agreement = self._thing(token["id"])
        if token["type"] != "BILLING_AGREEMENT" or agreement["state"] != "ACTIVE":
            raise Refused(422, "UNPROCESSABLE_ENTITY", "AGREEMENT_ALREADY_CANCELLED")
        return str(agreement["wallet"])

    def _transactions(self, request: Request) -> Mapping[str, Any]:
        start, end = (dt.datetime.fromisoformat(request.args[name]) for name in ("start_date", "end_date"))
        found = []
        for capture in self._ledger.all_of(self.name, "capture"):
            if start <= dt.datetime.fromisoformat(capture["create_time"]) <= end:
                fee = capture["seller_receivable_breakdown"]["paypal_fee"]
                info = {
                    "transaction_id": capture["id"],
                    "transaction_event_code": "T0006",
                    "transaction_status": "S",
                    "transaction_amount": capture["amount"],
                    "fee_amount": {**fee, "value": f"-{fee['value']}"},
                    "custom_field": capture["custom_id"],
                }
                found.append({"transaction_info": info})
        return {"transaction_details": found, "page": 1, "total_pages": 1}

    # What a payer does on the page

    def _page(self, request: Request) -> Response:
        which = request.args.get("token") or request.args.get("ba_token") or ""
        thing = self._ledger.find(which)
        is_order = thing is not None and "intent" in thing
        if thing is None or thing.get("status", thing.get("token_status")) not in ("PAYER_ACTION_REQUIRED", "PENDING"):
            return Response(pages.closed(), 410, mimetype="text/html")
        if request.method != "POST":
            return Response(_ask(thing), mimetype="text/html")
        wants = thing["experience"] if is_order else thing["given"]["plan"]["merchant_preferences"]
        if "cancel" in request.form:
            return redirect(wants["cancel_url"], 303)
        wallet = request.form.get("card", "")
        if wallet not in WALLETS:
            return Response(_ask(thing, said="Choose a wallet."), 400, mimetype="text/html")
        if wallet == "declined":
            return Response(_ask(thing, said="This card was declined. Choose another."), 402, mimetype="text/html")
        self._ledger.save(thing | {"wallet": wallet, "status" if is_order else "token_status": "APPROVED"})
        if is_order:
            self._tell("CHECKOUT.ORDER.APPROVED", "checkout-order", self._shown(self._thing(which)))
        back, mark = wants["return_url"], "token" if is_order else "ba_token"
        return redirect(f"{back}{'&' if '?' in back else '?'}{mark}={which}", 303)

    # What the wire needs

    def _thing(self, which: str) -> dict[str, Any]:
        found = self._ledger.find(which)
        if found is None:
            raise Refused(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return found

    def _shown(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """An order with its payments, and without what is the simulator's own."""
        (unit,) = order["purchase_units"]
        captures = [self._thing(each) for each in order.get("captures", ())]
        ids = {each["id"] for each in captures}
        refunds = [each for each in self._ledger.all_of(self.name, "refund") if each["capture"] in ids]
        payments = {"payments": {"captures": captures, "refunds": refunds}} if captures else {}
        shown = {name: value for name, value in order.items() if name not in ("experience", "captures", "wallet")}
        return shown | {"purchase_units": [unit | payments]}

    def _page_link(self, rel: str, path: str) -> dict[str, str]:
        return {"rel": rel, "href": f"{self._url}/{path}", "method": "GET"}

    def _tell(self, name: str, kind: str, told: Mapping[str, Any]) -> None:
        event = {
            "id": f"WH-{_new_id(20)}",
            "event_version": "1.0",
            "create_time": _now(),
            "resource_type": kind,
            "event_type": name,
            "resource": told,
        }
        tell(self._ledger, self.name, event, forged=event | {"id": f"WH-{_new_id(20)}"})


def _ask(thing: Mapping[str, Any], *, said: str = "") -> str:
    if "intent" not in thing:
        what = thing["given"].get("description", "")
        return pages.ask("Agree and continue", WALLETS, legend="PayPal wallet", what=what, said=said)
    (unit,) = thing["purchase_units"]
    money = pages.money(_minor(unit["amount"]), unit["amount"]["currency_code"])
    return pages.ask("Pay", WALLETS, legend="PayPal wallet", money=money, what=unit["description"], said=said)


def _given(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = request.get_json(silent=True) or {}
    return given


def _check_amount(amount: Mapping[str, str]) -> None:
    digits = exponent_of(amount["currency_code"])
    decimals = rf"\.\d{{{digits}}}" if digits else ""
    if not re.fullmatch(rf"\d{{1,7}}{decimals}", amount["value"]) or _minor(amount) <= 0:
        raise Refused(422, "UNPROCESSABLE_ENTITY", "INVALID_CURRENCY_AMOUNT")


def _minor(amount: Mapping[str, str]) -> int:
    return int(Decimal(amount["value"]).scaleb(exponent_of(amount["currency_code"])))


def _money(minor: int, currency: str) -> dict[str, str]:
    digits = exponent_of(currency)
    return {"currency_code": currency, "value": f"{Decimal(minor).scaleb(-digits):.{digits}f}"}


def _new_id(length: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _each in range(length))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
