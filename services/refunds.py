"""Money given back out of a payment: set aside first, sent by the gateway afterwards, and booked once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import case, select, update

from domain.actor import Actor
from domain.postings import Transfer, refund_failed, refund_settled, refund_started
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from gateways.port import ChargeState, RefundRequest, RefundResult
from gateways.registry import Gateways
from models.base import new_public_id
from models.number_series import NumberedKind
from models.payment import Payment, PaymentKind, PaymentStatus, Refund, RefundStatus
from models.statement_line import StatementKind
from services.audit import record_event
from services.jobs import enqueue
from services.ledger import Entry, post
from services.locks import guarded, lock_accounts, locked, reread
from services.numbers import next_number
from services.paying.charging import ANSWER_WITHIN, require_no_transaction
from services.payments import AmountNotPositive
from services.people import refuse_while_logged_in_as
from services.statements import NewLine, write_statement_line
from services.unit_of_work import unit_of_work

JOB: Final = "carry_out_refund"
NOT_SENT: Final = "The payment provider refused to send the money back."
_AT_ONCE: Final = 100
_OPEN: Final = (RefundStatus.PENDING, RefundStatus.BEING_CHECKED)

log = logging.getLogger("foyer.payments")


class NotRefundable(Refusal):
    message = "Only money that arrived is sent back: this payment is not settled, or was made from the balance."


class MoreThanIsFree(Refusal):
    """So much of the payment is neither used for invoices nor given back. ``free`` is in minor units."""

    def __init__(self, free: int, currency: str) -> None:
        self.free = free
        super().__init__(
            Sentence(
                "%(free)s of this payment are free to be sent back. What paid an invoice is free again once the "
                "invoice is credited.",
                free=Amount(free, currency),
            )
        )


def refund_payment(payment: Payment, *, amount: int, reason: str, key: str, actor: Actor, now: dt.datetime) -> Refund:
    """Give back ``amount`` minor units of a payment that no invoice has; the reason stands on the statement.

    The money leaves the balance now, so that nobody spends it meanwhile. Where a gateway took it, a job asks that
    gateway to send it; else it counts as sent by hand. Asked again with the same ``key`` it gives the refund that is
    there. Refused: NotWhileLoggedInAs, AmountNotPositive, NotRefundable, MoreThanIsFree, NotEnoughFunds.
    """
    refuse_while_logged_in_as(actor)
    if amount <= 0:
        raise AmountNotPositive
    locked(payment)
    lock_accounts([payment.account_id])
    there = refund_of_key(payment.account_id, key)
    if there is not None:
        return there
    if payment.settled_at is None or payment.method is PaymentKind.BALANCE:
        raise NotRefundable
    _move_refunded(payment, amount)
    by_hand = payment.gateway is None or payment.gateway_ref is None
    refund = Refund(
        account_id=payment.account_id,
        number=next_number(NumberedKind.REFUND, now=now),
        payment_id=payment.id,
        status=RefundStatus.PENDING,
        currency=payment.currency,
        amount=amount,
        reason=reason.strip()[:255],
        refunded_by_id=actor.person_id,
        gateway_key=None if by_hand else f"ref-{new_public_id()}",
        idempotency_key=key,
        created_at=now,
    )
    db.session.add(refund)
    db.session.flush()
    _post(refund, "refund.started", refund_started(amount), actor, now)
    words = Sentence("Refund of payment %(number)s: %(reason)s", number=payment.number, reason=refund.reason)
    _tell_statement(refund, -amount, refund.number, words, now)
    _audit("payment.refund_started", payment, refund, actor, now)
    if by_hand:
        _settle(payment, refund, None, actor, now)
    else:
        enqueue(JOB, {"refund_id": refund.id}, now=now, unique_key=f"{JOB}:{refund.number}")
    return refund


def carry_out_refund(refund_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> RefundStatus:
    """Ask the gateway to send the money, or what became of it; opens units of work of its own.

    That somebody asks is written down before: who comes later looks it up first, and asks again under the same key
    only when the gateway never saw it and the first caller must have ended. Raises TransactionOpen, GatewayNotSetUp.
    """
    with unit_of_work():
        refund = locked(db.session.get_one(Refund, refund_id))
        if refund.status not in _OPEN:
            return refund.status
        payment = db.session.get_one(Payment, refund.payment_id)
        gateway = gateways.get(payment.gateway or "")
        first = refund.status is RefundStatus.PENDING
        refund.status = RefundStatus.BEING_CHECKED
        ended = refund.created_at <= now - ANSWER_WITHIN
        request = RefundRequest(
            key=refund.gateway_key or "",
            gateway_ref=payment.gateway_ref or "",
            amount=refund.amount,
            currency=refund.currency,
            reference=refund.number,
            reason=refund.reason,
        )
    require_no_transaction()
    try:
        if first:
            result = gateway.refund(request)
        else:
            result = gateway.find_refund(request.key, charge_ref=request.gateway_ref)
            if result.state is ChargeState.NOT_FOUND and ended:
                result = gateway.refund(request)
    except Exception:
        log.exception("a gateway raised instead of answering; the outcome of a refund is unknown")
        result = RefundResult(ChargeState.UNKNOWN)
    with unit_of_work():
        refund = db.session.get_one(Refund, refund_id)
        return record_refund_outcome(refund, result, actor=actor, now=now).status


def record_refund_outcome(refund: Refund, result: RefundResult, *, actor: Actor, now: dt.datetime) -> Refund:
    """Bring a refund to what the gateway says of it. Call it in a unit of work; told twice it changes nothing.

    Succeeded: the money left the house. Declined: it is the customer's balance again. Everything else: the gateway is
    asked again later.
    """
    payment = locked(db.session.get_one(Payment, refund.payment_id))
    locked(refund)
    lock_accounts([refund.account_id])
    if refund.status not in _OPEN:
        return refund
    if result.state is ChargeState.SUCCEEDED:
        _settle(payment, refund, result.gateway_ref, actor, now)
    elif result.state is ChargeState.DECLINED:
        _fail(payment, refund, result, actor, now)
    else:
        refund.status = RefundStatus.BEING_CHECKED
        refund.gateway_ref = result.gateway_ref or refund.gateway_ref
        db.session.flush()
    return refund


def refund_of_gateway(gateway_name: str, *, key: str | None, gateway_ref: str | None) -> Refund | None:
    """The refund that a gateway speaks of, by our key or by the gateway's own name for it."""
    of_gateway = select(Refund).join(Payment, Payment.id == Refund.payment_id).where(Payment.gateway == gateway_name)
    if key:
        return db.session.scalar(of_gateway.where(Refund.gateway_key == key))
    if gateway_ref:
        return db.session.scalar(of_gateway.where(Refund.gateway_ref == gateway_ref))
    return None


