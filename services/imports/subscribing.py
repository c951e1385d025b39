"""Subscriptions that began in an older system, written in bulk: with their items, their history and their audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from domain.actor import Actor
from domain.periods import Period
from models.number_series import NumberedKind
from models.price import BillingPeriod
from models.subscription import (
    Subscription,
    SubscriptionChange,
    SubscriptionChangeKind,
    SubscriptionItem,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows, insert_values
from services.numbers import next_numbers

MONTHS: Final = MappingProxyType(
    {
        BillingPeriod.MONTHLY: 1,
        BillingPeriod.QUARTERLY: 3,
        BillingPeriod.YEARLY: 12,
        BillingPeriod.TWO_YEARLY: 24,
    }
)
"""How many months the periods of subscriptions have. What is paid once has none."""

_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OldItem:
    """How many of a product, and the price of one for one period."""

    product_id: int
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class OldSubscription:
    """A subscription as it stands in the older system on the day of the import."""

    account_id: int
    external_ref: str
    package_id: int
    package_name: str
    period: BillingPeriod
    started_on: dt.date
    current_period: Period
    currency: str
    recurring_price: int
    items: tuple[OldItem, ...]
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    renews: bool = True
    terminated_on: dt.date | None = None
    license_id: int | None = None
    licensee: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class BilledPeriod:
    """What was billed of a subscription before it came here."""

    subscription: Subscription
    invoice_id: int
    period: Period
    net: int


def write_old_subscriptions(old: Sequence[OldSubscription], *, actor: Actor, now: dt.datetime) -> list[Subscription]:
    """Write them with numbers of our own; nothing is billed."""
    numbers = next_numbers(NumberedKind.SUBSCRIPTION, len(old), now=now)
    subscriptions = [_subscription(each, number, now) for each, number in zip(old, numbers, strict=True)]
    insert_rows(subscriptions, key=Subscription.number)
    pairs = list(zip(old, subscriptions, strict=True))
    insert_values(SubscriptionItem, [item for each, row in pairs for item in _items(each, row, now)])
    insert_values(SubscriptionChange, [change for each, row in pairs for change in _history(each, row, actor, now)])
    record_events([_happening(each, row) for each, row in pairs], actor=actor, now=now)
    return subscriptions


def write_billed_periods(billed: Iterable[BilledPeriod], *, now: dt.datetime) -> None:
    """Say which periods were billed, so that they are not billed again."""
    insert_values(
        SubscriptionPeriod,
        [
            {
                "account_id": each.subscription.account_id,
                "subscription_id": each.subscription.id,
                "invoice_id": each.invoice_id,
                "period_from": each.period.first,
                "period_to": each.period.last,
                "currency": each.subscription.currency,
                "net": each.net,
                "created_at": now,
            }
            for each in billed
        ],
    )


def _subscription(old: OldSubscription, number: str, now: dt.datetime) -> Subscription:
    ended = old.status is SubscriptionStatus.TERMINATED
    return Subscription(
        account_id=old.account_id,
        number=number,
        package_id=old.package_id,
        license_id=old.license_id,
        licensee=old.licensee,
        status=old.status,
        period=old.period,
        started_on=old.started_on,
        current_period_from=old.current_period.first,
        current_period_to=old.current_period.last,
        renews_on=old.current_period.last + _ONE_DAY if old.renews and not ended else None,
        suspended_at=now if old.status is SubscriptionStatus.SUSPENDED else None,
        terminated_on=old.terminated_on,
        currency=old.currency,
        recurring_price=old.recurring_price,
        reference=old.reference,
        external_ref=old.external_ref,
        created_at=now,
    )


def _items(old: OldSubscription, row: Subscription, now: dt.datetime) -> list[dict[str, Any]]:
    return [
        {
            "account_id": row.account_id,
            "subscription_id": row.id,
            "product_id": item.product_id,
            "quantity": item.quantity,
            "currency": row.currency,
            "unit_price": item.unit_price,
            "created_at": now,
        }
        for item in old.items
    ]


def _history(old: OldSubscription, row: Subscription, actor: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    events: list[tuple[SubscriptionChangeKind, dt.date, str | None, str | None]]
    events = [(SubscriptionChangeKind.STARTED, old.started_on, None, old.package_name)]
    if old.terminated_on is not None:
        events.append((SubscriptionChangeKind.TERMINATED, old.terminated_on, old.package_name, None))
    return [
        {
            "account_id": row.account_id,
            "subscription_id": row.id,
            "kind": kind,
            "before": before,
            "after": after,
            "effective_on": effective_on,
            "currency": row.currency,
            "changed_by": actor.name,
            "changed_by_id": actor.person_id,
            "created_at": now,
        }
        for kind, effective_on, before, after in events
    ]


def _happening(old: OldSubscription, row: Subscription) -> Happening:
    after = {
        "package": old.package_name,
        "status": row.status,
        "started_on": row.started_on,
        "terminated_on": row.terminated_on,
        "recurring_price": row.recurring_price,
        "currency": row.currency,
        "items": len(old.items),
        "external_ref": row.external_ref,
    }
    return Happening("subscription.created", row, after=after)
