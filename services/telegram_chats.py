"""What people send to the bot: each update becomes what it means, once, or one clear sentence of why not (SPEC A14).

Chats are hostile: nothing in them is more than words, and a chat that is nobody's is told one thing whatever it sends.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.attempts import SIGN_IN_LIMIT, TooManyAttempts
from domain.jobs import slot_of
from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from integrations.telegram import LARGEST_FILE, ChatGateway, TelegramFileNotFetched, TelegramNotReachable
from integrations.telegram_updates import SentFile, Update
from models.discussion import Discussion
from models.person import Person
from models.sign_in import SignInDoor
from models.ticket import Ticket
from services.attachments import FileTooLarge, Upload
from services.attempts import count_attempt, take_back
from services.mail_texts import mail_texts
from services.telegram_bindings import (
    ChatConnected,
    bind_chat,
    chat_actor,
    end_blocked_chat,
    person_of_chat,
    unbind_chat,
)
from services.telegram_dialogues import (
    FilesComeLater,
    NothingBegun,
    Said,
    answer_at_once,
    begin_answer,
    begin_ticket,
    cancel,
    dialogue_of,
    finish,
    go_on,
    takes_files,
)
from services.telegram_outbox import say
from services.telegram_questions import SKIP
from services.telegram_updates import is_taken, take_update
from services.telegram_writers import (
    NotFromHere,
    discussion_answered,
    discussion_of_ticket,
    is_welcome,
    tickets_in_progress,
)
from services.unit_of_work import unit_of_work

_COMMAND: Final = re.compile(r"/([a-z]{1,20})(?:@[A-Za-z0-9_]{1,32})?(?:\s+(.*))?", re.DOTALL)
_CODE: Final = re.compile(r"[A-Za-z0-9]{4}[- ]?[A-Za-z0-9]{4}[- ]?[A-Za-z0-9]{4}")
_HELP: Final = Sentence(
    "/new opens a ticket\n"
    "/tickets lists yours that are open\n"
    "/answer and a ticket's number and your text answers one, and so does a reply to a message about it\n"
    "/done sends what you are writing, /cancel forgets it\n"
    "/stop disconnects this chat"
)
_STUMBLED: Final = "Something went wrong here, and nothing was kept. Write in the portal, or try again later."


class FileNotFetched(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(Sentence("“%(name)s” could not be fetched from Telegram. Send it again.", name=name[:100]))


class OnlyTextAndFiles(Refusal):
    message = "Only texts, photos and documents are taken here."


class TicketNotNamed(Refusal):
    message = "Name a ticket and say your answer, like: /answer T-000123 It works now."


class AnsweredNothing(Refusal):
    message = "That message is about no ticket. Reply to one about a ticket, or send /answer with its number."


class CommandUnknown(Refusal):
    message = "This is not known here. /help says what is."


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A file of an update: its content, or why there is none."""

    file: SentFile
    content: bytes | None = None
    refusal: Refusal | None = None


def receive_update(update: Update, *, bot: str, gateway: ChatGateway, now: dt.datetime) -> bool:
    """Let an update become what it means; False for one that was taken before. Opens its own units of work.

    What is refused changes nothing and is answered in one sentence. Files are fetched with no transaction open.
    """
    if is_taken(bot, update.update_id):
        return False
    if not update.private or update.from_bot:
        with unit_of_work():
            return take_update(bot, update.update_id, now=now)
    if update.blocked:
        with unit_of_work():
            taken = take_update(bot, update.update_id, now=now)
            return taken and (end_blocked_chat(update.chat_id, now=now) or True)
    if person_of_chat(update.chat_id) is None:
        return _receive_from_stranger(update, bot, now)
    fetched = _fetch(update, gateway, now)
    try:
        with unit_of_work():
            return take_update(bot, update.update_id, now=now) and _handle(update, fetched, now)
    except Refusal as refusal:
        return _refuse(update, bot, refusal.message, now)


def stumble_over(update: Update, *, bot: str, now: dt.datetime) -> None:
    """Take an update that a mistake of ours keeps from being handled, and say so, so that others are not held up."""
    with unit_of_work():
        if take_update(bot, update.update_id, now=now) and update.private and not update.blocked:
            say(update.chat_id, _STUMBLED, now=now, person=person_of_chat(update.chat_id))


def _receive_from_stranger(update: Update, bot: str, now: dt.datetime) -> bool:
    """Everything that a chat of nobody's sends is a try at a code, and counted before it is looked at."""
    try:
        with unit_of_work():
            attempt_id = count_attempt(f"telegram chat {update.chat_id}", ip=None, door=SignInDoor.TELEGRAM, now=now)
    except TooManyAttempts as refusal:
        slot = slot_of(now, SIGN_IN_LIMIT.window)
        return _refuse(
            update, bot, refusal.message, now, unique_key=f"telegram-wait:{update.chat_id}:{slot:%Y%m%dT%H%M}"
        )
    name, rest = _command(update.text)
    code = rest if name == "start" else update.text
    try:
        with unit_of_work():
            if not take_update(bot, update.update_id, now=now):
                return False
            if not _CODE.fullmatch(code.strip()):
                say(update.chat_id, _how_to_connect(), now=now)
                return True
            person = bind_chat(update.chat_id, update.name, code, now=now)
            take_back(attempt_id)
            say(update.chat_id, _connected(), now=now, person=person)
            return True
    except Refusal as refusal:
        return _refuse(update, bot, refusal.message, now)


def _refuse(update: Update, bot: str, words: str, now: dt.datetime, *, unique_key: str | None = None) -> bool:
    with unit_of_work():
        if not take_update(bot, update.update_id, now=now):
            return False
        say(update.chat_id, words, now=now, person=person_of_chat(update.chat_id), unique_key=unique_key)
        return True


