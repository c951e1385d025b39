"""Tickets: their list, and what can be done to one."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from domain.permissions import P
from models import Project, Ticket, TicketType
from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    Lookup,
    Reference,
    Related,
    Resource,
    Visit,
    reading,
)
from services.departments import tickets_of_departments
from services.more_resets import NoResetsAsked, grant_from_ticket
from services.tickets import reopen_ticket, solve_ticket
from views.forms import GrantResetsForm, resets_to_grant
from views.ticket_forms import open_from_form, questions_form


def offered_types(visit: Visit) -> ColumnElement[bool]:
    """The types a ticket may be opened with: customers are not offered the internal ones."""
    open_ones = TicketType.retired.is_(False)
    return open_ones & TicketType.internal.is_(False) if visit.realm.scoped else open_ones


def offered_projects(_visit: Visit) -> ColumnElement[bool]:
    """The projects still in use."""
    return Project.retired.is_(False)


def seen_tickets(visit: Visit) -> ColumnElement[bool] | None:
    """In the back office an agent sees the tickets of their departments; others see all of them."""
    if visit.owner_id is not None or visit.allows(P.STAFF_TICKETS_READ):
        return None
    return tickets_of_departments(visit.actor.staff_member_id or 0, visit.actor.person_id)


class TicketResource(Resource):
    model, slug, title = Ticket, "tickets", "Tickets"
    group, icon, key, label = "Support", "life-preserver", "number", "subject"
    columns = (
        Column("number", sort=True, link=True),
        Column("created_at", "Date", sort=True),
        Column("subject", sort=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("status", sort=True),
        Column("priority", sort=True),
        Column("ticket_type.name", "Type"),
        Column("project.name", "Project"),
        Column("last_message_at", "Last message", sort=True),
        Column("department.name", "Department", realms={STAFF}, list=False),
        Column("assignee.person.email", "Assigned to", realms={STAFF}),
        Column("opened_by.email", "Opened by", list=False),
        Column("solved_at", list=False),
        Column("rating", list=False),
    )
    filters = (
        Choice("status"),
        Choice("priority"),
        Lookup("ticket_type", "Type"),
        DateRange("created_at", "Date"),
        Lookup("account", realms={STAFF}),
        Lookup("department", realms={STAFF}),
    )
    search = ("number", "subject")
    default_sort = "-last_message_at"
    form = {
        "create": {
            STAFF: ("account", "ticket_type", "project", "subject"),
            PORTAL: ("ticket_type", "project", "subject"),
        }
    }
    form_extras = {"create": questions_form}
    first = {"create": "ticket_type"}
    labels = {"ticket_type": "Type"}
    references = {
        "ticket_type": Reference(
            label="name", key="public_id", search=("name",), where=offered_types, order="position", note="description"
        ),
        "project": Reference(label="name", key="public_id", search=("name",), where=offered_projects),
    }
    saves = {"create": open_from_form}
    narrow = seen_tickets
    load = ("account", "ticket_type")
    grants = {**reading(P.TICKETS_READ), "create": P.TICKETS_WRITE}
    actions = (
        Action(
            solve_ticket,
            "Solve",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_solve,
            bulk=True,
            confirm="The ticket can be opened again later.",
            done="The ticket is solved.",
            name="solve",
        ),
        Action(
            reopen_ticket,
            "Reopen",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_reopen,
            done="The ticket is open again.",
            name="reopen",
        ),
        Action(
            grant_from_ticket,
            "Grant resets",
            grant=P.STAFF_LICENSES_GRANT_RESETS,
            when=Ticket.asks_for_resets,
            why_not=NoResetsAsked.message,
            realms={STAFF},
            form=GrantResetsForm,
            fill=resets_to_grant,
            confirm="The license of this ticket gets more resets, and the ticket is answered and solved.",
            done="The resets are granted, and the ticket is solved.",
            name="grant-resets",
        ),
    )
    related = (Related("discussions", columns=("title", "created_at"), order="-created_at"),)
