"""Subscriptions: priced before they are changed, changed once that is paid, billed once a period, and ended."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from domain.invoices import InvoiceStatus
from extensions import db
from models import (
    Account,
    Invoice,
    License,
    LicenseItem,
    LicenseStatus,
    Order,
    OrderStatus,
    Subscription,
)
from models.subscription import SubscriptionChange, SubscriptionChangeKind, SubscriptionPeriod, SubscriptionStatus
from services.books import check_books
from services.credit_notes import issue_credit_note
from services.invoices import void_invoice
from services.ordering import OrderKeyMissing, PriceChangedMeanwhile
from services.subscriptions.change_orders import NoChangeUnderWay, give_up_change
from services.subscriptions.changing import quote_quantities, save_quantities
from services.subscriptions.fulfilling import fulfil_order
from services.subscriptions.plans import change_plan, offered_plans, quote_plan
from services.subscriptions.quotes import (
    ChangeUnderWay,
    NextPeriodBilled,
    NothingChanges,
    PlanNotOffered,
    QuantityNotPossible,
    SubscriptionNotChangeable,
)
from services.subscriptions.renewing import bill_renewal
from services.subscriptions.standing import (
    NotExpired,
    RenewalBilled,
    Terminated,
    reactivate,
    switch_renewal,
    terminate,
)
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds, rows_of
from tests.support.parallel import at_once, refusals
from tests.support.subscribing import (
    NO_GATEWAYS,
    buy,
    catalogue,
    live_a_day,
    live_until,
    only_subscription,
    provide,
)

BOUGHT = dt.datetime(2020, 11, 16, 9, tzinfo=dt.UTC)
CHANGED = dt.datetime(2021, 6, 16, 12, tzinfo=dt.UTC)
FIRST_RENEWAL = dt.date(2021, 11, 16)


@pytest.fixture
def account(session):
    return AccountFactory()


@pytest.fixture
def plans(session):
    return catalogue()


@pytest.fixture
def subscription(account, plans) -> Subscription:
    """A year of Team from 16 November 2020 on: 365.00."""
    paid(buy(account, "team", BOUGHT), BOUGHT)
    return only_subscription()


def paid(invoice: Invoice, now) -> None:
    """Somebody pays, and what was paid for is provided."""
    fund(db.session.get_one(Account, invoice.account_id), invoice.amount_due, now)
    provide(now)


def quantity() -> tuple[int, int | None]:
    item = only_subscription().items[0]
    return item.quantity, item.pending_quantity


def held() -> int:
    db.session.expire_all()
    return db.session.scalars(select(LicenseItem.quantity)).one()


def save(subscription, seats, now, *, expected=None, key="k"):
    wanted = {"seats": seats}
    if expected is None:
        expected = quote_quantities(only_subscription(), wanted, actor=CLERK, now=now).totals.total
    invoice = save_quantities(subscription.id, wanted, expected_total=expected, key=key, actor=CLERK, now=now)
    db.session.commit()
    return invoice


# Ordering


def test_what_was_ordered_begins_when_it_is_paid_with_its_license(account, plans):
    invoice = buy(account, "team", BOUGHT)
    provide(BOUGHT)
    assert rows_of(Subscription) == rows_of(License) == 0
    paid(invoice, BOUGHT)
    subscription = only_subscription()
    assert (subscription.current_period_from, subscription.current_period_to) == (
        dt.date(2020, 11, 16),
        dt.date(2021, 11, 15),
    )
    assert (subscription.recurring_price, subscription.renews_on) == (36_500, FIRST_RENEWAL)
    assert (quantity(), held()) == ((10, None), 10)
    license = db.session.scalars(select(License)).one()
    assert (license.status, license.expires_on) == (LicenseStatus.NOT_ACTIVATED, dt.date(2021, 11, 15))
    assert db.session.scalars(select(Order.status)).one() is OrderStatus.FULFILLED
    assert check_books() == []


def test_a_paid_order_is_provided_once_however_often_and_at_once_it_is_told(account, plans):
    invoice = buy(account, "team", BOUGHT)
    fund(account, invoice.total, BOUGHT)
    order_id = invoice.order_id
    db.session.commit()
    at_once(lambda _number: fulfil_order(order_id, actor=CLERK, now=BOUGHT))
    provide(BOUGHT)
    assert (rows_of(Subscription), rows_of(License)) == (1, 1)


def test_an_order_whose_invoice_was_given_back_is_not_provided(account, plans):
    invoice = buy(account, "team", BOUGHT)
    fund(account, invoice.total, BOUGHT)
    db.session.refresh(invoice)
    issue_credit_note(invoice, amount=invoice.total, reason="cancelled_service", actor=CLERK, now=BOUGHT)
    provide(BOUGHT)
    assert (rows_of(Subscription), db.session.scalars(select(Order.status)).one()) == (0, OrderStatus.CANCELLED)


# Quantities


def test_more_costs_the_difference_for_the_days_left_and_counts_once_it_is_paid(subscription):
    quote = quote_quantities(subscription, {"seats": 12}, actor=CLERK, now=CHANGED)
    assert quote.totals.net == 2 * 3_650 * 153 // 365 == 3_060
    assert (quote.recurring_before, quote.recurring_after) == (36_500, 43_800)
    assert rows_of(Invoice) == 1
    invoice = save(subscription, 12, CHANGED)
    assert (quantity(), held(), invoice.total, invoice.due_on) == ((10, None), 10, 3_060, CHANGED.date())
    paid(invoice, CHANGED)
    assert (quantity(), held(), only_subscription().recurring_price) == ((12, None), 12, 43_800)
    change = db.session.scalars(select(SubscriptionChange).order_by(SubscriptionChange.id.desc())).first()
    assert (change.kind, change.amount, change.invoice_id) == (
        SubscriptionChangeKind.QUANTITY_INCREASED,
        3_060,
        invoice.id,
    )
    assert check_books() == []


def test_less_costs_nothing_and_holds_from_the_renewal_on(subscription):
    assert save(subscription, 4, CHANGED) is None
    assert (quantity(), held(), rows_of(Invoice)) == ((10, 4), 10, 1)
    live_until(dt.date(2021, 11, 9), CHANGED)
    renewal = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    assert renewal.total == 36_500 - 6 * 3_650
    paid(renewal, dt.datetime(2021, 11, 10, tzinfo=dt.UTC))
    assert quantity() == (10, 4)
    live_a_day(dt.datetime(2021, 11, 16, 1, tzinfo=dt.UTC))
    assert (quantity(), held(), only_subscription().recurring_price) == ((4, None), 4, 14_600)


def test_up_down_and_up_again_pays_once(subscription):
    paid(save(subscription, 12, CHANGED), CHANGED)
    assert save(subscription, 10, CHANGED, key="down") is None
    assert save(subscription, 12, CHANGED, key="up") is None
    assert (quantity(), rows_of(Invoice)) == ((12, None), 2)


def test_where_the_next_period_is_billed_more_is_paid_for_both(subscription, account):
    later = live_until(dt.date(2021, 11, 9), CHANGED)
    quote = quote_quantities(only_subscription(), {"seats": 11}, actor=CLERK, now=later)
    assert [line.net for line in quote.lines] == [3_650 * 7 // 365, 3_650]
    with pytest.raises(NextPeriodBilled):
        quote_quantities(only_subscription(), {"seats": 9}, actor=CLERK, now=later)
    renewal = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    invoice = save(subscription, 11, later)
    paid(invoice, later)
    paid(renewal, later)
    live_a_day(dt.datetime(2021, 11, 16, 1, tzinfo=dt.UTC))
    assert (quantity(), only_subscription().recurring_price) == ((11, None), 40_150)


def test_one_change_at_a_time_waits_for_its_payment_and_can_be_given_up(subscription):
    invoice = save(subscription, 12, CHANGED)
    for again in (
        lambda: quote_quantities(only_subscription(), {"seats": 13}, actor=CLERK, now=CHANGED),
        lambda: quote_plan(only_subscription(), "business", actor=CLERK, now=CHANGED),
    ):
        with pytest.raises(ChangeUnderWay, match=invoice.number):
            again()
    give_up_change(subscription.id, actor=CLERK, now=CHANGED)
    db.session.refresh(invoice)
    assert (invoice.status, quantity()) == (InvoiceStatus.VOID, (10, None))
    with pytest.raises(NoChangeUnderWay):
        give_up_change(subscription.id, actor=CLERK, now=CHANGED)
    assert check_books() == []


def test_a_change_whose_invoice_is_voided_by_hand_is_given_up(subscription):
    invoice = save(subscription, 12, CHANGED)
    void_invoice(invoice, actor=CLERK, now=CHANGED, reason="Ordered twice")
    db.session.commit()
    assert db.session.get_one(Order, invoice.order_id).status is OrderStatus.CANCELLED
    assert quote_quantities(only_subscription(), {"seats": 13}, actor=CLERK, now=CHANGED).totals.total > 0


def test_a_change_that_nobody_pays_is_given_up_after_five_days(subscription):
    invoice = save(subscription, 12, CHANGED)
    live_until(dt.date(2021, 6, 21), CHANGED)
    assert db.session.get_one(Invoice, invoice.id).status is InvoiceStatus.UNPAID
    live_until(dt.date(2021, 6, 22), CHANGED)
    assert db.session.get_one(Invoice, invoice.id).status is InvoiceStatus.VOID
    assert (quantity(), only_subscription().status) == ((10, None), SubscriptionStatus.ACTIVE)
    assert check_books() == []


def test_a_change_that_is_paid_in_part_waits_for_the_rest(subscription, account):
    invoice = save(subscription, 12, CHANGED)
    fund(account, 100, CHANGED)
    live_until(dt.date(2021, 6, 30), CHANGED)
    assert db.session.get_one(Invoice, invoice.id).status is InvoiceStatus.PARTIALLY_PAID
    paid(db.session.get_one(Invoice, invoice.id), CHANGED)
    assert quantity() == (12, None)


def test_the_next_period_is_not_billed_with_fewer_while_more_waits_for_its_payment(subscription, account):
    before = dt.datetime(2021, 11, 8, 12, tzinfo=dt.UTC)
    invoice = save(subscription, 500, before)
    later = live_until(dt.date(2021, 11, 10), before)
    assert rows_of(Invoice) == 2
    paid(db.session.get_one(Invoice, invoice.id), later)
    fund(account, 490 * 3_650 + 36_500, later)
    live_until(FIRST_RENEWAL, later)
    renewal = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    assert (renewal.net_total, quantity()) == (36_500 + 490 * 3_650, (500, None))


def test_what_expired_is_had_back_after_the_change_that_waits_for_the_rest(subscription, account):
    before = dt.datetime(2021, 11, 8, 12, tzinfo=dt.UTC)
    invoice = save(subscription, 12, before)
    fund(account, 1, before)
    now = live_until(FIRST_RENEWAL, before)
    assert only_subscription().status is SubscriptionStatus.EXPIRED
    with pytest.raises(ChangeUnderWay, match=invoice.number):
        reactivate(subscription.id, actor=CLERK, now=now)


def test_the_same_form_again_is_the_same_invoice(subscription):
    first = save(subscription, 12, CHANGED)
    assert save(subscription, 12, CHANGED, expected=3_060).id == first.id
    assert rows_of(Invoice) == 2


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"seats": -1}, QuantityNotPossible),
        ({"seats": 0}, QuantityNotPossible),
        ({"seats": 501}, QuantityNotPossible),
        ({"seats": 1.5}, QuantityNotPossible),
        ({"seats": True}, QuantityNotPossible),
        ({"seats": "12"}, QuantityNotPossible),
        ({"chairs": 1}, QuantityNotPossible),
        ({"seats": 10}, NothingChanges),
        ({}, NothingChanges),
    ],
)
def test_quantities_that_are_not_possible_change_nothing(subscription, wanted, refusal):
    with pytest.raises(refusal):
        save_quantities(subscription.id, wanted, expected_total=0, key="k", actor=CLERK, now=CHANGED)
    assert (quantity(), rows_of(Invoice)) == ((10, None), 1)


def test_another_total_than_was_shown_is_refused(subscription):
    with pytest.raises(PriceChangedMeanwhile):
        save(subscription, 12, CHANGED, expected=1)
    with pytest.raises(OrderKeyMissing):
        save(subscription, 12, CHANGED, key="")
    assert rows_of(Invoice) == 1


def test_an_ended_subscription_is_not_changed(subscription):
    terminate(subscription.id, reason="x", actor=CLERK, now=CHANGED)
    db.session.commit()
    with pytest.raises(SubscriptionNotChangeable):
        quote_quantities(only_subscription(), {"seats": 12}, actor=CLERK, now=CHANGED)


def test_sixteen_who_save_at_once_make_one_change(subscription):
    subscription_id = subscription.id

    def act(number):
        return save_quantities(
            subscription_id, {"seats": 12}, expected_total=3_060, key=f"k{number}", actor=CLERK, now=CHANGED
        )

    results = at_once(act)
    assert len(results) - len(refusals(results)) == 1
    assert rows_of(Invoice) == 2


# Plans


def test_the_dearer_plan_costs_the_difference_for_the_days_left(subscription):
    """SPEC E2: 365.00 to 730.00, 153 of 365 days left, so 153.00."""
    assert [package.code for package, _terms in offered_plans(subscription, now=CHANGED)] == ["business"]
    quote = quote_plan(subscription, "business", actor=CLERK, now=CHANGED)
    assert quote.totals.net == 15_300
    invoice = change_plan(
        subscription.id, "business", expected_total=quote.totals.total, key="k", actor=CLERK, now=CHANGED
    )
    assert only_subscription().package.code == "team"
    paid(invoice, CHANGED)
    changed = only_subscription()
    assert (changed.package.code, changed.recurring_price, quantity(), held()) == ("business", 73_000, (25, None), 25)


def test_the_cheaper_plan_begins_at_the_renewal_and_can_be_taken_back(account):
    """What goes beyond its ten seats is kept, at the price of one more."""
    catalogue(seat=365)
    paid(buy(account, "business", BOUGHT), BOUGHT)
    subscription = only_subscription()
    assert change_plan(subscription.id, "team", expected_total=0, key="k", actor=CLERK, now=CHANGED) is None
    db.session.commit()
    assert only_subscription().next_package.code == "team"
    change_plan(subscription.id, "business", expected_total=0, key="back", actor=CLERK, now=CHANGED)
    db.session.commit()
    assert only_subscription().next_package is None
    change_plan(subscription.id, "team", expected_total=0, key="again", actor=CLERK, now=CHANGED)
    db.session.commit()
    fund(account, 100_000, CHANGED)
    live_until(FIRST_RENEWAL, CHANGED)
    changed = only_subscription()
    assert (changed.package.code, changed.status) == ("team", SubscriptionStatus.ACTIVE)
    assert (changed.recurring_price, quantity()) == (36_500 + 15 * 365, (25, None))
    assert (
        changed.recurring_price
        == db.session.scalars(select(SubscriptionPeriod.net).order_by(SubscriptionPeriod.id.desc())).first()
    )


def test_a_plan_that_is_not_offered_is_not_taken(subscription):
    for code in ("nothing", "seats"):
        with pytest.raises(PlanNotOffered):
            quote_plan(subscription, code, actor=CLERK, now=CHANGED)
    with pytest.raises(NothingChanges):
        quote_plan(subscription, "team", actor=CLERK, now=CHANGED)


# Renewal


def test_seven_days_before_the_end_the_next_period_is_billed_once_and_paid_from_the_balance(subscription, account):
    fund(account, 40_000, CHANGED)
    live_until(dt.date(2021, 11, 8), CHANGED)
    assert rows_of(Invoice) == 1
    later = dt.datetime(2021, 11, 9, 3, tzinfo=dt.UTC)
    for _time in range(3):
        live_a_day(later)
    assert (rows_of(Invoice), funds(account)) == (2, 3_500)
    assert only_subscription().current_period_to == dt.date(2021, 11, 15)
    live_a_day(dt.datetime(2021, 11, 16, 0, 5, tzinfo=dt.UTC))
    renewed = only_subscription()
    assert (renewed.current_period_from, renewed.current_period_to) == (FIRST_RENEWAL, dt.date(2022, 11, 15))
    assert db.session.scalars(select(License.expires_on)).one() == dt.date(2022, 11, 15)
    assert check_books() == []


def test_sixteen_runners_bill_a_period_once(subscription):
    later = dt.datetime(2021, 11, 10, tzinfo=dt.UTC)
    subscription_id = subscription.id
    results = at_once(lambda _number: bill_renewal(subscription_id, NO_GATEWAYS, actor=CLERK, now=later))
    assert [each for each in results if isinstance(each, Exception)] == []
    assert (rows_of(Invoice), rows_of(SubscriptionPeriod)) == (2, 2)


def test_one_that_nobody_pays_expires_and_after_28_days_ends_with_its_license(subscription):
    expired = live_until(FIRST_RENEWAL, CHANGED)
    assert only_subscription().status is SubscriptionStatus.EXPIRED
    assert db.session.scalars(select(License.status)).one() is LicenseStatus.EXPIRED
    kept = live_until(dt.date(2021, 12, 13), expired)
    assert (only_subscription().status, held()) == (SubscriptionStatus.EXPIRED, 10)
    live_until(dt.date(2021, 12, 14), kept)
    ended = only_subscription()
    assert (ended.status, ended.terminated_on) == (SubscriptionStatus.TERMINATED, dt.date(2021, 12, 14))
    assert db.session.scalars(select(License.status)).one() is LicenseStatus.TERMINATED
    renewal = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    assert renewal.status is InvoiceStatus.VOID
    assert check_books() == []


def test_who_pays_within_the_28_days_has_it_back_as_it_was(subscription):
    now = live_until(dt.date(2021, 12, 1), CHANGED)
    invoice = reactivate(subscription.id, actor=CLERK, now=now)
    paid(invoice, now)
    back = only_subscription()
    assert (back.status, back.current_period_to) == (SubscriptionStatus.ACTIVE, dt.date(2022, 11, 15))
    assert (db.session.scalars(select(License.status)).one(), held()) == (LicenseStatus.NOT_ACTIVATED, 10)
    assert rows_of(Invoice) == 2
    with pytest.raises(NotExpired):
        reactivate(subscription.id, actor=CLERK, now=now)


def test_one_that_does_not_renew_ends_with_its_period_and_can_still_be_had_back(subscription):
    switch_renewal(subscription, renews=False, actor=CLERK, now=CHANGED)
    now = live_until(FIRST_RENEWAL, CHANGED)
    assert (only_subscription().status, rows_of(Invoice)) == (SubscriptionStatus.EXPIRED, 1)
    paid(reactivate(subscription.id, actor=CLERK, now=now), now)
    assert only_subscription().status is SubscriptionStatus.ACTIVE


def test_a_renewal_that_is_billed_is_not_switched_off(subscription):
    later = live_until(dt.date(2021, 11, 10), CHANGED)
    with pytest.raises(RenewalBilled):
        switch_renewal(only_subscription(), renews=False, actor=CLERK, now=later)


def test_a_license_runs_on_from_the_moment_its_next_period_is_paid(subscription, account):
    fund(account, 36_500, CHANGED)
    live_until(dt.date(2021, 11, 10), CHANGED)
    assert only_subscription().current_period_to == dt.date(2021, 11, 15)
    assert db.session.scalars(select(License.expires_on)).one() == dt.date(2022, 11, 15)


def test_a_renewal_whose_invoice_is_voided_is_not_billed_ahead(subscription):
    later = live_until(dt.date(2021, 11, 10), CHANGED)
    renewal = db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()
    void_invoice(renewal, actor=CLERK, now=later)
    db.session.commit()
    more = quote_quantities(only_subscription(), {"seats": 12}, actor=CLERK, now=later)
    assert len(more.lines) == 1
    switch_renewal(only_subscription(), renews=False, actor=CLERK, now=later)
    live_until(dt.date(2021, 11, 12), later)
    assert rows_of(Invoice) == 2


def test_a_voided_renewal_is_billed_anew_where_renewal_is_switched_on_again(subscription):
    later = live_until(dt.date(2021, 11, 10), CHANGED)
    void_invoice(db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first(), actor=CLERK, now=later)
    for renews in (False, True):
        switch_renewal(only_subscription(), renews=renews, actor=CLERK, now=later)
    live_until(dt.date(2021, 11, 11), later)
    assert rows_of(Invoice) == 3
    assert (rows_of(SubscriptionPeriod), only_subscription().renews_on) == (2, FIRST_RENEWAL)


def test_a_suspended_license_stays_so_and_its_days_are_counted_all_the_same(subscription, account):
    license = db.session.scalars(select(License)).one()
    license.status = LicenseStatus.SUSPENDED
    fund(account, 36_500, CHANGED)
    live_until(FIRST_RENEWAL, CHANGED)
    found = db.session.scalars(select(License)).one()
    assert (found.status, found.expires_on) == (LicenseStatus.SUSPENDED, dt.date(2022, 11, 15))
    terminate(subscription.id, reason="No longer needed", actor=CLERK, now=CHANGED)
    assert db.session.scalars(select(License.status)).one() is LicenseStatus.TERMINATED


def test_a_clock_that_jumps_over_two_years_bills_each_period_once(subscription, account):
    fund(account, 200_000, CHANGED)
    live_until(dt.date(2021, 11, 10), CHANGED)
    for day in (dt.date(2022, 11, 10), dt.date(2022, 11, 12), dt.date(2022, 11, 20)):
        live_a_day(dt.datetime.combine(day, dt.time(2), dt.UTC))
    periods = db.session.scalars(select(SubscriptionPeriod.period_from).order_by(SubscriptionPeriod.period_from)).all()
    assert periods == [dt.date(2020, 11, 16), FIRST_RENEWAL, dt.date(2022, 11, 16)]
    assert db.session.scalar(select(func.sum(Invoice.total))) == 36_500 * len(periods)


def test_what_is_terminated_is_terminated(subscription):
    terminate(subscription.id, reason="No longer needed", actor=CLERK, now=CHANGED)
    db.session.commit()
    with pytest.raises(Terminated):
        terminate(subscription.id, reason="again", actor=CLERK, now=CHANGED)
    with pytest.raises(Terminated):
        reactivate(subscription.id, actor=CLERK, now=CHANGED)
