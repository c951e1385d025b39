"""Events of Stripe: proved by the signature with our secret, then read. https://docs.stripe.com/webhooks/signature"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import stripe

from gateways.port import EventKind, EventRefused, GatewayNotice, MethodRefs
from gateways.stripe_objects import KEY, card_of

FRESH_FOR: Final = dt.timedelta(minutes=5)
"""How old a signature may be, and how far our clocks may differ: Stripe signs each delivery anew."""


def read_stripe_event(headers: Mapping[str, str], body: bytes, *, secret: str, now: dt.datetime) -> GatewayNotice:
    """Prove and read one event. Raises EventRefused."""
    _prove(headers, body, secret, now)
    try:
        event = json.loads(body)
        told, name = event["data"]["object"], str(event["type"])
        values = _READERS.get(name, _other)(told, event)
        occurred_at = dt.datetime.fromtimestamp(int(event["created"]), dt.UTC)
        return GatewayNotice(str(event["id"]), name=name, occurred_at=occurred_at, **values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EventRefused("it is signed right but cannot be read") from error


def _prove(headers: Mapping[str, str], body: bytes, secret: str, now: dt.datetime) -> None:
    header = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
    try:
        stripe.WebhookSignature.verify_header(body, header, secret)
        (moment,) = [int(part[2:]) for part in header.split(",") if part.startswith("t=")]
        signed_at = dt.datetime.fromtimestamp(moment, dt.UTC)
    except (stripe.SignatureVerificationError, ValueError, OverflowError, OSError) as error:
        raise EventRefused(f"the signature does not prove it: {type(error).__name__}") from error
    if abs(now - signed_at) > FRESH_FOR:
        raise EventRefused("the signature is too old, or from the future")


def _session(told: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """A Checkout Session. Completed is not paid yet: what is paid later tells of it in an event of its own."""
    paid, failed = told["payment_status"] == "paid", event["type"] in _SESSION_FAILED
    if told["mode"] != "payment" or not (paid or failed):
        return {"kind": EventKind.OTHER}
    return {
        "kind": EventKind.CHARGE_SUCCEEDED if paid else EventKind.CHARGE_DECLINED,
        "key": told.get("client_reference_id"),
        "gateway_ref": told.get("payment_intent") if paid else None,
        "handle": told["id"],
        "amount": told["amount_total"],
        "currency": told["currency"].upper(),
        "code": None if paid else str(event["type"]).rsplit(".", 1)[-1],
    }


def _intent(told: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """A PaymentIntent. On Stripe's own page a payer may try again after a refusal: that one ends nothing."""
    paid = event["type"] == "payment_intent.succeeded"
    if told["metadata"].get(KEY) is None or (not paid and told["metadata"].get("flow") != "stored"):
        return {"kind": EventKind.OTHER}
    error = told.get("last_payment_error") or {}
    return {
        "kind": EventKind.CHARGE_SUCCEEDED if paid else EventKind.CHARGE_DECLINED,
        "key": told["metadata"][KEY],
        "gateway_ref": told["id"] if paid else None,
        "amount": told["amount_received"] if paid else told["amount"],
        "currency": told["currency"].upper(),
        "code": error.get("code"),
        "message": error.get("message"),
    }


def _refund(told: Mapping[str, Any], _event: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {
        "succeeded": EventKind.REFUND_SUCCEEDED,
        "failed": EventKind.REFUND_FAILED,
        "canceled": EventKind.REFUND_FAILED,
    }
    return {
        "kind": kinds.get(told["status"], EventKind.OTHER),
        "key": (told.get("metadata") or {}).get(KEY),
        "gateway_ref": told["id"],
        "amount": told["amount"],
        "currency": told["currency"].upper(),
        "code": told.get("failure_reason"),
    }


def _method(told: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """A card taken off its customer (who stands among what was before), or renewed by its bank."""
    if event["type"] == "payment_method.detached":
        before = event["data"].get("previous_attributes") or {}
        refs = MethodRefs(str(before.get("customer") or ""), told["id"])
        return {"kind": EventKind.METHOD_REMOVED, "refs": refs}
    card = card_of(told, told["customer"])
    return {"kind": EventKind.METHOD_UPDATED, "refs": card.refs, "method": card}


def _other(_told: Mapping[str, Any], _event: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": EventKind.OTHER}


_SESSION_FAILED: Final = frozenset({"checkout.session.expired", "checkout.session.async_payment_failed"})
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    "payment_method.detached": _method,
    "payment_method.automatically_updated": _method,
}
