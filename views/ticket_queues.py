"""The queues of the agents' desk: lists of tickets that are asked for all day."""

from __future__ import annotations

from collections.abc import Sequence

from domain.permissions import P
from extensions import db
from models import StaffMember, TicketStatus
from panel import Visit
from services.ticket_states import CLOSED

Params = Sequence[tuple[str, str]]

_IN_PROGRESS = tuple(("status", each.value) for each in TicketStatus if each not in CLOSED)


def queues(visit: Visit) -> Sequence[tuple[str, Params]]:
    """Label and filters of each queue; in the portal only whom is waited for."""
    if visit.owner_id is not None:
        return [("All", ()), ("Waiting for you", (("status", TicketStatus.WAITING_FOR_CUSTOMER.value),))]
    found: list[tuple[str, Params]] = [
        ("All", ()),
        ("Unassigned", (*_IN_PROGRESS, ("is_unassigned", "yes"))),
        ("Waiting for support", (("status", TicketStatus.WAITING_FOR_SUPPORT.value),)),
        ("Waiting for customers", (("status", TicketStatus.WAITING_FOR_CUSTOMER.value),)),
        ("Overdue", (("overdue", "yes"), ("sort", "due_at"))),
        ("By due time", (*_IN_PROGRESS, ("sort", "due_at"))),
    ]
    staff_member = db.session.get(StaffMember, visit.actor.staff_member_id) if visit.actor.staff_member_id else None
    if staff_member is not None and visit.allows(P.STAFF_TICKETS_WORK):
        found.insert(1, ("Mine", (*_IN_PROGRESS, ("assignee", staff_member.public_id))))
    return found
