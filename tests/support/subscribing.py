"""A small catalogue with two plans, and the days of the house as its jobs make them."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from domain.periods import Period
from domain.refusals import Refusal
from extensions import db
from gateways.registry import Gateways
from models import Account, Invoice, Order, OrderStatus, Package, Product, Subscription
from models.price import BillingPeriod
from services.ordering import BasketItem, order_basket
from services.paying.charging import carry_out
from services.subscriptions.change_orders import abandoned_changes, give_up_change
from services.subscriptions.fulfilling import fulfil_order, start_subscription
from services.subscriptions.renewing import bill_renewal, due_renewals
from services.subscriptions.standing import ended_periods, move_on
from services.subscriptions.terms import load_package, load_subscription
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import (
    PackageFactory,
    PackageItemFactory,
    PriceFactory,
    ProductClassFactory,
    ProductFactory,
)
from tests.services.money import CLERK

NO_GATEWAYS = Gateways({})
ONE_DAY = dt.timedelta(days=1)


@dataclass
class Catalogue:
    """Team (10 seats included) and Business (25 included), each with the price of one seat more."""

    seats: Product
    team: Package
    business: Package


def catalogue(*, currency: str = "USD", team: int = 36_500, business: int = 73_000, seat: int = 3_650) -> Catalogue:
    """Prices of a year; those of a month are a twelfth, rounded down."""
    kind = ProductClassFactory()
    seats = ProductFactory(code="seats", name="Seats", product_class=kind)
    packages = [
        PackageFactory(code=code, name=name, product_class=kind, in_store=True, trial_days=14)
        for code, name in (("team", "Team"), ("business", "Business"))
    ]
    for package, quantity, price in zip(packages, (10, 25), (team, business), strict=True):
        PackageItemFactory(package=package, product=seats, quantity=quantity, minimum=1, maximum=500)
        for period, amount in ((BillingPeriod.YEARLY, price), (BillingPeriod.MONTHLY, price // 12)):
            PriceFactory(
                package=package, period=period, amount=amount, currency=currency, valid_from=dt.date(2015, 1, 1)
            )
    for period, amount in ((BillingPeriod.YEARLY, seat), (BillingPeriod.MONTHLY, seat // 12)):
        PriceFactory(
            package=None,
            product=seats,
            period=period,
            amount=amount,
            currency=currency,
            valid_from=dt.date(2015, 1, 1),
        )
    return Catalogue(seats, *packages)


def a_month_of_team(account: Account, now: dt.datetime, *, business: int = 240_000) -> Subscription:
    """A month of 31 days of Team that began 10 days ago and was paid, where Business costs so much a year."""
    plans = catalogue(team=120_000, business=business, seat=12_000)
    first = now.date() - 10 * ONE_DAY
    made = start_subscription(
        account,
        load_package(plans.team.id),
        billing=BillingPeriod.MONTHLY,
        period=Period(first, first + 30 * ONE_DAY),
        price=10_000,
        order=None,
        invoice=None,
        actor=CLERK,
        now=now,
    )
    db.session.commit()
    return made


def buy(
    account: Account, code: str, now: dt.datetime, *, period: BillingPeriod = BillingPeriod.YEARLY, key: str = "order"
) -> Invoice:
    """Order a plan; it begins when the invoice is paid and the order was fulfilled."""
    with unit_of_work():
        placed = order_basket(account, [BasketItem(code, 1, period)], key=key, actor=CLERK, now=now)
        return placed.invoice


def provide(now: dt.datetime) -> None:
    """What the job does with every order that was paid."""
    db.session.commit()
    for order_id in db.session.scalars(select(Order.id).where(Order.status == OrderStatus.PAID)).all():
        db.session.commit()
        with unit_of_work():
            fulfil_order(order_id, actor=CLERK, now=now)
    db.session.expire_all()


def live_a_day(now: dt.datetime, gateways: Gateways = NO_GATEWAYS) -> None:
    """What the clock does with subscriptions."""
    db.session.commit()
    for subscription_id in abandoned_changes(now=now):
        db.session.commit()
        with suppress(Refusal), unit_of_work():
            give_up_change(subscription_id, actor=CLERK, now=now)
    db.session.commit()
    for subscription_id in due_renewals(today=now.date()):
        db.session.commit()
        payment_id = None
        with suppress(Refusal), unit_of_work():
            payment_id = bill_renewal(subscription_id, gateways, actor=CLERK, now=now)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=CLERK, now=now)
    provide(now)
    db.session.commit()
    for subscription_id in ended_periods(today=now.date()):
        db.session.commit()
        with unit_of_work():
            move_on(subscription_id, actor=CLERK, now=now)
    db.session.expire_all()


def live_until(day: dt.date, now: dt.datetime, gateways: Gateways = NO_GATEWAYS) -> dt.datetime:
    """Day by day to the morning of this one."""
    while now.date() < day:
        now += ONE_DAY
        live_a_day(now, gateways)
    return now


def only_subscription() -> Subscription:
    db.session.expire_all()
    return load_subscription(db.session.scalars(select(Subscription.id)).one())
