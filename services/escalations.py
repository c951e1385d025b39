"""Escalation: a ticket that needs more becomes a new one in another department, linked to it (SPEC F1)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.sentences import Sentence
from extensions import db
from models.ticket import Ticket
from models.ticket_type import TicketFieldKind, TicketType
from services.audit import record_event
from services.ticket_answers import AnswersNotAccepted, questions_of


class NotEscalated(AnswersNotAccepted):
    """Said at the question for the ticket."""

    def __init__(self, kind: TicketType, message: str) -> None:
        asks = next(each.key for each in questions_of(kind) if each.kind is TicketFieldKind.TICKET)
        super().__init__({asks: message})


class EscalatedIsClosed(NotEscalated):
    def __init__(self, kind: TicketType, ticket: Ticket) -> None:
        super().__init__(kind, Sentence("Ticket %(number)s is closed. Reopen it instead.", number=ticket.number))


class EscalatedAlready(NotEscalated):
    def __init__(self, kind: TicketType, ticket: Ticket, number: str) -> None:
        super().__init__(
            kind,
            Sentence(
                "Ticket %(number)s is escalated already, as ticket %(number_2)s. Write there.",
                number=ticket.number,
                number_2=number,
            ),
        )


class EscalatedToItsOwnDepartment(NotEscalated):
    def __init__(self, kind: TicketType, ticket: Ticket) -> None:
        super().__init__(
            kind, Sentence("Ticket %(number)s is with this department already. Write there.", number=ticket.number)
        )


def refuse_escalation(kind: TicketType, ticket: Ticket) -> None:
    """Refused: EscalatedIsClosed, EscalatedToItsOwnDepartment, EscalatedAlready."""
    if not ticket.is_in_progress:
        raise EscalatedIsClosed(kind, ticket)
    if kind.department_id is not None and kind.department_id == ticket.department_id:
        raise EscalatedToItsOwnDepartment(kind, ticket)
    there = select(Ticket.number).where(
        Ticket.escalated_from_id == ticket.id, Ticket.account_id == ticket.account_id, Ticket.is_in_progress
    )
    number = db.session.scalar(there.limit(1))
    if number is not None:
        raise EscalatedAlready(kind, ticket, number)


def note_escalation(ticket: Ticket, new: Ticket, *, actor: Actor, now: dt.datetime) -> None:
    """Say in the history of the escalated ticket where it goes on."""
    record_event(AuditEvent.TICKET_ESCALATED, ticket, actor=actor, now=now, after={"ticket": new.number})
