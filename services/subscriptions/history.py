"""The history of a subscription: what its own list shows, and the audit beside it."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.actor import Actor
from extensions import db
from models.invoice import Invoice
from models.subscription import Subscription, SubscriptionChange, SubscriptionItem
from models.subscription import SubscriptionChangeKind as Kind
from services.account_languages import written_for
from services.audit import record_event

_EVENTS: Final = {
    Kind.STARTED: "subscription.started",
    Kind.QUANTITY_INCREASED: "subscription.quantities_changed",
    Kind.QUANTITY_DECREASED: "subscription.quantities_changed",
    Kind.UPGRADED: "subscription.package_changed",
    Kind.DOWNGRADED: "subscription.package_changed",
    Kind.RENEWED: "subscription.renewed",
    Kind.EXPIRED: "subscription.expired",
    Kind.REACTIVATED: "subscription.reactivated",
    Kind.SUSPENDED: "subscription.suspended",
    Kind.RESUMED: "subscription.reactivated",
    Kind.TERMINATED: "subscription.terminated",
    Kind.REFERENCE_UPDATED: "subscription.reference_changed",
}


def tell_change(
    subscription: Subscription,
    kind: Kind,
    *,
    actor: Actor,
    now: dt.datetime,
    before: str | None = None,
    after: str | None = None,
    item: SubscriptionItem | None = None,
    invoice: Invoice | None = None,
    amount: int = 0,
    effective_on: dt.date | None = None,
) -> SubscriptionChange:
    """Write one change. ``amount`` is what was charged for it, in minor units before tax."""
    change = SubscriptionChange(
        account_id=subscription.account_id,
        subscription_id=subscription.id,
        subscription_item_id=item.id if item is not None else None,
        invoice_id=invoice.id if invoice is not None else None,
        kind=kind,
        before=before and written_for(subscription.account_id, before),
        after=after and written_for(subscription.account_id, after),
        effective_on=effective_on or now.date(),
        currency=subscription.currency,
        amount=amount,
        changed_by=actor.name[:120],
        changed_by_person_id=actor.person_id,
        created_at=now,
    )
    db.session.add(change)
    subscription.version += 1
    db.session.flush()
    record_event(
        _EVENTS[kind],
        subscription,
        actor=actor,
        now=now,
        before={"value": before} if before is not None else {},
        after={"value": after, "amount": amount},
    )
    return change