def _handle(update: Update, fetched: Sequence[_Fetched], now: dt.datetime) -> bool:
    """Do what somebody's chat asks for, and say what came of it."""
    person = person_of_chat(update.chat_id)
    if person is None:
        raise NotFromHere  # it was disconnected a moment ago
    name, rest = _command(update.text)
    if name == "stop":
        unbind_chat(person, actor=chat_actor(person), now=now)
        gone = "This chat is disconnected. Nothing is sent here any more."
        say(update.chat_id, gone, now=now, language=person.language)
        return True
    if not is_welcome(person):
        raise NotFromHere
    if update.unreadable:
        raise OnlyTextAndFiles
    said = _meant(update, name, rest, fetched, person, now)
    say(update.chat_id, said.text, now=now, person=person, discussion=said.discussion)
    return True


def _meant(update: Update, name: str, rest: str, fetched: Sequence[_Fetched], person: Person, now: dt.datetime) -> Said:
    if name in _COMMANDS and not fetched:
        return _COMMANDS[name](person, rest, now)
    uploads = _uploads(fetched)
    if name == "answer":
        number, *text = rest.split(None, 1) or [""]
        if not number:
            raise TicketNotNamed
        return _answer(discussion_of_ticket(person, number), "".join(text), uploads, person, now)
    if name and f"/{name}" != SKIP:
        raise CommandUnknown
    if update.replied_to is not None:
        discussion = discussion_answered(update.chat_id, update.replied_to, update.replied_text)
        if discussion is not None:
            return _answer(discussion, update.text, uploads, person, now)
    dialogue = dialogue_of(person, now=now)
    if dialogue is None:
        raise AnsweredNothing if update.replied_to is not None else NothingBegun
    return go_on(person, dialogue, update.text, uploads, now=now)


def _answer(discussion: Discussion, text: str, uploads: Sequence[Upload], person: Person, now: dt.datetime) -> Said:
    """A text is an answer at once; where files come, or nothing yet, more may follow until /done."""
    if text and not uploads:
        return answer_at_once(person, discussion, text, now=now)
    return go_on(person, begin_answer(person, discussion, now=now), text, uploads, now=now)


def _help(_person: Person, _rest: str, _now: dt.datetime) -> Said:
    return Said(_HELP)


def _start(_person: Person, rest: str, _now: dt.datetime) -> Said:
    if rest:
        raise ChatConnected
    return Said(_connected())


def _new(person: Person, _rest: str, now: dt.datetime) -> Said:
    return begin_ticket(person, now=now)


def _list(person: Person, _rest: str, _now: dt.datetime) -> Said:
    found = tickets_in_progress(person)
    if not found:
        return Said("You have no open tickets. /new opens one.")
    return Said(joined([Sentence("Your open tickets, the newest first:"), "", *map(_line_of, found)], "\n"))


def _done(person: Person, _rest: str, now: dt.datetime) -> Said:
    return finish(person, now=now)


def _cancel(person: Person, _rest: str, now: dt.datetime) -> Said:
    cancel(person, now=now)
    return Said("It is forgotten. Nothing was sent.")


_COMMANDS: Final[Mapping[str, Callable[[Person, str, dt.datetime], Said]]] = {
    "start": _start,
    "help": _help,
    "new": _new,
    "tickets": _list,
    "done": _done,
    "cancel": _cancel,
}


def _command(text: str) -> tuple[str, str]:
    """The command and what follows it; empty for words that are none."""
    found = _COMMAND.fullmatch(text.strip())
    return (found[1], (found[2] or "").strip()) if found is not None else ("", "")


def _fetch(update: Update, gateway: ChatGateway, now: dt.datetime) -> Sequence[_Fetched]:
    """The contents of what came, where it is expected of who sent it. None of it is looked at here."""
    person = person_of_chat(update.chat_id)
    if not update.files or person is None or not is_welcome(person):
        return [_Fetched(file, refusal=NotFromHere()) for file in update.files]
    refusal = _no_files_now(update, person, now)
    return [_Fetched(file, refusal=refusal) if refusal else _fetched(file, gateway) for file in update.files]


def _no_files_now(update: Update, person: Person, now: dt.datetime) -> Refusal | None:
    """Why files are not expected; None where they are."""
    if update.replied_to is not None or _command(update.text)[0] == "answer":
        return None
    with unit_of_work():
        dialogue = dialogue_of(person, now=now)
        if dialogue is None:
            return NothingBegun()
        return None if takes_files(dialogue) else FilesComeLater()


def _fetched(file: SentFile, gateway: ChatGateway) -> _Fetched:
    if file.size > LARGEST_FILE:
        return _Fetched(file, refusal=FileTooLarge(file.name))
    try:
        return _Fetched(file, content=gateway.fetch(file.file_id))
    except (TelegramNotReachable, TelegramFileNotFetched):
        return _Fetched(file, refusal=FileNotFetched(file.name))


def _uploads(fetched: Sequence[_Fetched]) -> Sequence[Upload]:
    for each in fetched:
        if each.content is None:
            raise each.refusal or FileNotFetched(each.file.name)
    return [Upload.of(each.file.name, each.content or b"") for each in fetched]


def _line_of(ticket: Ticket) -> str:
    return Sentence(
        "%(number)s (%(status)s) %(subject)s", number=ticket.number, status=ticket.status, subject=ticket.subject
    )


def _how_to_connect() -> str:
    return Sentence(
        "This chat is not connected. Sign in at %(url)s, open your settings and there Telegram, and send the code it "
        "shows you.",
        url=mail_texts.base_url,
    )


def _connected() -> str:
    return joined([Sentence("This chat is connected to %(brand)s.", brand=mail_texts.brand_name), _HELP], "\n\n")
