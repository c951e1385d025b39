"""Changing a subscription of a postpaid account over HTTP: on the next invoice where the credit covers it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, Invoice, Subscription, UnbilledCharge
from services.credit_limits import set_credit_limit
from services.payment_modes import switch_to_postpaid
from services.subscriptions.standing import move_on
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, rows_of
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of
from tests.support.subscribing import ONE_DAY, a_month_of_team, only_subscription, provide

TODAY = dt.datetime.now(dt.UTC).replace(hour=9)
TWO_MORE = 1_355  # 2 * 10.00 * 21 / 31


@pytest.fixture
def account(session) -> Account:
    """Postpaid, with a limit of 150.00."""
    account = AccountFactory(client_id="10001")
    set_credit_limit(account, amount=15_000, actor=CLERK, now=TODAY)
    return switch_to_postpaid(account, actor=CLERK, now=TODAY)


@pytest.fixture
def subscription(account) -> Subscription:
    return a_month_of_team(account, TODAY, business=480_000)


@pytest.fixture
def desk(app, account, subscription):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def path(subscription) -> str:
    return f"/subscription-changes/{subscription.number}"


def words(answer) -> str:
    return page_of(answer).text


def charged() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(UnbilledCharge.total)))


def test_more_seats_stand_on_the_next_invoice_and_count_in_a_moment(desk, path):
    query = f"{path}/quantities?items-seats=12"
    preview = words(desk.get(query))
    assert "stands on your next invoice; nothing is paid now" in preview
    assert "Save for $13.55" in preview
    said = words(desk.client.get(desk.confirm(query).location))
    assert "The change is made in a moment. $13.55 stand on your next invoice." in said
    assert (charged(), rows_of(Invoice)) == ([TWO_MORE], 0)
    waiting = words(desk.get(f"{path}/quantities"))
    assert "A change is being made right now" in waiting
    assert "Give the change up" not in waiting
    provide(TODAY)
    assert only_subscription().items[0].quantity == 12


def test_the_same_form_sent_twice_is_one_change_and_says_the_same(desk, path):
    query = f"{path}/quantities?items-seats=12"
    values = form_of(desk.get(query)).values
    for _time in range(2):
        answer = desk.client.post(f"{desk.base}{query}", data=values)
        assert "$13.55 stand on your next invoice" in desk.flashed(answer)
    assert charged() == [TWO_MORE]


def test_a_plan_beyond_the_credit_is_paid_first_and_the_page_says_why(desk, path):
    query = f"{path}/plan?plan=business"  # 300.00 * 21 / 31
    preview = words(desk.get(query))
    assert "Your credit does not cover this" in preview
    assert "Save and pay $203.23" in preview
    answer = desk.confirm(query)
    invoice = db.session.scalars(select(Invoice)).one()
    assert answer.location.endswith(f"/pay/?invoice={invoice.number}")
    assert f"This is invoice {invoice.number}." in desk.flashed(answer)
    assert charged() == []


def test_what_costs_nothing_takes_no_credit(desk, path):
    query = f"{path}/quantities?items-seats=4"
    assert "next invoice" not in words(desk.get(query))
    assert "The change is saved." in desk.flashed(desk.confirm(query))
    assert charged() == []


def test_an_expired_one_comes_back_on_credit(desk, path, subscription):
    with unit_of_work():
        move_on(subscription.id, actor=CLERK, now=TODAY + 25 * ONE_DAY)
    assert "stands on your next invoice: $100.00 before tax" in words(desk.get(f"{path}/reactivate"))
    assert "It comes back in a moment" in desk.flashed(desk.confirm(f"{path}/reactivate"))
    assert (charged(), rows_of(Invoice)) == ([10_000], 0)


def test_who_may_edit_and_not_pay_makes_an_invoice_for_who_pays(app, account, path):
    clerk = member_desk(app, account, MemberRole.SUBSCRIPTIONS_EDIT)
    query = f"{path}/quantities?items-seats=12"
    assert "Only members who may pay so much alone" in words(clerk.get(query))
    said = clerk.flashed(clerk.confirm(query))
    assert "an invoice of its own is paid first" in said
    assert (charged(), rows_of(Invoice)) == ([], 1)


@pytest.mark.parametrize("role", [MemberRole.SUBSCRIPTIONS, MemberRole.PAYMENTS])
def test_who_may_not_edit_spends_no_credit(app, account, path, role):
    clerk = member_desk(app, account, role)
    query = f"{path}/quantities?items-seats=12"
    assert clerk.get(query).status_code == 403
    assert clerk.post(query, total=str(TWO_MORE), key="k").status_code == 403
    assert charged() == []


def test_the_owner_of_another_account_finds_nothing_and_spends_nothing(app, subscription, path):
    stranger = member_desk(app, AccountFactory(client_id="20002"), MemberRole.OWNER)
    query = f"{path}/quantities?items-seats=12"
    assert stranger.get(query).status_code == 404
    assert stranger.post(query, total=str(TWO_MORE), key="k").status_code == 404
    assert charged() == []


def test_staff_put_a_change_on_the_customers_next_invoice(app, subscription, path):
    clerk = staff_desk(app)
    query = f"{path}/quantities?items-seats=12"
    assert "stands on their next invoice" in words(clerk.get(query))
    assert "$13.55 stand on their next invoice" in clerk.flashed(clerk.confirm(query))
    assert charged() == [TWO_MORE]
