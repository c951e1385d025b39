"""Ready answers: texts that agents put into their answers, with the names of the ticket filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from domain.actor import Actor
from domain.ready_answers import check_variables, fill_in
from extensions import db
from models.account import Account
from models.person import Person, PersonKind
from models.support_desk import ReadyAnswer
from models.ticket import Ticket
from services.records import create_record, edit_record

MOST_OFFERED: Final = 50


def create_ready_answer(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> ReadyAnswer:
    """Keep a ready answer. Refused: VariableUnknown, RecordExists."""
    check_variables(values["body"])
    return create_record(ReadyAnswer, values, actor=actor, now=now)


def edit_ready_answer(
    answer: ReadyAnswer, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime
) -> ReadyAnswer:
    """Change a ready answer. Refused: VariableUnknown, RecordExists."""
    check_variables(changes.get("body", ""))
    return edit_record(answer, changes, actor=actor, now=now)


def ready_answers_for(ticket: Ticket) -> Sequence[ReadyAnswer]:
    """The ready answers of the ticket's department, and those of all."""
    for_all: ColumnElement[bool] = ReadyAnswer.department_id.is_(None)
    offered = select(ReadyAnswer).where(or_(for_all, ReadyAnswer.department_id == ticket.department_id))
    return db.session.scalars(offered.order_by(ReadyAnswer.title).limit(MOST_OFFERED)).all()


def names_in(ticket: Ticket, *, actor: Actor) -> dict[str, str]:
    """What the variables of a ready answer stand for in a ticket, by domain.ready_answers.VARIABLES."""
    return {"customer": _customer(ticket), "ticket number": ticket.number, "agent": actor.name}


def answer_text(answer: ReadyAnswer, ticket: Ticket, *, actor: Actor) -> str:
    """A ready answer as it is sent in a ticket."""
    return fill_in(answer.body, names_in(ticket, actor=actor))


def _customer(ticket: Ticket) -> str:
    """Who opened it, or the account where it was opened for it by staff or by the house."""
    opener = db.session.get(Person, ticket.opened_by_id) if ticket.opened_by_id is not None else None
    if opener is not None and opener.kind is PersonKind.MEMBER:
        return str(opener)
    return db.session.get_one(Account, ticket.account_id).name
