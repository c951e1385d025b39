"""What the first pages show: small, indexed reads over one account, or over all of them for staff (account_id None)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, select

from domain.invoices import InvoiceStatus
from domain.renewals import billed_on
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.license import License, LicenseStatus
from models.package import Package
from models.payment import Payment, PaymentStatus
from models.staff import StaffMember
from models.subscription import Subscription, SubscriptionPeriod
from models.ticket import Ticket, TicketStatus

SHOWN = 5
EXPIRING_WITHIN = dt.timedelta(days=30)
_OWED = (InvoiceStatus.UNPAID, InvoiceStatus.PARTIALLY_PAID)
_WAITING_FOR_US = (TicketStatus.OPEN, TicketStatus.WAITING_FOR_SUPPORT)
_IN_PROGRESS = (*_WAITING_FOR_US, TicketStatus.WAITING_FOR_CUSTOMER)


def invoices_owed(account_id: int | None, *, due_before: dt.date | None = None) -> Sequence[Row[Any]]:
    """The oldest invoices with something due, each with its account's name."""
    statement = (
        select(
            Invoice.number,
            Invoice.description,
            Invoice.due_on,
            Invoice.amount_due,
            Invoice.currency,
            Invoice.status,
            Account.name.label("account_name"),
        )
        .join(Account, Account.id == Invoice.account_id)
        .where(Invoice.status.in_(_OWED))
        .order_by(Invoice.due_on, Invoice.id)
        .limit(SHOWN)
    )
    if due_before is not None:
        statement = statement.where(Invoice.due_on < due_before)
    return db.session.execute(_of_account(statement, Invoice, account_id)).all()


def licenses_by_kind(account_id: int) -> Sequence[Row[Any]]:
    """(kind, number) of an account's licenses that are in force, the most frequent first."""
    number = func.count(License.id)
    statement = (
        select(License.kind, number.label("number"))
        .where(License.account_id == account_id, License.status == LicenseStatus.ACTIVE)
        .group_by(License.kind)
        .order_by(number.desc())
    )
    rows: Any = db.session.execute(statement).all()
    return list(rows)


def licenses_expiring(account_id: int | None, *, today: dt.date) -> Sequence[Row[Any]]:
    """The next licenses to expire within 30 days: code, reference, expires_on, account name."""
    statement = (
        select(License.code, License.reference, License.expires_on, Account.name.label("account_name"))
        .join(Account, Account.id == License.account_id)
        .where(License.expires_on >= today, License.expires_on <= today + EXPIRING_WITHIN)
        .where(License.status == LicenseStatus.ACTIVE)
        .order_by(License.expires_on, License.id)
        .limit(SHOWN)
    )
    return db.session.execute(_of_account(statement, License, account_id)).all()


def tickets_in_progress(account_id: int | None, *, seen: ColumnElement[bool] | None = None) -> Sequence[Row[Any]]:
    """An account's tickets in progress, the newest first; for staff the ones that wait for them, the oldest first.

    ``seen`` narrows them to those that somebody of the staff sees (services/departments.py).
    """
    statement = (
        select(
            Ticket.number,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.last_message_at,
            Account.name.label("account_name"),
        )
        .join(Account, Account.id == Ticket.account_id)
        .where(Ticket.status.in_(_WAITING_FOR_US if account_id is None else _IN_PROGRESS))
        .order_by(Ticket.last_message_at if account_id is None else Ticket.last_message_at.desc(), Ticket.id)
        .limit(SHOWN)
    )
    if seen is not None:
        statement = statement.where(seen)
    return db.session.execute(_of_account(statement, Ticket, account_id)).all()


def tickets_assigned(staff_member_id: int) -> Sequence[Row[Any]]:
    """The tickets in progress that somebody of the staff took, what is due first, each with their ``assignee_key``."""
    statement = (
        select(
            Ticket.number,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.last_message_at,
            Account.name.label("account_name"),
            StaffMember.public_id.label("assignee_key"),
        )
        .join(Account, Account.id == Ticket.account_id)
        .join(StaffMember, StaffMember.id == Ticket.assignee_id)
        .where(Ticket.assignee_id == staff_member_id, Ticket.status.in_(_IN_PROGRESS))
        .order_by(Ticket.due_at.is_(None), Ticket.due_at, Ticket.last_message_at, Ticket.id)
        .limit(SHOWN)
    )
    rows: Any = db.session.execute(statement).all()
    return list(rows)


def payments_failed() -> Sequence[Row[Any]]:
    """The newest payments of all accounts that failed, and why."""
    statement = (
        select(
            Payment.number,
            Payment.received_on,
            Payment.amount,
            Payment.currency,
            Payment.failure_reason,
            Account.name.label("account_name"),
        )
        .join(Account, Account.id == Payment.account_id)
        .where(Payment.status == PaymentStatus.FAILED)
        .order_by(Payment.received_on.desc(), Payment.id.desc())
        .limit(SHOWN)
    )
    rows: Any = db.session.execute(statement).all()
    return list(rows)


@dataclass(frozen=True, slots=True)
class NextCharge:
    """What an account is billed next: the day, how many subscriptions, their price before tax in minor units, and the
    name of the package where it is one."""

    billed_on: dt.date
    subscriptions: int
    price: int
    currency: str
    package_name: str


def next_charge(account_id: int) -> NextCharge | None:
    """The next renewals of an account, all those of the nearest day; None when nothing renews."""
    number = func.count(Subscription.id)
    statement = (
        select(
            Subscription.renews_on,
            Subscription.currency,
            number,
            func.sum(Subscription.recurring_price),
            func.min(Package.name),
            func.max(Subscription.trial_ends_on),
        )
        .join(Package, Package.id == Subscription.package_id)
        .where(Subscription.account_id == account_id, Subscription.renews)
        .where(
            ~exists().where(
                SubscriptionPeriod.subscription_id == Subscription.id,
                SubscriptionPeriod.period_from == Subscription.renews_on,
            )
        )
        .group_by(Subscription.renews_on, Subscription.currency)
        .order_by(Subscription.renews_on)
        .limit(1)
    )
    row: Any = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    renews_on, currency, subscriptions, price, package_name, trial_ends_on = row
    day = billed_on(renews_on, trial_ends_on=trial_ends_on)
    return NextCharge(day, subscriptions, int(price), currency, package_name if subscriptions == 1 else "")


def _of_account(statement: Any, model: Any, account_id: int | None) -> Any:
    return statement if account_id is None else statement.where(model.account_id == account_id)
