"""Tickets whose promise is broken, or is due within the hour, are marked in the back office and found by a filter."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import MemberRole
from extensions import db
from tests.factories.people import AccountFactory
from tests.factories.support import TicketFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of

HOUR = dt.timedelta(hours=1)
LATE, SOON = "Overdue</span>", "Due within the hour</span>"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def desk(app, account):
    return staff_desk(app)


def due_in(account, hours, **values):
    due = dt.datetime.now(dt.UTC) + hours * HOUR if hours is not None else None
    ticket = TicketFactory(account=account, due_at=due, **values)
    db.session.commit()
    return ticket


def marks(desk, path):
    text = desk.get(path).get_data(as_text=True)
    return text.count(LATE), text.count(SOON)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(-1, (1, 0)), (0.5, (0, 1)), (2, (0, 0)), (None, (0, 0))],
    ids=["late", "soon", "time", "none"],
)
def test_the_list_and_the_ticket_are_marked_while_time_is_short(desk, account, hours, expected):
    ticket = due_in(account, hours)
    assert marks(desk, "/tickets/") == expected
    assert marks(desk, f"/tickets/{ticket.number}") == expected


def test_the_queue_and_filter_overdue_show_the_broken_promises_only(desk, account):
    late, soon, never = (due_in(account, hours) for hours in (-1, 0.5, None))
    assert ("Overdue", "/staff/tickets/?overdue=yes&sort=due_at") in page_of(desk.get("/tickets/")).links
    found = desk.get("/tickets/?overdue=yes").get_data(as_text=True)
    others = desk.get("/tickets/?overdue=no").get_data(as_text=True)
    assert [each.number in found for each in (late, soon, never)] == [True, False, False]
    assert [each.number in others for each in (late, soon, never)] == [False, True, True]


def test_members_see_no_marks(app, account):
    ticket = due_in(account, -1)
    member = member_desk(app, account, MemberRole.TICKETS)
    assert marks(member, "/tickets/") == (0, 0)
    assert marks(member, f"/tickets/{ticket.number}") == (0, 0)
