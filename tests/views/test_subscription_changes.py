"""Changing a subscription over HTTP: the price first, then paying it; nothing is written before, nor for others."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, Invoice, Subscription
from models.subscription import SubscriptionStatus
from services.subscriptions.standing import move_on
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, said_by
from tests.support.subscribing import ONE_DAY, a_month_of_team, only_subscription, provide

TODAY = dt.datetime.now(dt.UTC).replace(hour=9)


@pytest.fixture
def account(session) -> Account:
    return AccountFactory(client_id="10001")


@pytest.fixture
def subscription(account) -> Subscription:
    return a_month_of_team(account, TODAY)


@pytest.fixture
def desk(app, account, subscription):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def path(subscription) -> str:
    return f"/subscription-changes/{subscription.number}"


def invoices() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Invoice.id)).all())


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_more_seats_are_priced_saved_paid_and_counted(desk, path, account):
    form = text(desk.get(f"{path}/quantities"))
    assert "10 now" in form
    assert "$10.00 monthly" in form
    query = f"{path}/quantities?items-seats=12"
    preview = text(desk.get(query))
    assert "$13.55 now" in preview  # 2 * 10.00 * 21 / 31
    assert "from $100.00 to <strong>$120.00</strong> monthly" in preview
    assert invoices() == 0
    answer = desk.confirm(query)
    assert answer.status_code == 303
    invoice = db.session.scalars(select(Invoice)).one()
    assert answer.location.endswith(f"/pay/?invoice={invoice.number}")
    assert only_subscription().items[0].quantity == 10
    fund(db.session.get_one(Account, account.id), invoice.total, TODAY)
    provide(TODAY)
    assert only_subscription().items[0].quantity == 12


def test_fewer_seats_cost_nothing_and_wait_for_the_renewal(desk, path):
    query = f"{path}/quantities?items-seats=4"
    assert "Nothing to pay now" in text(desk.get(query))
    assert "The change is saved." in desk.flashed(desk.confirm(query))
    assert (only_subscription().items[0].pending_quantity, invoices()) == (4, 0)
    assert "4 from the renewal on" in text(desk.get(f"{path}/quantities"))


@pytest.mark.parametrize("typed", ["-1", "0", "501", "1.5", "x", "", "9999999999", "١٢"])
def test_quantities_that_are_none_are_said_to_be_so_and_stay_typed(desk, path, typed):
    answer = desk.get(f"{path}/quantities?items-seats={typed}")
    assert answer.status_code == 422
    assert said_by(answer)
    assert invoices() == 0


def test_a_total_that_was_tampered_with_is_refused(desk, path):
    query = f"{path}/quantities?items-seats=12"
    values = form_of(desk.get(query)).values
    answer = desk.client.post(f"{desk.base}{query}", data={**values, "total": "1"})
    assert answer.status_code == 422
    assert "The price changed" in text(answer)
    for broken in ({**values, "total": "x"}, {**values, "total": "-5"}, {**values, "key": ""}):
        assert desk.client.post(f"{desk.base}{query}", data=broken).status_code == 400
    assert invoices() == 0


def test_another_plan_is_chosen_priced_and_saved(desk, path):
    assert "Business" in text(desk.get(f"{path}/plan"))
    query = f"{path}/plan?plan=business"
    assert "$67.74 now" in text(desk.get(query))  # 100.00 * 21 / 31
    assert desk.confirm(query).status_code == 303
    assert invoices() == 1
    waiting = text(desk.get(f"{path}/plan"))
    assert "A change waits for invoice" in waiting
    assert "given up" in desk.flashed(desk.post(f"{path}/give-up"))
    assert "A change waits" not in text(desk.get(f"{path}/plan"))


def test_a_plan_that_is_not_offered_is_refused(desk, path):
    assert desk.get(f"{path}/plan?plan=nothing").status_code == 422


def test_an_expired_one_is_had_back_by_paying(desk, path, subscription):
    later = TODAY + 25 * ONE_DAY
    with unit_of_work():
        move_on(subscription.id, actor=CLERK, now=later)
    assert only_subscription().status is SubscriptionStatus.EXPIRED
    assert "$100.00 before tax" in text(desk.get(f"{path}/reactivate"))
    answer = desk.confirm(f"{path}/reactivate")
    assert "/pay/?invoice=" in answer.location
    again = desk.confirm(f"{path}/reactivate")
    assert (again.location, invoices()) == (answer.location, 1)


def test_one_that_runs_is_not_reactivated(desk, path):
    assert desk.confirm(f"{path}/reactivate").status_code == 409
    assert invoices() == 0


@pytest.mark.parametrize(
    ("role", "status"),
    [(MemberRole.SUBSCRIPTIONS, 403), (MemberRole.TICKETS, 403), (MemberRole.SUBSCRIPTIONS_EDIT, 200)],
)
def test_only_who_may_edit_subscriptions_changes_them(app, account, subscription, path, role, status):
    clerk = member_desk(app, account, role)
    for step in ("quantities", "plan", "reactivate"):
        assert clerk.get(f"{path}/{step}").status_code == status
    assert clerk.post(f"{path}/give-up").status_code == (303 if status == 200 else 403)


@pytest.mark.parametrize("step", ["quantities", "plan", "reactivate"])
def test_subscriptions_of_others_and_of_nobody_are_not_found(app, subscription, step):
    stranger = member_desk(app, AccountFactory(client_id="20002"), MemberRole.OWNER)
    for number in (subscription.number, "S-0", "%00", "x" * 200):
        assert stranger.get(f"/subscription-changes/{number}/{step}").status_code == 404
    assert stranger.post(f"/subscription-changes/{subscription.number}/give-up").status_code == 404


def test_staff_change_it_for_the_customer_and_are_led_to_the_invoice(app, subscription, path):
    clerk = staff_desk(app)
    answer = clerk.confirm(f"{path}/quantities?items-seats=12")
    invoice = db.session.scalars(select(Invoice)).one()
    assert answer.location.endswith(f"/invoices/{invoice.number}")


def test_the_renewal_is_switched_off_and_on_again(desk, subscription):
    url = f"/subscriptions/{subscription.number}"
    desk.confirm(f"{url}/do-not-renew")
    assert only_subscription().renews_on is None
    desk.confirm(f"{url}/renew-again")
    assert only_subscription().renews_on == subscription.current_period_to + ONE_DAY


def test_only_staff_terminate_and_give_a_reason(app, desk, subscription):
    url = f"/subscriptions/{subscription.number}/terminate"
    assert desk.get(url).status_code in (403, 404)
    clerk = staff_desk(app)
    assert clerk.confirm(url, reason="").status_code == 422
    clerk.confirm(url, reason="They asked for it")
    assert only_subscription().status is SubscriptionStatus.TERMINATED
