"""What gateways tell on their own: proved, kept once, and worked off once, in whatever order it comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.actor import Actor
from extensions import db
from gateways.port import (
    ChargeResult,
    ChargeState,
    EventKind,
    EventRefused,
    GatewayNotice,
    MethodRefs,
    RefundResult,
    StoredMethod,
    card_label,
)
from gateways.registry import Gateways
from models.base import new_public_id
from models.gateway_event import GatewayEvent, GatewayEventStatus
from models.payment import Payment, PaymentAttempt, RefundStatus
from services.jobs import enqueue
from services.locks import guarded, locked
from services.paying.outcomes import record_outcome
from services.payment_methods import follow_gateway
from services.refunds import record_refund_outcome, refund_of_gateway

NotAnEvent = EventRefused
"""Under this name views know it, who never see the gateways."""
JOB: Final = "work_off_event"
_CHARGE_STATES: Final = {
    EventKind.CHARGE_SUCCEEDED: ChargeState.SUCCEEDED,
    EventKind.CHARGE_DECLINED: ChargeState.DECLINED,
}
_METHOD_KINDS: Final = frozenset({EventKind.METHOD_REMOVED, EventKind.METHOD_UPDATED})
_REFUND_STATES: Final = {
    EventKind.REFUND_SUCCEEDED: ChargeState.SUCCEEDED,
    EventKind.REFUND_FAILED: ChargeState.DECLINED,
}


def receive_event(
    gateway_name: str, headers: Mapping[str, str], body: bytes, gateways: Gateways, *, now: dt.datetime
) -> int | None:
    """Keep an event that is proved to come from the gateway and ask for its job; give its row, None when it was known.

    Raises EventRefused (forged, too old, unreadable) and GatewayNotSetUp: then nothing was written, and nobody outside
    was asked.
    """
    notice = gateways.get(gateway_name).read_event(headers, body, now=now)
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    public_id = new_public_id()
    db.session.execute(
        dialect.insert(GatewayEvent)
        .values(
            public_id=public_id,
            gateway=gateway_name,
            event_id=notice.event_id,
            kind=notice.name[:80],
            status=GatewayEventStatus.RECEIVED,
            occurred_at=notice.occurred_at,
            received_at=now,
            payload=_payload(notice),
        )
        .on_conflict_do_nothing(index_elements=["gateway", "event_id"])
    )
    event_id = db.session.scalar(select(GatewayEvent.id).where(GatewayEvent.public_id == public_id))
    if event_id is not None:
        enqueue(JOB, {"event_id": event_id}, now=now, unique_key=f"{JOB}:{public_id}")
    return event_id


def work_off_event(event_id: int, *, actor: Actor, now: dt.datetime) -> GatewayEventStatus:
    """Bring the payment that an event is about to what it tells. Call it in a unit of work; a second time does nothing.

    Refused, with a note for staff, is an event whose amount or currency is not that of the payment: nothing is changed
    by it, and the gateway is asked what is true when the payment is checked.
    """
    event = locked(db.session.get_one(GatewayEvent, event_id))
    if event.status is not GatewayEventStatus.RECEIVED:
        return event.status
    refund_state = _REFUND_STATES.get(EventKind(event.payload["kind"]))
    if refund_state is not None:
        return _work_off_refund(event, refund_state, actor, now)
    if EventKind(event.payload["kind"]) in _METHOD_KINDS and event.payload.get("refs"):
        return _work_off_method(event, actor, now)
    state = _CHARGE_STATES.get(EventKind(event.payload["kind"]))
    payment = _payment_of(event)
    if state is None or payment is None:
        note = "" if state is None else "No payment of ours has this key or reference."
        return _end(event, GatewayEventStatus.IGNORED, note, payment, now)
    told = event.payload
    if state is ChargeState.SUCCEEDED and (told["amount"], told["currency"]) != (payment.amount, payment.currency):
        note = (
            f"It tells of {told['amount']} {told['currency']}, the payment is over {payment.amount} {payment.currency}."
        )
        return _end(event, GatewayEventStatus.REFUSED, note, payment, now)
    result = ChargeResult(
        state,
        gateway_ref=told["gateway_ref"],
        amount=told["amount"],
        currency=told["currency"],
        fee=told["fee"],
        code=told["code"],
        message=told["message"],
    )
    record_outcome(payment, result, actor=actor, now=now)
    return _end(event, GatewayEventStatus.PROCESSED, "", payment, now)


def _work_off_method(event: GatewayEvent, actor: Actor, now: dt.datetime) -> GatewayEventStatus:
    """A stored method was removed at the gateway, or renewed by its bank."""
    refs, told = MethodRefs(*event.payload["refs"]), event.payload.get("method")
    changed = None
    if told is not None:
        expires_on = dt.date.fromisoformat(told["expires_on"]) if told["expires_on"] else None
        label = card_label(told["brand"], told["last_four"]) if told["last_four"] else told["label"]
        changed = StoredMethod(refs, label, told["brand"], told["last_four"], expires_on)
    if follow_gateway(event.gateway, refs, changed, actor=actor, now=now) is None:
        return _end(event, GatewayEventStatus.IGNORED, "No stored method of ours has this reference.", None, now)
    return _end(event, GatewayEventStatus.PROCESSED, "", None, now)


def _work_off_refund(event: GatewayEvent, state: ChargeState, actor: Actor, now: dt.datetime) -> GatewayEventStatus:
    """Bring a refund to what the gateway tells; what contradicts our books is left to staff."""
    told = event.payload
    refund = refund_of_gateway(event.gateway, key=told["key"], gateway_ref=told["gateway_ref"])
    if refund is None:
        return _end(event, GatewayEventStatus.IGNORED, "No refund of ours has this key or reference.", None, now)
    payment = db.session.get_one(Payment, refund.payment_id)
    if told["amount"] is not None and (told["amount"], told["currency"]) != (refund.amount, refund.currency):
        note = f"It tells of {told['amount']} {told['currency']}, refund {refund.number} is over {refund.amount}."
        return _end(event, GatewayEventStatus.REFUSED, note, payment, now)
    result = RefundResult(state, told["gateway_ref"], told["code"], told["message"])
    record_refund_outcome(refund, result, actor=actor, now=now)
    told_again = RefundStatus.SETTLED if state is ChargeState.SUCCEEDED else RefundStatus.FAILED
    if refund.status is not told_again:
        note = f"Refund {refund.number} had ended otherwise before. Compare it with the payment provider's books."
        return _end(event, GatewayEventStatus.REFUSED, note, payment, now)
    return _end(event, GatewayEventStatus.PROCESSED, "", payment, now)


def _payment_of(event: GatewayEvent) -> Payment | None:
    key, ref = event.payload["key"], event.payload["gateway_ref"]
    if key:
        of_key = select(Payment).join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
        return db.session.scalar(
            of_key.where(PaymentAttempt.idempotency_key == key, PaymentAttempt.gateway == event.gateway)
        )
    if ref:
        return db.session.scalar(select(Payment).where(Payment.gateway == event.gateway, Payment.gateway_ref == ref))
    return None


def _end(
    event: GatewayEvent, status: GatewayEventStatus, note: str, payment: Payment | None, now: dt.datetime
) -> GatewayEventStatus:
    ended = (
        update(GatewayEvent)
        .where(GatewayEvent.id == event.id, GatewayEvent.status == GatewayEventStatus.RECEIVED)
        .values(
            status=status, processed_at=now, note=note or None, payment_id=payment.id if payment is not None else None
        )
    )
    guarded(ended)
    return status


def _payload(notice: GatewayNotice) -> dict[str, Any]:
    """What is kept of an event: what it tells of the money, and nothing of the payer."""
    return {
        "kind": notice.kind.value,
        "key": notice.key,
        "gateway_ref": notice.gateway_ref,
        "handle": notice.handle,
        "amount": notice.amount,
        "currency": notice.currency,
        "fee": notice.fee,
        "code": notice.code,
        "message": notice.message,
        "refs": [notice.refs.customer_ref, notice.refs.method_ref] if notice.refs else None,
        "method": _kept_of(notice.method),
    }


def _kept_of(method: StoredMethod | None) -> dict[str, Any] | None:
    if method is None:
        return None
    expires_on = method.expires_on.isoformat() if method.expires_on else None
    return {"label": method.label, "brand": method.brand, "last_four": method.last_four, "expires_on": expires_on}
