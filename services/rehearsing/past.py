"""What really happened in some days, counted in the words of a rehearsal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from domain.invoices import InvoiceStatus
from domain.periods import Period
from domain.rehearsal import Kind
from extensions import db
from models.dunning_step import DunningKind, DunningStep
from models.invoice import Invoice
from models.payment import Payment, PaymentStatus
from services import auto_top_up, dunning
from services.subscriptions import renewing

Tally = dict[tuple[Kind, str], tuple[int, int]]
"""By kind and currency: how often, and the amounts together in minor units."""
MONEY: Final = frozenset({Kind.INVOICE, Kind.CHARGE, Kind.CHARGE_FAILED, Kind.TOP_UP, Kind.TOP_UP_FAILED})
"""Kinds whose amounts are added up."""
_STEPS: Final = {
    DunningKind.REMINDER: Kind.REMINDER,
    DunningKind.FINAL_WARNING: Kind.FINAL_WARNING,
    DunningKind.SUSPENSION: Kind.SUSPENSION,
}
COUNTED: Final = MONEY | frozenset(_STEPS.values())
"""Kinds that can be counted afterwards, and so be compared."""
_ONE_DAY: Final = dt.timedelta(days=1)


def happened(days: Period) -> Tally:
    """Invoices that were issued, what stored methods paid by themselves, and the steps that were taken."""
    tally: Tally = {}
    invoices = (
        select(Invoice.currency, func.count(), func.sum(Invoice.total))
        .where(*_issued_in(days))
        .group_by(Invoice.currency)
    )
    for currency, number, amount in db.session.execute(invoices):
        tally[Kind.INVOICE, currency] = number, int(amount)
    for prefixes, taken, failed in (
        ((dunning.PREFIX, renewing.PREFIX), Kind.CHARGE, Kind.CHARGE_FAILED),
        ((auto_top_up.PREFIX,), Kind.TOP_UP, Kind.TOP_UP_FAILED),
    ):
        by_itself = or_(*(Payment.idempotency_key.startswith(prefix) for prefix in prefixes))
        for kind, status in (
            (taken, Payment.settled_at.is_not(None)),
            (failed, Payment.status == PaymentStatus.FAILED),
        ):
            payments = (
                select(Payment.currency, func.count(), func.sum(Payment.amount))
                .where(
                    Payment.received_on >= days.first,
                    Payment.received_on <= days.last,
                    by_itself,
                    status,
                )
                .group_by(Payment.currency)
            )
            for currency, number, amount in db.session.execute(payments):
                tally[kind, currency] = number, int(amount)
    begins, ends = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (days.first, days.last + _ONE_DAY))
    steps = (
        select(DunningStep.kind, Invoice.currency, func.count())
        .join(Invoice, Invoice.id == DunningStep.invoice_id)
        .where(DunningStep.kind.in_(_STEPS), DunningStep.done_at >= begins, DunningStep.done_at < ends)
        .group_by(DunningStep.kind, Invoice.currency)
    )
    for step, currency, number in db.session.execute(steps):
        tally[_STEPS[step], currency] = number, 0
    return tally


def invoiced(account_ids: Sequence[int], days: Period) -> dict[int, int]:
    """What was invoiced to each of these accounts in these days, by the account's row number."""
    found = (
        select(Invoice.account_id, func.sum(Invoice.total))
        .where(Invoice.account_id.in_(account_ids), *_issued_in(days))
        .group_by(Invoice.account_id)
    )
    return {key: int(amount) for key, amount in db.session.execute(found)}


def _issued_in(days: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        Invoice.issued_on >= days.first,
        Invoice.issued_on <= days.last,
        Invoice.status.not_in([InvoiceStatus.DRAFT, InvoiceStatus.VOID]),
    )
