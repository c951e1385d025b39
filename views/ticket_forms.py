"""What is asked to open a ticket: the questions of its type, and what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from domain.actor import Actor
from models import Ticket, TicketFieldKind, TicketType
from panel import Visit
from services.messages import LONGEST_BODY
from services.ticket_answers import Question, questions_of
from services.tickets import open_ticket

ANSWER: Final = "answer_"


def questions_form(_visit: Visit, kind: TicketType) -> type[FlaskForm]:
    """The questions of a type, and the description, which of an escalation is its reason."""
    asked: dict[str, Any] = {f"{ANSWER}{each.key}": _field_of(each) for each in questions_of(kind)}
    if not kind.escalates:
        asked["description"] = _description()
    return type("QuestionsForm", (FlaskForm,), asked)


def open_from_form(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a ticket from what such a form held."""
    kept = {name: value for name, value in values.items() if not name.startswith(ANSWER)}
    typed = {name.removeprefix(ANSWER): _text(value) for name, value in values.items() if name.startswith(ANSWER)}
    return open_ticket({**kept, "answers": typed}, actor=actor, now=now)


def _description() -> Field:
    """The first message of a ticket. Made anew for each form: fields are shown in the order in which they are made."""
    return TextAreaField(
        "Description",
        [InputRequired("Describe what happened."), Length(max=LONGEST_BODY)],
        description="What happened, what you expected, and since when. Markdown is understood.",
        render_kw={"rows": 8},
    )


def _field_of(question: Question) -> Field:
    given: dict[str, Any] = {
        "label": question.label,
        "description": question.help,
        "validators": [_needed(question)],
    }
    kind = question.kind
    if kind is TicketFieldKind.LONG_TEXT:
        return TextAreaField(**given, render_kw={"rows": 5})
    if kind is TicketFieldKind.YES_NO:
        return BooleanField(**given)
    if kind is TicketFieldKind.CHOICE:
        choices = [SelectChoice("", ""), *(SelectChoice(each, each) for each in question.choices)]
        return SelectField(**given, choices=choices, validate_choice=False)
    if kind is TicketFieldKind.NUMBER:
        return StringField(**given, render_kw={"inputmode": "decimal"})
    if kind is TicketFieldKind.DATE:
        return DayTextField(**given)
    return StringField(**given)


def _needed(question: Question) -> Any:
    """What is missing is said of all fields at once; what is wrong otherwise, the service says."""
    if not question.required or question.kind is TicketFieldKind.YES_NO:
        return Optional()
    ask = "Choose" if question.kind is TicketFieldKind.CHOICE else "Enter"
    return InputRequired(f"{ask}: {question.label.rstrip('?.:')}.")


class DayTextField(DateField):
    """A day as it was typed: the service reads it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else None

    def _value(self) -> str:
        return str(self.data or "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value or "")
