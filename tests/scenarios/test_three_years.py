"""Three years of one subscription, day by day: tried, bought, raised, lowered, another plan, unpaid, back, ended."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from extensions import db
from models import Account, Invoice, License, LicenseItem, LicenseStatus
from models.price import BillingPeriod
from models.subscription import SubscriptionPeriod, SubscriptionStatus
from services.books import check_books
from services.subscriptions.changing import quote_quantities, save_quantities
from services.subscriptions.plans import change_plan, quote_plan
from services.subscriptions.standing import reactivate, switch_renewal
from services.subscriptions.trials import TrialUsed, start_trial
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds
from tests.support.subscribing import catalogue, live_until, only_subscription, provide


def at(year, month, day) -> dt.datetime:
    return dt.datetime(year, month, day, 9, tzinfo=dt.UTC)


def newest() -> Invoice:
    db.session.expire_all()
    return db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()


def pays(account_id, invoice, now) -> None:
    fund(db.session.get_one(Account, account_id), invoice.amount_due, now)
    provide(now)


@pytest.mark.slow
def test_three_years_of_one_subscription_to_the_cent(session):
    plans, account = catalogue(team=36_500, business=73_000, seat=3_650), AccountFactory()
    account_id, subscription = (
        account.id,
        start_trial(account, plans.team, billing=BillingPeriod.YEARLY, actor=CLERK, now=at(2021, 3, 2)),
    )
    db.session.commit()
    with pytest.raises(TrialUsed):
        start_trial(account, plans.team, billing=BillingPeriod.YEARLY, actor=CLERK, now=at(2021, 3, 3))

    # The trial costs nothing; on its last day the first year is billed, and paid it begins the day after.
    now = live_until(dt.date(2021, 3, 14), at(2021, 3, 2))
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0
    now = live_until(dt.date(2021, 3, 15), now)
    first = newest()
    assert first.total == 36_500
    pays(account_id, first, now)
    now = live_until(dt.date(2021, 3, 16), now)
    current = only_subscription()
    assert (current.current_period_from, current.current_period_to) == (dt.date(2021, 3, 16), dt.date(2022, 3, 15))

    # Two seats more on 1 October: 166 of 365 days are left, so 73.00 * 166 / 365 = 33.20.
    now = live_until(dt.date(2021, 10, 1), now)
    quote = quote_quantities(only_subscription(), {"seats": 12}, actor=CLERK, now=now)
    assert quote.totals.total == 3_320
    with unit_of_work():
        raised = save_quantities(subscription.id, {"seats": 12}, expected_total=3_320, key="up", actor=CLERK, now=now)
    pays(account_id, raised, now)

    # Four fewer on 1 December: from the renewal on, 8 seats for 365.00 - 2 * 36.50 = 292.00.
    now = live_until(dt.date(2021, 12, 1), now)
    with unit_of_work():
        save_quantities(subscription.id, {"seats": 8}, expected_total=0, key="down", actor=CLERK, now=now)
    fund(db.session.get_one(Account, account_id), 29_200, now)
    now = live_until(dt.date(2022, 3, 16), now)
    assert (newest().total, only_subscription().items[0].quantity, only_subscription().recurring_price) == (
        29_200,
        8,
        29_200,
    )

    # The dearer plan on 15 September: 182 of 365 days are left, so 438.00 * 182 / 365 = 218.40.
    now = live_until(dt.date(2022, 9, 15), now)
    quote = quote_plan(only_subscription(), "business", actor=CLERK, now=now)
    assert quote.totals.total == 21_840
    with unit_of_work():
        dearer = change_plan(subscription.id, "business", expected_total=21_840, key="plan", actor=CLERK, now=now)
    pays(account_id, dearer, now)
    assert only_subscription().package.code == "business"

    # Nobody pays the renewal: it expires, and is had back on day 20 as it was.
    now = live_until(dt.date(2023, 3, 16), now)
    assert (newest().total, only_subscription().status) == (73_000, SubscriptionStatus.EXPIRED)
    now = live_until(dt.date(2023, 4, 4), now)
    with unit_of_work():
        open_invoice = reactivate(subscription.id, actor=CLERK, now=now)
    pays(account_id, open_invoice, now)
    assert only_subscription().status is SubscriptionStatus.ACTIVE
    assert db.session.scalars(select(LicenseItem.quantity)).one() == 25

    # It shall not renew: it expires with the year, and 28 days later it ends with its license.
    switch_renewal(only_subscription(), renews=False, actor=CLERK, now=now)
    now = live_until(dt.date(2024, 3, 16), now)
    assert only_subscription().status is SubscriptionStatus.EXPIRED
    live_until(dt.date(2024, 4, 13), now)
    assert only_subscription().status is SubscriptionStatus.TERMINATED
    assert db.session.scalars(select(License.status)).one() is LicenseStatus.TERMINATED

    total = 36_500 + 3_320 + 29_200 + 21_840 + 73_000
    assert db.session.scalar(select(func.sum(Invoice.amount_paid))) == total
    assert funds(db.session.get_one(Account, account_id)) == 0
    assert db.session.scalars(
        select(SubscriptionPeriod.period_from).order_by(SubscriptionPeriod.period_from)
    ).all() == [
        dt.date(2021, 3, 16),
        dt.date(2022, 3, 16),
        dt.date(2023, 3, 16),
    ]
    assert check_books() == []
