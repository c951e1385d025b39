"""What waits for whom: tickets with answers a member has not seen, tickets and chats that wait for an agent (SPEC F8)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.actor import Actor
from extensions import db
from models import ChatStatus, Member, StaffMember, TicketSeen, TicketStatus
from services import counters
from services.counters import Waiting, answered_tickets, waiting_for_member, waiting_for_staff
from services.notices import MOST_COUNTED, NEW_FOR, Reader
from services.ticket_desk import take_ticket
from services.ticket_seen import has_news, note_seen
from tests.factories.activity import NotificationFactory
from tests.factories.base import NOW
from tests.factories.people import DepartmentFactory, StaffMemberFactory
from tests.factories.support import (
    ChatMessageFactory,
    ChatSessionFactory,
    DiscussionFactory,
    MessageFactory,
    TicketFactory,
)
from tests.services.test_messages import LATER, Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk()


def reader(member: Member) -> Reader:
    return Reader(member.person_id, member.account_id)


def tickets_for(member: Member, now: dt.datetime, besides: str = "") -> int | None:
    return waiting_for_member(
        reader(member), member_id=member.id, tickets=True, chats=False, besides=besides, now=now
    ).tickets


def lines_for(member: Member, now: dt.datetime) -> int | None:
    return waiting_for_member(reader(member), member_id=member.id, tickets=False, chats=True, now=now).chats


def waiting_for_agent(agent: StaffMember, now: dt.datetime = NOW) -> Waiting:
    return waiting_for_staff(Reader(agent.person_id, None), agent_id=agent.id, now=now)


# Members: tickets


def test_an_answer_of_support_is_new_to_each_member_until_they_have_seen_it(desk: Desk, now: dt.datetime) -> None:
    assert tickets_for(desk.opener, now) == 0
    desk.write(desk.as_agent(), now)
    assert (tickets_for(desk.opener, now), tickets_for(desk.colleague, now)) == (1, 1)
    note_seen(desk.ticket, desk.opener.person_id, now=now)
    assert (tickets_for(desk.opener, now), tickets_for(desk.colleague, now)) == (0, 1)
    desk.write(desk.as_agent(), now + LATER)
    assert tickets_for(desk.opener, now + LATER) == 1


def test_what_customers_write_and_notes_among_staff_are_no_news(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_member(desk.colleague), now)
    desk.write(desk.as_agent(), now, internal=True)
    assert (tickets_for(desk.opener, now), has_news(desk.ticket, desk.opener.person_id, now=now)) == (0, False)


def test_whoever_answers_has_seen_what_they_answer(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    desk.write(desk.as_member(), now + LATER)
    assert (tickets_for(desk.opener, now + LATER), tickets_for(desk.colleague, now + LATER)) == (0, 1)


def test_staff_who_use_a_seat_see_nothing_for_its_member(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    seat = desk.as_member()
    staff = Actor(
        "Ann",
        seat.source,
        person_id=desk.agent.person_id,
        member_id=seat.member_id,
        account_id=seat.account_id,
        on_behalf_of_id=desk.opener.person_id,
    )
    desk.write(staff, now + LATER)
    assert db.session.scalars(select(TicketSeen)).all() == []
    assert tickets_for(desk.opener, now + LATER) == 1


def test_answers_of_another_account_are_not_counted(desk: Desk, now: dt.datetime) -> None:
    MessageFactory(
        discussion=DiscussionFactory(ticket=TicketFactory(last_message_at=now)), from_staff=True, created_at=now
    )
    assert tickets_for(desk.opener, now) == 0


def test_the_ticket_that_is_read_just_now_is_not_counted(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    assert tickets_for(desk.opener, now, besides=desk.ticket.number) == 0


def test_an_old_answer_is_new_to_nobody(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    assert tickets_for(desk.opener, now + NEW_FOR - LATER) == 1
    assert tickets_for(desk.opener, now + NEW_FOR) == 0
    assert has_news(desk.ticket, desk.opener.person_id, now=now + NEW_FOR) is False


def test_an_answer_in_a_merged_ticket_is_seen_in_the_one_it_went_into(desk: Desk, now: dt.datetime) -> None:
    merged = TicketFactory(account=desk.opener.account, merged_into_id=desk.ticket.id, last_message_at=now)
    MessageFactory(discussion=DiscussionFactory(ticket=merged), from_staff=True, created_at=now)
    assert has_news(desk.ticket, desk.opener.person_id, now=now)
    note_seen(desk.ticket, desk.opener.person_id, now=now)
    assert tickets_for(desk.opener, now) == 0


def test_a_slow_page_takes_back_nothing_that_was_seen(desk: Desk, now: dt.datetime) -> None:
    message = desk.write(desk.as_agent(), now)
    note_seen(desk.ticket, desk.opener.person_id, now=now)
    row = db.session.scalars(select(TicketSeen)).one()
    note_seen(desk.ticket, desk.opener.person_id, now=now + LATER)
    db.session.refresh(row)
    assert (row.message_id, row.seen_at) == (message.id, now)


def test_the_tickets_with_news_are_named_the_newest_first(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    other = TicketFactory(account=desk.opener.account, last_message_at=now + LATER)
    MessageFactory(discussion=DiscussionFactory(ticket=other), from_staff=True, created_at=now)
    found = answered_tickets(desk.opener.account_id, desk.opener.person_id, limit=5, now=now)
    assert [each.number for each in found] == [other.number, desk.ticket.number]


def test_no_more_than_a_hundred_are_counted(desk: Desk, now: dt.datetime) -> None:
    for _number in range(MOST_COUNTED + 1):
        ticket = TicketFactory(account=desk.opener.account, last_message_at=now)
        MessageFactory(
            discussion=DiscussionFactory(ticket=ticket), from_staff=True, created_at=now, author=desk.agent.person
        )
    assert tickets_for(desk.opener, now) == MOST_COUNTED


def test_only_so_many_tickets_are_looked_at_that_no_page_waits(
    desk: Desk, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(desk.as_agent(), now)
    quiet = TicketFactory(account=desk.opener.account, last_message_at=now + LATER)
    monkeypatch.setattr(counters, "MOST_LOOKED_AT", 1)
    counters._for_member.cache_clear()
    try:
        assert tickets_for(desk.opener, now + LATER) == 0
        assert tickets_for(desk.opener, now + LATER, besides=quiet.number) == 1
    finally:
        counters._for_member.cache_clear()


# Members: the chat


def test_lines_of_support_after_ones_own_last_one_are_new(desk: Desk, now: dt.datetime) -> None:
    chat = ChatSessionFactory(member=desk.opener, status=ChatStatus.OPEN, staff_member=desk.agent, last_sequence=3)
    for sequence, from_staff in ((1, False), (2, True), (3, True)):
        ChatMessageFactory(chat_session=chat, sequence=sequence, from_staff=from_staff)
    assert (lines_for(desk.opener, now), lines_for(desk.colleague, now)) == (2, 0)
    ChatMessageFactory(chat_session=chat, sequence=4, from_staff=False)
    assert lines_for(desk.opener, now) == 0


def test_a_closed_chat_has_no_news(desk: Desk, now: dt.datetime) -> None:
    chat = ChatSessionFactory(member=desk.opener, status=ChatStatus.CLOSED, closed_at=now, last_sequence=1)
    ChatMessageFactory(chat_session=chat, sequence=1, from_staff=True)
    assert lines_for(desk.opener, now) == 0


def test_all_numbers_are_one_statement_and_none_for_others_eyes(desk: Desk, now: dt.datetime) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    NotificationFactory(account=desk.opener.account, person=desk.opener.person, created_at=now)
    own, others, member_id = reader(desk.opener), Reader(None, desk.opener.account_id), desk.opener.id
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert waiting_for_member(others, member_id=member_id, tickets=True, chats=True, now=now) == Waiting()
        assert asked == []
        found = waiting_for_member(own, member_id=member_id, tickets=True, chats=True, now=now)
        assert (found, len(asked)) == (Waiting(1, 0, 0), 1)
        found = waiting_for_member(own, member_id=member_id, tickets=False, chats=False, now=now)
        assert (found, len(asked)) == (Waiting(1, None, None), 2)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


# Agents


def test_who_is_no_agent_is_told_of_notices_alone(desk: Desk, now: dt.datetime) -> None:
    NotificationFactory(account=None, person=desk.agent.person, created_at=now)
    assert waiting_for_staff(Reader(desk.agent.person_id, None), agent_id=None, now=now) == Waiting(1, None, None)


def test_a_ticket_waits_for_the_agents_of_its_department_until_one_takes_it(desk: Desk, now: dt.datetime) -> None:
    other = StaffMemberFactory()
    assert (waiting_for_agent(desk.agent).tickets, waiting_for_agent(other).tickets) == (1, 0)
    desk.ticket.department = None
    db.session.flush()
    assert waiting_for_agent(other).tickets == 1
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    db.session.flush()
    assert (waiting_for_agent(desk.agent).tickets, waiting_for_agent(other).tickets) == (1, 0)


@pytest.mark.parametrize(
    ("status", "waits"),
    [("open", 1), ("waiting_for_support", 1), ("waiting_for_customer", 0), ("solved", 0), ("archived", 0)],
)
def test_only_tickets_that_wait_for_support_wait_for_an_agent(
    desk: Desk, now: dt.datetime, status: str, waits: int
) -> None:
    desk.ticket.status = TicketStatus(status)
    desk.ticket.solved_at = desk.ticket.archived_at = now
    db.session.flush()
    assert waiting_for_agent(desk.agent).tickets == waits


def test_a_ticket_assigned_across_departments_waits_for_its_agent(desk: Desk) -> None:
    desk.ticket.department, desk.ticket.assignee = DepartmentFactory(), desk.agent
    db.session.flush()
    assert waiting_for_agent(desk.agent).tickets == 1


def test_chats_wait_that_nobody_took_and_own_ones_in_which_the_member_wrote_last(desk: Desk) -> None:
    ChatSessionFactory(member=desk.opener)
    assert waiting_for_agent(desk.agent).chats == 1
    mine = ChatSessionFactory(member=desk.colleague, status=ChatStatus.OPEN, staff_member=desk.agent, last_sequence=1)
    ChatMessageFactory(chat_session=mine, sequence=1, from_staff=False)
    assert (waiting_for_agent(desk.agent).chats, waiting_for_agent(StaffMemberFactory()).chats) == (2, 1)
    mine.last_sequence = 2
    ChatMessageFactory(chat_session=mine, sequence=2, from_staff=True)
    assert waiting_for_agent(desk.agent).chats == 1
