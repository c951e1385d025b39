"""What is asked to open a ticket, and what can be written into its forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from domain.actor import Actor
from domain.sentences import Sentence, word
from models import Ticket, TicketFieldKind, TicketPriority, TicketType
from panel import Visit
from panel.fields import the
from panel.form import Form
from services.answers import newest_message, reply_title, split_addresses
from services.departments import offered_departments
from services.messages import LONGEST_BODY, LONGEST_TITLE
from services.ticket_answers import Question, questions_of
from services.ticket_desk import colleagues
from services.tickets import LONGEST_COMMENT, open_ticket
from views.locale import said
from views.upload_fields import UploadsField

ANSWER: Final = "answer_"


def questions_form(_visit: Visit, kind: TicketType) -> type[FlaskForm]:
    """The questions of a type, and its first message, whose description an escalation's reason stands for."""
    asked: dict[str, Any] = {f"{ANSWER}{each.key}": _field_of(each) for each in questions_of(kind)}
    if not kind.escalates:
        asked["description"] = _description()
    asked["copies"] = _copies()
    asked["files"] = UploadsField()
    return type("QuestionsForm", (FlaskForm,), asked)


def open_from_form(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a ticket from what such a form held."""
    kept = {name: value for name, value in values.items() if not name.startswith(ANSWER)}
    typed = {name.removeprefix(ANSWER): _text(value) for name, value in values.items() if name.startswith(ANSWER)}
    first = {"files": kept.pop("files", ()), "copies": split_addresses(kept.pop("copies", None) or "")}
    return open_ticket({**kept, "answers": typed, "first_message": first}, actor=actor, now=now)


def _description() -> Field:
    """The first message of a ticket. Made anew for each form: fields are shown in the order in which they are made."""
    return TextAreaField(
        "Description",
        [InputRequired("Describe what happened."), Length(max=LONGEST_BODY)],
        description="What happened, what you expected, and since when. Markdown is understood.",
        render_kw={"rows": 8},
    )


def _copies() -> Field:
    return StringField(
        "Copy to",
        [Length(max=5_000)],
        description="E-mail addresses with commas between. They are told of this and of all that follows.",
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
    if question.label.endswith("?"):
        return InputRequired("Answer this question.")
    ask = "Choose" if question.kind is TicketFieldKind.CHOICE else "Enter"
    return InputRequired(f"{ask} {the(question.label)}.")


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


class SeenField(HiddenField):
    """The newest message of the page that is being made: what a refused form is sent with the next time."""

    def _value(self) -> str:
        return str(self.object_data or "")


class MessageForm(Form):
    """An answer, in the discussion named."""

    discussion = HiddenField()
    seen = SeenField()
    title = StringField("Title", [InputRequired("Enter a title."), Length(max=LONGEST_TITLE)])
    body = TextAreaField(
        "Description",
        [InputRequired("Enter a description."), Length(max=LONGEST_BODY)],
        description="Markdown is understood.",
        render_kw={"rows": 8},
    )
    copies = _copies()
    files = UploadsField()


class DiscussForm(Form):
    """Another matter of the same ticket."""

    title = StringField("Title", [InputRequired("Enter a title."), Length(max=LONGEST_TITLE)])
    body = TextAreaField(
        "Description", [InputRequired("Enter a description."), Length(max=LONGEST_BODY)], render_kw={"rows": 6}
    )
    copies = StringField("Copy to", [Length(max=5_000)], description="E-mail addresses with commas between.")
    files = UploadsField()


class NoteForm(Form):
    """For colleagues only."""

    discussion = HiddenField()
    title = StringField("Title", [InputRequired("Enter a title."), Length(max=LONGEST_TITLE)], default="Internal note")
    body = TextAreaField("Note", [InputRequired("Enter a note."), Length(max=LONGEST_BODY)], render_kw={"rows": 5})
    files = UploadsField()


class AssignForm(Form):
    """Who works on it, where, and how soon."""

    assignee = SelectField("Colleague", choices=lambda: _with_none(colleagues()))
    department = SelectField("Department", choices=lambda: _with_none(offered_departments()))
    priority = SelectField(
        "Priority",
        choices=[
            SelectChoice("", "As it is"),
            *(SelectChoice(each.value, word(each)) for each in TicketPriority),
        ],
    )


class MergeForm(Form):
    into = StringField(
        "Number of the other ticket",
        [InputRequired("Enter the number of a ticket."), Length(max=40)],
        description="A ticket of the same account, in progress.",
    )


RATINGS: Final = (
    (5, Sentence("5: very well")),
    (4, Sentence("4: well")),
    (3, Sentence("3: so-so")),
    (2, Sentence("2: badly")),
    (1, Sentence("1: not at all")),
)


class RatingForm(Form):
    """How well it was solved."""

    rating = RadioField(
        "How well did we solve it?",
        coerce=int,
        choices=[SelectChoice(value, words) for value, words in RATINGS],
        validators=[InputRequired("Choose from 1 to 5.")],
    )
    comment = TextAreaField("Comment", [Length(max=LONGEST_COMMENT)], render_kw={"rows": 3})


def answer_to(ticket: Ticket) -> dict[str, str]:
    """What the form of an answer opens with; the address may name the discussion."""
    newest, discussion = newest_message(ticket), request.args.get("discussion", "")
    seen = newest.public_id if newest is not None else ""
    return {"title": reply_title(ticket.subject), "seen": seen, "discussion": discussion}


def _with_none(offered: Iterable[Any]) -> list[SelectChoice]:
    return [SelectChoice("", said("As it is")), *(SelectChoice(each.key, each.name) for each in offered)]
