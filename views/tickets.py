"""Tickets: their list, and what can be done to one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from sqlalchemy import ColumnElement

from domain.permissions import P
from domain.search_words import SHORTEST_WORD, Wanted, read_words
from domain.sentences import Sentence
from models import Project, Ticket, TicketText, TicketType
from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    Lookup,
    OwnSearch,
    Passed,
    Reference,
    Resource,
    Visit,
    YesNo,
    lead,
    reading,
)
from panel.addresses import address
from services.announcements_in_force import is_held_back
from services.answers import answer_ticket, discuss_ticket, note_on_ticket
from services.departments import tickets_of_departments
from services.messages import TicketArchived
from services.more_resets import NoResetsAsked, grant_from_ticket
from services.ticket_desk import TicketClosed, assign_ticket, merge_ticket, take_ticket
from services.ticket_texts import tickets_holding
from services.tickets import (
    CannotBeRated,
    TicketInProgress,
    TicketPutAway,
    archive_ticket,
    rate_ticket,
    reopen_ticket,
    restore_ticket,
    solve_ticket,
)
from views.clock import now
from views.counters import answered_banners, note_ticket_seen
from views.forms import GrantResetsForm, resets_to_grant
from views.ticket_forms import (
    AssignForm,
    DiscussForm,
    MergeForm,
    MessageForm,
    NoteForm,
    RatingForm,
    answer_to,
    open_from_form,
    questions_form,
)
from views.ticket_page import ticket_body
from views.ticket_queues import queues


def offered_types(visit: Visit) -> ColumnElement[bool]:
    """The types a ticket may be opened with: customers are not offered internal ones, nor those held back just now.

    What was filled in before it was held back is let through to the service, which says why it is refused.
    """
    open_ones = TicketType.retired.is_(False)
    if visit.owner_id is None:
        return open_ones
    offered = open_ones & TicketType.internal.is_(False)
    return offered if request.method == "POST" else offered & ~is_held_back(visit.owner_id, now=now())


def offered_projects(_visit: Visit) -> ColumnElement[bool]:
    """The projects still in use."""
    return Project.retired.is_(False)


def seen_tickets(visit: Visit) -> ColumnElement[bool] | None:
    """In the back office an agent sees the tickets of their departments; others see all of them."""
    if visit.owner_id is not None or visit.allows(P.STAFF_TICKETS_READ):
        return None
    return tickets_of_departments(visit.actor.staff_member_id or 0, visit.actor.person_id)


def holding(visit: Visit, wanted: Sequence[Wanted]) -> ColumnElement[bool]:
    """The tickets found by words: customers' are looked for in what they may read, without the notes among staff."""
    return tickets_holding(wanted, account_id=visit.owner_id, with_notes=visit.owner_id is None)


def not_archived(ticket: Ticket) -> str:
    """Why a ticket cannot be archived."""
    return (TicketInProgress if ticket.is_in_progress else TicketPutAway).message


def takes_none(_ticket: Ticket) -> str:
    """Why nothing can be written in a ticket."""
    return TicketArchived.message


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
        Column("due_at", "Due", sort=True, realms={STAFF}, kind="deadline"),
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
        Lookup("assignee", "Assigned to", realms={STAFF}, reverse="Tickets assigned"),
        YesNo("is_unassigned", "Unassigned", realms={STAFF}),
        DateRange("due_at", "Due", realms={STAFF}),
        Passed("due_at", "Overdue", realms={STAFF}, param="overdue"),
    )
    search = ("number", "subject")
    search_by = OwnSearch(read_words, holding, shortest=SHORTEST_WORD, columns=(TicketText.words,))
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
    template = "pages/ticket/ticket.html"
    body = ticket_body
    shortcuts = queues
    opened = note_ticket_seen
    banners = answered_banners
    actions = (
        Action(
            take_ticket,
            "Take",
            grant=P.STAFF_TICKETS_WORK,
            when=Ticket.is_in_progress,
            why_not=TicketClosed.message,
            realms={STAFF},
            bulk=True,
            confirm="You answer for it from now on.",
            done="The ticket is yours.",
            name="take",
        ),
        Action(
            solve_ticket,
            "Solve",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_solve,
            bulk=True,
            confirm="The ticket can be opened again later.",
            done="The ticket is solved.",
            name="solve",
            undo="reopen",
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
            rate_ticket,
            "Rate",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_rate,
            why_not=CannotBeRated.message,
            realms={PORTAL},
            form=RatingForm,
            done="Thank you for your rating.",
            menu=False,
            name="rate",
        ),
        Action(
            assign_ticket,
            "Assign",
            grant=P.STAFF_TICKETS_WORK,
            when=Ticket.is_in_progress,
            why_not=TicketClosed.message,
            realms={STAFF},
            form=AssignForm,
            confirm="What is left as it is does not change.",
            done="The ticket is assigned.",
            name="assign",
        ),
        lead(
            "Use macro",
            lambda ticket: f"ticket-macros/{address(ticket.number)}",
            name="macro",
            grant=P.STAFF_TICKETS_WORK,
            when=Ticket.takes_messages,
            why_not=takes_none,
            realms={STAFF},
            many_lead_to="ticket-macros/",
        ),
        Action(
            merge_ticket,
            "Merge",
            grant=P.STAFF_TICKETS_WORK,
            when=Ticket.is_unmerged,
            realms={STAFF},
            form=MergeForm,
            confirm="It is archived and points to the other ticket, which shows its messages. Who takes part is told. "
            "This cannot be taken back.",
            done=lambda target: Sentence("Merged into ticket %(number)s.", number=target.number),
            danger=True,
            name="merge",
        ),
        Action(
            archive_ticket,
            "Archive",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_archive,
            why_not=not_archived,
            confirm="It takes no messages then. It can be opened again.",
            done="The ticket is archived.",
            name="archive",
            undo="restore",
        ),
        Action(
            restore_ticket,
            "Take out of the archive",
            grant=P.TICKETS_WRITE,
            when=Ticket.can_restore,
            confirm="It is solved again, as it was before.",
            done="The ticket is out of the archive.",
            name="restore",
            menu=False,
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
        Action(
            answer_ticket,
            "Send answer",
            grant=P.TICKETS_WRITE,
            when=Ticket.takes_messages,
            why_not=takes_none,
            form=MessageForm,
            fill=answer_to,
            done="Your answer is sent.",
            menu=False,
            name="answer",
        ),
        Action(
            discuss_ticket,
            "Start discussion",
            grant=P.TICKETS_WRITE,
            when=Ticket.takes_messages,
            why_not=takes_none,
            form=DiscussForm,
            done="The discussion is started.",
            menu=False,
            name="discuss",
        ),
        Action(
            note_on_ticket,
            "Keep internal note",
            grant=P.STAFF_TICKETS_WORK,
            when=Ticket.takes_messages,
            why_not=takes_none,
            realms={STAFF},
            form=NoteForm,
            confirm="Only staff read it. It is sent to nobody.",
            done="The note is kept. Only staff see it.",
            menu=False,
            name="note",
        ),
    )
