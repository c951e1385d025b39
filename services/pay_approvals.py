"""Pay limits: up to an amount a member pays alone, above it the owner of the account decides (SPEC B7).

The limit holds for what a member pays on one invoice in sum, so that many small payments do not get around it. An
approval lets one payment of one invoice pass, up to the amount asked for, once, within 30 days.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import func, select, update

from domain.actor import Actor
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from models.account import Account
from models.approval import PayApproval, PayApprovalStatus
from models.invoice import Invoice
from models.member import Member
from models.notification import NotificationKind
from models.payment import Payment, PaymentAllocation
from models.person import Person
from services.allocations import InvoiceNotPayable
from services.audit import record_event
from services.locks import guarded, locked, reread
from services.notifications import tell, tell_account
from services.people import refuse_while_logged_in_as
from services.roles import is_owner_acting
from services.step_up import require_recent_proof

APPROVAL_LIVES: Final = dt.timedelta(days=30)


class AbovePayLimit(Refusal):
    """The member may pay so much alone, and this is more."""

    instead = "ask-the-owner"

    def __init__(self, limit: int, amount: int, currency: str) -> None:
        super().__init__(
            Sentence(
                "You may pay up to %(limit)s on an invoice alone, and this would be %(amount)s. Ask the owner of"
                " the account.",
                limit=Amount(limit, currency),
                amount=Amount(amount, currency),
            )
        )


class NoApprovalNeeded(Refusal):
    message = "You may pay this invoice without asking. Pay it."


class AskedAlready(Refusal):
    message = "You asked for this invoice already. Wait for the answer of the owner, or withdraw the question."


class ApprovedAlready(Refusal):
    message = "The owner has approved this payment already. Pay the invoice."


class ApprovalNotOpen(Refusal):
    message = "This question has been answered, withdrawn or used already. Reload the page to see it as it is."


class ApprovalNotYours(Refusal):
    message = "Only the owner of the account approves or declines payments."


class QuestionNotYours(Refusal):
    message = "Only who asked the question withdraws it."


def require_within_pay_limit(invoice: Invoice, amount: int, *, actor: Actor, now: dt.datetime) -> None:
    """Let a payment pass that the actor may make alone, or that the owner approved: the approval is then used up.

    Owners and staff have no limit. Call it in the unit of work of the payment, the invoice being locked.
    Refused: AbovePayLimit.
    """
    above = _above_limit(invoice, amount, actor)
    if above is None:
        return
    member, in_sum = above
    approval = db.session.scalar(
        select(PayApproval)
        .where(*_usable(member, invoice, now), PayApproval.amount >= amount, PayApproval.currency == invoice.currency)
        .order_by(PayApproval.amount, PayApproval.id)
        .limit(1)
    )
    if approval is None or not _move(approval, PayApprovalStatus.APPROVED, PayApprovalStatus.USED, used_at=now):
        raise AbovePayLimit(member.pay_limit or 0, in_sum, invoice.currency)
    record_event("pay_approval.used", approval, actor=actor, now=now, after={"invoice": invoice.number})


def ask_for_payment(invoice: Invoice, *, actor: Actor, now: dt.datetime, note: str | None = None) -> PayApproval:
    """Ask the owner to let the payment of all that is due pass; they get a mail and see it in the portal.

    Refused: InvoiceNotPayable, NoApprovalNeeded, AskedAlready, ApprovedAlready, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(invoice)
    if not invoice.can_pay:
        raise InvoiceNotPayable
    above = _above_limit(invoice, invoice.amount_due, actor)
    if above is None:
        raise NoApprovalNeeded
    member = locked(above[0])
    _refuse_second_question(member, invoice, now)
    approval = PayApproval(
        account_id=invoice.account_id,
        member_id=member.id,
        invoice_id=invoice.id,
        amount=invoice.amount_due,
        currency=invoice.currency,
        note=(note or "").strip() or None,
        created_at=now,
    )
    db.session.add(approval)
    db.session.flush()
    after = {"invoice": invoice.number, "amount": approval.amount, "currency": approval.currency}
    record_event("pay_approval.asked", approval, actor=actor, now=now, after=after)
    tell_account(
        invoice.account_id,
        P.PAYMENTS_APPROVE,
        "payment_approval_asked",
        now=now,
        kind=NotificationKind.PAYMENTS,
        target=approval,
        who=actor.name,
        **_words(approval, invoice),
    )
    return approval


def approve_payment(approval: PayApproval, *, actor: Actor, now: dt.datetime) -> PayApproval:
    """Let the payment pass: who asked may make it once.

    Refused: ApprovalNotYours, ApprovalNotOpen, NotWhileLoggedInAs.
    """
    _refuse_decision(approval, actor, now)
    decided = {"decided_by_id": actor.member_id, "decided_at": now}
    if not _move(approval, PayApprovalStatus.ASKED, PayApprovalStatus.APPROVED, **decided):
        raise ApprovalNotOpen
    record_event("pay_approval.approved", approval, actor=actor, now=now, after={"amount": approval.amount})
    _tell_asker(approval, "payment_approved", now, reason="")
    return approval


