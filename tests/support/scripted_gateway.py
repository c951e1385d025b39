"""A gateway that says what a test tells it to say, keeps a ledger of what it took, and signs what it tells."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from gateways.port import (
    ChargeResult,
    ChargeState,
    EventKind,
    EventRefused,
    Gateway,
    GatewayNotice,
    Health,
    Means,
    Mode,
    RefundResult,
    StoreResult,
)
from gateways.registry import Gateways

SECRET = b"the secret that both sides know"


class ScriptedGateway:
    """Takes everything once per key, unless ``answers`` holds something else to say; the last answer is repeated.

    ``answers`` are functions of the request; one may move the money (``self.take``) and still lose its answer.
    """

    name, label, mode = "scripted", "Scripted", Mode.SIMULATED
    means = pages = frozenset({Means.CARD, Means.PAYPAL})
    stores = frozenset({Means.CARD})
    asks_back = True

    def __init__(self, *, secret: bytes = SECRET) -> None:
        self.taken: dict[str, ChargeResult] = {}
        self.answers: list[Callable[[Any], ChargeResult]] = []
        self.given_back: dict[str, int] = {}
        self.refund_answers: list[Callable[[Any], RefundResult]] = []
        self.calls: list[str] = []
        self.secret = secret
        self.health = Health.WORKS
        self.approves = True  # what its page makes of a payer who comes back
        self._lock = threading.Lock()

    def takes(self, currency: str) -> bool:
        return currency != "XAU"

    def check(self) -> Health:
        return self.health

    def take(self, request, **differs) -> ChargeResult:
        """Move the money, once per key."""
        with self._lock:
            if request.key not in self.taken:
                result = ChargeResult(
                    ChargeState.SUCCEEDED, f"ch-{request.key}", amount=request.amount, currency=request.currency
                )
                self.taken[request.key] = dataclasses.replace(result, **differs)
            return self.taken[request.key]

    def charge(self, request) -> ChargeResult:
        self.calls.append("charge")
        if not self.answers:
            return self.take(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request)

    def finish_charge(self, request, handle) -> ChargeResult:
        self.calls.append("finish")
        return self.take(request) if self.approves else ChargeResult(ChargeState.WAITING)

    def find_charge(self, request, *, handle=None) -> ChargeResult:
        self.calls.append("find")
        return self.taken.get(
            request.key, ChargeResult(ChargeState.NOT_FOUND if handle is None else ChargeState.WAITING)
        )

    def cancel_charge(self, request, *, handle=None) -> ChargeResult:
        self.calls.append("cancel")
        return self.taken.get(
            request.key, ChargeResult(ChargeState.DECLINED, code="cancelled", message="It was given up.")
        )

    def give_back(self, request) -> RefundResult:
        """Send money back, once per key."""
        with self._lock:
            self.given_back.setdefault(request.key, request.amount)
        return RefundResult(ChargeState.SUCCEEDED, f"re-{request.key}")

    def refund(self, request) -> RefundResult:
        self.calls.append("refund")
        if not self.refund_answers:
            return self.give_back(request)
        return self.refund_answers.pop(0)(request)

    def find_refund(self, key, *, charge_ref) -> RefundResult:
        self.calls.append("find refund")
        if key in self.given_back:
            return RefundResult(ChargeState.SUCCEEDED, f"re-{key}")
        return RefundResult(ChargeState.NOT_FOUND)

    def store_method(self, request) -> StoreResult:
        return StoreResult(ChargeState.DECLINED)

    def finish_storing(self, request, handle) -> StoreResult:
        return StoreResult(ChargeState.DECLINED)

    def remove_method(self, refs) -> bool:
        return True

    def page_origins(self) -> frozenset[str]:
        return frozenset()

    def tell(
        self, event_id: str, kind: EventKind, key: str, amount: int, currency: str
    ) -> tuple[dict[str, str], bytes]:
        """An event as it is sent: headers and body, signed."""
        told = {"id": event_id, "kind": kind.value, "key": key, "amount": amount, "currency": currency}
        body = json.dumps(told).encode()
        return {"X-Signature": hmac.digest(self.secret, body, hashlib.sha256).hex()}, body

    def read_event(self, headers, body, *, now) -> GatewayNotice:
        given = {name.lower(): value for name, value in headers.items()}.get("x-signature", "")
        if not self.secret or not hmac.compare_digest(
            given.encode(), hmac.digest(self.secret or b"-", body, hashlib.sha256).hex().encode()
        ):
            raise EventRefused("the signature is not right")
        told = json.loads(body)
        kind = EventKind(told["kind"])
        refs = {EventKind.CHARGE_SUCCEEDED: f"ch-{told['key']}", EventKind.REFUND_SUCCEEDED: f"re-{told['key']}"}
        return GatewayNotice(
            told["id"],
            kind,
            kind.value,
            now,
            key=told["key"],
            gateway_ref=refs.get(kind),
            amount=told["amount"],
            currency=told["currency"],
        )


def says(state: ChargeState, **values: Any) -> Callable[[Any], ChargeResult]:
    """An answer that moves nothing."""
    return lambda _request: ChargeResult(state, **values)


def offer_besides(app: Flask, monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    """Offer one more gateway to the end of the test: apps are kept from one test to the next."""
    found = {each.name: each for each in app.extensions["gateways"]}
    monkeypatch.setitem(app.extensions, "gateways", Gateways({**found, gateway.name: gateway}))
