"""The numbers beside the navigation and the one address that keeps them fresh, by role and realm (SPEC F8)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import event

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Member, SignInSession, StaffMember, TicketSeen
from tests.factories.people import AccountFactory, LoginAsSessionFactory, OwnerFactory
from tests.factories.support import ChatSessionFactory, DiscussionFactory, MessageFactory, TicketFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def lately():
    return dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)


@pytest.fixture
def ticket(account, lately):
    """Answered by support an hour ago."""
    ticket = TicketFactory(account=account, number="T-900001", subject="Phones", last_message_at=lately)
    MessageFactory(discussion=DiscussionFactory(ticket=ticket), from_staff=True, created_at=lately)
    return ticket


@pytest.fixture
def member(app, account, ticket):
    return member_desk(app, account, MemberRole.TICKETS)


def told(desk):
    return desk.get("/counters/").json


def numbers_on(answer):
    """Slug -> words, of the numbers that a page shows."""
    found = re.findall(
        r'aria-label="([^"]*)"\s+data-counter="(\w+)"\s+data-text="([^"]*)"\s+(hidden)?', answer.get_data(as_text=True)
    )
    return {slug: words for words, slug, text, hidden in found if text and not hidden}


def test_a_member_is_told_of_tickets_with_new_answers_until_they_open_them(member, ticket):
    assert told(member)["tickets"] == {"number": 1, "text": "1", "words": "1 ticket with new answers"}
    assert numbers_on(member.get("/")) == {"tickets": "1 ticket with new answers"}
    page = page_of(member.get("/tickets/"))
    assert "T-900001, Phones: there are new answers." in page.text
    assert ("Read them", "/portal/10001/tickets/T-900001") in page.links
    assert numbers_on(member.get("/tickets/T-900001")) == {}  # it is before them
    assert told(member)["tickets"]["text"] == ""
    assert "there are new answers" not in page_of(member.get("/tickets/")).text


def test_the_button_of_the_group_says_the_sum(member):
    assert re.search(r'aria-label="1 new"\s+data-counter-sum="tickets"\s+data-text="1"', member.get("/").text)


def test_asking_and_lists_count_nothing_as_seen(member, session):
    for path in ("/counters/", "/tickets/", "/", "/tickets/export.csv", "/tickets/T-900001/answer"):
        assert member.get(path).status_code == 200
    assert session.query(TicketSeen).all() == []
    assert told(member)["tickets"]["number"] == 1


def test_opening_a_ticket_again_writes_nothing(member, session):
    member.get("/tickets/T-900001")
    first = session.query(TicketSeen).one().seen_at
    member.get("/tickets/T-900001")
    session.expire_all()
    assert session.query(TicketSeen).one().seen_at == first


def test_members_without_the_roles_and_strangers_are_told_nothing(app, account, ticket, client):
    billing = member_desk(app, account, MemberRole.BILLING)
    assert set(told(billing)) == {"bell", "your-jobs"}
    assert numbers_on(billing.get("/")) == {}
    assert member_desk(app, AccountFactory(), MemberRole.OWNER).client.get("/portal/10001/counters/").status_code == 404
    assert client.get("/portal/10001/counters/").status_code == 303
    assert client.get("/staff/counters/").status_code == 303


def test_another_account_counts_its_own(app, ticket):
    other = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert told(other)["tickets"]["number"] == 0


def test_an_agent_is_told_what_waits_in_their_queues_and_an_auditor_is_not(app, account):
    TicketFactory(account=account, department=None)
    ChatSessionFactory(account_id=account.id, member=OwnerFactory(account=account))
    db.session.commit()
    agent = staff_desk(app, StaffRole.SUPPORT_AGENT)
    assert numbers_on(agent.get("/")) == {"tickets": "1 ticket waits for you", "chats": "1 chat waits"}
    assert told(agent)["chats"]["number"] == 1
    assert set(told(staff_desk(app, StaffRole.AUDITOR))) == {"bell", "your-jobs"}


def test_staff_who_use_a_seat_see_no_news_and_leave_them(app, account, ticket, session):
    owner = OwnerFactory(account=account)
    clerk = staff_desk(app)
    now = dt.datetime.now(dt.UTC)
    LoginAsSessionFactory(
        staff_member=session.query(StaffMember).filter_by(person_id=clerk.person.id).one(),
        member=session.query(Member).filter_by(id=owner.id).one(),
        sign_in_session=session.query(SignInSession).filter_by(person_id=clerk.person.id).one(),
        expires_at=now + dt.timedelta(hours=1),
    )
    session.commit()
    assert clerk.client.get("/portal/10001/tickets/T-900001").status_code == 200
    assert clerk.client.get("/portal/10001/counters/").json.keys() == {"bell", "your-jobs"}
    assert session.query(TicketSeen).all() == []


def test_the_same_numbers_are_not_sent_again(member):
    first = member.get("/counters/")
    etag = {"If-None-Match": first.headers["ETag"]}
    assert member.get("/counters/", headers=etag).status_code == 304
    member.get("/tickets/T-900001")
    assert member.get("/counters/", headers=etag).status_code == 200


def test_asking_keeps_no_session_awake_in_either_realm(app, member, session):
    for desk in (member, staff_desk(app, StaffRole.SUPPORT_AGENT)):
        row = session.query(SignInSession).filter_by(person_id=desk.person.id).one()
        row.last_seen_at = before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        session.commit()
        assert desk.get("/counters/").status_code == 200
        session.refresh(row)
        assert row.last_seen_at == before


def test_all_numbers_of_a_page_are_one_statement(app, account, ticket):
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    owner = member_desk(app, account, MemberRole.OWNER)
    owner.get("/")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        owner.get("/members/")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    counted = [each for each in asked if any(name in each for name in ("ticket_seen", "chat_message", "notification"))]
    assert len(counted) == 1