def decline_payment(approval: PayApproval, *, actor: Actor, now: dt.datetime, reason: str | None = None) -> PayApproval:
    """Do not let the payment pass; an approval that was not used yet is taken back by it.

    Refused: ApprovalNotYours, ApprovalNotOpen, NotWhileLoggedInAs.
    """
    _refuse_decision(approval, actor, now)
    decided = {"decided_by_id": actor.member_id, "decided_at": now}
    if not any(
        _move(approval, before, PayApprovalStatus.DECLINED, **decided)
        for before in (PayApprovalStatus.ASKED, PayApprovalStatus.APPROVED)
    ):
        raise ApprovalNotOpen
    record_event("pay_approval.declined", approval, actor=actor, now=now, after={"reason": reason or None})
    _tell_asker(approval, "payment_declined", now, reason=(reason or "").strip())
    return approval


def withdraw_question(approval: PayApproval, *, actor: Actor, now: dt.datetime) -> PayApproval:
    """Take one's own question back. Refused: QuestionNotYours, ApprovalNotOpen, NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    if actor.member_id is None or actor.member_id != approval.member_id:
        raise QuestionNotYours
    if not _move(approval, PayApprovalStatus.ASKED, PayApprovalStatus.WITHDRAWN):
        raise ApprovalNotOpen
    record_event("pay_approval.withdrawn", approval, actor=actor, now=now)
    return approval


def withdraw_questions_of(member: Member, *, actor: Actor, now: dt.datetime) -> None:
    """Take back what a member asked and nobody answered: they need not ask any more."""
    asked = select(PayApproval).where(PayApproval.member_id == member.id, PayApproval.is_open)
    for approval in db.session.scalars(asked).all():
        if _move(approval, PayApprovalStatus.ASKED, PayApprovalStatus.WITHDRAWN):
            record_event("pay_approval.withdrawn", approval, actor=actor, now=now)


def _above_limit(invoice: Invoice, amount: int, actor: Actor) -> tuple[Member, int] | None:
    """The member who may not pay this alone, and what they would have paid on the invoice in sum; None for who may."""
    if actor.member_id is None:
        return None
    member = db.session.get(Member, actor.member_id, populate_existing=True)
    if member is None or member.is_owner or member.pay_limit is None:
        return None
    in_sum = amount + _paid_by(member, invoice)
    return (member, in_sum) if in_sum > member.pay_limit else None


def _paid_by(member: Member, invoice: Invoice) -> int:
    """What a member has paid on an invoice alone. What was approved counts too: it is above the limit anyway."""
    paid = (
        select(func.coalesce(func.sum(PaymentAllocation.amount - PaymentAllocation.amount_reversed), 0))
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.invoice_id == invoice.id, Payment.paid_by_id == member.person_id)
    )
    return int(db.session.scalar(paid) or 0)


def _usable(member: Member, invoice: Invoice, now: dt.datetime) -> tuple[Any, ...]:
    return (
        PayApproval.member_id == member.id,
        PayApproval.invoice_id == invoice.id,
        PayApproval.status == PayApprovalStatus.APPROVED,
        PayApproval.decided_at > now - APPROVAL_LIVES,
    )


def _refuse_second_question(member: Member, invoice: Invoice, now: dt.datetime) -> None:
    asked = select(PayApproval.id).where(
        PayApproval.member_id == member.id, PayApproval.invoice_id == invoice.id, PayApproval.is_open
    )
    if db.session.scalar(asked.limit(1)) is not None:
        raise AskedAlready
    approved = select(PayApproval.id).where(*_usable(member, invoice, now), PayApproval.amount >= invoice.amount_due)
    if db.session.scalar(approved.limit(1)) is not None:
        raise ApprovedAlready


def _refuse_decision(approval: PayApproval, actor: Actor, now: dt.datetime) -> None:
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    if not is_owner_acting(approval.account_id, actor):
        raise ApprovalNotYours


def _move(approval: PayApproval, before: PayApprovalStatus, after: PayApprovalStatus, **values: Any) -> bool:
    """The one guarded step from a status to another; False when somebody was faster."""
    moved = update(PayApproval).where(PayApproval.id == approval.id, PayApproval.status == before)
    if not guarded(moved.values(status=after, **values)):
        return False
    reread(approval)
    return True


def _tell_asker(approval: PayApproval, event: str, now: dt.datetime, *, reason: str) -> None:
    member = db.session.get_one(Member, approval.member_id)
    person = db.session.get_one(Person, member.person_id)
    invoice = None if approval.invoice_id is None else db.session.get(Invoice, approval.invoice_id)
    tell(
        person,
        event,
        now=now,
        account_id=approval.account_id,
        kind=NotificationKind.PAYMENTS,
        target=approval,
        reason=reason,
        **_words(approval, invoice),
    )


def _words(approval: PayApproval, invoice: Invoice | None) -> dict[str, Any]:
    account = db.session.get_one(Account, approval.account_id)
    return {
        "account": account.name,
        "client_id": account.client_id,
        "invoice": invoice.number if invoice is not None else "",
        "amount": Amount(approval.amount, approval.currency),
        "note": approval.note or "",
        "key": approval.public_id,
    }
