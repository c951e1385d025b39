"""Orders of postpaid accounts: settled by their credit at once, and billed with the month (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from domain.actor import Actor
from domain.permissions import P, grants_of_member
from domain.sentences import Sentence
from extensions import db
from models.account import Account, PaymentMode
from models.member import Member
from models.order import Order
from services.credit_reservations import reserve_credit, spend_reservation
from services.invoices import InvoiceLineValues
from services.ledger import NotEnoughFunds
from services.locks import reread
from services.orders import mark_paid
from services.roles import roles_held
from services.usable_credit import figures_of


class Settled(StrEnum):
    """How an order would be settled, and where a postpaid account has to pay first, why."""

    FIRST = "first"  # by an invoice that is paid first: the account is prepaid, or nothing is to be paid
    NEXT_INVOICE = "next_invoice"
    CREDIT_TOO_LOW = "credit_too_low"
    NOT_YOURS = "not_yours"  # whoever may not pay such an invoice alone does not spend the credit instead


def how_settled(account_id: int, total: int, *, currency: str, actor: Actor, day: dt.date) -> Settled:
    """How an order over a total (minor units, with tax) would be settled now; writes nothing."""
    figures = figures_of(account_id, day=day)
    if figures.mode is not PaymentMode.POSTPAID or figures.currency != currency or total <= 0:
        return Settled.FIRST
    if not _may_spend(actor, total):
        return Settled.NOT_YOURS
    return Settled.NEXT_INVOICE if figures.usable >= total else Settled.CREDIT_TOO_LOW


def settle_on_credit(order: Order, lines: Sequence[InvoiceLineValues], *, actor: Actor, now: dt.datetime) -> bool:
    """Settle an order that was just placed, where the account is postpaid and its credit covers it: say whether.

    Its lines stand on the next invoice, it is paid, and the job that provides it is asked for. The account is locked,
    the lines of the order are written. What was looked at is decided by the guard of the reservation once more.
    """
    settled = how_settled(order.account_id, order.total, currency=order.currency, actor=actor, day=now.date())
    if settled is not Settled.NEXT_INVOICE:
        return False
    account = db.session.get_one(Account, order.account_id)
    try:
        reservation = reserve_credit(
            account,
            amount=order.total,
            purpose=Sentence("Order %(number)s", number=order.number),
            key=f"order-{order.number}",  # never the key of a form: people choose that one
            actor=actor,
            now=now,
        )
    except NotEnoughFunds:
        return False
    spend_reservation(reservation, lines, actor=actor, now=now, order=order)
    mark_paid(order.id, now=now)
    reread(order)
    return True


def _may_spend(actor: Actor, total: int) -> bool:
    """Whether the actor might pay an invoice over so much alone. Staff and jobs act for the house."""
    if actor.member_id is None:
        return True
    member = db.session.get(Member, actor.member_id, populate_existing=True)
    if member is None:
        return False
    if member.is_owner:
        return True
    if P.INVOICES_PAY not in grants_of_member(roles_held(member)):
        return False
    return member.pay_limit is None or total <= member.pay_limit
