"""What is written in a chat step by step: new tickets, answers with files, and what becomes of what nobody sends."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import MemberRole
from extensions import db
from integrations.telegram_updates import SentFile
from models import (
    DialogueStep,
    File,
    Message,
    MessageAttachment,
    MessageSource,
    NotificationDelivery,
    TelegramDialogue,
    TelegramFile,
    Ticket,
    TicketFieldKind,
    TicketStatus,
)
from services.attachments import LARGEST_FILE
from services.erasure import erase_person
from services.sign_in import person_as_actor
from services.stored_files import stored_files
from services.telegram_dialogues import (
    KEPT_FOR,
    FilesComeLater,
    NotDoneYet,
    NothingBegun,
    TextIsThere,
    WritingAlready,
    forget_old_dialogues,
)
from services.telegram_files import MOST_FILES, TooManyChatFiles
from services.telegram_questions import AnswerNeeded, NotAmongThese, YesOrNo, subject_of
from services.telegram_writers import NotFromHere
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, MemberRoleGrantFactory
from tests.factories.support import (
    AnnouncementFactory,
    TicketFactory,
    TicketFieldFactory,
    TicketTypeFactory,
)
from tests.support.chat_house import ENDS, answered_by_staff, rows, send_all, take_role
from tests.support.chatting import PNG, Chat
from tests.support.door import BROWSER
from tests.support.due_jobs import run_due_jobs

LONG, HOUR = "x" * 256, dt.timedelta(hours=1)


# A new ticket


def test_a_ticket_is_opened_step_by_step(chat, seat, kind, now):
    assert chat.says("/new") == "What is it about? Send the number.\n\n1. Something is broken"
    assert "at most 255 characters" in chat.says("1")
    assert "Send up to 5 files now" in chat.says("It rings only once\nsince Monday")
    assert "1 of 5 files is kept" in chat.shows("", ("photo.jpg", PNG))
    assert "2 of 5 files are kept" in chat.shows("", ("log.txt", b"a log"))
    said = chat.says("/done")
    [ticket] = rows(Ticket)
    assert said == (
        f"Ticket {ticket.number} is open: It rings only once\n\nhttps://portal.example/portal/20001/tickets/{ticket.number}"
    )
    assert (ticket.account_id, ticket.opened_by_id, ticket.source) == (
        seat.account_id,
        seat.person_id,
        MessageSource.TELEGRAM,
    )
    assert (ticket.ticket_type_id, ticket.status) == (kind.id, TicketStatus.OPEN)
    [message] = rows(Message)
    assert (message.body, message.source) == ("It rings only once\nsince Monday", MessageSource.TELEGRAM)
    assert [(each.name, each.position) for each in rows(MessageAttachment)] == [("photo.jpg", 0), ("log.txt", 1)]
    assert rows(TelegramDialogue) == rows(TelegramFile) == []


def test_the_answer_to_what_the_bot_says_of_it_goes_into_the_new_ticket(chat, kind, now):
    for text in ("/new", "1", "It rings only once", "/done"):
        chat.says(text)
    number = send_all(now)
    assert "is sent" in chat.says("It rings twice now.", replied_to=number)
    assert [message.body for message in rows(Message)] == ["It rings only once", "It rings twice now."]


def test_who_has_several_accounts_chooses_among_those_where_the_roles_cover_it(chat, seat, kind, now):
    second = MemberFactory(person=seat.person, account__name="Beta", account__client_id="20002")
    MemberRoleGrantFactory(member=second, role=MemberRole.TICKETS)
    MemberFactory(person=seat.person, account__name="Gamma")  # without the role
    assert chat.says("/new") == "For which account is it? Send its number.\n\n1. Acme (20001)\n2. Beta (20002)"
    for wrong in ("3", "0", "Gamma", "-1", "1.0", "²", "9" * 400):
        assert chat.says(wrong) in (NotAmongThese.message, _too_long(wrong))
    assert "What is it about?" in chat.says("2")
    for text in ("1", "It rings", "/done"):
        chat.says(text)
    assert [ticket.account_id for ticket in rows(Ticket)] == [second.account_id]


def _too_long(text):
    return (
        f"From here a text has at most 255 characters, and this one has {len(text)}. Shorten it, or write in the "
        "portal: https://portal.example"
    )


def test_types_are_those_of_the_portal(chat, seat, kind, now):
    TicketTypeFactory(name="Retired", retired=True)
    TicketTypeFactory(name="Internal", internal=True)
    held = TicketTypeFactory(name="Held back")
    AnnouncementFactory(blocked_ticket_type=held, starts_at=now - HOUR, ends_at=now + HOUR, for_all=True)
    assert chat.says("/new") == "What is it about? Send the number.\n\n1. Something is broken"


def test_a_type_that_was_taken_away_meanwhile_is_not_opened(chat, kind, now):
    for text in ("/new", "1", "It rings"):
        chat.says(text)
    kind.retired = True
    assert "can no longer be opened" in chat.says("/done")
    assert rows(Ticket) == []


def test_the_questions_of_the_type_are_asked_in_turn(chat, kind, now):
    field = TicketFieldFactory
    field(ticket_type=kind, key="version", label="Which version?", position=1, max_length=5)
    field(
        ticket_type=kind,
        key="place",
        label="Where?",
        kind=TicketFieldKind.CHOICE,
        choices=["Here", "There"],
        position=2,
    )
    field(ticket_type=kind, key="again", label="Again?", kind=TicketFieldKind.YES_NO, position=3)
    field(ticket_type=kind, key="since", label="Since when?", kind=TicketFieldKind.DATE, required=False, position=4)
    chat.says("/new")
    assert chat.says("1") == "Which version?"
    assert chat.says("123456") == "Enter at most 5 characters. These are 6."
    assert chat.says("/skip") == AnswerNeeded.message
    assert chat.says("7.1") == "Where? Send the number.\n\n1. Here\n2. There"
    assert chat.says("Elsewhere") == NotAmongThese.message
    assert chat.says("2") == "Again?\n\nyes or no"
    assert chat.says("perhaps") == YesOrNo.message
    assert chat.says("No") == "Since when?\n\n/skip leaves it out."
    assert chat.says("yesterday") == "Enter a date like 2026-01-31."
    assert "Say what it is about" in chat.says("/skip")
    chat.says("It rings")
    chat.says("/done")
    assert rows(Ticket)[0].answers == {"version": "7.1", "place": "There", "again": False, "since": None}


def test_an_escalation_asks_for_a_ticket_of_the_account_and_a_reason(chat, seat, discussion, now):
    TicketTypeFactory(name="Escalation", escalates=True)
    TicketFactory(number="T-000999")
    chat.says("/new")
    assert chat.says("2").startswith("Ticket ")
    assert "There is no ticket number “T-000999” in this account" in chat.says("T-000999")
    assert chat.says("T-000777").startswith("Reason ")
    assert "Send up to 5 files now" in chat.says("Nobody answers.")
    assert chat.says("More words") == TextIsThere.message
    assert "is open: Nobody answers." in chat.says("/done")
    new = rows(Ticket)[-1]
    assert new.escalated_from_id == discussion.ticket_id


def test_nothing_is_opened_before_it_is_done(chat, kind, now):
    assert chat.says("/done") == NothingBegun.message
    chat.says("/new")
    assert chat.says("/done") == NotDoneYet.message
    chat.says("1")
    assert chat.says("/done") == NotDoneYet.message
    assert rows(Ticket) == []


def test_one_thing_is_written_at_a_time(chat, kind, discussion):
    chat.says("/new")
    assert chat.says("/new") == WritingAlready.message
    assert chat.shows("Look", ("a.txt", b"a"), replied_to=1, replied_text="[T-000777] It") == WritingAlready.message
    assert "is sent" in chat.says("/answer T-000777 A text alone goes at once.")
    assert chat.says("/cancel") == "It is forgotten. Nothing was sent."
    assert chat.says("/cancel") == NothingBegun.message


def test_a_long_text_is_refused_and_what_was_written_stays(chat, kind):
    chat.says("/new")
    chat.says("1")
    assert "this one has 256" in chat.says(LONG)
    assert rows(TelegramDialogue)[0].step is DialogueStep.TEXT
    assert "Send up to 5 files" in chat.says(LONG[:-1])


def test_what_lay_still_for_a_day_is_forgotten(chat, kind, now):
    chat.says("/new")
    chat.now = now + KEPT_FOR
    assert chat.says("1") == NothingBegun.message
    assert "What is it about?" in chat.says("/new")
    assert [each.created_at for each in rows(TelegramDialogue)] == [now + KEPT_FOR]


def test_the_clock_forgets_what_lay_still(chat, seat, kind, now, files):
    for text in ("/new", "1"):
        chat.says(text)
    chat.shows("It rings", ("a.txt", b"content"))
    [file] = rows(File)
    db.session.commit()
    with unit_of_work():
        assert forget_old_dialogues(now=now + KEPT_FOR - dt.timedelta(seconds=1)) == 0
        assert forget_old_dialogues(now=now + KEPT_FOR) == 1
    assert rows(TelegramDialogue) == rows(TelegramFile) == rows(File) == []
    assert run_due_jobs("delete_contents", now=now + KEPT_FOR) == 1
    assert list(files.keys(file.key.rpartition("/")[0])) == []


def test_the_subject_is_the_first_line_and_short():
    assert subject_of("  It rings\nonly once ") == "It rings"
    assert subject_of("word " * 40) == f"{'word ' * 15}word…"
    assert subject_of("x" * 100) == "x" * 80 + "…"


# Files


def test_a_file_with_an_answer_waits_for_done(chat, agent, discussion, now):
    number = answered_by_staff(discussion, agent, now)
    assert "1 of 5 files is kept" in chat.shows("See here", ("a.txt", b"content"), replied_to=number)
    assert len(rows(Message)) == 1
    assert "2 of 5" in chat.shows("", ("b.txt", b"more"), replied_to=number)
    assert chat.says("/done") == "Your answer in ticket T-000777 is sent."
    message = rows(Message)[-1]
    assert (message.body, message.discussion_id) == ("See here", discussion.id)
    assert [each.name for each in rows(MessageAttachment)] == ["a.txt", "b.txt"]
    with stored_files.store.open(rows(File)[-1].key) as content:
        assert content.read() == b"more"


def test_files_alone_are_an_answer(chat, discussion):
    assert "Write your answer" in chat.says("/answer T-000777")
    chat.shows("", ("a.txt", b"content"))
    chat.says("/done")
    assert rows(Message)[-1].body == "(See the files.)"


def test_a_sixth_file_is_refused(chat, discussion):
    chat.says("/answer T-000777")
    for number in range(MOST_FILES):
        chat.shows("", (f"{number}.txt", b"content"))
    assert chat.shows("", ("6.txt", b"content")) == TooManyChatFiles.message
    assert len(rows(TelegramFile)) == MOST_FILES
    chat.says("/done")
    assert len(rows(MessageAttachment)) == MOST_FILES


def test_a_program_is_refused_by_what_it_is(chat, discussion):
    chat.says("/answer T-000777")
    assert "is a program, and programs are not taken" in chat.shows("", ("photo.jpg", b"MZ" + b"\0" * 200))
    assert "“a.txt” is empty" in chat.shows("", ("a.txt", b""))
    assert rows(File) == rows(TelegramFile) == []


def test_a_file_that_is_too_large_is_not_even_fetched(chat, discussion):
    chat.says("/answer T-000777")
    large = SentFile("huge", "video.mp4", LARGEST_FILE + 1)
    assert "“video.mp4” is larger than 20 MB" in chat.says(files=(large,))
    assert chat.gateway.fetched == []


def test_what_telegram_does_not_give_is_asked_for_again(chat, discussion):
    chat.says("/answer T-000777")
    assert chat.says(files=(SentFile("gone", "a.txt", 9),)) == (
        "“a.txt” could not be fetched from Telegram. Send it again."
    )


def test_files_are_fetched_only_where_they_are_expected_and_with_nothing_open(chat, kind, discussion):
    assert chat.shows("Look", ("a.txt", b"a")) == NothingBegun.message
    chat.says("/new")
    assert chat.shows("1", ("a.txt", b"a")) == FilesComeLater.message
    assert chat.gateway.fetched == []
    chat.says("1")
    chat.shows("It rings", ("a.txt", b"a"))
    assert (len(chat.gateway.fetched), chat.gateway.in_transaction) == (1, [False])


def test_a_stranger_makes_us_fetch_nothing(session, now):
    chat = Chat(9009, now)
    assert "not connected" in chat.shows("/answer T-1 x", ("a.txt", b"a"))
    assert chat.gateway.fetched == []


def test_a_hostile_file_name_is_cleaned(chat, discussion):
    chat.says("/answer T-000777")
    chat.shows("Look", ("../../etc/pass\u202egnp.txt\n", b"content"))
    chat.says("/done")
    [attached] = rows(MessageAttachment)
    assert "/" not in attached.name
    assert "\u202e" not in attached.name


def test_a_file_whose_content_is_lost_is_said_to_be(chat, discussion):
    chat.says("/answer T-000777")
    chat.shows("Look", ("a.txt", b"content"))
    stored_files.store.delete(rows(File)[0].key)
    assert "“a.txt” is lost" in chat.says("/done")
    assert rows(Message) == []


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_rights_are_asked_again_when_it_is_sent(chat, seat, kind, now, end):
    chat.says("/new")
    chat.says("1")
    chat.says("It rings only once")
    end(seat, now)
    assert chat.says("/done") == NotFromHere.message
    assert rows(Ticket) == []


def test_a_seat_elsewhere_does_not_stand_in_for_the_one_that_was_lost(chat, seat, kind, now):
    second = MemberFactory(person=seat.person, account__name="Beta")
    MemberRoleGrantFactory(member=second, role=MemberRole.TICKETS)
    for text in ("/new", "1", "1", "It rings"):
        chat.says(text)
    take_role(seat, now)
    assert chat.says("/done") == NotFromHere.message
    assert rows(Ticket) == []


# Erasure


def test_erasing_a_person_takes_chat_dialogue_and_files(chat, seat, kind, now, files):
    for text in ("/new", "1"):
        chat.says(text)
    chat.shows("My name is Mia", ("mia.txt", b"content"))
    send_all(now)
    [file] = rows(File)
    db.session.commit()
    with unit_of_work():
        actor = person_as_actor(seat.person, BROWSER)
        erase_person(seat.person, account_id=seat.account_id, actor=actor, now=now)
    assert rows(TelegramDialogue) == rows(TelegramFile) == rows(File) == []
    assert {(row.address, row.text, row.remote_id) for row in rows(NotificationDelivery)} == {("deleted", "", None)}
    assert run_due_jobs("delete_contents", now=now) == 1
    assert list(files.keys(file.key.rpartition("/")[0])) == []
    assert "not connected" in Chat(7001, now).says("Hello")
