"""Macros: a ready answer with what is changed along with it, used by the rules of each of its acts (UX 36)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import word
from extensions import db
from models.person import Person
from models.staff import Department, StaffMember
from models.support_desk import Macro, MacroStatus, ReadyAnswer
from models.ticket import Ticket, TicketStatus
from services.answers import answer_ticket
from services.locks import locked
from services.messages import refuse_what_takes_no_messages
from services.records import create_record, edit_record
from services.ticket_desk import TicketClosed, assign_ticket, take_ticket
from services.tickets import let_ticket_wait, refuse_untaken, solve_ticket

MOST_OFFERED: Final = 50


class MacroDoesNothing(Refusal):
    message = "Choose a ready answer, or at least one change."


class MacroTakesAndAssigns(Refusal):
    message = "Let whoever uses it take the ticket, or choose a colleague, not both."
    fields: Final = {"assignee": message}


class MacroSolvesForAnother(Refusal):
    message = "Whoever solves a ticket answers for it. Let whoever uses it take the ticket, or choose no colleague."
    fields: Final = {"status": message}


class MacroNotOffered(Refusal):
    message = "The ready answer of this macro is one of another department."


class MacroChangesNothing(Refusal):
    message = "The ticket is as the macro would leave it already."


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a macro changes in a ticket: what it is called, and its values in words; "" is none."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a macro would do to a ticket as it is now; ``refused`` says why it would do nothing."""

    changes: Sequence[Change]
    refused: Refusal | None = None


def create_macro(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Macro:
    """Keep a macro. ``values``: ``title``, and of ``ready_answer``, ``status``, ``priority``, ``department``, ``takes``
    and ``assignee`` (rows) at least one.

    Refused: MacroDoesNothing, MacroTakesAndAssigns, MacroSolvesForAnother, RecordExists.
    """
    _check(values)
    return create_record(Macro, values, actor=actor, now=now)


def edit_macro(macro: Macro, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Macro:
    """Change a macro. Refused: as `create_macro`."""
    held = {
        "ready_answer": macro.ready_answer_id,
        "status": macro.status,
        "priority": macro.priority,
        "department": macro.department_id,
        "takes": macro.takes,
        "assignee": macro.assignee_id,
    }
    _check({**held, **changes})
    return edit_record(macro, changes, actor=actor, now=now)


def macros_for(ticket: Ticket) -> Sequence[Macro]:
    """The macros that can be used on a ticket: those without an answer, and those whose answer it may get."""
    answers = select(ReadyAnswer.id).where(
        or_(ReadyAnswer.department_id.is_(None), ReadyAnswer.department_id == ticket.department_id)
    )
    offered = or_(Macro.ready_answer_id.is_(None), Macro.ready_answer_id.in_(answers))
    return db.session.scalars(select(Macro).where(offered).order_by(Macro.title).limit(MOST_OFFERED)).all()


def all_macros() -> Sequence[Macro]:
    """Every macro, by title."""
    return db.session.scalars(select(Macro).order_by(Macro.title)).all()


def find_macro(public_id: str) -> Macro | None:
    """A macro by its address, with all that it refers to."""
    return db.session.scalar(_whole().where(Macro.public_id == public_id)) if "\0" not in public_id else None


def plan_macro(macro: Macro, ticket: Ticket, *, actor: Actor) -> Plan:
    """What `use_macro` would do now, without doing it. Wants a macro of `find_macro`."""
    try:
        _refuse(macro, ticket, actor)
    except Refusal as refusal:
        return Plan((), refusal)
    return Plan(_changes(macro, ticket, actor))


def use_macro(
    ticket: Ticket,
    macro: Macro,
    *,
    title: str = "",
    body: str = "",
    seen: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Ticket:
    """Answer with ``title`` and ``body``, where the macro holds an answer, and change what it changes: all of it, or
    by a refusal nothing. ``seen``: see `services.answers.answer_ticket`. Wants a macro of `find_macro`.

    Refused: MacroNotOffered, MacroChangesNothing, and as answering, taking, assigning and solving.
    """
    locked(ticket)
    _refuse(macro, ticket, actor)
    if macro.ready_answer is not None:
        answer_ticket(ticket, title=title, body=body, seen=seen, actor=actor, now=now)
    if macro.takes and ticket.assignee_id != actor.staff_member_id:
        take_ticket(ticket, actor=actor, now=now)
    if macro.assignee is not None or macro.department is not None or macro.priority is not None:
        assign_ticket(
            ticket,
            assignee=macro.assignee.public_id if macro.assignee is not None else "",
            department=macro.department.public_id if macro.department is not None else "",
            priority=macro.priority.value if macro.priority is not None else "",
            actor=actor,
            now=now,
        )
    if macro.status is MacroStatus.SOLVED:
        solve_ticket(ticket, actor=actor, now=now)
    elif macro.status is not None:
        let_ticket_wait(ticket, TicketStatus(macro.status.value), actor=actor, now=now)
    return ticket


def _check(values: Mapping[str, Any]) -> None:
    if not any(values.get(name) for name in ("ready_answer", "status", "priority", "department", "takes", "assignee")):
        raise MacroDoesNothing
    if values.get("takes") and values.get("assignee"):
        raise MacroTakesAndAssigns
    if values.get("status") is MacroStatus.SOLVED and values.get("assignee"):
        raise MacroSolvesForAnother


def _whole() -> Select[Macro]:
    return select(Macro).options(
        joinedload(Macro.ready_answer),
        joinedload(Macro.department),
        joinedload(Macro.assignee).joinedload(StaffMember.person),
    )


def _refuse(macro: Macro, ticket: Ticket, actor: Actor) -> None:
    """What can be told before anything is done: so that a preview says it, and a refusal costs nothing."""
    answer = macro.ready_answer
    if answer is not None:
        refuse_what_takes_no_messages(ticket)
        if answer.department_id not in (None, ticket.department_id):
            raise MacroNotOffered
    elif not ticket.is_in_progress:
        raise TicketClosed
    elif not _changes(macro, ticket, actor):
        raise MacroChangesNothing
    if macro.status is MacroStatus.SOLVED and not macro.takes:
        refuse_untaken(ticket, actor)


def _changes(macro: Macro, ticket: Ticket, actor: Actor) -> list[Change]:
    """What differs afterwards; an answer lets the ticket wait for the customer, unless the macro says otherwise."""
    status = macro.status or (MacroStatus.WAITING_FOR_CUSTOMER if macro.ready_answer is not None else None)
    assignee = ticket.assignee_id
    new_name = ""
    if macro.takes:
        assignee, new_name = actor.staff_member_id, actor.name
    elif macro.assignee is not None:
        assignee, new_name = macro.assignee.id, str(macro.assignee.person)
    found = []
    if status is not None and status.value != ticket.status.value:
        found.append(Change("Status", word(ticket.status), word(status)))
    if macro.priority is not None and macro.priority is not ticket.priority:
        found.append(Change("Priority", word(ticket.priority), word(macro.priority)))
    if macro.department is not None and macro.department.id != ticket.department_id:
        before = db.session.get(Department, ticket.department_id) if ticket.department_id is not None else None
        found.append(Change("Department", before.name if before is not None else "", macro.department.name))
    if assignee != ticket.assignee_id:
        found.append(Change("Assigned to", _name(ticket.assignee_id), new_name))
    return found


def _name(staff_member_id: int | None) -> str:
    held = db.session.get(StaffMember, staff_member_id) if staff_member_id is not None else None
    return str(db.session.get_one(Person, held.person_id)) if held is not None else ""
