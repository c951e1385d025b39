"""What is done about unpaid invoices: tries, reminders, a final warning, suspension and its lifting, each step once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.dunning import (
    DunningPolicy,
    Step,
    StepKind,
    may_be_let_in,
    next_step,
    policy_of,
    steps_today,
    suspension_day,
    why_passed_over,
)
from domain.invoices import PAYABLE_STATUSES
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from gateways.registry import Gateways
from models.account import Account, AccountStatus, SuspensionCause
from models.dunning_step import DunningKind, DunningStep
from models.invoice import Invoice
from models.notification import NotificationKind
from models.payment import Payment
from models.payment_method import PaymentMethod
from services.account_languages import written_for
from services.accounts import reactivate_account, suspend_account
from services.audit import record_event
from services.locks import locked
from services.notifications import tell_account
from services.paying.claims import InvoicePart, is_claimed
from services.paying.followers import followers
from services.paying.intents import Wanted, begin_payment
from services.paying.offers import STORED_MEANS
from services.settings import number_setting, text_setting
from services.subscriptions.periods import held_to_no_more

PREFIX: Final = "dunning-"
"""How the keys of the payments begin that tries make."""
_AT_ONCE: Final = 200


def dunning_policy() -> DunningPolicy:
    """As the settings of staff say it now."""
    return policy_of(
        {
            "retry_days": text_setting("dunning_retry_days"),
            "reminder_days": text_setting("dunning_reminder_days"),
            "warning_days": number_setting("dunning_warning_days"),
            "suspension_days": number_setting("dunning_suspension_days"),
        }
    )


def due_invoices(*, today: dt.date, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of invoices that are due today or were before, in their order; go on after the last one given.

    Those over a time that nobody has to take, as after a trial, are not asked for.
    """
    found = select(Invoice.id).where(
        Invoice.id > after,
        Invoice.status.in_(PAYABLE_STATUSES),
        Invoice.due_on <= today,
        Invoice.amount_due > 0,
        ~held_to_no_more(Invoice.id, today=today),
    )
    return db.session.scalars(found.order_by(Invoice.id).limit(limit)).all()


def take_steps(invoice_id: int, gateways: Gateways, *, actor: Actor, now: dt.datetime) -> int | None:
    """Do what is due on one invoice; call it in a unit of work. Gives the payment that a try began, to be carried out.

    The invoice is locked, so of two runners one finds the steps taken. A paid invoice has none.
    """
    invoice = locked(db.session.get_one(Invoice, invoice_id))
    if not invoice.can_pay or invoice.due_on is None:
        return None
    rows = {
        row.step: row for row in db.session.scalars(select(DunningStep).where(DunningStep.invoice_id == invoice.id))
    }
    warning = rows.get(StepKind.FINAL_WARNING.value)
    warned_on = warning.done_at.date() if warning is not None and warning.done_at is not None else None
    policy = dunning_policy()
    today = steps_today(invoice.due_on, policy, today=now.date(), ended=set(rows), warned_on=warned_on)
    for step in today.skip:
        _write(invoice, step, now, skipped="a later step says it")
    started = None
    for step in today.take:
        if step.kind is StepKind.RETRY:
            started = _try_again(invoice, step, gateways, actor, now)
        elif step.kind is StepKind.SUSPENSION:
            _suspend(invoice, step, actor, now)
        else:
            _remind(invoice, step, policy, actor, now)
    return started


