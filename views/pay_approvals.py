"""Payments above a member's limit: asked from the invoice, answered by the owner."""

from __future__ import annotations

import datetime as dt

from wtforms import StringField
from wtforms.validators import Length

from domain.actor import Actor
from domain.permissions import P
from models import Invoice, PayApproval
from panel import PORTAL, STAFF, Action, Choice, Column, DateRange, Lookup, Resource, reading
from panel.form import Form
from services.pay_approvals import (
    ApprovalNotOpen,
    approve_payment,
    ask_for_payment,
    decline_payment,
    withdraw_question,
)


class NoteForm(Form):
    """What the owner should know."""

    note = StringField("Note for the owner", [Length(max=500)])


class DeclineForm(Form):
    """Why not, for who asked."""

    reason = StringField("Reason", [Length(max=500)], description="It is mailed to who asked.")


def _ask(invoice: Invoice, *, actor: Actor, now: dt.datetime, note: str | None) -> PayApproval:
    return ask_for_payment(invoice, actor=actor, now=now, note=note)


def _decline(approval: PayApproval, *, actor: Actor, now: dt.datetime, reason: str | None) -> PayApproval:
    return decline_payment(approval, actor=actor, now=now, reason=reason)


ASK_OWNER = Action(
    _ask,
    "Ask the owner",
    grant=P.INVOICES_PAY,
    when=Invoice.can_pay,
    realms={PORTAL},
    menu=False,
    form=NoteForm,
    confirm="The owner gets a mail and approves or declines. You are told by mail, and pay the invoice afterwards.",
    done="The owner is asked. You get a mail with the answer.",
    name="ask-the-owner",
)


class PayApprovalResource(Resource):
    model, slug, title, noun = PayApproval, "pay-approvals", "Payment approvals", "Payment approval"
    description = "Payments above what a member may pay alone. The owner of the account approves or declines them."
    group, icon, label = "Money", "check-circle", "public_id"
    columns = (
        Column("created_at", "Asked", link=True, sort=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("member.person.name", "Who asks", kind="text"),
        Column("invoice.number", "Invoice"),
        Column("amount"),
        Column("status"),
        Column("note"),
        Column("decided_by.person.name", "Decided by", kind="text"),
        Column("decided_at", "Decided", list=False),
        Column("used_at", "Used", list=False),
    )
    filters = (Choice("status"), Lookup("account", realms={STAFF}), DateRange("created_at", "Asked"))
    default_sort = "-created_at"
    grants = reading({PORTAL: P.INVOICES_PAY, STAFF: P.PAYMENTS_READ})
    actions = (
        Action(
            approve_payment,
            "Approve",
            grant=P.PAYMENTS_APPROVE,
            when=PayApproval.is_open,
            why_not=ApprovalNotOpen.message,
            realms={PORTAL},
            sensitive=True,
            confirm="Who asked may pay this invoice once, up to this amount, within 30 days.",
            done="The payment is approved.",
            name="approve",
        ),
        Action(
            _decline,
            "Decline",
            grant=P.PAYMENTS_APPROVE,
            when=PayApproval.can_decline,
            why_not=ApprovalNotOpen.message,
            realms={PORTAL},
            sensitive=True,
            form=DeclineForm,
            danger=True,
            confirm="Who asked is told by mail, and cannot pay. An approval that was not used yet is taken back.",
            done="The payment is declined.",
            name="decline",
        ),
        Action(
            withdraw_question,
            "Withdraw",
            grant=P.INVOICES_PAY,
            when=PayApproval.is_open,
            why_not=ApprovalNotOpen.message,
            realms={PORTAL},
            confirm="Only who asked withdraws the question. The owner is not asked any more.",
            done="The question is withdrawn.",
            name="withdraw",
        ),
    )
