"""What a chat is asked on the way to a new ticket: the account, the type, and the questions of the type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from extensions import db
from models.person import Person
from models.telegram import TelegramDialogue
from models.ticket_type import TicketFieldKind, TicketType
from services.announcements_in_force import is_held_back
from services.catalogs import catalog
from services.seats import Seat
from services.ticket_answers import Question, check_answer, questions_of
from services.tickets import TicketTypeNotOffered

SKIP: Final = "/skip"
LONGEST_SUBJECT: Final = 80
MOST_OFFERED: Final = 50
_YES, _NO = Sentence("yes"), Sentence("no")
_YES_AND_NO: Final = {"yes": "yes", "y": "yes", "no": "no", "n": "no"}
"""What is taken in every language, besides the words that the prompt names."""


class NotAmongThese(Refusal):
    message = "Send one of the numbers above."


class AnswerNeeded(Refusal):
    message = "This question needs an answer. Answer it, or send /cancel."


class YesOrNo(Refusal):
    message = Sentence("Answer with %(yes)s or %(no)s.", yes=_YES, no=_NO)


class NoTypeOffered(Refusal):
    message = "No ticket can be opened from here just now. Sign in to the portal to see how it stands."


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked, and the keys of what can be chosen by number."""

    text: str
    offered: Sequence[str] = ()


def accounts_prompt(seats: Sequence[Seat]) -> Prompt:
    """Ask for which account it is."""
    lines = [f"{seat.account_name} ({seat.client_id})" for seat in seats[:MOST_OFFERED]]
    offered = [seat.client_id for seat in seats[:MOST_OFFERED]]
    return Prompt(_numbered(Sentence("For which account is it? Send its number."), lines), offered)


def chosen_account(dialogue: TelegramDialogue, typed: str, seats: Sequence[Seat]) -> int:
    """The account that was chosen, which must still be one of these. Refused: NotAmongThese."""
    key = _chosen(dialogue, typed)
    for seat in seats:
        if seat.client_id == key:
            return seat.account_id
    raise NotAmongThese


def types_prompt(dialogue: TelegramDialogue, *, now: dt.datetime) -> Prompt:
    """Ask of which type it is, among those offered in the portal just now. Refused: NoTypeOffered."""
    types = _offered_types(dialogue.account_id or 0, now)
    if not types:
        raise NoTypeOffered
    asked = _numbered(Sentence("What is it about? Send the number."), [kind.name for kind in types])
    return Prompt(asked, [kind.public_id for kind in types])


def chosen_type(dialogue: TelegramDialogue, typed: str, *, now: dt.datetime) -> TicketType:
    """The type that was chosen. Refused: NotAmongThese, TicketTypeNotOffered."""
    key = _chosen(dialogue, typed)
    for kind in _offered_types(dialogue.account_id or 0, now):
        if kind.public_id == key:
            return kind
    raise TicketTypeNotOffered


def type_of(dialogue: TelegramDialogue) -> TicketType:
    """The type that was chosen before."""
    if dialogue.ticket_type_id is None:
        raise RuntimeError("the steps ask for the type first")
    return db.session.get_one(TicketType, dialogue.ticket_type_id)


def next_question(dialogue: TelegramDialogue) -> Question | None:
    """The first question of the type that was not asked yet."""
    return next((each for each in questions_of(type_of(dialogue)) if each.key not in dialogue.answers), None)


def question_prompt(question: Question) -> Prompt:
    """Ask a question of the type."""
    asked = f"{question.label} {question.help}".strip()
    if question.kind is TicketFieldKind.YES_NO:
        asked = joined([asked, Sentence("%(yes)s or %(no)s", yes=_YES, no=_NO)], "\n\n")
    if question.kind is TicketFieldKind.CHOICE:
        asked = _numbered(joined([asked, Sentence("Send the number.")]), question.choices)
    if question.required:
        return Prompt(asked)
    return Prompt(joined([asked, Sentence("%(skip)s leaves it out.", skip=SKIP)], "\n\n"))


def answered(dialogue: TelegramDialogue, typed: str) -> dict[str, Any]:
    """The answers with this one. Refused: AnswerNeeded, YesOrNo, NotAmongThese, AnswerNotReadable."""
    question = next_question(dialogue)
    if question is None:
        return dict(dialogue.answers)
    text = typed.strip()
    if text.lower() == SKIP:
        if question.required:
            raise AnswerNeeded
        return {**dialogue.answers, question.key: ""}
    if question.kind is TicketFieldKind.YES_NO:
        words = _yes_and_no(dialogue)
        if text.lower() not in words:
            raise YesOrNo
        text = words[text.lower()]
    if question.kind is TicketFieldKind.CHOICE and text not in question.choices:
        text = _of_number(question.choices, text)
    if not text:
        raise AnswerNeeded
    check_answer(question, text, account_id=dialogue.account_id or 0)
    return {**dialogue.answers, question.key: text}


def _yes_and_no(dialogue: TelegramDialogue) -> Mapping[str, str]:
    """What says yes and what says no: in English, and in the language of who is asked."""
    speaker = catalog(db.session.get_one(Person, dialogue.person_id).language)
    return {speaker.say(_YES).lower(): "yes", speaker.say(_NO).lower(): "no", **_YES_AND_NO}


def subject_of(text: str) -> str:
    """The subject of a ticket that has only a text: its first line, shortened between words."""
    line = " ".join(text.strip().partition("\n")[0].split())
    if len(line) <= LONGEST_SUBJECT:
        return line
    kept = line[:LONGEST_SUBJECT].rpartition(" ")[0] or line[:LONGEST_SUBJECT]
    return f"{kept}…"


def _offered_types(account_id: int, now: dt.datetime) -> Sequence[TicketType]:
    offered = select(TicketType).where(
        TicketType.retired.is_(False), TicketType.internal.is_(False), ~is_held_back(account_id, now=now)
    )
    return db.session.scalars(offered.order_by(TicketType.position, TicketType.id).limit(MOST_OFFERED)).all()


def _chosen(dialogue: TelegramDialogue, typed: str) -> str:
    return _of_number(dialogue.offered, typed.strip())


def _of_number(offered: Sequence[str], typed: str) -> str:
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else 0
    if not 1 <= number <= len(offered):
        raise NotAmongThese
    return offered[number - 1]


def _numbered(asked: str, lines: Sequence[str]) -> str:
    listed = (f"{number}. {line}" for number, line in enumerate(lines, start=1))
    return joined([asked, "\n".join(listed)], "\n\n")
