"""Subscriptions of postpaid accounts: changed, renewed, given back and ended without an invoice to be paid first."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models import (
    Account,
    CreditNote,
    CreditNoteLine,
    Invoice,
    Order,
    OrderKind,
    OrderStatus,
    Subscription,
    UnbilledCharge,
)
from models.price import BillingPeriod
from models.subscription import SubscriptionChange, SubscriptionPeriod, SubscriptionStatus
from services.audit import timeline_of
from services.books import check_books
from services.credit import give_credit
from services.credit_limits import set_credit_limit
from services.credit_notes import issue_credit_note
from services.invoices import InvoiceLineValues, pay_invoice_from_balance, void_invoice
from services.payment_modes import switch_to_postpaid, switch_to_prepaid
from services.subscriptions.change_orders import NoChangeUnderWay, give_up_change
from services.subscriptions.changing import quote_quantities, save_quantities
from services.subscriptions.plans import change_plan, quote_plan
from services.subscriptions.quotes import ChangeUnderWay
from services.subscriptions.renewing import bill_renewal
from services.subscriptions.standing import RenewalBilled, move_on, reactivate, switch_renewal, terminate
from services.subscriptions.terms import load_package
from services.subscriptions.trials import TooLateToGiveBack, give_back, start_trial
from services.unbilled import bill_unbilled, keep_unbilled
from services.unit_of_work import unit_of_work
from services.usable_credit import figures_of
from tests.factories.catalogue import TaxRuleFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds, receivable, rows_of
from tests.support.parallel import at_once
from tests.support.subscribing import (
    NO_GATEWAYS,
    ONE_DAY,
    buy,
    catalogue,
    live_a_day,
    live_until,
    only_subscription,
    provide,
)

BOUGHT = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
LIMIT = 1_000_000


@pytest.fixture
def plans(session):
    plans = catalogue(team=120_000, business=240_000, seat=12_000)  # 100.00, 200.00 and 10.00 a month
    TaxRuleFactory(product_class=plans.team.product_class)
    return plans


@pytest.fixture
def account(session, plans) -> Account:
    """Postpaid, taxed at 19 %, with a limit of 10,000.00."""
    account = AccountFactory(country="DE")
    set_credit_limit(account, amount=LIMIT, actor=CLERK, now=BOUGHT)
    return switch_to_postpaid(account, actor=CLERK, now=BOUGHT)


@pytest.fixture
def subscription(account) -> Subscription:
    """A month of Team from 4 May to 3 June, on credit: 119.00."""
    assert buy(account, "team", BOUGHT, period=BillingPeriod.MONTHLY) is None
    provide(BOUGHT)
    return only_subscription()


def save(seats: int, now: dt.datetime, key: str = "k"):
    subscription, wanted = only_subscription(), {"seats": seats}
    total = quote_quantities(subscription, wanted, actor=CLERK, now=now).totals.total
    with unit_of_work():
        return save_quantities(subscription.id, wanted, expected_total=total, key=key, actor=CLERK, now=now)


def limit(amount: int, now: dt.datetime) -> None:
    """Leave so much usable."""
    account = db.session.get_one(Account, only_subscription().account_id)
    used = -figures_of(account.id, day=now.date()).unbilled
    with unit_of_work():
        set_credit_limit(account, amount=used + amount, actor=CLERK, now=now)


def quantity() -> int:
    return only_subscription().items[0].quantity


def unbilled() -> list[int]:
    """What waits for the next invoice."""
    db.session.expire_all()
    found = select(UnbilledCharge.total).where(UnbilledCharge.is_unbilled).order_by(UnbilledCharge.id)
    return list(db.session.scalars(found))


def usable(account: Account, now: dt.datetime = BOUGHT) -> int:
    return figures_of(account.id, day=now.date()).usable


def order_of(kind: OrderKind) -> Order:
    return db.session.scalars(select(Order).where(Order.kind == kind)).one()


# Changes


def test_more_is_charged_on_the_next_invoice_and_counts_at_once(subscription, account):
    later = BOUGHT + 10 * ONE_DAY
    assert save(12, later) is None
    assert (order_of(OrderKind.CHANGE).status, rows_of(Invoice), quantity()) == (OrderStatus.PAID, 0, 10)
    provide(later)
    assert (quantity(), only_subscription().recurring_price) == (12, 12_000)
    assert unbilled() == [11_900, 1_612]  # 2 * 10.00 * 21 / 31 = 13.55, and 2.57 tax
    charge = db.session.scalars(select(UnbilledCharge).order_by(UnbilledCharge.id.desc())).first()
    assert (charge.subscription_id, charge.explanation["from"], charge.period_from) == (
        subscription.id,
        "10",
        later.date(),
    )
    change = db.session.scalars(select(SubscriptionChange).order_by(SubscriptionChange.id.desc())).first()
    assert (change.amount, change.invoice_id) == (1_355, None)
    assert check_books() == []


def test_a_dearer_plan_is_charged_on_the_next_invoice(subscription):
    total = quote_plan(subscription, "business", actor=CLERK, now=BOUGHT).totals.total
    with unit_of_work():
        made = change_plan(subscription.id, "business", expected_total=total, key="k", actor=CLERK, now=BOUGHT)
    assert made is None
    provide(BOUGHT)
    assert (only_subscription().package.code, unbilled()) == ("business", [11_900, 11_900])
    change = db.session.scalars(select(SubscriptionChange).order_by(SubscriptionChange.id.desc())).first()
    assert change.amount == 10_000


def test_the_same_form_of_a_change_is_one_change(subscription):
    total = quote_quantities(subscription, {"seats": 11}, actor=CLERK, now=BOUGHT).totals.total
    subscription_id = subscription.id

    def again(_number: int) -> None:
        wanted = {"seats": 11}
        save_quantities(subscription_id, wanted, expected_total=total, key="k", actor=CLERK, now=BOUGHT)

    at_once(again)
    assert unbilled() == [11_900, 1_190]


def test_a_change_beyond_the_credit_is_paid_first(subscription, account):
    limit(1_189, BOUGHT)
    invoice = save(11, BOUGHT)
    assert (invoice.total, unbilled()) == (1_190, [11_900])
    fund(account, 1_190, BOUGHT)
    provide(BOUGHT)
    assert quantity() == 11


def test_while_a_change_on_credit_is_made_there_is_no_other_and_none_to_give_up(subscription):
    save(11, BOUGHT)
    with pytest.raises(ChangeUnderWay, match="being made right now"):
        quote_quantities(only_subscription(), {"seats": 12}, actor=CLERK, now=BOUGHT)
    with pytest.raises(NoChangeUnderWay):
        give_up_change(subscription.id, actor=CLERK, now=BOUGHT)
    db.session.rollback()
    provide(BOUGHT)
    assert quantity() == 11


# Renewals


def test_a_renewal_is_charged_on_the_next_invoice_and_begins_on_its_day(subscription, account):
    now = live_until(dt.date(2026, 5, 28), BOUGHT)
    assert (unbilled(), rows_of(Invoice)) == ([11_900, 11_900], 0)
    periods = db.session.scalars(select(SubscriptionPeriod).order_by(SubscriptionPeriod.period_from)).all()
    assert [(each.period_from, each.invoice_id, each.net) for each in periods] == [
        (dt.date(2026, 5, 4), None, 10_000),
        (dt.date(2026, 6, 4), None, 10_000),
    ]
    assert only_subscription().current_period_to == dt.date(2026, 6, 3)
    now = live_until(dt.date(2026, 6, 4), now)
    renewed = only_subscription()
    assert (renewed.current_period_from, renewed.status) == (dt.date(2026, 6, 4), SubscriptionStatus.ACTIVE)
    assert (order_of(OrderKind.RENEWAL).status, len(unbilled())) == (OrderStatus.FULFILLED, 2)
    assert check_books() == []


def test_a_renewal_that_is_on_credit_already_is_not_called_off_and_the_one_after_it_is(subscription):
    now = live_until(dt.date(2026, 5, 28), BOUGHT)
    with pytest.raises(RenewalBilled, match="on credit already"):
        switch_renewal(only_subscription(), renews=False, actor=CLERK, now=now)
    now = live_until(dt.date(2026, 6, 4), now)
    switch_renewal(only_subscription(), renews=False, actor=CLERK, now=now)
    db.session.commit()
    live_until(dt.date(2026, 7, 5), now)
    assert (only_subscription().status, len(unbilled())) == (SubscriptionStatus.EXPIRED, 2)


def test_sixteen_who_renew_at_once_charge_it_once(subscription):
    subscription_id, now = subscription.id, BOUGHT + 25 * ONE_DAY
    at_once(lambda _number: bill_renewal(subscription_id, NO_GATEWAYS, actor=CLERK, now=now))
    assert unbilled() == [11_900, 11_900]


def test_a_renewal_beyond_the_credit_is_an_invoice(subscription, account):
    limit(11_899, BOUGHT)
    live_until(dt.date(2026, 5, 28), BOUGHT)
    invoice = db.session.scalars(select(Invoice)).one()
    period = db.session.scalars(select(SubscriptionPeriod).where(SubscriptionPeriod.invoice_id == invoice.id)).one()
    assert (invoice.total, invoice.due_on, period.period_from) == (11_900, period.period_from, dt.date(2026, 6, 4))
    live_until(dt.date(2026, 6, 4), BOUGHT + 24 * ONE_DAY)
    assert only_subscription().status is SubscriptionStatus.EXPIRED


def test_more_beside_a_renewal_on_credit_is_charged_for_both_periods(subscription):
    now = live_until(dt.date(2026, 5, 28), BOUGHT)
    save(11, now)
    assert unbilled()[2:] == [269, 1_190]  # 10.00 * 7 / 31 = 2.26, and the whole of June
    provide(now)
    live_until(dt.date(2026, 6, 4), now)
    assert (quantity(), only_subscription().recurring_price) == (11, 11_000)


def test_an_expired_one_comes_back_on_credit(subscription, account):
    with unit_of_work():
        move_on(subscription.id, actor=CLERK, now=BOUGHT + 40 * ONE_DAY)
    assert only_subscription().status is SubscriptionStatus.EXPIRED
    now = BOUGHT + 41 * ONE_DAY
    for _time in range(2):
        with unit_of_work():
            assert reactivate(subscription.id, actor=CLERK, now=now) is None
    provide(now)
    back = only_subscription()
    assert (back.status, back.current_period_from) == (SubscriptionStatus.ACTIVE, dt.date(2026, 6, 4))
    assert unbilled() == [11_900, 11_900]


# Given back, and ended


def test_what_was_bought_on_credit_comes_off_the_next_invoice(subscription, account):
    with unit_of_work():
        give_back(subscription.id, actor=CLERK, now=BOUGHT + 14 * ONE_DAY)
    assert (only_subscription().status, unbilled(), usable(account)) == (SubscriptionStatus.TERMINATED, [], LIMIT)
    charge = db.session.scalars(select(UnbilledCharge)).one()
    assert timeline_of("unbilled_charge", charge.public_id)[0].event == "unbilled_charge.taken_off"
    assert bill_unbilled(account, actor=CLERK, now=BOUGHT + 30 * ONE_DAY) is None
    assert (order_of(OrderKind.PURCHASE).status, check_books()) == (OrderStatus.FULFILLED, [])


@pytest.mark.parametrize("paid", [False, True])
def test_what_a_bill_asks_for_already_is_credited_on_it_line_by_line(subscription, account, paid):
    other = [InvoiceLineValues("Calls", unit_price=5_000), InvoiceLineValues("More calls", unit_price=700)]
    keep_unbilled(account, other, now=BOUGHT - ONE_DAY)
    bill = bill_unbilled(account, actor=CLERK, now=BOUGHT + ONE_DAY)
    if paid:
        fund(account, bill.total, BOUGHT + ONE_DAY)
    db.session.commit()
    with unit_of_work():
        give_back(subscription.id, actor=CLERK, now=BOUGHT + 2 * ONE_DAY)
    note = db.session.scalars(select(CreditNote)).one()
    lines = db.session.scalars(select(CreditNoteLine)).all()
    assert (note.invoice_id, note.net_total, note.tax_total) == (bill.id, 10_000, 1_900)
    assert [(line.description, line.tax_rate) for line in lines] == [("Team", 190_000)]
    db.session.refresh(bill)
    assert (bill.amount_due, funds(account)) == ((0, 11_900) if paid else (5_700, 0))
    assert check_books() == []


def test_of_a_bill_that_was_credited_before_only_what_is_left_is_credited(subscription, account):
    keep_unbilled(account, [InvoiceLineValues("Calls", unit_price=5_000)], now=BOUGHT)
    bill = bill_unbilled(account, actor=CLERK, now=BOUGHT)
    issue_credit_note(bill, amount=5_000 + 1_190, reason="goodwill", actor=CLERK, now=BOUGHT)
    db.session.commit()
    with unit_of_work():
        give_back(subscription.id, actor=CLERK, now=BOUGHT + ONE_DAY)
    db.session.refresh(bill)
    assert 0 < bill.amount_due == bill.total - bill.amount_credited < 5_000
    assert check_books() == []


def test_of_a_bill_that_is_void_nothing_is_credited(subscription, account):
    void_invoice(bill_unbilled(account, actor=CLERK, now=BOUGHT), actor=CLERK, now=BOUGHT)
    db.session.commit()
    with unit_of_work():
        give_back(subscription.id, actor=CLERK, now=BOUGHT + ONE_DAY)
    assert (only_subscription().status, rows_of(CreditNote)) == (SubscriptionStatus.TERMINATED, 0)
    assert (receivable(account), check_books()) == (0, [])


@pytest.mark.parametrize("why", ["late", "added", "added by invoice", "renewed"])
def test_what_is_late_or_was_added_to_is_not_given_back(subscription, account, why):
    now = BOUGHT + (15 if why == "late" else 3) * ONE_DAY
    if why.startswith("added"):
        if why == "added by invoice":
            limit(1, now)
        save(11, now)
        fund(account, 1, now)
    elif why == "renewed":
        subscription.current_period_to = now.date()
        subscription.renews_on = now.date() + ONE_DAY
        live_a_day(now)
    provide(now)
    with pytest.raises(TooLateToGiveBack):
        give_back(subscription.id, actor=CLERK, now=now)
    db.session.rollback()
    assert 11_900 in unbilled()


def test_what_was_bought_by_invoice_and_added_to_on_credit_is_not_given_back(account):
    switch_to_prepaid(account, actor=CLERK, now=BOUGHT)
    invoice = buy(account, "team", BOUGHT, period=BillingPeriod.MONTHLY)
    fund(account, invoice.total, BOUGHT)
    provide(BOUGHT)
    switch_to_postpaid(account, actor=CLERK, now=BOUGHT)
    save(11, BOUGHT)
    provide(BOUGHT)
    with pytest.raises(TooLateToGiveBack):
        give_back(only_subscription().id, actor=CLERK, now=BOUGHT)


def test_a_trial_that_went_on_on_credit_is_given_back(account, plans):
    start_trial(account, load_package(plans.team.id), billing=BillingPeriod.MONTHLY, actor=CLERK, now=BOUGHT)
    now = live_until(dt.date(2026, 5, 18), BOUGHT)
    assert (unbilled(), only_subscription().current_period_from) == ([11_900], dt.date(2026, 5, 18))
    with unit_of_work():
        give_back(only_subscription().id, actor=CLERK, now=now + ONE_DAY)
    assert (unbilled(), usable(account)) == ([], LIMIT)


def test_what_ends_owes_no_renewal_and_no_change_that_were_put_on_credit(subscription, account):
    now = live_until(dt.date(2026, 5, 28), BOUGHT)
    save(11, now)
    assert len(unbilled()) == 4
    with unit_of_work():
        terminate(subscription.id, reason="x", actor=CLERK, now=now)
    assert unbilled() == [11_900]
    assert (order_of(OrderKind.CHANGE).status, usable(account)) == (OrderStatus.CANCELLED, LIMIT - 11_900)
    provide(now)
    assert (only_subscription().status, quantity(), check_books()) == (SubscriptionStatus.TERMINATED, 10, [])


def test_a_renewal_that_is_billed_and_has_not_begun_is_credited_when_it_ends(subscription, account):
    now = live_until(dt.date(2026, 5, 28), BOUGHT)
    bill = bill_unbilled(account, actor=CLERK, now=now)
    db.session.commit()
    with unit_of_work():
        terminate(subscription.id, reason="x", actor=CLERK, now=now)
    db.session.refresh(bill)
    assert (bill.amount_credited, bill.amount_due) == (11_900, 11_900)
    assert check_books() == []


def test_sixteen_who_give_it_back_at_once_take_it_off_once(subscription, account):
    subscription_id = subscription.id
    at_once(lambda _number: give_back(subscription_id, actor=CLERK, now=BOUGHT) and None)
    assert (unbilled(), usable(account), check_books()) == ([], LIMIT, [])


def test_giving_back_while_the_month_is_billed_is_right_either_way(subscription, account):
    account_id, subscription_id = account.id, subscription.id

    def one(number: int) -> None:
        if number % 2:
            bill_unbilled(db.session.get_one(Account, account_id), actor=CLERK, now=BOUGHT)
        else:
            give_back(subscription_id, actor=CLERK, now=BOUGHT)

    at_once(one, times=8)
    assert (unbilled(), receivable(account), funds(account), check_books()) == ([], 0, 0, [])


def test_giving_back_while_the_bill_is_paid_is_right_either_way(subscription, account):
    """The bill is locked before the account by both, so neither waits for the other in a circle."""
    bill_id = bill_unbilled(account, actor=CLERK, now=BOUGHT).id
    give_credit(account, amount=11_900, reason="x", actor=CLERK, now=BOUGHT)
    subscription_id = subscription.id

    def one(number: int) -> None:
        if number % 2:
            pay_invoice_from_balance(db.session.get_one(Invoice, bill_id), actor=CLERK, now=BOUGHT)
        else:
            give_back(subscription_id, actor=CLERK, now=BOUGHT)

    at_once(one)
    assert (only_subscription().status, rows_of(CreditNote)) == (SubscriptionStatus.TERMINATED, 1)
    assert (receivable(account), funds(account), check_books()) == (0, 11_900, [])
