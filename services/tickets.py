"""Tickets: opened with a first message, solved, rated, archived, and opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.discussion import Message
from models.number_series import NumberedKind
from models.ticket import Ticket, TicketStatus
from models.ticket_type import TicketType
from services.announcements_in_force import holding_back
from services.audit import record_event
from services.escalations import note_escalation, refuse_escalation
from services.locks import locked
from services.messages import (
    LONGEST_TITLE,
    TicketMerged,
    first_discussion,
    source_of,
    write_first_message,
    write_message,
)
from services.numbers import next_number
from services.people import acts_for_provider
from services.records import flush_or_refuse
from services.ticket_answers import REASON, read_answers
from services.ticket_clocks import start_clocks
from services.ticket_states import CLOSED, move_ticket

BEST_RATING: Final = 5
LONGEST_COMMENT: Final = 1000


class TicketTypeNotOffered(Refusal):
    message = "Tickets of this type can no longer be opened. Choose another type."


class TicketTypeHeldBack(Refusal):
    """An announcement holds tickets of this type back for a time; staff open them all the same."""

    def __init__(self, title: str) -> None:
        super().__init__(Sentence("Tickets of this type cannot be opened just now: %(title)s.", title=title))


class TicketNotOpen(Refusal):
    message = "This ticket is not open any more."


class TicketInProgress(Refusal):
    message = "A ticket in progress cannot be archived. Solve it first."


class TicketPutAway(Refusal):
    message = "This ticket is archived already."


class TicketNotArchived(Refusal):
    message = "This ticket is not in the archive."


class NotTaken(Refusal):
    message = "Take this ticket first: whoever closes it answers for it."
    instead = "take"


class CannotBeRated(Refusal):
    message = "Only a solved ticket is rated, and only once."


class RatingNotReadable(Refusal):
    message = "Choose from 1 to 5, and say in at most 1,000 characters why."


class TicketNotClosed(Refusal):
    message = "This ticket is open already."


def open_ticket(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a ticket of a type, with its first message in its first discussion.

    ``values``: ``account`` or ``account_id``, ``ticket_type``, ``subject``, ``description`` (an escalation says its
    reason instead), ``answers`` (key of a question of the type -> what was typed), ``project`` or None. The type gives
    priority and department. Refused: TicketTypeNotOffered, TicketTypeHeldBack, AnswersNotAccepted, the refusals of
    services/escalations.py and those of a message.
    """
    kind: TicketType = values["ticket_type"]
    if kind.retired or (kind.internal and not acts_for_provider(actor)):
        raise TicketTypeNotOffered
    kept, typed = dict(values), values.get("answers") or {}
    account_id = kept["account"].id if kept.get("account") is not None else kept["account_id"]
    announced = None if acts_for_provider(actor) else holding_back(kind.id, account_id, now=now)
    if announced is not None:
        raise TicketTypeHeldBack(announced.title)
    answers = read_answers(kind, typed, account_id=account_id)
    kept["answers"] = answers.kept
    if answers.license is not None:
        kept["license_id"] = answers.license.id
    if not kind.escalates or answers.ticket is None:
        return open_ticket_of_any_type(kept, actor=actor, now=now)
    escalated = locked(answers.ticket)  # two who escalate it at once open one ticket
    refuse_escalation(kind, escalated)
    kept |= {"escalated_from_id": escalated.id, "description": answers.kept[REASON]}
    kept["license_id"] = kept.get("license_id") or escalated.license_id
    ticket = open_ticket_of_any_type(kept, actor=actor, now=now)
    note_escalation(escalated, ticket, actor=actor, now=now)
    return ticket


