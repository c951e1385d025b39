"""What Stripe's objects say of money, in the words of the port. Shapes: https://docs.stripe.com/api."""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from gateways.port import ChargeResult, ChargeState, MethodRefs, RefundResult, StoredMethod, card_label

KEY: Final = "foyer_key"
"""Under this name our key stands in the metadata of what we make at Stripe."""
EXPIRED: Final = "The page of the payment provider was open too long. Nothing was taken. Try again."
ASKS_PAYER: Final = "The bank of the card wants its holder to confirm. Pay with the card yourself, on the payment page."


def charge_of_session(session: Mapping[str, Any]) -> ChargeResult:
    """A Checkout Session: open, complete (paid or not yet), or expired."""
    intent = session.get("payment_intent")
    if session["payment_status"] == "paid":
        if isinstance(intent, Mapping):
            return dataclasses.replace(charge_of_intent(intent), handle=session["id"])
        return ChargeResult(
            ChargeState.SUCCEEDED,
            gateway_ref=intent,
            handle=session["id"],
            amount=session["amount_total"],
            currency=session["currency"].upper(),
        )
    if session["status"] == "expired":
        return ChargeResult(ChargeState.DECLINED, handle=session["id"], code="expired", message=EXPIRED)
    return ChargeResult(ChargeState.WAITING, handle=session["id"], continue_at=session.get("url"))


def charge_of_intent(intent: Mapping[str, Any]) -> ChargeResult:
    """A PaymentIntent in one of its states."""
    ref, status = intent["id"], intent["status"]
    if status == "succeeded":
        return ChargeResult(
            ChargeState.SUCCEEDED,
            gateway_ref=ref,
            handle=ref,
            amount=intent["amount_received"],
            currency=intent["currency"].upper(),
            fee=fee_of(intent),
        )
    if status == "processing":
        return ChargeResult(ChargeState.WAITING, handle=ref)
    if status == "requires_action" and intent["metadata"].get("flow") == "stored":
        return ChargeResult(ChargeState.DECLINED, handle=ref, code="authentication_required", message=ASKS_PAYER)
    if status == "canceled" or intent.get("last_payment_error"):
        error = intent.get("last_payment_error") or {}
        message = error.get("message") or "The payment was given up. Nothing was taken."
        return ChargeResult(ChargeState.DECLINED, handle=ref, code=error.get("code") or "cancelled", message=message)
    return ChargeResult(ChargeState.WAITING, handle=ref)


def fee_of(intent: Mapping[str, Any]) -> int:
    """What Stripe kept, where it was asked to tell and reckons in the same currency."""
    charge = intent.get("latest_charge")
    booked = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if isinstance(booked, Mapping) and booked["currency"] == intent["currency"]:
        return int(booked["fee"])
    return 0


def refund_of(refund: Mapping[str, Any]) -> RefundResult:
    """A Refund in one of its states."""
    status = refund["status"]
    if status == "succeeded":
        return RefundResult(ChargeState.SUCCEEDED, refund["id"])
    if status in ("failed", "canceled"):
        reason = refund.get("failure_reason") or status
        return RefundResult(ChargeState.DECLINED, refund["id"], reason, "The bank did not take the money back.")
    return RefundResult(ChargeState.WAITING, refund["id"])


def card_of(method: Mapping[str, Any], customer: str) -> StoredMethod:
    """A PaymentMethod of the type card."""
    card = method["card"]
    year, month = int(card["exp_year"]), int(card["exp_month"])
    brand = str(card["brand"]).capitalize()
    return StoredMethod(
        MethodRefs(customer, method["id"]),
        label=card_label(brand, card["last4"]),
        brand=brand,
        last_four=card["last4"],
        expires_on=dt.date(year, month, calendar.monthrange(year, month)[1]),
    )
