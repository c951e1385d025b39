"""The support chat: who starts one and when, whose it is, numbers without gaps, and what becomes of it (SPEC F6)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from extensions import db
from models import Account, AuditEvent, ChatMessage, ChatSession, ChatStatus, Message, TicketParticipant
from services.chats import (
    LONGEST_TEXT,
    ChatClosed,
    ChatContractEnded,
    ChatIsTicket,
    ChatNotTaken,
    ChatOfAnother,
    ChatRunning,
    ChatTakenAlready,
    ChatTextMissing,
    ChatTextTooLong,
    OnlyMembersStart,
    chat_to_ticket,
    close_chat,
    messages_after,
    say,
    start_chat,
    take_chat,
)
from services.people import NotWhileLoggedInAs
from services.tickets import TicketTypeNotOffered
from tests.factories.base import NOW
from tests.factories.people import AccountFactory, MemberFactory, PersonFactory, StaffMemberFactory
from tests.factories.support import TicketTypeFactory
from tests.services.money import CLERK, rows_of

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def account(session):
    return db.session.merge(AccountFactory(support_contract_until=NOW.date()))


@pytest.fixture
def mia(account):
    person = PersonFactory(first_name="Mia", last_name="Marsh")
    return actor_of(MemberFactory(account=account, person=person))


def actor_of(member, **more) -> Actor:
    return Actor(
        "Mia Marsh",
        Source.PORTAL,
        person_id=member.person_id,
        member_id=member.id,
        account_id=member.account_id,
        **more,
    )


def agent_of(staff_member) -> Actor:
    return Actor("Ann Lee", Source.STAFF, person_id=staff_member.person_id, staff_member_id=staff_member.id)


@pytest.fixture
def ann(session):
    return agent_of(StaffMemberFactory(person__first_name="Ann", person__last_name="Lee"))


@pytest.fixture
def chat(account, mia):
    return start_chat(account, " My phone is silent. ", actor=mia, now=NOW)


def said(chat) -> list[tuple[int, str, bool]]:
    return [(each.sequence, each.text, each.from_staff) for each in messages_after(chat, 0)]


def test_a_chat_waits_with_its_first_message(chat, mia):
    assert (chat.status, chat.member_id, chat.staff_member_id) == (ChatStatus.WAITING, mia.member_id, None)
    assert said(chat) == [(1, "My phone is silent.", False)]


@pytest.mark.parametrize("until", [None, NOW.date() - dt.timedelta(days=1)])
def test_without_a_contract_that_runs_no_chat_is_started_nor_gone_on_with(account, mia, chat, until):
    account.support_contract_until = until
    with pytest.raises(ChatContractEnded):
        say(chat, text="Hello?", actor=mia, now=NOW)
    close_chat(chat, actor=mia, now=NOW)
    with pytest.raises(ChatContractEnded):
        start_chat(account, "Hello?", actor=mia, now=NOW)
    assert rows_of(ChatSession) == 1


def test_a_member_is_in_one_chat_at_a_time(account, mia, chat):
    with pytest.raises(ChatRunning):
        start_chat(account, "Hello?", actor=mia, now=NOW)
    close_chat(chat, actor=mia, now=NOW)
    assert start_chat(account, "Hello?", actor=mia, now=NOW).id != chat.id


def test_only_a_member_of_the_account_starts_one(account, mia, ann):
    with pytest.raises(OnlyMembersStart):
        start_chat(account, "Hello?", actor=ann, now=NOW)
    with pytest.raises(OnlyMembersStart):
        start_chat(db.session.get_one(Account, AccountFactory().id), "Hello?", actor=mia, now=NOW)
    assert rows_of(ChatSession) == 0


def test_staff_logged_in_as_a_member_neither_start_nor_write(account, chat):
    member = MemberFactory(account=account)
    used = actor_of(member, on_behalf_of_id=member.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        start_chat(account, "Hello?", actor=used, now=NOW)
    with pytest.raises(NotWhileLoggedInAs):
        say(chat, text="Hello?", actor=used, now=NOW)


@pytest.mark.parametrize(
    ("text", "refusal"), [("", ChatTextMissing), (" \n", ChatTextMissing), ("x" * (LONGEST_TEXT + 1), ChatTextTooLong)]
)
def test_a_message_says_something_of_some_length(account, mia, chat, text, refusal):
    with pytest.raises(refusal):
        say(chat, text=text, actor=mia, now=NOW)
    assert len(said(chat)) == 1


def test_both_sides_write_and_numbers_have_no_gaps(chat, mia, ann):
    take_chat(chat, actor=ann, now=NOW + MINUTE)
    say(chat, text="We look.", actor=ann, now=NOW + MINUTE)
    say(chat, text="Thank you.", actor=mia, now=NOW + 2 * MINUTE)
    assert said(chat) == [(1, "My phone is silent.", False), (2, "We look.", True), (3, "Thank you.", False)]
    assert [each.sequence for each in messages_after(chat, 2)] == [3]
    assert (chat.status, chat.taken_at, chat.last_sequence) == (ChatStatus.OPEN, NOW + MINUTE, 3)


def test_staff_take_a_chat_before_they_write_and_once(chat, ann):
    with pytest.raises(ChatNotTaken):
        say(chat, text="We look.", actor=ann, now=NOW)
    take_chat(chat, actor=ann, now=NOW)
    with pytest.raises(ChatTakenAlready):
        take_chat(chat, actor=ann, now=NOW)


def test_a_colleague_takes_over(chat, ann):
    bob = agent_of(StaffMemberFactory())
    take_chat(chat, actor=ann, now=NOW)
    take_chat(chat, actor=bob, now=NOW + MINUTE)
    assert (chat.staff_member_id, chat.taken_at) == (bob.staff_member_id, NOW)
    with pytest.raises(ChatNotTaken):
        say(chat, text="We look.", actor=ann, now=NOW)


def test_a_colleague_of_the_member_neither_writes_nor_closes(account, chat):
    colleague = actor_of(MemberFactory(account=account))
    for act in (
        lambda: say(chat, text="Hello?", actor=colleague, now=NOW),
        lambda: close_chat(chat, actor=colleague, now=NOW),
    ):
        with pytest.raises(ChatOfAnother):
            act()


def test_in_a_closed_chat_nothing_is_done_any_more(chat, mia, ann):
    close_chat(chat, actor=mia, now=NOW + MINUTE)
    for act in (
        lambda: say(chat, text="Hello?", actor=mia, now=NOW),
        lambda: take_chat(chat, actor=ann, now=NOW),
        lambda: close_chat(chat, actor=ann, now=NOW),
    ):
        with pytest.raises(ChatClosed):
            act()
    assert (chat.closed_at, len(said(chat))) == (NOW + MINUTE, 1)


def test_a_chat_becomes_a_ticket_in_which_the_member_takes_part(chat, mia, ann):
    TicketTypeFactory(name="General")
    take_chat(chat, actor=ann, now=NOW)
    say(chat, text="Which one?\nThe red one?", actor=ann, now=NOW + MINUTE)
    ticket = chat_to_ticket(chat, subject="Silent phone", actor=ann, now=NOW + 2 * MINUTE)
    message = db.session.scalars(select(Message)).one()
    assert "Mia Marsh, May 15, 2026, 09:30 (UTC):\n> My phone is silent." in message.body
    assert "Ann Lee, May 15, 2026, 09:31 (UTC):\n> Which one?\n> The red one?" in message.body
    assert message.body.index("Mia Marsh") < message.body.index("Ann Lee")
    assert (chat.ticket_id, chat.status) == (ticket.id, ChatStatus.CLOSED)
    assert mia.person_id in set(db.session.scalars(select(TicketParticipant.person_id)))
    with pytest.raises(ChatIsTicket):
        chat_to_ticket(chat, subject="Again", actor=ann, now=NOW)


def test_of_a_long_chat_the_ticket_holds_the_end(chat, mia, ann):
    TicketTypeFactory(name="General")
    for number in range(30):
        say(chat, text=f"{number} " + "x" * 1_000, actor=mia, now=NOW)
    chat_to_ticket(chat, subject="Long", actor=ann, now=NOW)
    body = db.session.scalars(select(Message.body)).one()
    assert "> 29 x" in body
    assert "My phone is silent" not in body


def test_without_a_type_no_ticket_is_made(chat, ann):
    with pytest.raises(TicketTypeNotOffered):
        chat_to_ticket(chat, subject="Silent phone", actor=ann, now=NOW)
    assert (chat.ticket_id, chat.status) == (None, ChatStatus.WAITING)


def test_every_step_is_audited(chat, mia, ann):
    TicketTypeFactory(name="General")
    take_chat(chat, actor=ann, now=NOW)
    say(chat, text="Hello.", actor=ann, now=NOW)
    chat_to_ticket(chat, subject="Silent phone", actor=ann, now=NOW)
    db.session.commit()
    events = set(db.session.scalars(select(AuditEvent.event)))
    steps = ("started", "taken", "said", "became_ticket", "closed")
    assert {f"chat_session.{step}" for step in steps} <= events


def test_the_clerk_of_a_job_may_not_take_one(chat):
    with pytest.raises(ChatTakenAlready):
        take_chat(chat, actor=CLERK, now=NOW)
    assert rows_of(ChatMessage) == 1
