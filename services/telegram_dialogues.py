"""What is written in a chat step by step: a new ticket, or an answer with files. Kept in the database, one a person.

A new ticket asks for the account (where there are several), the type, the type's questions, a text and files; an answer
knows its discussion and asks for text and files. Either ends with /done, and is forgotten after a day of silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.refusals import Refusal
from domain.sentences import Sentence, counted, joined
from extensions import db
from models.discussion import Discussion
from models.person import Person
from models.telegram import DialogueStep, TelegramDialogue
from models.ticket import Ticket
from services.account_languages import language_of_account
from services.attachments import Upload
from services.mail_texts import mail_texts
from services.messages import first_discussion, write_message
from services.telegram_files import MOST_FILES, count_files, forget_dialogue, forget_dialogues, keep_file, uploads_of
from services.telegram_questions import (
    Prompt,
    accounts_prompt,
    answered,
    chosen_account,
    chosen_type,
    next_question,
    question_prompt,
    subject_of,
    type_of,
    types_prompt,
)
from services.telegram_writers import actor_in, as_answerer, seats_that_write
from services.ticket_answers import REASON
from services.tickets import open_ticket

LONGEST_TEXT: Final = 255
KEPT_FOR: Final = dt.timedelta(hours=24)
_AT_ONCE: Final = 500
_TAKES_FILES: Final = frozenset({DialogueStep.TEXT, DialogueStep.FILES})


class ChatTextTooLong(Refusal):
    def __init__(self, length: int) -> None:
        super().__init__(
            Sentence(
                "From here a text has at most %(longest)s characters, and this one has %(length)s. Shorten it, or "
                "write in the portal: %(url)s",
                longest=LONGEST_TEXT,
                length=length,
                url=mail_texts.base_url,
            )
        )


class WritingAlready(Refusal):
    message = "You are writing something here already. Send /done to send it, or /cancel to forget it."


class NothingBegun(Refusal):
    message = "Nothing is being written here. Send /new to open a ticket, or reply to a message about one."


class FilesComeLater(Refusal):
    message = "Files are asked for later. Answer the question above first, or send /cancel."


class TextIsThere(Refusal):
    message = "Your text is kept. Send files, /done to send it all, or /cancel to forget it."


class NotDoneYet(Refusal):
    message = "Something is missing. Answer the question above first, or send /cancel."


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot says of it, and the discussion that answers to this go to."""

    text: str
    discussion: Discussion | None = None


def dialogue_of(person: Person, *, now: dt.datetime) -> TelegramDialogue | None:
    """What the person is writing, locked; one that lay still for too long is none."""
    mine = select(TelegramDialogue).where(TelegramDialogue.person_id == person.id)
    found = db.session.scalar(mine.with_for_update(key_share=True).execution_options(populate_existing=True))
    if found is not None and found.last_at <= now - KEPT_FOR:
        forget_dialogue(person.id, now=now)
        return None
    return found


def takes_files(dialogue: TelegramDialogue) -> bool:
    """Whether files are expected at this step."""
    return dialogue.step in _TAKES_FILES


def begin_ticket(person: Person, *, now: dt.datetime) -> Said:
    """Begin a new ticket. Refused: WritingAlready, NotFromHere, StaffOpenElsewhere."""
    if dialogue_of(person, now=now) is not None:
        raise WritingAlready
    seats = seats_that_write(person)
    dialogue = TelegramDialogue(person_id=person.id, step=DialogueStep.ACCOUNT, created_at=now, last_at=now)
    if len(seats) == 1:
        dialogue.account_id, dialogue.step = seats[0].account_id, DialogueStep.TYPE
    db.session.add(dialogue)
    db.session.flush()
    return _ask(dialogue, person, now)


