"""The questions of a ticket type, and the answers to them: read, checked against the account, refused by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.ticket_answers import AnswerNotReadable, read_answer
from extensions import db
from models.license import License
from models.ticket import Ticket
from models.ticket_type import TicketField, TicketFieldKind, TicketType

REASON: Final = "reason"


class AnswersNotAccepted(Refusal):
    """``fields`` says what is wrong with which answer: the key of the question, with ``answer_`` before it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.fields = {f"answer_{key}": message for key, message in errors.items()}
        super().__init__(" ".join(errors.values()))


@dataclass(frozen=True, slots=True)
class Question:
    """What a ticket type asks: a row of it, or what every escalation is asked."""

    key: str
    label: str
    kind: TicketFieldKind
    help: str = ""
    required: bool = True
    max_length: int | None = None
    choices: Sequence[str] = ()


@dataclass(slots=True)
class Answers:
    """What was answered, as it is kept, and the rows it leads to: those of the account."""

    kept: dict[str, Any] = field(default_factory=dict)
    ticket: Ticket | None = None
    license: License | None = None


def questions_of(kind: TicketType) -> list[Question]:
    """What a type asks, in its order. An escalation asks for a ticket and a reason, whatever else its type asks."""
    rows = select(TicketField).where(TicketField.ticket_type_id == kind.id)
    found = [
        Question(row.key, row.label, row.kind, row.help, row.required, row.max_length, tuple(row.choices))
        for row in db.session.scalars(rows.order_by(TicketField.position, TicketField.id))
    ]
    if not kind.escalates:
        return found
    always = []
    if all(each.kind is not TicketFieldKind.TICKET for each in found):
        always.append(Question("ticket", "Ticket", TicketFieldKind.TICKET, "The number of the ticket you escalate."))
    if all(each.key != REASON for each in found):
        always.append(Question(REASON, "Reason", TicketFieldKind.LONG_TEXT, "What was missing so far."))
    return [*always, *found]


def read_answers(kind: TicketType, typed: Mapping[str, Any], *, account_id: int) -> Answers:
    """Read what was typed, by the keys of the questions; what nobody asked is left out. Refused: AnswersNotAccepted."""
    answers, errors = Answers(), {}
    for question in questions_of(kind):
        try:
            _take(answers, question, str(typed.get(question.key) or ""), account_id)
        except AnswerNotReadable as refusal:
            errors[question.key] = refusal.message
    if errors:
        raise AnswersNotAccepted(errors)
    return answers


def check_answer(question: Question, typed: str, *, account_id: int) -> None:
    """Read one answer, where questions are asked one after the other. Refused: AnswerNotReadable."""
    _take(Answers(), question, typed, account_id)


def _take(answers: Answers, question: Question, typed: str, account_id: int) -> None:
    value: Any = read_answer(
        question.kind.value,
        typed,
        required=question.required,
        max_length=question.max_length,
        choices=question.choices,
    )
    if value is not None and question.kind is TicketFieldKind.LICENSE:
        missing = Sentence(
            "There is no license code “%(typed)s” in this account. Check what you typed.", typed=value[:40]
        )
        answers.license = _own(License, License.code, value, account_id, missing)
        value = answers.license.code
    elif value is not None and question.kind is TicketFieldKind.TICKET:
        missing = Sentence(
            "There is no ticket number “%(typed)s” in this account. Check what you typed.", typed=value[:40]
        )
        found = _own(Ticket, Ticket.number, value, account_id, missing)
        answers.ticket, value = answers.ticket or found, found.number
    answers.kept[question.key] = value


def _own(model: Any, key: Any, typed: str, account_id: int, missing: Sentence) -> Any:
    """The account's own row of this name; of another's nothing is said but that there is none."""
    row = db.session.scalar(select(model).where(key == typed.upper(), model.account_id == account_id))
    if row is None:
        raise AnswerNotReadable(missing)
    return row
