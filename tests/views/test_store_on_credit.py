"""The store of a postpaid account over HTTP: on the next invoice where the credit covers it, and why not else."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, Invoice, Order, UnbilledCharge
from services.credit_limits import set_credit_limit
from services.payment_modes import switch_to_postpaid
from services.unbilled import bill_unbilled
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, rows_of
from tests.support.desk import member_desk
from tests.support.pages import form_of, page_of
from tests.support.subscribing import catalogue, only_subscription, provide

NOW = dt.datetime.now(dt.UTC)
TOTAL = "/store/team?period=monthly&quantity=1"


@pytest.fixture
def account(session) -> Account:
    """Postpaid, with a limit of 150.00; Team is 100.00 a month."""
    catalogue(team=120_000, business=240_000, seat=12_000)
    account = AccountFactory(client_id="10001")
    set_credit_limit(account, amount=15_000, actor=CLERK, now=NOW)
    switch_to_postpaid(account, actor=CLERK, now=NOW)
    db.session.commit()
    return account


@pytest.fixture
def desk(app, account):
    return member_desk(app, account, MemberRole.OWNER)


def test_an_order_within_the_credit_says_that_it_stands_on_the_next_invoice(desk):
    preview = page_of(desk.get(TOTAL)).text
    assert "stands on your next invoice" in preview
    assert "Order for $100.00" in preview
    answer = desk.confirm(TOTAL)
    assert answer.location.endswith("/orders/")
    assert "$100.00 stand on your next invoice" in page_of(desk.client.get(answer.location)).text
    assert (rows_of(Invoice), db.session.scalars(select(UnbilledCharge.total)).all()) == (0, [10_000])
    provide(NOW)
    assert only_subscription().recurring_price == 10_000
    assert "$100.00" in page_of(desk.get("/balance/")).text


def test_an_order_on_credit_says_on_which_invoice_it_stands(desk, account):
    desk.confirm(TOTAL)
    number = db.session.scalars(select(Order.number)).one()
    assert "$100.00, on the next invoice" in page_of(desk.get(f"/orders/{number}")).text
    with unit_of_work():
        bill = bill_unbilled(db.session.get_one(Account, account.id), actor=CLERK, now=NOW)
    page = page_of(desk.get(f"/orders/{number}"))
    assert f"$100.00, on invoice {bill.number}" in page.text
    assert (bill.number, f"/portal/10001/invoices/{bill.number}") in page.links


def test_an_order_with_an_invoice_of_its_own_has_no_such_box(desk):
    desk.confirm(TOTAL)
    desk.confirm(TOTAL)  # beyond the credit
    number = db.session.scalars(select(Order.number).order_by(Order.id.desc())).first()
    assert "On credit" not in page_of(desk.get(f"/orders/{number}")).text


def test_an_order_beyond_the_credit_says_why_it_is_paid_first(desk):
    desk.confirm(TOTAL)
    preview = page_of(desk.get(TOTAL)).text
    assert "Your credit does not cover this" in preview
    assert "Order and pay $100.00" in preview
    answer = desk.confirm(TOTAL)
    invoice = db.session.scalars(select(Invoice)).one()
    assert answer.location.endswith(f"/pay/?invoice={invoice.number}")
    said = page_of(desk.client.get(answer.location)).text
    assert "Your credit does not cover this, so it cannot wait for your next invoice" in said
    assert f"This is invoice {invoice.number}." in said


def test_the_same_form_sent_twice_is_one_order_on_credit(desk):
    values = form_of(desk.get(TOTAL)).values
    first, second = (desk.client.post(f"{desk.base}{TOTAL}", data=values) for _time in range(2))
    assert first.location == second.location
    assert (rows_of(Order), rows_of(UnbilledCharge)) == (1, 1)


def test_a_price_that_was_tampered_with_takes_no_credit(desk):
    values = form_of(desk.get(TOTAL)).values
    assert desk.client.post(f"{desk.base}{TOTAL}", data={**values, "total": "1"}).status_code == 422
    assert rows_of(Order) == rows_of(UnbilledCharge) == 0


@pytest.mark.parametrize("role", [MemberRole.PAYMENTS, MemberRole.SUBSCRIPTIONS_EDIT])
def test_who_may_not_order_spends_no_credit(app, desk, account, role):
    values = form_of(desk.get(TOTAL)).values
    clerk = member_desk(app, account, role)
    assert clerk.get(TOTAL).status_code == 403
    assert clerk.post(TOTAL, total=values["total"], key=values["key"]).status_code == 403
    assert rows_of(UnbilledCharge) == 0


def test_the_owner_of_another_account_spends_none_of_this_ones_credit(app, desk, account):
    stranger = member_desk(app, AccountFactory(client_id="20002"), MemberRole.OWNER)
    answer = stranger.client.post(f"{desk.base}{TOTAL}", data={"csrf_token": stranger.token})
    assert answer.status_code == 404
    assert rows_of(UnbilledCharge) == 0


def test_a_trial_says_that_it_goes_on_on_credit(desk):
    goes_on = "On its last day the first period is put on your next invoice, as far as your credit covers it."
    assert goes_on in page_of(desk.get("/store/team")).text
    assert goes_on in desk.flashed(desk.post("/store/team/trial"))
    assert (only_subscription().renews_on is not None, rows_of(UnbilledCharge)) == (True, 0)
