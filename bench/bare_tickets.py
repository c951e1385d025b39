"""The yardstick for tickets: their list and the page of one, as a careful person writes both by hand in plain Flask.

As in bench/bare.py, the same addresses answer with the same rows: the session is looked up by its cookie, the agent
after it, and only the tickets of the agent's departments are read. The list is the first page of any filter, newest
message first or by due time. A search asks the same full-text index twice in the same way: whether the newest thousand
tickets fill the page, and only else for all that hold the words. The page of a ticket shows the same messages with
writer, time, files and copies, read in one statement each, the same forms, and what happened lately. Markdown is
rendered by the same function of the program (services/markdown.py), which keeps what it rendered.

What it lacks: permissions finer than staff, languages, other orders and filters, merged tickets, licenses, ratings,
what is said of who else has the ticket open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, Select, and_, or_, select

from bench.bare import (
    MENU,
    PAGE_SIZE,
    account,
    address,
    create_bare_app,
    day,
    engine_of,
    is_staff,
    person,
    signed_in_person,
    staff_member,
)
from domain.search_words import read_words
from models import (
    AuditEvent,
    Department,
    Discussion,
    File,
    Message,
    MessageAttachment,
    MessageCc,
    Project,
    ReadyAnswer,
    StaffDepartment,
    Ticket,
    TicketParticipant,
    TicketPresence,
    TicketStatus,
    TicketText,
    TicketType,
)
from services.markdown import markdown
from services.unit_of_work import prepare_engine

LOOKED_THROUGH = 1_000
TONES = {"open": "info", "waiting_for_support": "warning", "solved": "success"}

ticket: Any = Ticket.__table__
department: Any = Department.__table__
staff_department: Any = StaffDepartment.__table__
ticket_type: Any = TicketType.__table__
project: Any = Project.__table__
discussion: Any = Discussion.__table__
message: Any = Message.__table__
attachment: Any = MessageAttachment.__table__
file: Any = File.__table__
copy: Any = MessageCc.__table__
participant: Any = TicketParticipant.__table__
presence: Any = TicketPresence.__table__
ready: Any = ReadyAnswer.__table__
event: Any = AuditEvent.__table__
assignee: Any = person.alias("assignee_person")
opener: Any = person.alias("opener")

FIELDS = (
    ticket.c.id,
    ticket.c.number,
    ticket.c.subject,
    ticket.c.created_at,
    account.c.name.label("account_name"),
    account.c.client_id,
    ticket.c.status,
    ticket.c.priority,
    ticket_type.c.name.label("type_name"),
    project.c.name.label("project_name"),
    ticket.c.last_message_at,
    ticket.c.due_at,
    assignee.c.email.label("assigned_to"),
    ticket.c.merged_into_id,
)
JOINED = (
    ticket.outerjoin(account, account.c.id == ticket.c.account_id)
    .outerjoin(ticket_type, ticket_type.c.id == ticket.c.ticket_type_id)
    .outerjoin(project, project.c.id == ticket.c.project_id)
    .outerjoin(staff_member, staff_member.c.id == ticket.c.assignee_id)
    .outerjoin(assignee, assignee.c.id == staff_member.c.person_id)
)


def create_bare_tickets(url: str) -> Flask:
    """The app of bench/bare.py with two pages more: /staff/tickets/ and /staff/tickets/<number>."""
    app = create_bare_app(url)
    engine = engine_of(app)
    prepare_engine(engine)
    app.jinja_env.globals["status_tones"] = TONES
    app.jinja_env.filters.update(moment=moment, kilobytes=kilobytes)

    @app.get("/staff/tickets/")
    def tickets() -> ResponseReturnValue:
        with engine.connect() as connection:
            who = signed_in_person(connection)
            if who is None:
                return redirect("/sign-in")
            if not is_staff(connection, who.id):
                abort(404)
            page = ticket_page(connection, who.id)
        return render_template("bare/tickets.html", page=page, person=who, menu=MENU, base="/staff", account=None)

    @app.get("/staff/tickets/<number>")
    def one_ticket(number: str) -> ResponseReturnValue:
        with engine.connect() as connection:
            who = signed_in_person(connection)
            if who is None:
                return redirect("/sign-in")
            if not is_staff(connection, who.id):
                abort(404)
            shown = read_ticket(connection, number, who.id)
        if shown is None:
            abort(404)
        return render_template("bare/ticket.html", shown=shown, person=who, menu=MENU, base="/staff", account=None)

    return app


def moment(value: dt.datetime) -> str:
    """Jun 30, 2026, 14:05."""
    return f"{day(value)}, {value:%H:%M}"


def kilobytes(size: int) -> str:
    return f"{size / 1000:.0f} kB"


# The list


@dataclass(frozen=True, slots=True)
class TicketPage:
    """One page of tickets, what was asked for, and the addresses around it."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    asked: dict[str, Any]
    next: str
    last: str


def ticket_page(connection: Connection, person_id: int) -> TicketPage:
    """The first page of what the address asks for."""
    statuses = [TicketStatus(value) for value in request.args.getlist("status")]
    by_due, typed = request.args.get("sort") == "due_at", request.args.get("q", "")
    wanted = list(_seen_by(connection, person_id))
    if statuses:
        wanted.append(ticket.c.status.in_(statuses))
    if request.args.get("assignee"):
        of_key = select(staff_member.c.id).where(staff_member.c.public_id == request.args["assignee"])
        wanted.append(ticket.c.assignee_id == connection.execute(of_key).scalar())
    if by_due:
        wanted.append(ticket.c.due_at.is_not(None))
    rows = _found(connection, wanted, typed, by_due=by_due)
    params = [(name, value) for name in request.args for value in request.args.getlist(name)]
    more = len(rows) > PAGE_SIZE
    after = f"{rows[PAGE_SIZE - 1].last_message_at},{rows[PAGE_SIZE - 1].id}" if more else ""
    return TicketPage(
        rows=rows[:PAGE_SIZE],
        asked={"status": statuses, "q": typed},
        next=address(dict([*params, ("after", after)])) if more else "",
        last=address(dict([*params, ("after", "last")])) if more else "",
    )