def begin_answer(person: Person, discussion: Discussion, *, now: dt.datetime) -> TelegramDialogue:
    """Begin an answer in a discussion, or go on with the one that is being written there.

    Refused: WritingAlready, NotFromHere.
    """
    discussion, _actor = as_answerer(discussion, person, now=now)
    dialogue = dialogue_of(person, now=now)
    if dialogue is not None:
        if dialogue.discussion_id != discussion.id:
            raise WritingAlready
        return dialogue
    dialogue = TelegramDialogue(
        account_id=discussion.account_id,
        person_id=person.id,
        step=DialogueStep.TEXT,
        discussion_id=discussion.id,
        created_at=now,
        last_at=now,
    )
    db.session.add(dialogue)
    db.session.flush()
    return dialogue


def answer_at_once(person: Person, discussion: Discussion, text: str, *, now: dt.datetime) -> Said:
    """Write an answer without files. Refused: ChatTextTooLong, NotFromHere, and as `write_message`."""
    _check_length(text)
    return _answer(person, discussion, text, (), now)


def go_on(
    person: Person, dialogue: TelegramDialogue, text: str, uploads: Sequence[Upload], *, now: dt.datetime
) -> Said:
    """Take what was sent as what is asked for at this step, and say what is asked for next.

    Refused: ChatTextTooLong, FilesComeLater, TextIsThere, and what the steps refuse.
    """
    if text:
        _check_length(text)
    if uploads and not takes_files(dialogue):
        raise FilesComeLater
    dialogue.last_at = now
    if dialogue.step is DialogueStep.ACCOUNT:
        dialogue.account_id = chosen_account(dialogue, text, seats_that_write(person))
        dialogue.step = DialogueStep.TYPE
    elif dialogue.step is DialogueStep.TYPE:
        dialogue.ticket_type_id = chosen_type(dialogue, text, now=now).id
        _to_next_question(dialogue)
    elif dialogue.step is DialogueStep.QUESTION:
        dialogue.answers = answered(dialogue, text)
        _to_next_question(dialogue)
    else:
        _take(dialogue, person, text, uploads, now)
    db.session.flush()
    return _ask(dialogue, person, now)


def finish(person: Person, *, now: dt.datetime) -> Said:
    """Send what was written. Rights are asked again, as the page would at this moment.

    Refused: NothingBegun, NotDoneYet, NotFromHere, and as `open_ticket` and `write_message`.
    """
    dialogue = dialogue_of(person, now=now)
    if dialogue is None:
        raise NothingBegun
    if dialogue.step is not DialogueStep.FILES:
        raise NotDoneYet
    uploads = uploads_of(dialogue)
    if dialogue.discussion_id is None:
        said = _open(person, dialogue, uploads, now)
    else:
        discussion = db.session.get_one(Discussion, dialogue.discussion_id)
        said = _answer(person, discussion, dialogue.text or _only_files(discussion), uploads, now)
    forget_dialogue(person.id, now=now)
    return said


def cancel(person: Person, *, now: dt.datetime) -> None:
    """Forget what is being written. Refused: NothingBegun."""
    if dialogue_of(person, now=now) is None:
        raise NothingBegun
    forget_dialogue(person.id, now=now)


def forget_old_dialogues(*, now: dt.datetime) -> int:
    """Forget what nobody went on with for a day; give how many those were."""
    old = select(TelegramDialogue.id).where(TelegramDialogue.last_at <= now - KEPT_FOR).order_by(TelegramDialogue.id)
    return forget_dialogues(db.session.scalars(old.limit(_AT_ONCE).with_for_update(skip_locked=True)).all(), now=now)


def _take(dialogue: TelegramDialogue, person: Person, text: str, uploads: Sequence[Upload], now: dt.datetime) -> None:
    if text and dialogue.text is not None:
        raise TextIsThere
    if text and _has_reason(dialogue):
        raise TextIsThere
    for upload in uploads:
        keep_file(dialogue, person, upload, now=now)
    if text:
        dialogue.text = text
    if dialogue.text is not None or (uploads and dialogue.discussion_id is not None):
        dialogue.step = DialogueStep.FILES


def _has_reason(dialogue: TelegramDialogue) -> bool:
    """An escalation is described by its reason, which was asked for before."""
    return dialogue.discussion_id is None and REASON in dialogue.answers and type_of(dialogue).escalates


