"""What the first pages show: small, indexed reads over one account, or over all of them for staff (account_id None).

Each statement is put together once: that takes longer than its answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, select

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
_Statement = Select[*tuple[Any, ...]]


def invoices_owed(account_id: int | None, *, due_before: dt.date | None = None) -> Sequence[Row[Any]]:
    """The oldest invoices with something due, each with its account's name."""
    statement = _invoices_owed(account_id is not None, due_before is not None)
    return _rows(statement, account_id=account_id, due_before=due_before)


@cache
def _invoices_owed(of_account: bool, overdue: bool) -> _Statement:
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
    if overdue:
        statement = statement.where(Invoice.due_on < bindparam("due_before"))
    return _of_account(statement, Invoice) if of_account else statement


def licenses_by_kind(account_id: int) -> Sequence[Row[Any]]:
    """(kind, number) of an account's licenses that are in force, the most frequent first."""
    return _rows(_licenses_by_kind(), account_id=account_id)


@cache
def _licenses_by_kind() -> _Statement:
    number = func.count(License.id)
    statement = select(License.kind, number.label("number")).where(License.status == LicenseStatus.ACTIVE)
    return _of_account(statement, License).group_by(License.kind).order_by(number.desc())


def licenses_expiring(account_id: int | None, *, today: dt.date) -> Sequence[Row[Any]]:
    """The next licenses to expire within 30 days: code, reference, expires_on, account name."""
    statement = _licenses_expiring(account_id is not None)
    return _rows(statement, account_id=account_id, today=today, last_day=today + EXPIRING_WITHIN)


@cache
def _licenses_expiring(of_account: bool) -> _Statement:
    statement = (
        select(License.code, License.reference, License.expires_on, Account.name.label("account_name"))
        .join(Account, Account.id == License.account_id)
        .where(License.expires_on.between(bindparam("today"), bindparam("last_day")))
        .where(License.status == LicenseStatus.ACTIVE)
        .order_by(License.expires_on, License.id)
        .limit(SHOWN)
    )
    return _of_account(statement, License) if of_account else statement


def tickets_in_progress(account_id: int | None, *, seen: ColumnElement[bool] | None = None) -> Sequence[Row[Any]]:
    """An account's tickets in progress, the newest first; for staff the ones that wait for them, the oldest first.

    ``seen`` narrows them to those that somebody of the staff sees (services/departments.py).
    """
    statement = _tickets_in_progress(account_id is not None)
    return _rows(statement if seen is None else statement.where(seen), account_id=account_id)


@cache
def _tickets_in_progress(of_account: bool) -> _Statement:
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
        .where(Ticket.status.in_(_IN_PROGRESS if of_account else _WAITING_FOR_US))
        .order_by(Ticket.last_message_at.desc() if of_account else Ticket.last_message_at, Ticket.id)
        .limit(SHOWN)
    )
    return _of_account(statement, Ticket) if of_account else statement


def tickets_assigned(staff_member_id: int) -> Sequence[Row[Any]]:
    """The tickets in progress that somebody of the staff took, what is due first, each with their ``assignee_key``."""
    return _rows(_tickets_assigned(), staff_member_id=staff_member_id)


@cache
def _tickets_assigned() -> _Statement:
    return (
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
        .where(Ticket.assignee_id == bindparam("staff_member_id"), Ticket.status.in_(_IN_PROGRESS))
        .order_by(Ticket.due_at.is_(None), Ticket.due_at, Ticket.last_message_at, Ticket.id)
        .limit(SHOWN)
    )


def payments_failed() -> Sequence[Row[Any]]:
    """The newest payments of all accounts that failed, and why."""
    return _rows(_payments_failed())


@cache
def _payments_failed() -> _Statement:
    return (
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
    for row in _rows(_next_charge(), account_id=account_id):
        renews_on, currency, subscriptions, price, package_name, trial_ends_on = row
        day = billed_on(renews_on, trial_ends_on=trial_ends_on)
        return NextCharge(day, subscriptions, int(price), currency, package_name if subscriptions == 1 else "")
    return None


@cache
def _next_charge() -> _Statement:
    statement = (
        select(
            Subscription.renews_on,
            Subscription.currency,
            func.count(Subscription.id),
            func.sum(Subscription.recurring_price),
            func.min(Package.name),
            func.max(Subscription.trial_ends_on),
        )
        .join(Package, Package.id == Subscription.package_id)
        .where(Subscription.renews)
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
    return _of_account(statement, Subscription)


def _of_account(statement: _Statement, model: Any) -> _Statement:
    return statement.where(model.account_id == bindparam("account_id"))


def _rows(statement: _Statement, **asked: object) -> Sequence[Row[*tuple[Any, ...]]]:
    return db.session.execute(statement, asked).all()