def lift_suspension(account_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Let an account in again that was suspended for debt, once no invoice is left that it was suspended for.

    One that staff suspended stays as it is. Call it in a unit of work.
    """
    account = db.session.get_one(Account, account_id)
    if account.status is not AccountStatus.SUSPENDED or account.suspension_cause is not SuspensionCause.DEBT:
        return False
    still_due = (
        select(Invoice.amount_due)
        .join(DunningStep, DunningStep.invoice_id == Invoice.id)
        .where(
            DunningStep.account_id == account_id,
            DunningStep.kind == DunningKind.SUSPENSION,
            DunningStep.done_at.is_not(None),
            Invoice.status.in_(PAYABLE_STATUSES),
        )
    )
    if not may_be_let_in(db.session.scalars(still_due)):
        return False
    reactivate_account(account, actor=actor, now=now)
    tell_account(
        account_id,
        P.INVOICES_READ,
        "account_lifted",
        now=now,
        kind=NotificationKind.INVOICES,
        account=account.name,
        client_id=account.client_id,
    )
    return True


def accounts_suspended_for_debt(*, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of the accounts that may be let in again."""
    found = select(Account.id).where(
        Account.status == AccountStatus.SUSPENDED, Account.suspension_cause == SuspensionCause.DEBT
    )
    return db.session.scalars(found.order_by(Account.id).limit(limit)).all()


def next_try(invoice: Invoice, *, today: dt.date) -> dt.date | None:
    """The day on which a stored method is charged again, if it is."""
    if invoice.due_on is None:
        return None
    ended = set(db.session.scalars(select(DunningStep.step).where(DunningStep.invoice_id == invoice.id)))
    step = next_step(invoice.due_on, dunning_policy(), today=today, ended=ended, kinds={StepKind.RETRY})
    return step.on if step is not None else None


def lift_when_paid(payment: Payment, *, actor: Actor, now: dt.datetime) -> None:
    """Follow payments: who pays is let in with the same transaction."""
    if payment.settled_at is not None:
        lift_suspension(payment.account_id, actor=actor, now=now)


def follow_payments() -> None:
    """Hear of every settled and failed payment from now on. Asked twice it follows once."""
    if lift_when_paid not in followers:
        followers.append(lift_when_paid)


def _try_again(invoice: Invoice, step: Step, gateways: Gateways, actor: Actor, now: dt.datetime) -> int | None:
    method = db.session.scalar(
        select(PaymentMethod).where(PaymentMethod.account_id == invoice.account_id, PaymentMethod.is_default.is_(True))
    )
    means = STORED_MEANS.get(method.kind) if method is not None else None
    reason = why_passed_over(step.kind, has_method=means is not None, under_way=is_claimed(invoice), can_suspend=False)
    if method is None or means is None or reason:
        _write(invoice, step, now, skipped=reason)
        return None
    account = db.session.get_one(Account, invoice.account_id)
    parts = (InvoicePart(invoice, invoice.amount_due),)
    wanted = Wanted(means, method.gateway, f"{PREFIX}{invoice.number}-{step.name}", parts, method=method)
    try:
        payment = begin_payment(account, wanted, gateways=gateways, actor=actor, now=now)
    except Refusal as refusal:
        _write(invoice, step, now, skipped=refusal.message)
        return None
    _write(invoice, step, now, payment=payment.number)
    return payment.id


def _remind(invoice: Invoice, step: Step, policy: DunningPolicy, actor: Actor, now: dt.datetime) -> None:
    account = db.session.get_one(Account, invoice.account_id)
    suspended_on = suspension_day(policy, warned_on=now.date()) if step.kind is StepKind.FINAL_WARNING else None
    tell_account(
        account.id,
        P.INVOICES_READ,
        "invoice_final_warning" if step.kind is StepKind.FINAL_WARNING else "invoice_reminder",
        now=now,
        kind=NotificationKind.INVOICES,
        unique_key=f"dunning:{invoice.number}:{step.name}",
        target=invoice,
        suspended_on=suspended_on or "",
        **_words(account, invoice),
    )
    _write(invoice, step, now)
    record_event("invoice.reminded", invoice, actor=actor, now=now, after={"step": step.name})


def _suspend(invoice: Invoice, step: Step, actor: Actor, now: dt.datetime) -> None:
    account = db.session.get_one(Account, invoice.account_id)
    reason = why_passed_over(step.kind, has_method=False, under_way=False, can_suspend=account.can_suspend)
    if reason:
        _write(invoice, step, now, skipped=reason)
        return
    tell_account(
        account.id,
        P.INVOICES_READ,
        "account_suspended_for_debt",
        now=now,
        kind=NotificationKind.INVOICES,
        unique_key=f"dunning:{invoice.number}:{step.name}",
        target=invoice,
        **_words(account, invoice),
    )
    reason = written_for(account.id, Sentence("Invoice %(number)s is unpaid", number=invoice.number))
    suspend_account(account, actor=actor, now=now, reason=reason, cause=SuspensionCause.DEBT)
    _write(invoice, step, now)


def _write(invoice: Invoice, step: Step, now: dt.datetime, *, skipped: str = "", **outcome: Any) -> None:
    db.session.add(
        DunningStep(
            account_id=invoice.account_id,
            invoice_id=invoice.id,
            step=step.name,
            kind=DunningKind(step.kind.value),
            planned_on=step.on,
            done_at=None if skipped else now,
            skipped_at=now if skipped else None,
            outcome={"reason": skipped} if skipped else outcome,
            created_at=now,
        )
    )
    db.session.flush()


def _words(account: Account, invoice: Invoice) -> dict[str, Any]:
    return {
        "account": account.name,
        "client_id": account.client_id,
        "invoice": invoice.number,
        "amount": Amount(invoice.amount_due, invoice.currency),
        "due_on": invoice.due_on or "",
    }
