"""What was sold is what is provided, and what is had is what was paid for: trials, plans and quantities around a renewal."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from extensions import db
from models import Account, Invoice, License, Order, OrderStatus, Subscription
from models.price import BillingPeriod, Price
from models.product import CatalogueStatus
from models.subscription import SubscriptionPeriod, SubscriptionStatus
from services.books import check_books
from services.dunning import due_invoices
from services.ordering import MOST_PACKAGES, BasketItem, QuantityNotAllowed, order_basket
from services.settings import change_setting
from services.subscriptions.changing import limits_of, quote_quantities, save_quantities
from services.subscriptions.plans import change_plan, quote_plan
from services.subscriptions.quotes import QuantityNotPossible
from services.subscriptions.standing import terminate
from services.subscriptions.trials import TooLateToGiveBack, TrialUsed, give_back, start_trial
from services.unit_of_work import unit_of_work
from services.unpaid_orders import give_up_order, unpaid_orders
from tests.factories.catalogue import PackageItemFactory, PriceFactory, ProductFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds
from tests.support.subscribing import ONE_DAY, buy, catalogue, live_until, only_subscription, provide

BOUGHT = dt.datetime(2020, 11, 16, 9, tzinfo=dt.UTC)
RENEWAL = dt.datetime(2021, 11, 16, 9, tzinfo=dt.UTC)
BILLED = RENEWAL - 7 * ONE_DAY


@pytest.fixture
def account(session):
    return AccountFactory()


@pytest.fixture
def plans(session):
    return catalogue()


def pay(invoice, now) -> None:
    fund(db.session.get_one(Account, invoice.account_id), invoice.amount_due, now)
    provide(now)


def bought(account, code="team") -> Subscription:
    pay(buy(account, code, BOUGHT), BOUGHT)
    return only_subscription()


def take(code, now, *, key="plan"):
    """Take a plan for what it costs now; the invoice, or None where it costs nothing."""
    with unit_of_work():
        subscription = only_subscription()
        total = quote_plan(subscription, code, actor=CLERK, now=now).totals.total
        return change_plan(subscription.id, code, expected_total=total, key=key, actor=CLERK, now=now)


def save(seats, now, *, key="seats"):
    with unit_of_work():
        subscription = only_subscription()
        total = quote_quantities(subscription, {"seats": seats}, actor=CLERK, now=now).totals.total
        return save_quantities(subscription.id, {"seats": seats}, expected_total=total, key=key, actor=CLERK, now=now)


def newest() -> Invoice:
    db.session.expire_all()
    return db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()


def tried(account, plans, now) -> Subscription:
    with unit_of_work():
        start_trial(account, plans.team, billing=BillingPeriod.YEARLY, actor=CLERK, now=now)
    return only_subscription()


# The last day of a trial, when the first period is billed


def test_on_the_last_day_of_a_trial_what_is_added_is_paid_for_the_period_that_is_billed(account, plans):
    tried(account, plans, BOUGHT)
    last = live_until((BOUGHT + 13 * ONE_DAY).date(), BOUGHT)
    assert newest().total == 36_500
    quote = quote_quantities(only_subscription(), {"seats": 11}, actor=CLERK, now=last)
    assert [line.net for line in quote.lines] == [3_650]
    assert quote_plan(only_subscription(), "business", actor=CLERK, now=last).totals.total == 36_500


def test_before_that_day_a_trial_is_changed_for_nothing(account, plans):
    tried(account, plans, BOUGHT)
    assert quote_quantities(only_subscription(), {"seats": 11}, actor=CLERK, now=BOUGHT + ONE_DAY).lines == ()


def test_another_plan_was_not_tried_because_the_tried_one_became_it(account, plans):
    tried(account, plans, BOUGHT)
    take("business", BOUGHT + ONE_DAY)
    terminate(only_subscription().id, reason="", actor=CLERK, now=BOUGHT + 2 * ONE_DAY)
    db.session.commit()
    for package in (plans.team, plans.business):  # the one was tried, the other was had
        with pytest.raises(TrialUsed):
            start_trial(account, package, billing=BillingPeriod.YEARLY, actor=CLERK, now=BOUGHT + 3 * ONE_DAY)


def test_two_trials_that_become_the_same_plan_are_no_trouble(account, plans):
    tried(account, plans, BOUGHT)
    with unit_of_work():
        second = start_trial(account, plans.business, billing=BillingPeriod.YEARLY, actor=CLERK, now=BOUGHT)
        team = db.session.scalars(select(Subscription.id).where(Subscription.package_id == plans.team.id)).one()
        change_plan(team, "business", expected_total=0, key="k", actor=CLERK, now=BOUGHT + ONE_DAY)
    packages = db.session.scalars(select(Subscription.package_id)).all()
    assert packages == [second.package_id] * 2


def test_nobody_is_reminded_of_or_suspended_for_a_plan_that_was_only_tried(account, plans):
    tried(account, plans, BOUGHT)
    now = live_until((BOUGHT + 20 * ONE_DAY).date(), BOUGHT)
    assert (only_subscription().status, newest().status) == (SubscriptionStatus.EXPIRED, InvoiceStatus.UNPAID)
    assert due_invoices(today=now.date()) == []
    pay(newest(), now)
    assert only_subscription().status is SubscriptionStatus.ACTIVE


def test_a_renewal_is_dunned_until_the_day_on_which_it_is_owed_no_more(account, plans):
    bought(account)
    live_until(RENEWAL.date(), BILLED - ONE_DAY)
    assert due_invoices(today=(RENEWAL + 27 * ONE_DAY).date()) == [newest().id]
    assert due_invoices(today=(RENEWAL + 28 * ONE_DAY).date()) == []  # the day on which it ends and is voided


# Around a renewal that is billed


def test_a_cheaper_renewal_is_made_up_for(session):
    account = AccountFactory()
    catalogue(seat=365)
    bought(account, "business")
    take("team", BOUGHT + ONE_DAY, key="down")
    live_until(BILLED.date(), BILLED - ONE_DAY)
    renewal = newest()
    assert renewal.total == 36_500 + 15 * 365
    stays = take("business", BILLED, key="stay")
    assert stays.total == 73_000 - renewal.total
    assert only_subscription().next_package.code == "team"  # until that is paid
    pay(stays, BILLED)
    pay(renewal, BILLED)
    live_until(RENEWAL.date(), BILLED)
    subscription = only_subscription()
    assert (subscription.package.code, subscription.recurring_price, subscription.next_package) == (
        "business",
        73_000,
        None,
    )
    assert check_books() == []


def test_more_is_paid_beyond_what_the_next_period_was_billed_with(session):
    """Ten seats are in use, and Business, which has 25, is billed from the renewal on: more than its 25 only are paid."""
    account = AccountFactory()
    plans = catalogue(team=73_000, business=36_500, seat=365)
    bought(account)
    take("business", BOUGHT + ONE_DAY, key="down")
    live_until(BILLED.date(), BILLED - ONE_DAY)
    assert newest().total == 36_500
    assert [
        line.net for line in quote_quantities(only_subscription(), {"seats": 20}, actor=CLERK, now=BILLED).lines
    ] == [10 * 365 * 7 // 365]
    now, next_ = quote_quantities(only_subscription(), {"seats": 30}, actor=CLERK, now=BILLED).lines
    assert (now.net, next_.net, next_.description.split(",")[0]) == (20 * 7, 5 * 365, f"{plans.seats.name}: 25 to 30")
    renewal = newest()
    pay(save(30, BILLED), BILLED)
    pay(renewal, BILLED)
    live_until(RENEWAL.date(), BILLED)
    subscription = only_subscription()
    assert (subscription.package.code, subscription.items[0].quantity, subscription.recurring_price) == (
        "business",
        30,
        36_500 + 5 * 365,
    )


def test_a_paid_plan_is_provided_at_the_price_it_was_sold_for_though_it_was_retired(account, plans):
    bought(account)
    upgrade = take("business", BOUGHT + ONE_DAY)
    plans.business.status = CatalogueStatus.RETIRED
    plans.seats.status = CatalogueStatus.RETIRED
    db.session.commit()
    pay(upgrade, BOUGHT + 2 * ONE_DAY)
    subscription = only_subscription()
    assert (subscription.package.code, subscription.recurring_price) == ("business", 73_000)
    assert db.session.scalars(select(License.package_id)).one() == plans.business.id


def test_a_period_begins_with_the_price_it_was_billed_with(session):
    account = AccountFactory()
    plans = catalogue(seat=365)
    bought(account, "business")
    take("team", BOUGHT + ONE_DAY, key="down")
    live_until(BILLED.date(), BILLED - ONE_DAY)
    renewal = newest()
    for price in db.session.scalars(select(Price).where(Price.package_id == plans.team.id)):
        price.amount = 99_900
    plans.team.status = CatalogueStatus.RETIRED
    db.session.commit()
    pay(renewal, BILLED)
    live_until(RENEWAL.date(), BILLED)
    subscription = only_subscription()
    assert (subscription.package.code, subscription.recurring_price) == ("team", renewal.net_total)


# How many are possible


def test_what_has_no_price_or_is_not_of_the_plan_cannot_become_more(account, plans):
    support = ProductFactory(code="support", name="Support", product_class=plans.seats.product_class)
    PackageItemFactory(package=plans.team, product=support, quantity=1, minimum=0, maximum=None)
    bought(account)
    assert limits_of(only_subscription(), now=BOUGHT) == {"seats": (1, 500), "support": (0, 1)}
    with pytest.raises(QuantityNotPossible, match="from 0 to 1"):
        quote_quantities(only_subscription(), {"support": 100}, actor=CLERK, now=BOUGHT)
    pay(take("business", BOUGHT + ONE_DAY), BOUGHT + ONE_DAY)  # which has no support
    assert limits_of(only_subscription(), now=BOUGHT)["support"] == (0, 0)


def test_what_is_free_by_its_price_can_become_more(account, plans):
    support = ProductFactory(code="support", name="Support", product_class=plans.seats.product_class)
    PackageItemFactory(package=plans.team, product=support, quantity=1, minimum=0, maximum=9)
    PriceFactory(package=None, product=support, period=BillingPeriod.YEARLY, amount=0, valid_from=BOUGHT.date())
    bought(account)
    assert limits_of(only_subscription(), now=BOUGHT)["support"] == (0, 9)


def test_an_order_has_at_most_a_hundred_packages(account, plans):
    half = BasketItem("team", MOST_PACKAGES // 2, BillingPeriod.YEARLY)
    with pytest.raises(QuantityNotAllowed):
        order_basket(account, [half, half, BasketItem("team")], key="k", actor=CLERK, now=BOUGHT)
    assert order_basket(account, [half, half], key="k", actor=CLERK, now=BOUGHT).order.total == 100 * 36_500


# Paid late, never, or given back


def test_what_is_paid_late_begins_then_and_runs_as_long(account, plans):
    invoice = buy(account, "team", BOUGHT)
    pay(invoice, BOUGHT + 9 * ONE_DAY)
    subscription = only_subscription()
    assert (subscription.started_on, subscription.current_period_to) == (dt.date(2020, 11, 25), dt.date(2021, 11, 24))
    period = db.session.scalars(select(SubscriptionPeriod)).one()
    assert (period.period_from, period.period_to) == (dt.date(2020, 11, 25), dt.date(2021, 11, 24))


def test_an_order_that_nobody_pays_is_given_up_after_its_days(account, plans):
    invoice = buy(account, "team", BOUGHT)
    last = invoice.due_on + 14 * ONE_DAY
    assert unpaid_orders(today=last) == []
    (order_id,) = unpaid_orders(today=last + ONE_DAY)
    with unit_of_work():
        give_up_order(order_id, actor=CLERK, now=BOUGHT + 30 * ONE_DAY)
    db.session.refresh(invoice)
    assert (invoice.status, db.session.get_one(Order, order_id).status) == (InvoiceStatus.VOID, OrderStatus.CANCELLED)
    assert unpaid_orders(today=last + ONE_DAY) == []


def test_an_order_that_is_paid_in_part_is_not_given_up(account, plans):
    invoice = buy(account, "team", BOUGHT)
    fund(account, 100, BOUGHT)
    db.session.commit()
    assert (db.session.get_one(Invoice, invoice.id).amount_paid, unpaid_orders(today=dt.date(2021, 12, 1))) == (100, [])


def test_what_was_bought_is_given_back_whole_on_its_fourteenth_day(account, plans):
    subscription = bought(account)
    with unit_of_work():
        give_back(subscription.id, actor=CLERK, now=BOUGHT + 14 * ONE_DAY)
    assert (only_subscription().status, funds(account)) == (SubscriptionStatus.TERMINATED, 36_500)
    assert check_books() == []


@pytest.mark.parametrize("why", ["late", "added", "expired", "two at once"])
def test_what_is_late_added_to_or_bought_with_others_is_not_given_back(account, plans, why):
    if why == "two at once":
        two = [BasketItem("team", 2, BillingPeriod.YEARLY)]
        pay(order_basket(account, two, key="k", actor=CLERK, now=BOUGHT).invoice, BOUGHT)
    else:
        bought(account)
    subscription = db.session.scalars(select(Subscription)).first()
    if why == "added":
        pay(save(11, BOUGHT), BOUGHT)
    elif why == "expired":
        subscription.status = SubscriptionStatus.EXPIRED
        db.session.commit()
    day = BOUGHT + (15 if why == "late" else 3) * ONE_DAY
    with pytest.raises(TooLateToGiveBack):
        give_back(subscription.id, actor=CLERK, now=day)
    db.session.rollback()
    assert funds(account) == 0


def test_a_change_that_waits_is_void_with_what_is_given_back(account, plans):
    bought(account)
    change = save(11, BOUGHT)
    with unit_of_work():
        give_back(only_subscription().id, actor=CLERK, now=BOUGHT + ONE_DAY)
    db.session.refresh(change)
    assert change.status is InvoiceStatus.VOID


# Calendar months


def test_monthly_renewals_come_to_calendar_months_where_the_house_wants_it(session):
    account = AccountFactory()
    catalogue(team=36_000)
    with unit_of_work():
        change_setting("align_renewals", "yes", actor=CLERK, now=BOUGHT)
    march = dt.datetime(2021, 3, 16, 9, tzinfo=dt.UTC)
    pay(buy(account, "team", march, period=BillingPeriod.MONTHLY), march)
    fund(account, 100_000, march)
    live_until(dt.date(2021, 6, 1), march)
    subscription = only_subscription()
    assert (subscription.current_period_from, subscription.current_period_to) == (
        dt.date(2021, 6, 1),
        dt.date(2021, 6, 30),
    )
    nets = db.session.scalars(select(SubscriptionPeriod.net).order_by(SubscriptionPeriod.period_from)).all()
    assert nets[:3] == [3_000, 4_500, 3_000]  # the second one: 15/30 + 1
