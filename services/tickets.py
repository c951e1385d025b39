"""Tickets: opened with a first message, solved, and opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from models.discussion import Discussion, Message
from models.number_series import NumberedKind
from models.ticket import MessageSource, ParticipantPart, Ticket, TicketParticipant, TicketStatus
from models.ticket_type import TicketType
from services.audit import record_event
from services.numbers import next_number
from services.people import acts_for_provider
from services.records import flush_or_refuse


class TicketTypeNotOffered(Refusal):
    message = "Tickets of this type can no longer be opened. Choose another type."


class TicketNotOpen(Refusal):
    message = "This ticket is not open any more."


class TicketNotClosed(Refusal):
    message = "This ticket is open already."


def open_ticket(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a ticket of a type, with its first message in its first discussion.

    ``values``: ``account`` or ``account_id``, ``ticket_type``, ``subject``, ``description``, ``project`` or None. The
    type gives priority and department. Refused: TicketTypeNotOffered.
    """
    kind: TicketType = values["ticket_type"]
    if kind.retired or (kind.internal and not acts_for_provider(actor)):
        raise TicketTypeNotOffered
    return open_ticket_of_any_type(values, actor=actor, now=now)


def open_ticket_of_any_type(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """The same for a page of ours that fills in what an internal type asks, whoever sits before it."""
    kept = dict(values)
    description = kept.pop("description")
    kind: TicketType = kept["ticket_type"]
    from_staff = acts_for_provider(actor)
    account = kept.get("account")
    if account is not None:
        kept["account_id"] = account.id
    ticket = Ticket(
        **kept,
        number=next_number(NumberedKind.TICKET, now=now),
        status=TicketStatus.OPEN,
        priority=kind.priority,
        department_id=kind.department_id,
        opened_by_id=actor.person_id,
        source=_source_of(actor),
        last_message_at=now,
        created_at=now,
    )
    db.session.add(ticket)
    flush_or_refuse()
    _write_first_message(ticket, description, from_staff=from_staff, actor=actor, now=now)
    record_event(AuditEvent.TICKET_OPENED, ticket, actor=actor, now=now, after={"subject": ticket.subject})
    return ticket


def solve_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Close a ticket as solved; it can be opened again."""
    if ticket.status in (TicketStatus.SOLVED, TicketStatus.ARCHIVED):
        raise TicketNotOpen
    before = ticket.status
    ticket.status, ticket.solved_at = TicketStatus.SOLVED, now
    ticket.version += 1
    db.session.flush()
    record_event(AuditEvent.TICKET_SOLVED, ticket, actor=actor, now=now, before={"status": before})
    return ticket


def reopen_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a solved or archived ticket again: it then waits for support."""
    if ticket.status not in (TicketStatus.SOLVED, TicketStatus.ARCHIVED):
        raise TicketNotClosed
    before = ticket.status
    ticket.status, ticket.solved_at, ticket.archived_at = TicketStatus.WAITING_FOR_SUPPORT, None, None
    ticket.version += 1
    db.session.flush()
    record_event(AuditEvent.TICKET_REOPENED, ticket, actor=actor, now=now, before={"status": before})
    return ticket


def add_message(ticket: Ticket, title: str, text: str, *, actor: Actor, now: dt.datetime) -> Message:
    """Go on with the first discussion of a ticket."""
    first = select(Discussion.id).where(Discussion.ticket_id == ticket.id).order_by(Discussion.id).limit(1)
    message = Message(
        account_id=ticket.account_id,
        discussion_id=db.session.scalars(first).one(),
        author_id=actor.person_id,
        from_staff=acts_for_provider(actor),
        title=title[:255],
        body=text,
        source=_source_of(actor),
        created_at=now,
    )
    db.session.add(message)
    ticket.last_message_at = now
    ticket.version += 1
    db.session.flush()
    return message


def _source_of(actor: Actor) -> MessageSource:
    if actor.source is Source.STAFF:
        return MessageSource.STAFF
    return MessageSource.SYSTEM if acts_for_provider(actor) else MessageSource.PORTAL


def _write_first_message(ticket: Ticket, text: str, *, from_staff: bool, actor: Actor, now: dt.datetime) -> None:
    discussion = Discussion(account_id=ticket.account_id, ticket_id=ticket.id, title=ticket.subject, created_at=now)
    db.session.add(discussion)
    db.session.flush()
    message = Message(
        account_id=ticket.account_id,
        discussion_id=discussion.id,
        author_id=actor.person_id,
        from_staff=from_staff,
        title=ticket.subject,
        body=text,
        source=ticket.source,
        created_at=now,
    )
    db.session.add(message)
    if actor.person_id is not None:
        part = TicketParticipant(
            account_id=ticket.account_id,
            ticket_id=ticket.id,
            person_id=actor.person_id,
            part=ParticipantPart.OPENER,
            created_at=now,
        )
        db.session.add(part)
    db.session.flush()
