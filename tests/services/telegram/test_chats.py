"""What people send to the bot becomes a ticket or an answer, once, within the rights they have at that moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from integrations.telegram_updates import Update
from models import (
    AuditEvent,
    Discussion,
    Message,
    MessageSource,
    NotificationChannel,
    NotificationDelivery,
    StaffStatus,
    TelegramDialogue,
    TelegramUpdate,
    Ticket,
    TicketStatus,
)
from services import telegram_chats
from services.audit import write_waiting_events
from services.mail_threads import reply_addresses
from services.sign_in import person_as_actor
from services.telegram_chats import AnsweredNothing, CommandUnknown, OnlyTextAndFiles, TicketNotNamed, receive_update
from services.telegram_dialogues import (
    NothingBegun,
)
from services.telegram_writers import NotFromHere, StaffOpenElsewhere
from services.ticket_desk import merge_ticket
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, MemberRoleGrantFactory, StaffMemberFactory, TelegramBindingFactory
from tests.factories.support import (
    DiscussionFactory,
    TicketFactory,
    TicketParticipantFactory,
)
from tests.support.chat_house import ENDS, answered_by_staff, rows, take_role
from tests.support.chatting import BOT, Chat
from tests.support.door import BROWSER
from tests.support.together import all_at_once

LONG, HOUR = "x" * 256, dt.timedelta(hours=1)


# Answering


def test_a_reply_becomes_a_message_of_the_same_discussion(chat, seat, agent, discussion, now):
    number = answered_by_staff(discussion, agent, now)
    other = DiscussionFactory(ticket=discussion.ticket, title="Another matter")
    assert chat.says("It works now.", replied_to=number) == "Your answer in ticket T-000777 is sent."
    message = rows(Message)[-1]
    assert (message.discussion_id, message.body, message.author_id) == (discussion.id, "It works now.", seat.person_id)
    assert (message.source, message.from_staff, message.internal) == (MessageSource.TELEGRAM, False, False)
    assert message.title == "It rings only once"
    assert rows(Ticket)[0].status is TicketStatus.WAITING_FOR_SUPPORT
    assert other.id != message.discussion_id


def test_what_staff_write_is_said_in_the_chat_with_its_words(chat, agent, discussion, now):
    answered_by_staff(discussion, agent, now, "Try *this*: <b>again</b>")
    [told] = chat.told()
    assert told.text.startswith("[T-000777] It rings only once\n\n")
    assert "Try *this*: <b>again</b>" in told.text
    assert told.headers == {"discussion": discussion.public_id}


def test_a_long_answer_is_cut_and_keeps_its_link(chat, agent, discussion, now):
    answered_by_staff(discussion, agent, now, "Words. " * 1000)
    [told] = chat.told()
    assert len(told.text) <= 2001
    assert told.text.rstrip().endswith("/tickets/T-000777")
    assert "…" in told.text


def test_others_learn_of_an_answer_as_of_any_other(chat, seat, agent, discussion, now):
    number = answered_by_staff(discussion, agent, now)
    colleague = MemberFactory(account=seat.account)
    TicketParticipantFactory(ticket=discussion.ticket, person=colleague.person)
    chat.says("It works now.", replied_to=number)
    mailed = select(NotificationDelivery.person_id).where(
        NotificationDelivery.channel == NotificationChannel.EMAIL,
        NotificationDelivery.text.contains("It works now."),
    )
    assert set(db.session.scalars(mailed)) == {agent.person_id, colleague.person_id}


def test_an_answer_is_audited_as_one_by_telegram(chat, seat, discussion, now):
    chat.says("/answer T-000777 Yes.")
    write_waiting_events()
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "ticket.answered")).one()
    assert (event.source, event.actor_person_id, event.account_id) == ("telegram", seat.person_id, seat.account_id)


@pytest.mark.parametrize(
    "text", ["/answer T-000777 It works.", "/answer t-000777\nIt works.", "/answer@bot T-000777  It works."]
)
def test_a_ticket_is_answered_by_its_number(chat, discussion, text):
    assert chat.says(text) == "Your answer in ticket T-000777 is sent."
    assert [message.body for message in rows(Message)] == ["It works."]


def test_a_message_whose_number_nobody_learned_is_known_by_the_ticket_it_names(chat, discussion):
    said = chat.says("Yes.", replied_to=4711, replied_text="[T-000777] It rings only once\n\nHello")
    assert said == "Your answer in ticket T-000777 is sent."


def test_a_reply_to_something_else_is_no_answer(chat, discussion):
    assert (
        chat.says("Yes.", replied_to=4711, replied_text="Hello\n[T-000777] in the second line")
        == AnsweredNothing.message
    )
    assert chat.says("Yes.", replied_to=4711, replied_text="[T-999999] Nothing") == AnsweredNothing.message
    assert rows(Message) == []


def test_the_reply_to_a_message_in_another_chat_is_none(chat, seat, agent, discussion, now):
    number = answered_by_staff(discussion, agent, now)
    other = MemberFactory(account=seat.account)
    MemberRoleGrantFactory(member=other, role=MemberRole.TICKETS)
    TelegramBindingFactory(person=other.person, chat_id=7002)
    assert Chat(7002, now).says("Yes.", replied_to=number) == AnsweredNothing.message


def test_a_text_of_255_characters_is_sent_and_one_more_is_refused_with_what_to_do(chat, discussion):
    assert "is sent" in chat.says(f"/answer T-000777 {LONG[:-1]}")
    said = chat.says(f"/answer T-000777 {LONG}")
    assert said.startswith("From here a text has at most 255 characters, and this one has 256. Shorten it, or write in")
    assert len(rows(Message)) == 1


def test_a_merged_ticket_is_answered_where_it_goes_on(chat, seat, agent, discussion, now):
    number = answered_by_staff(discussion, agent, now)
    kept = TicketFactory(account=seat.account, number="T-000888")
    goes_on = DiscussionFactory(ticket=kept)
    db.session.commit()
    with unit_of_work():
        actor = replace(person_as_actor(agent.person, BROWSER), staff_member_id=agent.id)
        merge_ticket(discussion.ticket, into="T-000888", actor=actor, now=now)
    assert chat.says("Yes.", replied_to=number) == "Your answer in ticket T-000888 is sent."
    assert rows(Message)[-1].discussion_id == goes_on.id


def test_an_archived_ticket_says_what_to_do(chat, discussion, now):
    discussion.ticket.status, discussion.ticket.archived_at = TicketStatus.ARCHIVED, now
    assert "is archived" in chat.says("/answer T-000777 Yes.")
    assert rows(Message) == []


@pytest.mark.parametrize("text", ["/answer", "/answer  "])
def test_an_answer_names_its_ticket(chat, text):
    assert chat.says(text) == TicketNotNamed.message


# Rights, asked anew each time


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("text", ["/answer T-000777 Yes.", "/new", "/tickets"])
def test_who_lost_the_right_is_told_the_same_whatever_it_was(chat, seat, kind, discussion, now, end, text):
    end(seat, now)
    assert chat.says(text) == NotFromHere.message
    assert (rows(Message), rows(TelegramDialogue)) == ([], [])


@pytest.mark.parametrize("end", [each for each in ENDS if each is not take_role], ids=lambda each: each.__name__)
@pytest.mark.parametrize("text", ["/help", "/start", "/cancel", "/done", "Hello", "1"])
def test_who_may_not_come_in_any_more_can_do_nothing_but_disconnect(chat, seat, kind, now, end, text):
    chat.says("/new")
    end(seat, now)
    assert chat.says(text) == NotFromHere.message
    assert len(rows(TelegramDialogue)) == 1
    assert "is disconnected" in chat.says("/stop")


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_rights_are_asked_again_when_a_message_is_answered(chat, seat, agent, discussion, now, end):
    number = answered_by_staff(discussion, agent, now)
    end(seat, now)
    assert chat.says("Yes.", replied_to=number) == NotFromHere.message
    assert len(rows(Message)) == 1


def test_a_ticket_of_another_account_is_answered_like_one_that_there_is_not(chat, now):
    foreign = DiscussionFactory(ticket=TicketFactory(number="T-000999"))
    assert chat.says("/answer T-000999 Yes.") == chat.says("/answer T-123456 Yes.") == NotFromHere.message
    assert chat.says("Yes.", replied_to=1, replied_text="[T-000999] Theirs") == NotFromHere.message
    assert foreign.id
    assert rows(Message) == []


def test_staff_answer_tickets_that_they_are_shown(session, now, discussion, agent):
    TelegramBindingFactory(person=agent.person, chat_id=7003)
    chat = Chat(7003, now)
    assert chat.says("/answer T-000777 Try it again.") == "Your answer in ticket T-000777 is sent."
    [message] = rows(Message)
    assert (message.from_staff, message.source) == (True, MessageSource.TELEGRAM)
    assert rows(Ticket)[0].status is TicketStatus.WAITING_FOR_CUSTOMER


def test_staff_who_are_not_shown_a_ticket_do_not_answer_it(session, now, discussion):
    agent = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)  # of no department
    TelegramBindingFactory(person=agent.person, chat_id=7003)
    assert Chat(7003, now).says("/answer T-000777 Try it again.") == NotFromHere.message
    assert rows(Message) == []


def test_staff_who_only_read_or_left_do_not_answer(session, now, discussion):
    auditor = StaffMemberFactory(role=StaffRole.AUDITOR)
    gone = StaffMemberFactory(role=StaffRole.ADMINISTRATOR, status=StaffStatus.DISABLED)
    for number, person in enumerate((auditor.person, gone.person)):
        TelegramBindingFactory(person=person, chat_id=7100 + number)
        assert Chat(7100 + number, now).says("/answer T-000777 Yes.") == NotFromHere.message
    assert rows(Message) == []


def test_staff_open_tickets_elsewhere(session, now, agent):
    TelegramBindingFactory(person=agent.person, chat_id=7003)
    assert Chat(7003, now).says("/new") == StaffOpenElsewhere.message


# The list, help, and what is not understood


def test_the_list_holds_what_one_takes_part_in_and_is_in_progress(chat, seat, discussion, now):
    solved = TicketFactory(account=seat.account, number="T-000778", status=TicketStatus.SOLVED, solved_at=now)
    TicketParticipantFactory(ticket=solved, person=seat.person)
    TicketFactory(account=seat.account, number="T-000779")
    foreign = TicketFactory(number="T-000780")
    TicketParticipantFactory(ticket=foreign, person=seat.person)
    left = TicketFactory(account=seat.account, number="T-000781")
    TicketParticipantFactory(ticket=left, person=seat.person, left_at=now)
    assert chat.says("/tickets") == ("Your open tickets, the newest first:\n\nT-000777 (open) It rings only once")


def test_the_list_of_staff_holds_what_is_theirs(session, agent, discussion, now):
    TelegramBindingFactory(person=agent.person, chat_id=7003)
    assert "no open tickets" in Chat(7003, now).says("/tickets")
    discussion.ticket.assignee = agent
    assert "T-000777" in Chat(7003, now).says("/tickets")


def test_help_is_given_and_what_is_unknown_is_said(chat):
    assert "/new opens a ticket" in chat.says("/help")
    assert "/new opens a ticket" in chat.says("/start")
    assert chat.says("/frobnicate") == CommandUnknown.message
    assert chat.says(unreadable=True) == OnlyTextAndFiles.message
    assert chat.says("Hello") == NothingBegun.message


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "\u202eevil",
        "/new /new",
        "{{ 7*7 }}",
        "%s%n",
        "🙂" * 200,
        "\\",
    ],
)
def test_hostile_words_are_words(chat, discussion, text):
    assert "is sent" in chat.says(f"/answer T-000777 {text}")
    assert rows(Message)[-1].body == text


# Once


def test_the_same_update_twice_does_one_thing(chat, discussion):
    update = chat.update("/answer T-000777 Yes.")
    assert [chat.sends(update), chat.sends(update)] == [True, False]
    assert len(rows(Message)) == 1


def test_the_same_update_twice_is_refused_once(chat):
    update = chat.update("/answer T-000777 Yes.")
    assert [chat.sends(update), chat.sends(update)] == [True, False]
    said = select(func.count()).select_from(NotificationDelivery)
    assert db.session.scalar(said) == 1


def test_the_same_update_at_two_runners_does_one_thing(chat, discussion):
    update = chat.update("/answer T-000777 Yes.")
    done = all_at_once(lambda _number: receive_update(update, bot=BOT, gateway=chat.gateway, now=chat.now), times=3)
    assert sorted(done) == [False, False, True]
    assert len(rows(Message)) == 1


def test_a_crash_before_the_commit_leaves_nothing_and_the_update_comes_again(chat, discussion, monkeypatch):
    update = chat.update("/answer T-000777 Yes.")

    def crash(*_given, **_named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(telegram_chats, "say", crash)
        with pytest.raises(KeyboardInterrupt):
            chat.sends(update)
    assert (rows(Message), rows(TelegramUpdate)) == ([], [])
    assert chat.sends(update)
    assert len(rows(Message)) == 1


def test_the_same_number_of_another_bot_is_another_update(chat, discussion):
    update = chat.update("/answer T-000777 Yes.")
    chat.sends(update)
    assert receive_update(update, bot="2", gateway=chat.gateway, now=chat.now)
    assert len(rows(Message)) == 2


def test_the_discussion_of_a_notice_is_known_without_a_domain_for_mails(chat, agent, discussion, now):
    reply_addresses.bind("a secret key", "")
    number = answered_by_staff(discussion, agent, now)
    assert "is sent" in chat.says("Yes.", replied_to=number)
    assert isinstance(discussion, Discussion)


def test_an_update_that_means_nothing_is_taken(session, now, chat):
    assert chat.sends(Update(5))
    assert not chat.sends(Update(5))
