"""What was paid for is provided: once, however often or late it is told that it was paid (SPEC E10)."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from domain.actor import Actor
from domain.codes import CODE_BITS, make_code
from domain.periods import Period, nth_period
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.license import License, LicenseItem, LicenseStatus
from models.license_kind import LicenseDuration
from models.number_series import NumberedKind
from models.order import Order, OrderKind, OrderLine, OrderStatus
from models.package import Package, PackageItem
from models.price import BillingPeriod
from models.subscription import (
    Subscription,
    SubscriptionChangeKind,
    SubscriptionItem,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from services.audit import record_event
from services.locks import guarded, lock_accounts, locked
from services.numbers import next_number
from services.pricing import PriceMissing, price_list
from services.settings import flag_setting, number_setting
from services.subscriptions.applying import raise_quantity, take_plan
from services.subscriptions.change_orders import invoice_of
from services.subscriptions.history import tell_change
from services.subscriptions.locking import lock_subscription
from services.subscriptions.periods import ONE_DAY
from services.subscriptions.sold import read
from services.subscriptions.standing import move_on
from services.subscriptions.terms import codes_of

PROVIDED: Final = frozenset({OrderKind.PURCHASE, OrderKind.TRIAL, OrderKind.CHANGE, OrderKind.RENEWAL})
"""Orders of which something is provided by itself; what staff write by hand is theirs to provide."""


def fulfil_order(order_id: int, *, actor: Actor, now: dt.datetime) -> OrderStatus:
    """Provide what a paid order is about. Call it in a unit of work; told twice it provides nothing more.

    The order is locked, after its subscriptions and its account as whoever cancels it does, and each line is marked by
    a guarded update.
    """
    order = db.session.get_one(Order, order_id)
    about = select(OrderLine.subscription_id).where(
        OrderLine.order_id == order.id, OrderLine.subscription_id.is_not(None)
    )
    for subscription_id in sorted(each for each in set(db.session.scalars(about)) if each is not None):
        lock_subscription(subscription_id)
    lock_accounts([order.account_id])
    order = locked(order)
    if order.status is not OrderStatus.PAID or order.kind not in PROVIDED:
        return order.status
    invoice = invoice_of(order)
    lines = db.session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order.id)
        .options(selectinload(OrderLine.package).selectinload(Package.items).selectinload(PackageItem.product))
        .order_by(OrderLine.position)
    ).all()
    for line in lines:
        mark = update(OrderLine).where(OrderLine.id == line.id, OrderLine.provisioned_at.is_(None))
        if guarded(mark.values(provisioned_at=now)):
            _provide(order, line, invoice, actor, now)
    order.status, order.fulfilled_at = OrderStatus.FULFILLED, now
    order.version += 1
    db.session.flush()
    record_event("order.fulfilled", order, actor=actor, now=now, before={"status": OrderStatus.PAID})
    return order.status


def start_subscription(
    account: Account,
    package: Package,
    *,
    billing: BillingPeriod,
    period: Period,
    price: int,
    order: Order | None,
    invoice: Invoice | None,
    actor: Actor,
    now: dt.datetime,
    trial: bool = False,
) -> Subscription:
    """Begin a subscription with what its package includes, and its license where it has one.

    ``price`` is of one whole period, in minor units before tax. A trial has a period that nobody pays.
    """
    license = _license(account, package, billing, period.last, actor, now)
    subscription = Subscription(
        account_id=account.id,
        number=next_number(NumberedKind.SUBSCRIPTION, now=now),
        package_id=package.id,
        license_id=license.id if license is not None else None,
        order_id=order.id if order is not None else None,
        reseller_account_id=account.parent_account_id,
        status=SubscriptionStatus.ACTIVE,
        period=billing,
        started_on=period.first,
        current_period_from=period.first,
        current_period_to=period.last,
        renews_on=period.last + ONE_DAY,
        aligns_to_month=billing is BillingPeriod.MONTHLY and flag_setting("align_renewals"),
        trial_ends_on=period.last if trial else None,
        trial_package_id=package.id if trial else None,
        currency=account.currency,
        recurring_price=price,
        created_at=now,
    )
    db.session.add(subscription)
    db.session.flush()
    units = _unit_prices(package, billing, account.currency, now.date())
    db.session.add_all(
        SubscriptionItem(
            account_id=account.id,
            subscription_id=subscription.id,
            product_id=each.product_id,
            quantity=each.quantity,
            currency=account.currency,
            unit_price=units[each.product_id],
            created_at=now,
        )
        for each in package.items
    )
    if not trial:
        db.session.add(
            SubscriptionPeriod(
                account_id=account.id,
                subscription_id=subscription.id,
                invoice_id=invoice.id if invoice is not None else None,
                period_from=period.first,
                period_to=period.last,
                currency=account.currency,
                net=price,
                created_at=now,
            )
        )
    db.session.flush()
    tell_change(
        subscription,
        SubscriptionChangeKind.STARTED,
        actor=actor,
        now=now,
        after=package.name,
        invoice=invoice,
        amount=0 if trial else price,
    )
    return subscription


def _provide(order: Order, line: OrderLine, invoice: Invoice | None, actor: Actor, now: dt.datetime) -> None:
    if order.kind is OrderKind.RENEWAL and line.subscription_id is not None:
        move_on(line.subscription_id, actor=actor, now=now)
    elif order.kind is OrderKind.CHANGE and line.subscription_id is not None:
        _change(line, invoice, actor, now)
    elif line.package is not None:
        account = db.session.get_one(Account, order.account_id)
        for _each in range(line.quantity):
            _deliver(account, line, order, invoice, actor, now)


def _change(line: OrderLine, invoice: Invoice | None, actor: Actor, now: dt.datetime) -> None:
    """Bring the subscription to what was paid for. One that has ended meanwhile stays as it is: staff credit that."""
    subscription = lock_subscription(db.session.get_one(Subscription, line.subscription_id).id)
    if subscription.status is SubscriptionStatus.TERMINATED:
        return
    if line.product_id is not None:
        item = next(each for each in subscription.items if each.product_id == line.product_id)
        raise_quantity(subscription, item, line.quantity, actor=actor, now=now, invoice=invoice, amount=line.net)
    elif line.terms is not None:
        take_plan(subscription, read(line.terms), actor=actor, now=now, invoice=invoice, amount=line.net)


def _deliver(
    account: Account, line: OrderLine, order: Order, invoice: Invoice | None, actor: Actor, now: dt.datetime
) -> None:
    """One package: a subscription where it is paid again and again, else a license for ever."""
    package = line.package
    if package is None:
        raise ValueError("only packages are delivered")
    if line.period_from is None or line.period_to is None:
        _license(account, package, BillingPeriod.ONCE, None, actor, now)
        return
    period, billing = Period(line.period_from, line.period_to), _billing_of(line)
    if now.date() > period.first:  # paid late: nobody loses days that they could not use
        period = nth_period(now.date(), billing.months, 0)
    subscription = start_subscription(
        account,
        package,
        billing=billing,
        period=period,
        price=line.unit_price,
        order=order,
        invoice=invoice,
        actor=actor,
        now=now,
    )
    if line.subscription_id is None:
        line.subscription_id = subscription.id
        db.session.flush()


def _billing_of(line: OrderLine) -> BillingPeriod:
    """How often: told by the days that were ordered, which the price list made of it."""
    if line.period_from is not None:
        for billing in BillingPeriod:
            if billing.months and nth_period(line.period_from, billing.months, 0).last == line.period_to:
                return billing
    raise ValueError("the days of an order are those of one of the periods")


def _license(
    account: Account, package: Package, billing: BillingPeriod, until: dt.date | None, actor: Actor, now: dt.datetime
) -> License | None:
    if package.license_kind is None:
        return None
    license = License(
        account_id=account.id,
        code=make_code(secrets.randbits(CODE_BITS)),
        kind=package.license_kind,
        package_id=package.id,
        status=LicenseStatus.NOT_ACTIVATED,
        duration=LicenseDuration.of(billing),
        currency=account.currency,
        expires_on=until,
        resets_left=number_setting("license_resets"),
        created_at=now,
    )
    db.session.add(license)
    db.session.flush()
    db.session.add_all(
        LicenseItem(account_id=account.id, license_id=license.id, product_id=each.product_id, quantity=each.quantity)
        for each in package.items
    )
    db.session.flush()
    after = {"package": package.name, "duration": license.duration}
    record_event("license.issued", license, actor=actor, now=now, after=after)
    return license


def _unit_prices(package: Package, billing: BillingPeriod, currency: str, on: dt.date) -> dict[int, int]:
    """Of one more of each product, by its row number; nothing for what is only ever included."""
    prices, found = price_list(codes_of([package]), currency=currency), {}
    for each in package.items:
        try:
            found[each.product_id] = prices.price_of(each.product.code, billing, on, is_sold=True).amount
        except PriceMissing:
            found[each.product_id] = 0
    return found
