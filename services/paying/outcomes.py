"""What a gateway said of a charge, written down once: whoever tells it, and however often."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.money import minor_to_text
from domain.sentences import Sentence
from extensions import db
from gateways.port import ChargeResult, ChargeState
from models.invoice import Invoice
from models.payment import AttemptOutcome, Payment, PaymentAttempt, PaymentStatus
from services.account_languages import language_of_account, written_for
from services.allocations import allocate, lock_invoices, open_invoices
from services.audit import record_event
from services.ledger import post
from services.locks import lock_accounts, locked
from services.paying.claims import claimed_invoices, open_claims, release_claims
from services.paying.followers import tell_followers
from services.payments import cover_debt, received_entry, received_line
from services.statements import write_statement_line

DECLINED: Final = "The payment was declined. Nothing was taken. Try another card or way to pay."
NEVER_ASKED: Final = "The payment did not reach the payment provider. Nothing was taken. Try again."
_OUTCOMES: Final = {
    ChargeState.SUCCEEDED: AttemptOutcome.SUCCEEDED,
    ChargeState.DECLINED: AttemptOutcome.DECLINED,
    ChargeState.NOT_FOUND: AttemptOutcome.ERROR,
    ChargeState.UNKNOWN: AttemptOutcome.UNKNOWN,
}


def record_outcome(payment: Payment, result: ChargeResult, *, actor: Actor, now: dt.datetime) -> Payment:
    """Bring a payment to what the gateway says of it. Call it in a unit of work; told twice it changes nothing.

    Succeeded: the money is funds, pays what was claimed, then the oldest debt, and what is left stays balance. That
    holds for a payment that had failed in our eyes too: what was taken is never lost. If another amount was taken than
    asked, that amount is booked. One in another currency is not booked at all and waits for staff. Declined or never
    seen by the gateway: the payment fails and its invoices are free again. Unknown: it is being checked.
    """
    lock_invoices([*claimed_invoices(payment), *open_invoices(payment.account_id, payment.currency)])
    locked(payment)
    lock_accounts([payment.account_id])
    if payment.settled_at is not None:
        return payment
    _complete_attempt(payment, result, now)
    if result.state is ChargeState.SUCCEEDED:
        if result.currency is not None and result.currency != payment.currency:
            return _hold(payment, result, actor, now)
        return _settle(payment, result, actor, now)
    if payment.status is PaymentStatus.FAILED:
        return payment
    if result.state is ChargeState.WAITING:
        _keep(payment, result)
        payment.status = PaymentStatus.PENDING
    elif result.state is ChargeState.UNKNOWN:
        _keep(payment, result)
        payment.status = PaymentStatus.BEING_CHECKED
    else:
        _fail(payment, result, actor, now)
    db.session.flush()
    return payment


def fail_unasked(payment: Payment, *, actor: Actor, now: dt.datetime) -> Payment:
    """Let a payment fail that never came to its first call of a gateway: the program died in between."""
    return record_outcome(payment, ChargeResult(ChargeState.NOT_FOUND), actor=actor, now=now)


def last_attempt(payment: Payment) -> PaymentAttempt | None:
    """The newest call of a gateway for a payment."""
    found = select(PaymentAttempt).where(PaymentAttempt.payment_id == payment.id)
    return db.session.scalar(found.order_by(PaymentAttempt.attempt.desc()).limit(1))


def _settle(payment: Payment, result: ChargeResult, actor: Actor, now: dt.datetime) -> Payment:
    before = {"status": payment.status}
    asked, taken = payment.amount, result.amount or payment.amount
    parts = [(claim.invoice_id, claim.amount) for claim in open_claims(payment)]
    release_claims(payment, now=now)
    payment.amount = taken
    payment.status, payment.settled_at, payment.failure_reason = PaymentStatus.SETTLED, now, None
    payment.received_on = now.date()
    payment.gateway_ref = result.gateway_ref or payment.gateway_ref
    payment.fee = result.fee
    if taken != asked:
        payment.remark = (
            f"{minor_to_text(asked, payment.currency)} {payment.currency} were asked for, the payment provider took"
            f" {minor_to_text(taken, payment.currency)}."
        )
    db.session.flush()
    post(received_entry(payment), actor=actor, now=now)
    write_statement_line(received_line(payment, now.date()), now=now)
    after = {"status": payment.status, "amount": taken, "currency": payment.currency, "method": payment.method}
    record_event("payment.settled", payment, actor=actor, now=now, before=before, after=after)
    _pay_parts(payment, parts, actor, now)
    cover_debt(payment, open_invoices(payment.account_id, payment.currency), actor=actor, now=now)
    tell_followers(payment, actor=actor, now=now)
    return payment


def _pay_parts(payment: Payment, parts: list[tuple[int, int]], actor: Actor, now: dt.datetime) -> None:
    """Pay what was claimed, as far as the money goes."""
    for invoice_id, amount in parts:
        invoice = db.session.get_one(Invoice, invoice_id)
        part = min(amount, payment.amount - payment.amount_allocated, invoice.amount_due if invoice.can_pay else 0)
        if part > 0:
            allocate(payment, invoice, part, overdraft=None, actor=actor, now=now)


def _fail(payment: Payment, result: ChargeResult, actor: Actor, now: dt.datetime) -> None:
    before = {"status": payment.status}
    usual = DECLINED if result.state is ChargeState.DECLINED else NEVER_ASKED
    words = language_of_account(payment.account_id).say(result.message or usual)
    payment.status, payment.failure_reason = PaymentStatus.FAILED, words[:255]
    db.session.flush()
    release_claims(payment, now=now)
    after = {"status": payment.status, "reason": payment.failure_reason}
    record_event("payment.failed", payment, actor=actor, now=now, before=before, after=after)
    tell_followers(payment, actor=actor, now=now)


def _hold(payment: Payment, result: ChargeResult, actor: Actor, now: dt.datetime) -> Payment:
    """Money of another currency has no place in this account's books: people have to look at it."""
    if payment.intent.get("held") != result.currency:
        sentence = Sentence(
            "The payment provider reports %(reported)s instead of %(currency)s. We are looking into it.",
            reported=result.currency,
            currency=payment.currency,
        )
        words = written_for(payment.account_id, sentence)
        payment.status, payment.failure_reason = PaymentStatus.BEING_CHECKED, words
        payment.gateway_ref = result.gateway_ref or payment.gateway_ref
        payment.intent = {**payment.intent, "held": result.currency}
        db.session.flush()
        after = {"status": payment.status, "reason": str(sentence)}
        record_event("payment.held", payment, actor=actor, now=now, after=after)
    return payment


def _keep(payment: Payment, result: ChargeResult) -> None:
    """Keep what finds the charge again, and where its payer goes on."""
    told: dict[str, Any] = {
        "handle": result.handle,
        "continue_at": result.continue_at,
        "continue_fields": dict(result.continue_fields) or None,
    }
    payment.intent = {**payment.intent, **{name: value for name, value in told.items() if value is not None}}
    payment.gateway_ref = result.gateway_ref or payment.gateway_ref


def _complete_attempt(payment: Payment, result: ChargeResult, now: dt.datetime) -> None:
    """Say of the newest call what it ended in. A lost answer that is known by now is told as what it really was."""
    attempt = last_attempt(payment)
    if attempt is None or result.state is ChargeState.WAITING:
        return
    if attempt.outcome in (AttemptOutcome.STARTED, AttemptOutcome.UNKNOWN) or result.state is ChargeState.SUCCEEDED:
        attempt.outcome, attempt.finished_at = _OUTCOMES[result.state], now
        attempt.gateway_ref = result.gateway_ref or attempt.gateway_ref
        attempt.code = (result.code or "")[:60] or None
        attempt.message = (result.message or "")[:255] or None
        db.session.flush()
