"""The bot says everything in the language of whose chat it is; what is kept is written in that of the account."""

from __future__ import annotations

from models import Message, TelegramDialogue, TicketFieldKind
from tests.factories.support import (
    TicketFieldFactory,
)
from tests.support.bare_text import english_words
from tests.support.chat_house import rows
from tests.support.chatting import PNG

LONG = "x" * 256
COMMANDS = ("/new", "/tickets", "/answer", "/done", "/cancel", "/stop", "/help", "/skip")


def test_the_bot_speaks_the_language_of_the_person(chat, seat, kind, discussion):
    seat.person.language = seat.account.language = "en-XA"
    TicketFieldFactory(ticket_type=kind, key="works", label="?", help="", kind=TicketFieldKind.YES_NO, required=False)
    TicketFieldFactory(
        ticket_type=kind,
        key="where",
        label="?",
        help="",
        kind=TicketFieldKind.CHOICE,
        choices=["A", "B"],
        required=True,
    )
    answers = [
        *map(chat.says, ("/help", "/start", "/tickets", "hello", "/nothing", "/done", "/answer", "/new", "/new")),
        *map(chat.says, ("9", "1", "perhaps", "/skip", "/skip", "9", "1", LONG, "It rings only once")),
        chat.shows("", ("photo.jpg", PNG)),
        *map(chat.says, ("More", "/done", "/cancel", "/new", "/cancel", "/answer T-000777 It works", "/stop")),
    ]
    data = ("TELCOware", "Type", "Something is broken", "It rings only once", *COMMANDS)
    assert all(answers)
    assert {answer: words for answer in answers if (words := english_words(answer, data))} == {}


def test_yes_and_no_are_taken_in_the_language_they_were_asked_in(chat, seat, kind):
    seat.person.language = "en-XA"
    TicketFieldFactory(ticket_type=kind, key="works", label="Does it work?", kind=TicketFieldKind.YES_NO)
    chat.says("/new")
    assert "[[ýéš] öŕ [ñö]]" in chat.says("1")
    chat.says("[ýéš]")
    assert rows(TelegramDialogue)[0].answers == {"works": "yes"}


def test_what_a_chat_without_words_keeps_is_written_in_the_language_of_the_account(chat, seat, discussion):
    seat.account.language = "en-XA"
    chat.shows("/answer T-000777", ("photo.jpg", PNG))
    chat.says("/done")
    [message] = rows(Message)
    assert message.body == "[(Šéé ţĥé fîļéš.)]"
