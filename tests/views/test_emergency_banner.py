"""The emergency banner: on every page of the accounts it is for and of the back office, while it is in force."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AnnouncementAccount
from tests.factories.people import AccountFactory, MemberFactory
from tests.factories.support import AnnouncementFactory
from tests.support.desk import member_desk, staff_desk

HOUR = dt.timedelta(hours=1)
WORDS = "Emergency: Outage in Frankfurt"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def current():
    return dt.datetime.now(dt.UTC)


def emergency(current, **values):
    usual = {"title": "Outage in Frankfurt", "body": "We **work** on it. <script>alert(1)</script>", "emergency": True}
    return AnnouncementFactory(**{**usual, "starts_at": current - HOUR, **values})


def only_for(announcement, account):
    db.session.add(AnnouncementAccount(announcement_id=announcement.id, account_id=account.id))
    db.session.flush()


def text_of(desk, path="/"):
    page = desk.get(path)
    assert page.status_code == 200
    return page.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/tickets/", "/tickets/new", "/inbox/"])
def test_every_page_of_the_portal_says_it_once_and_cleaned(app, account, current, path):
    emergency(current)
    text = text_of(member_desk(app, account, MemberRole.TICKETS), path)
    assert text.count(WORDS) == 1
    assert text.count('role="alert"') == 1
    assert "<strong>work</strong>" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("path", ["/", "/tickets/", "/announcements/"])
def test_pages_of_the_back_office_say_it_and_lead_to_it(app, account, current, path):
    announcement = emergency(current, for_all=False)
    only_for(announcement, account)
    text = text_of(staff_desk(app), path)
    assert WORDS in text
    assert f'href="/staff/announcements/{announcement.public_id}"' in text


def test_staff_who_may_not_read_announcements_get_no_link(app, session, current):
    announcement = emergency(current)
    text = text_of(staff_desk(app, StaffRole.BILLING))
    assert WORDS in text
    assert announcement.public_id not in text


def test_it_is_shown_to_the_chosen_accounts_only(app, account, current):
    only_for(emergency(current, for_all=False), account)
    other = AccountFactory(client_id="10002")
    assert WORDS in text_of(member_desk(app, account, MemberRole.OWNER))
    assert WORDS not in text_of(member_desk(app, other, MemberRole.OWNER))


@pytest.mark.parametrize(
    "values",
    [{"emergency": False}, {"starts_at": 1}, {"starts_at": -2, "ends_at": -1}],
    ids=["no emergency", "not yet", "over"],
)
def test_what_is_not_in_force_is_not_shown(app, account, current, values):
    moments = {name: current + value * HOUR for name, value in values.items() if name != "emergency"}
    emergency(current, **{**values, **moments})
    assert WORDS not in text_of(member_desk(app, account, MemberRole.OWNER))
    assert WORDS not in text_of(staff_desk(app))


def test_who_is_logged_in_as_a_member_sees_it_too(app, account, current):
    emergency(current)
    member = MemberFactory(account=account)
    desk = staff_desk(app)
    desk.confirm(f"/members/{member.public_id}/log-in-as", reason="They asked on the phone", minutes="15")
    assert WORDS in desk.client.get("/portal/10001/").get_data(as_text=True)


def test_it_costs_one_statement_while_it_is_in_force_and_none_otherwise(app, account, current):
    desk = member_desk(app, account, MemberRole.TICKETS)

    def statements():
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_more):
            asked.append(statement)

        text_of(desk, "/tickets/")
        engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            text_of(desk, "/tickets/")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return [each for each in asked if each.lstrip().upper().startswith(("SELECT", "WITH"))]

    before = statements()
    emergency(current)
    db.session.commit()
    assert len(statements()) == len(before) + 1
