"""Bringing a subscription and its license to other quantities or another plan, once it is theirs to have."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from domain.actor import Actor
from extensions import db
from models.invoice import Invoice
from models.license import License, LicenseItem
from models.subscription import Subscription, SubscriptionChangeKind, SubscriptionItem
from services.editions import lower_editions
from services.license_items import make_items
from services.locks import guarded, locked
from services.subscriptions.history import tell_change
from services.subscriptions.periods import billed_ahead
from services.subscriptions.sold import terms_of_period, written
from services.subscriptions.terms import Terms


def raise_quantity(
    subscription: Subscription,
    item: SubscriptionItem,
    target: int,
    *,
    actor: Actor,
    now: dt.datetime,
    invoice: Invoice | None = None,
    amount: int = 0,
) -> None:
    """Let an item count so many, from now on or (where more are in use until then) from the renewal on."""
    before = item.quantity
    if target > before:
        item.quantity = target
        subscription.recurring_price += (target - before) * item.unit_price
        hold(subscription, item.product_id, target - before, actor=actor, now=now)
    item.pending_quantity = target if target < item.quantity else None
    ahead = billed_ahead(subscription)
    if ahead is not None:
        ahead.terms = written(terms_of_period(subscription, ahead).with_at_least(item.product_id, target))
    db.session.flush()
    tell_change(
        subscription,
        SubscriptionChangeKind.QUANTITY_INCREASED,
        actor=actor,
        now=now,
        before=f"{item.product.name}: {before}",
        after=str(target),
        item=item,
        invoice=invoice,
        amount=amount,
    )


def take_plan(
    subscription: Subscription,
    terms: Terms,
    *,
    actor: Actor,
    now: dt.datetime,
    invoice: Invoice | None = None,
    amount: int = 0,
) -> None:
    """Let other terms hold from now on: the plan, its price, and its items on subscription and license.

    Those of the plan in use take back the cheaper one that waits for the renewal.
    """
    before, price_before = plan_before(subscription, terms), subscription.recurring_price
    ahead = billed_ahead(subscription)
    if ahead is not None:
        ahead.terms = written(terms)
    if terms.package.id != subscription.package_id:
        adopt(subscription, terms, actor=actor, now=now)
    subscription.next_package_id = None
    db.session.flush()
    db.session.expire(subscription, ["next_package"])
    dearer = subscription.recurring_price >= price_before
    tell_change(
        subscription,
        SubscriptionChangeKind.UPGRADED if dearer else SubscriptionChangeKind.DOWNGRADED,
        actor=actor,
        now=now,
        before=before,
        after=terms.package.name,
        invoice=invoice,
        amount=amount,
    )


def plan_before(subscription: Subscription, terms: Terms) -> str:
    """The name of the plan that these terms take the place of: the one in use, or the one that waits."""
    if terms.package.id == subscription.package_id and subscription.next_package is not None:
        return subscription.next_package.name
    return subscription.package.name


def adopt(subscription: Subscription, terms: Terms, *, actor: Actor, now: dt.datetime) -> None:
    """Write terms into the subscription, and bring its license to what they include."""
    held = {item.product_id: item for item in subscription.items}
    for wanted in terms.items:
        item = held.pop(wanted.product.id, None)
        if item is None:
            item = SubscriptionItem(
                account_id=subscription.account_id,
                subscription_id=subscription.id,
                product_id=wanted.product.id,
                quantity=0,
                currency=subscription.currency,
                unit_price=wanted.unit_price,
                created_at=subscription.created_at,
            )
            db.session.add(item)
        hold(subscription, wanted.product.id, wanted.quantity - item.quantity, actor=actor, now=now)
        item.quantity, item.pending_quantity, item.unit_price = wanted.quantity, None, wanted.unit_price
    for dropped in held.values():
        hold(subscription, dropped.product_id, -dropped.quantity, actor=actor, now=now)
        dropped.quantity, dropped.pending_quantity = 0, None
    subscription.recurring_price = terms.price
    subscription.package_id, subscription.next_package_id = terms.package.id, None
    if subscription.license_id is not None:
        license = locked(db.session.get_one(License, subscription.license_id))
        if license.package_id != terms.package.id:
            license.package_id = terms.package.id
            license.version += 1
    db.session.flush()
    db.session.expire(subscription, ["package", "next_package", "items"])


def hold(subscription: Subscription, product_id: int, change: int, *, actor: Actor, now: dt.datetime) -> None:
    """Let the license hold so many more or fewer. What was transferred away cannot be taken: it stops at none.

    Seats of an edition that are set up in the app beyond what is left are taken out of it, and the report says so.
    """
    if subscription.license_id is None or change == 0:
        return
    license = locked(db.session.get_one(License, subscription.license_id))
    make_items(license, [product_id])
    of_product = (LicenseItem.license_id == license.id, LicenseItem.product_id == product_id)
    held = db.session.scalars(select(LicenseItem.quantity).where(*of_product)).one()
    left = max(0, held + change)
    if left < held:
        lower_editions(license, {product_id: left}, actor=actor, now=now)
    changed = (
        update(LicenseItem)
        .where(*of_product, LicenseItem.quantity == held)
        .values(quantity=left, version=LicenseItem.version + 1)
    )
    if not guarded(changed):
        raise RuntimeError("whoever changes the items of a license locks the license")
