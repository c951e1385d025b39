"""What timelines say: amounts as money, values in words."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from panel import STAFF, Visit
from panel.realm import Realm
from services.audit import record_event
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import issued
from views.history import recent_activity, timeline

CLERK = Actor("Ann Clerk", Source.STAFF)


@pytest.fixture
def visit() -> Visit:
    realm = Realm(STAFF, "/staff", "Back office", enter=lambda _values: visit)
    return Visit(realm, CLERK, frozenset(), None, "/staff")


def test_amounts_are_told_as_money_and_values_in_words(session: Session, now: dt.datetime, visit: Visit) -> None:
    invoice = issued(AccountFactory(), now, net=12_345)
    session.commit()
    newest = timeline(visit, invoice)[0]
    assert newest.at == "May 15, 2026, 09:30"
    told = {name: (before, after) for name, before, after in newest.changes}
    assert told["Total"] == ("", "$123.45")
    assert told["Status"] == ("Draft", "Unpaid")


def test_items_of_a_transfer_are_told_one_by_one(session: Session, now: dt.datetime, visit: Visit) -> None:
    account = AccountFactory()
    with unit_of_work():
        record_event("account.edited", account, actor=CLERK, now=now, after={"items": {"Seats": 5, "Fax": 1}})
    assert timeline(visit, account)[0].changes == [("Items", "", "Fax: 1, Seats: 5")]


def test_the_latest_activity_names_the_record(session: Session, now: dt.datetime, visit: Visit) -> None:
    invoice = issued(AccountFactory(), now)
    session.commit()
    assert recent_activity(visit, 1)[0].what == f"Issued the invoice {invoice.number}"


def test_days_moments_and_choices_are_told_as_their_columns_show_them(
    session: Session, now: dt.datetime, visit: Visit
) -> None:
    invoice = issued(AccountFactory(), now)
    after = {"due_on": "2026-06-01", "issued_at": "2026-05-15T09:30:00+00:00", "status": "partially_paid"}
    with unit_of_work():
        record_event("invoice.edited", invoice, actor=CLERK, now=now, before={"due_on": "some day"}, after=after)
    told = {name: (before, then) for name, before, then in timeline(visit, invoice)[0].changes}
    assert told["Due on"] == ("some day", "Jun 1, 2026")
    assert told["Status"] == ("", "Partially paid")