def open_ticket_of_any_type(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Ticket:
    """The same for a page of ours that fills in what an internal type asks, and for mails. Nothing is asked of anybody.

    ``values`` may also hold ``department_id`` and ``source``, and as ``first_message`` what else its first message
    takes (services/messages.py).
    """
    kept = dict(values)
    description, first = kept.pop("description"), kept.pop("first_message", {})
    kind: TicketType = kept["ticket_type"]
    account = kept.get("account")
    if account is not None:
        kept["account_id"] = account.id
    ticket = Ticket(
        **{"department_id": kind.department_id, "source": source_of(actor), **kept},
        number=next_number(NumberedKind.TICKET, now=now),
        status=TicketStatus.OPEN,
        priority=kind.priority,
        opened_by_id=actor.person_id,
        last_message_at=now,
        created_at=now,
    )
    db.session.add(ticket)
    flush_or_refuse()
    start_clocks(ticket, now=now)
    record_event(AuditEvent.TICKET_OPENED, ticket, actor=actor, now=now, after={"subject": ticket.subject})
    write_first_message(ticket, {"title": ticket.subject, "body": description, **first}, actor=actor, now=now)
    return ticket


def solve_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Close a ticket as solved; it can be opened again. Staff take it first. Refused: TicketNotOpen, NotTaken."""
    refuse_untaken(ticket, actor)
    return close_ticket(ticket, actor=actor, now=now)


def close_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """The same for acts of the house that answer a ticket in one click, whoever took it. Refused: TicketNotOpen."""
    if not ticket.can_solve:
        raise TicketNotOpen
    return _move(ticket, TicketStatus.SOLVED, AuditEvent.TICKET_SOLVED, actor, now)


def let_ticket_wait(ticket: Ticket, status: TicketStatus, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Say by hand for whom a ticket in progress waits; nothing happens where it does. Refused: TicketNotOpen."""
    if not ticket.is_in_progress:
        raise TicketNotOpen
    return ticket if ticket.status is status else _move(ticket, status, AuditEvent.TICKET_STATUS_SET, actor, now)


def archive_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Put a solved ticket away. Refused: TicketInProgress, TicketPutAway, NotTaken."""
    if ticket.is_in_progress:
        raise TicketInProgress
    if not ticket.can_archive:
        raise TicketPutAway
    refuse_untaken(ticket, actor)
    return _move(ticket, TicketStatus.ARCHIVED, AuditEvent.TICKET_ARCHIVED, actor, now)


def reopen_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a solved or archived ticket again: it then waits for support. Refused: TicketNotClosed, TicketMerged."""
    if ticket.status not in CLOSED:
        raise TicketNotClosed
    if ticket.merged_into_id is not None:
        raise TicketMerged(db.session.get_one(Ticket, ticket.merged_into_id).number)
    return _move(ticket, TicketStatus.WAITING_FOR_SUPPORT, AuditEvent.TICKET_REOPENED, actor, now)


def restore_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Take back that a ticket was archived: it is solved, as it was. Refused: TicketNotArchived, NotTaken."""
    if not ticket.can_restore:
        raise TicketNotArchived
    refuse_untaken(ticket, actor)
    return _move(ticket, TicketStatus.SOLVED, AuditEvent.TICKET_RESTORED, actor, now)


def rate_ticket(ticket: Ticket, *, rating: int, comment: str, actor: Actor, now: dt.datetime) -> Ticket:
    """Say once how well a solved ticket was solved, from 1 to 5. Refused: CannotBeRated, RatingNotReadable."""
    if not ticket.can_rate:
        raise CannotBeRated
    words = comment.strip()
    if not 1 <= rating <= BEST_RATING or len(words) > LONGEST_COMMENT:
        raise RatingNotReadable
    ticket.rating, ticket.rating_comment, ticket.rated_at = rating, words or None, now
    ticket.version += 1
    db.session.flush()
    after = {"rating": rating, "comment": words}
    record_event(AuditEvent.TICKET_RATED, ticket, actor=actor, now=now, after=after)
    return ticket


def refuse_untaken(ticket: Ticket, actor: Actor) -> None:
    """Whoever of the staff closes a ticket has taken it, so that somebody answers for it. Refused: NotTaken."""
    is_agent = acts_for_provider(actor) and actor.staff_member_id is not None
    if is_agent and ticket.assignee_id != actor.staff_member_id:
        raise NotTaken


def add_message(ticket: Ticket, title: str, text: str, *, actor: Actor, now: dt.datetime) -> Message:
    """Go on with the first discussion of a ticket, for acts of the house that answer it: an archived one is reopened.

    Refused as `write_message`.
    """
    if ticket.status is TicketStatus.ARCHIVED:
        reopen_ticket(ticket, actor=actor, now=now)
    discussion = first_discussion(ticket, actor=actor, now=now)
    return write_message(discussion, {"title": title[:LONGEST_TITLE], "body": text}, actor=actor, now=now)


def _move(ticket: Ticket, status: TicketStatus, event: AuditEvent, actor: Actor, now: dt.datetime) -> Ticket:
    before = ticket.status
    move_ticket(ticket, status, now=now)
    ticket.version += 1
    db.session.flush()
    record_event(event, ticket, actor=actor, now=now, before={"status": before}, after={"status": status})
    return ticket
