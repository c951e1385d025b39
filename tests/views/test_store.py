"""The store over HTTP: what is offered, the total, one order per form, and what begins once it is paid."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, Invoice, License, Subscription
from tests.factories.catalogue import PackageFactory, PriceFactory
from tests.factories.people import AccountFactory
from tests.services.money import fund, rows_of
from tests.support.desk import member_desk
from tests.support.pages import form_of
from tests.support.subscribing import catalogue, only_subscription, provide

TOTAL = "/store/team?period=monthly&quantity=2"


@pytest.fixture
def account(session) -> Account:
    return AccountFactory(client_id="10001")


@pytest.fixture
def desk(app, account):
    catalogue(team=120_000, business=240_000, seat=12_000)
    PriceFactory(package=PackageFactory(code="hidden", name="Hidden"), currency="USD")
    PriceFactory(package=PackageFactory(code="elsewhere", name="Elsewhere", in_store=True), currency="EUR")
    db.session.commit()
    return member_desk(app, account, MemberRole.OWNER)


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_only_what_is_in_store_and_has_a_price_in_the_currency_is_offered(desk):
    page = text(desk.get("/store/"))
    assert "Team" in page
    assert "$100.00 a month" in page
    assert "Hidden" not in page
    assert "Elsewhere" not in page
    for code in ("hidden", "elsewhere", "seats", "nothing", "%00"):
        assert desk.get(f"/store/{code}").status_code == 404


def test_an_order_shows_its_total_first_and_begins_once_it_is_paid(desk, account):
    assert "$200.00" in text(desk.get(TOTAL))
    assert rows_of(Invoice) == 0
    answer = desk.confirm(TOTAL)
    invoice = db.session.scalars(select(Invoice)).one()
    assert answer.location.endswith(f"/pay/?invoice={invoice.number}")
    provide(dt.datetime.now(dt.UTC))
    assert rows_of(Subscription) == 0
    fund(db.session.get_one(Account, account.id), invoice.total, dt.datetime.now(dt.UTC))
    provide(dt.datetime.now(dt.UTC))
    assert (rows_of(Subscription), rows_of(License)) == (2, 2)


def test_the_same_form_sent_twice_is_one_order(desk):
    values = form_of(desk.get(TOTAL)).values
    first, second = (desk.client.post(f"{desk.base}{TOTAL}", data=values) for _time in range(2))
    assert first.location == second.location
    assert rows_of(Invoice) == 1


@pytest.mark.parametrize(
    "query",
    [
        "period=monthly&quantity=0",
        "period=monthly&quantity=-1",
        "period=monthly&quantity=1.5",
        "period=monthly&quantity=",
        "period=monthly&quantity=100001",
        "period=weekly&quantity=1",
        "period=once&quantity=1",
    ],
)
def test_what_cannot_be_ordered_is_said_to_be_so(desk, query):
    assert desk.get(f"/store/team?{query}").status_code == 422
    assert rows_of(Invoice) == 0


def test_a_price_that_was_tampered_with_is_refused(desk):
    values = form_of(desk.get(TOTAL)).values
    answer = desk.client.post(f"{desk.base}{TOTAL}", data={**values, "total": "1"})
    assert answer.status_code == 422
    assert "The price changed" in text(answer)
    assert desk.client.post(f"{desk.base}{TOTAL}", data={**values, "total": "1e3"}).status_code == 400
    assert rows_of(Invoice) == 0


def test_a_trial_begins_once(desk):
    assert "try it for 14 days" in text(desk.get("/store/team"))
    assert "The trial has begun" in desk.flashed(desk.post("/store/team/trial"))
    trial = only_subscription()
    assert (trial.trial_ends_on, rows_of(Invoice)) == (trial.current_period_to, 0)
    assert "try it" not in text(desk.get("/store/team"))
    again = desk.post("/store/team/trial")
    assert again.status_code == 409
    assert "tried before" in text(again)
    assert rows_of(Subscription) == 1


@pytest.mark.parametrize("role", [MemberRole.SUBSCRIPTIONS, MemberRole.TICKETS])
def test_who_may_not_order_finds_no_store(app, desk, account, role):
    clerk = member_desk(app, account, role)
    for path in ("/store/", "/store/team"):
        assert clerk.get(path).status_code == 403
    assert clerk.post("/store/team/trial").status_code == 403
