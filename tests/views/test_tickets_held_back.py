"""A type of tickets that an announcement holds back: not offered in the portal, refused by name, open to staff."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import AnnouncementAccount, Ticket
from tests.factories.people import AccountFactory
from tests.factories.support import AnnouncementFactory, TicketTypeFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def current():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def kind(session):
    TicketTypeFactory(name="General")
    return TicketTypeFactory(name="Numbers")


@pytest.fixture
def member(app, account, kind):
    return member_desk(app, account, MemberRole.TICKETS)


def hold_back(kind, current, **values):
    usual = {"title": "We move the numbers", "starts_at": current - HOUR, "ends_at": current + HOUR}
    announcement = AnnouncementFactory(**{**usual, "blocked_ticket_type": kind, **values})
    db.session.commit()
    return announcement


def offered(desk):
    return page_of(desk.get("/tickets/new")).text


def test_it_is_not_offered_while_it_lasts(member, kind, current):
    assert "Numbers" in offered(member)
    hold_back(kind, current)
    text = offered(member)
    assert "Numbers" not in text
    assert "General" in text


def test_its_form_does_not_open_while_it_lasts(member, kind, current):
    hold_back(kind, current)
    answer = member.get(f"/tickets/new?ticket_type={kind.public_id}")
    assert answer.status_code == 422
    assert "Add ticket: Numbers" not in answer.get_data(as_text=True)


def test_what_was_filled_in_before_is_refused_by_name_and_nothing_is_saved(member, kind, current):
    path = f"/tickets/new?ticket_type={kind.public_id}"
    values = {**form_of(member.get(path)).values, "subject": "Move mine", "description": "Please."}
    hold_back(kind, current)
    answer = member.client.post(f"{member.base}{path}", data=values)
    assert answer.status_code == 409
    assert "Tickets of this type cannot be opened just now: We move the numbers." in said_by(answer)
    assert db.session.scalars(select(Ticket)).all() == []


def test_staff_may_still_open_it(app, account, kind, current):
    hold_back(kind, current)
    desk = staff_desk(app)
    assert "Numbers" in offered(desk)
    answer = desk.confirm(
        f"/tickets/new?ticket_type={kind.public_id}", account="10001", subject="Move theirs", description="Called us."
    )
    assert answer.status_code == 303
    assert db.session.scalars(select(Ticket.subject)).one() == "Move theirs"


def test_it_holds_for_the_chosen_accounts_only(app, member, account, kind, current):
    announcement = hold_back(kind, current, for_all=False)
    assert "Numbers" in offered(member)
    db.session.add(AnnouncementAccount(announcement_id=announcement.id, account_id=account.id))
    db.session.commit()
    assert "Numbers" not in offered(member)


@pytest.mark.parametrize("hours", [(-3, -1), (1, 3)], ids=["over", "not yet"])
def test_it_holds_for_its_time_only(member, kind, current, hours):
    starts, ends = (current + each * HOUR for each in hours)
    hold_back(kind, current, starts_at=starts, ends_at=ends)
    assert "Numbers" in offered(member)