def _seen_by(connection: Connection, person_id: int) -> tuple[Any, ...]:
    """The tickets of the agent's departments, of none, and the agent's own."""
    agent = select(staff_member.c.id).where(staff_member.c.person_id == person_id)
    agent_id = connection.execute(agent).scalar_one()
    theirs = select(staff_department.c.department_id).where(staff_department.c.staff_member_id == agent_id)
    own = (ticket.c.assignee_id == agent_id, ticket.c.opened_by_id == person_id)
    return (or_(ticket.c.department_id.in_(theirs), ticket.c.department_id.is_(None), *own),)


def _found(connection: Connection, wanted: list[Any], typed: str, *, by_due: bool) -> Sequence[Row[*tuple[Any, ...]]]:
    """One page and one row more, in order."""
    order = (ticket.c.due_at, ticket.c.id) if by_due else (ticket.c.last_message_at.desc(), ticket.c.id.desc())
    statement = select(*FIELDS).select_from(JOINED).where(*wanted).order_by(*order).limit(PAGE_SIZE + 1)
    if not typed:
        return connection.execute(statement).all()
    holding = and_(*(_holds(each) for each in read_words(typed)[0]))
    if connection.dialect.name == "postgresql":
        next_ones: Select[Any] = select(ticket.c.id).where(*wanted).order_by(*order).limit(LOOKED_THROUGH)
        near = connection.execute(statement.where(ticket.c.id.in_(select(next_ones.subquery())), holding)).all()
        if len(near) > PAGE_SIZE:
            return near
    hits = select(ticket.c.id).where(*wanted, holding).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    return connection.execute(statement.where(ticket.c.id.in_(select(hits.c.id)))).all()


def _holds(word: Any) -> Any:
    text: Any = TicketText.__table__
    return ticket.c.id.in_(select(text.c.ticket_id).where(TicketText.holds(word)))


# One ticket


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket and all that stands on its page."""

    ticket: Row[*tuple[Any, ...]]
    discussions: Sequence[Row[*tuple[Any, ...]]]
    messages: dict[int, list[Row[*tuple[Any, ...]]]]
    files: dict[int, list[Row[*tuple[Any, ...]]]]
    copies: dict[int, list[Row[*tuple[Any, ...]]]]
    people: Sequence[Row[*tuple[Any, ...]]]
    ready: Sequence[Row[*tuple[Any, ...]]]
    present: Sequence[Row[*tuple[Any, ...]]]
    events: Sequence[Row[*tuple[Any, ...]]]
    html: Any = markdown


def read_ticket(connection: Connection, number: str, person_id: int) -> Shown | None:
    """The ticket with this number, if the agent may see it."""
    columns = (
        *FIELDS,
        ticket.c.department_id,
        department.c.name.label("department_name"),
        opener.c.email.label("opener"),
    )
    joined = JOINED.outerjoin(department, department.c.id == ticket.c.department_id)
    joined = joined.outerjoin(opener, opener.c.id == ticket.c.opened_by_id)
    found = select(*columns).select_from(joined).where(ticket.c.number == number, *_seen_by(connection, person_id))
    row = connection.execute(found).first()
    if row is None:
        return None
    threads = select(discussion).where(discussion.c.ticket_id == row.id).order_by(discussion.c.id)
    discussions = connection.execute(threads).all()
    within = message.c.discussion_id.in_([each.id for each in discussions])
    written = select(message, person.c.first_name, person.c.last_name).order_by(message.c.id)
    written = written.select_from(message.outerjoin(person, person.c.id == message.c.author_id))
    files = select(attachment, file.c.size).join(file, file.c.id == attachment.c.file_id)
    copies = select(copy).join(message, message.c.id == copy.c.message_id)
    who = select(person.c.first_name, person.c.last_name, participant.c.email).select_from(
        participant.outerjoin(person, person.c.id == participant.c.person_id)
    )
    here = select(person.c.first_name).select_from(
        presence.join(staff_member, staff_member.c.id == presence.c.staff_member_id).join(
            person, person.c.id == staff_member.c.person_id
        )
    )
    return Shown(
        ticket=row,
        discussions=discussions,
        messages=_by(connection.execute(written.where(within)), "discussion_id"),
        files=_by(
            connection.execute(files.join(message, message.c.id == attachment.c.message_id).where(within)), "message_id"
        ),
        copies=_by(connection.execute(copies.where(within)), "message_id"),
        people=connection.execute(who.where(participant.c.ticket_id == row.id)).all(),
        ready=connection.execute(select(ready).where(_for_department(row.department_id)).limit(50)).all(),
        present=connection.execute(here.where(presence.c.ticket_id == row.id)).all(),
        events=connection.execute(
            select(event.c.event, event.c.actor_name, event.c.at)
            .where(event.c.target_type == "ticket", event.c.target_key == row.number)
            .order_by(event.c.id.desc())
            .limit(30)
        ).all(),
    )


def _by(rows: Any, name: str) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    found: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _for_department(department_id: int | None) -> Any:
    return or_(ready.c.department_id.is_(None), ready.c.department_id == department_id)