def _to_next_question(dialogue: TelegramDialogue) -> None:
    if next_question(dialogue) is not None:
        dialogue.step = DialogueStep.QUESTION
    else:
        dialogue.step = DialogueStep.FILES if _has_reason(dialogue) else DialogueStep.TEXT


def _ask(dialogue: TelegramDialogue, person: Person, now: dt.datetime) -> Said:
    """What is asked for at this step; what can be chosen by number is kept with it."""
    prompt = _prompt(dialogue, person, now)
    dialogue.offered = list(prompt.offered)
    db.session.flush()
    return Said(prompt.text)


def _prompt(dialogue: TelegramDialogue, person: Person, now: dt.datetime) -> Prompt:
    if dialogue.step is DialogueStep.ACCOUNT:
        return accounts_prompt(seats_that_write(person))
    if dialogue.step is DialogueStep.TYPE:
        return types_prompt(dialogue, now=now)
    question = next_question(dialogue) if dialogue.step is DialogueStep.QUESTION else None
    if question is not None:
        return question_prompt(question)
    if dialogue.step is DialogueStep.TEXT:
        return Prompt(_ask_for_text(dialogue))
    return Prompt(_ask_for_files(dialogue))


def _ask_for_text(dialogue: TelegramDialogue) -> str:
    if dialogue.discussion_id is None:
        return Sentence(
            "Say what it is about, in at most %(longest)s characters. /cancel forgets it.", longest=LONGEST_TEXT
        )
    return Sentence("Write your answer, in at most %(longest)s characters. /cancel forgets it.", longest=LONGEST_TEXT)


def _ask_for_files(dialogue: TelegramDialogue) -> str:
    opens, count = dialogue.discussion_id is None, count_files(dialogue)
    if count:
        kept = counted(
            "%(count)s of %(most)s files is kept.", "%(count)s of %(most)s files are kept.", count, most=MOST_FILES
        )
        if opens:
            return joined([kept, Sentence("Send more, or /done to open the ticket. /cancel forgets it.")])
        return joined([kept, Sentence("Send more, or /done to send the answer. /cancel forgets it.")])
    if opens:
        return Sentence(
            "Send up to %(most)s files now if you want, then /done to open the ticket. /cancel forgets it.",
            most=MOST_FILES,
        )
    return Sentence(
        "Send up to %(most)s files now if you want, then /done to send the answer. /cancel forgets it.", most=MOST_FILES
    )


def _open(person: Person, dialogue: TelegramDialogue, uploads: Sequence[Upload], now: dt.datetime) -> Said:
    account_id = dialogue.account_id or 0
    actor, kind = actor_in(person, account_id), type_of(dialogue)
    text = dialogue.text or str(dialogue.answers.get(REASON) or "")
    values = {
        "account_id": account_id,
        "ticket_type": kind,
        "subject": subject_of(text),
        "description": text,
        "answers": dict(dialogue.answers),
        "first_message": {"files": uploads},
    }
    ticket = open_ticket(values, actor=actor, now=now)
    url = f"{mail_texts.base_url}/portal/{_client_id(person, account_id)}/tickets/{ticket.number}"
    discussion = first_discussion(ticket, actor=actor, now=now)
    opened = Sentence("Ticket %(number)s is open: %(subject)s", number=ticket.number, subject=ticket.subject)
    return Said(joined([opened, url], "\n\n"), discussion)


def _answer(person: Person, discussion: Discussion, text: str, uploads: Sequence[Upload], now: dt.datetime) -> Said:
    discussion, actor = as_answerer(discussion, person, now=now)
    values = {"title": discussion.title, "body": text, "files": uploads}
    write_message(discussion, values, actor=actor, now=now)
    number = db.session.get_one(Ticket, discussion.ticket_id).number
    return Said(Sentence("Your answer in ticket %(number)s is sent.", number=number), discussion)


def _only_files(discussion: Discussion) -> str:
    return language_of_account(discussion.account_id).say("(See the files.)")


def _client_id(person: Person, account_id: int) -> str:
    return next(seat.client_id for seat in seats_that_write(person) if seat.account_id == account_id)


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ChatTextTooLong(len(text))
