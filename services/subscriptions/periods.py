"""The periods of a subscription that are paid for, or billed ahead."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from domain.invoices import InvoiceStatus
from domain.periods import Period
from extensions import db
from models.invoice import Invoice
from models.subscription import Subscription, SubscriptionPeriod, SubscriptionStatus
from services.settings import number_setting

ONE_DAY: Final = dt.timedelta(days=1)


def current_period(subscription: Subscription) -> Period:
    return Period(subscription.current_period_from, subscription.current_period_to)


def anchor_of(subscription: Subscription) -> dt.date:
    """The day from which periods are counted. A trial is no part of the count: it begins on the day after it."""
    if subscription.trial_ends_on is not None:
        return subscription.trial_ends_on + ONE_DAY
    return subscription.started_on


def following(subscription: Subscription) -> SubscriptionPeriod | None:
    """The period after the current one, once it was billed, whatever became of that."""
    return db.session.scalar(
        select(SubscriptionPeriod).where(
            SubscriptionPeriod.subscription_id == subscription.id,
            SubscriptionPeriod.period_from == subscription.current_period_to + ONE_DAY,
        )
    )


def billed_ahead(subscription: Subscription) -> SubscriptionPeriod | None:
    """The period after the current one, where it is paid or waits for that."""
    ahead = following(subscription)
    return None if ahead is None or is_nobodys(ahead) else ahead


def is_nobodys(period: SubscriptionPeriod) -> bool:
    """Whether its invoice was voided, or given back as a whole."""
    return _came_to_nothing(_invoice_of(period))


def is_paid(period: SubscriptionPeriod) -> bool:
    """Whether it may be used. What cost nothing is paid."""
    return is_paid_by(_invoice_of(period))


def is_paid_by(invoice: Invoice | None) -> bool:
    """Whether a period with this invoice may be used."""
    return invoice is None or (invoice.status is InvoiceStatus.PAID and not _came_to_nothing(invoice))


def held_to_no_more(invoice_id: InstrumentedAttribute[int], *, today: dt.date) -> ColumnElement[bool]:
    """Whether an invoice is over a period that nobody is held to: the one after a trial, as long as that was not paid,
    and the one of a subscription that may be had back no more and is about to end.
    """
    may_come_back = today - number_setting("reactivation_days") * ONE_DAY
    over = and_(Subscription.status == SubscriptionStatus.EXPIRED, Subscription.current_period_to < may_come_back)
    only_tried = Subscription.trial_ends_on == Subscription.current_period_to
    return (
        exists()
        .where(SubscriptionPeriod.invoice_id == invoice_id, SubscriptionPeriod.subscription_id == Subscription.id)
        .where(SubscriptionPeriod.period_from > Subscription.current_period_to, or_(only_tried, over))
    )


def is_trial(subscription: Subscription, day: dt.date) -> bool:
    """Whether this day is still tried for nothing."""
    return subscription.trial_ends_on is not None and day <= subscription.trial_ends_on


def _came_to_nothing(invoice: Invoice | None) -> bool:
    if invoice is None:
        return False
    given_back = invoice.total > 0 and invoice.amount_credited >= invoice.total
    return given_back or invoice.status is InvoiceStatus.VOID


def _invoice_of(period: SubscriptionPeriod) -> Invoice | None:
    return None if period.invoice_id is None else db.session.get_one(Invoice, period.invoice_id)