def refund_of_key(account_id: int, key: str) -> Refund | None:
    """The refund that was asked for under this key before. The account is locked, so nobody makes it meanwhile."""
    if not key:
        raise ValueError("a refund is asked for under a key")
    return db.session.scalar(select(Refund).where(Refund.account_id == account_id, Refund.idempotency_key == key))


def refunds_to_check(*, limit: int = _AT_ONCE) -> Sequence[int]:
    """The refunds whose outcome nobody knows yet, by their row numbers, the oldest first."""
    found = select(Refund.id).where(Refund.status == RefundStatus.BEING_CHECKED).order_by(Refund.id).limit(limit)
    return db.session.scalars(found).all()


def _move_refunded(payment: Payment, change: int) -> None:
    """Move what is given back of a payment, by one guarded update: never more than no invoice has."""
    refunded = Payment.amount_refunded + change
    status = case(
        (refunded == 0, PaymentStatus.SETTLED),
        (refunded == Payment.amount, PaymentStatus.REFUNDED),
        else_=PaymentStatus.PARTIALLY_REFUNDED,
    )
    moved = (
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.settled_at.is_not(None),
            refunded >= 0,
            refunded <= Payment.amount - Payment.amount_allocated,
        )
        .values(amount_refunded=refunded, status=status, version=Payment.version + 1)
    )
    if not guarded(moved):
        raise MoreThanIsFree(payment.amount - payment.amount_refunded - payment.amount_allocated, payment.currency)
    reread(payment)


def _settle(payment: Payment, refund: Refund, gateway_ref: str | None, actor: Actor, now: dt.datetime) -> None:
    refund.status, refund.settled_at = RefundStatus.SETTLED, now
    refund.gateway_ref = gateway_ref or refund.gateway_ref
    db.session.flush()
    _post(refund, "refund.settled", refund_settled(refund.amount), actor, now)
    _audit("payment.refunded", payment, refund, actor, now)


def _fail(payment: Payment, refund: Refund, result: RefundResult, actor: Actor, now: dt.datetime) -> None:
    refund.status = RefundStatus.FAILED
    refund.gateway_ref = result.gateway_ref or refund.gateway_ref
    db.session.flush()
    _move_refunded(payment, -refund.amount)
    _post(refund, "refund.failed", refund_failed(refund.amount), actor, now)
    words = Sentence("Refund %(number)s was not carried out", number=refund.number)
    _tell_statement(refund, refund.amount, f"{refund.number}-F", words, now)
    _audit("payment.refund_failed", payment, refund, actor, now, said=(result.message or NOT_SENT)[:255])


def _post(refund: Refund, event: str, transfers: list[Transfer], actor: Actor, now: dt.datetime) -> None:
    entry = Entry(
        event=event,
        description=f"Refund {refund.number}",
        transfers=transfers,
        account_id=refund.account_id,
        currency=refund.currency,
        document_kind="refund",
        document_key=refund.number,
    )
    post(entry, actor=actor, now=now)


def _tell_statement(refund: Refund, amount: int, number: str, words: str, now: dt.datetime) -> None:
    line = NewLine(refund.account_id, StatementKind.REFUND, amount, refund.currency, number, words, now.date())
    write_statement_line(line, now=now)


def _audit(event: str, payment: Payment, refund: Refund, actor: Actor, now: dt.datetime, *, said: str = "") -> None:
    after = {"refund": refund.number, "amount": refund.amount, "currency": refund.currency, "reason": refund.reason}
    record_event(event, payment, actor=actor, now=now, after=after | ({"said": said} if said else {}))
