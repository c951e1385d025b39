"""The one place where the status of a ticket changes: the moments that go with a status are set with it."""

from __future__ import annotations

import datetime as dt

from models.ticket import Ticket, TicketStatus
from services.ticket_clocks import follow_status

CLOSED = frozenset({TicketStatus.SOLVED, TicketStatus.ARCHIVED})


def move_ticket(ticket: Ticket, status: TicketStatus, *, now: dt.datetime) -> None:
    """Set the status of a locked ticket. Whether it may, and what the audit calls it, is the caller's to say."""
    if status is not ticket.status:
        ticket.status = status
        if status not in CLOSED:
            ticket.solved_at = ticket.archived_at = None
        elif ticket.solved_at is None:
            ticket.solved_at = now
        if status is TicketStatus.ARCHIVED:
            ticket.archived_at = now
    follow_status(ticket, now=now)
