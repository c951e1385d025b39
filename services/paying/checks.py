"""Payments whose outcome nobody knows yet: the gateway is asked until it tells, so that nothing stays stuck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select

from domain.actor import Actor
from extensions import db
from gateways.port import ChargeResult, ChargeState
from gateways.registry import Gateways
from models.payment import AttemptOutcome, Payment, PaymentAttempt, PaymentStatus
from services.locks import locked
from services.paying.charging import ANSWER_WITHIN, give_up, look_up, state_of
from services.paying.outcomes import fail_unasked, last_attempt
from services.unit_of_work import unit_of_work

UNKNOWN_IS_ASKED_AFTER: Final = dt.timedelta(seconds=15)
WAITS_FOR_PAYER: Final = dt.timedelta(hours=2)
"""How long a payer may take on the gateway's page before the invoice is free for another payment."""
_AT_ONCE: Final = 100


def payments_to_check(*, now: dt.datetime, limit: int = _AT_ONCE) -> Sequence[int]:
    """The payments through gateways that are under way for too long, by their row numbers, the oldest first."""
    unsettled = Payment.status.in_([PaymentStatus.PENDING, PaymentStatus.BEING_CHECKED])
    newest = select(PaymentAttempt.id).where(
        PaymentAttempt.payment_id == Payment.id,
        or_(
            PaymentAttempt.started_at > now - UNKNOWN_IS_ASKED_AFTER,
            (PaymentAttempt.outcome == AttemptOutcome.STARTED) & (PaymentAttempt.started_at > now - ANSWER_WITHIN),
        ),
    )
    found = select(Payment.id).where(
        unsettled, Payment.gateway.is_not(None), Payment.created_at <= now - UNKNOWN_IS_ASKED_AFTER, ~newest.exists()
    )
    return db.session.scalars(found.order_by(Payment.id).limit(limit)).all()


def check_payment(payment_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> ChargeResult:
    """Find out what became of a payment under way, and write it down; opens units of work of its own.

    One that never came to its first call has failed. One whose payer takes too long is given up at the gateway.
    """
    with unit_of_work():
        payment = locked(db.session.get_one(Payment, payment_id))
        if payment.status not in (PaymentStatus.PENDING, PaymentStatus.BEING_CHECKED):
            return state_of(payment)
        if last_attempt(payment) is None:
            if payment.created_at > now - ANSWER_WITHIN:
                return state_of(payment)  # it may be on its way to the gateway just now
            return state_of(fail_unasked(payment, actor=actor, now=now))
        too_old = payment.created_at <= now - WAITS_FOR_PAYER
    found = look_up(payment_id, gateways, actor=actor, now=now)
    if found.state is ChargeState.WAITING and too_old:
        return give_up(payment_id, gateways, actor=actor, now=now)
    return found
