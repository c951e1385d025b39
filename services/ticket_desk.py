"""The agents' desk: tickets taken and assigned, merged, and who else has one open just now (SPEC F4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, select, update

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.permissions import STAFF_GRANTS, P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.person import Person
from models.staff import Department, StaffMember
from models.ticket import ParticipantPart, Ticket, TicketParticipant, TicketPresence, TicketStatus
from models.ticket_type import TicketPriority, TicketType
from services.account_languages import written_for
from services.audit import record_event
from services.locks import locked, rows_changed
from services.messages import TicketMerged, first_discussion, write_message
from services.participants import is_shown_to, take_part
from services.ticket_clocks import follow_policy
from services.ticket_states import move_ticket
from services.ticket_texts import index_tickets

HERE_FOR: Final = dt.timedelta(seconds=75)


class OnlyStaffTake(Refusal):
    message = "Only staff take tickets."


class TakenAlready(Refusal):
    message = "This ticket is yours already."


class TicketClosed(Refusal):
    message = "This ticket is closed. Reopen it first."


class ColleagueUnknown(Refusal):
    message = "Choose a colleague who works on tickets."


class DepartmentGone(Refusal):
    message = "There is no such department any more. Choose another one."


class MergeNotFound(Refusal):
    def __init__(self, number: str) -> None:
        super().__init__(
            Sentence("There is no other ticket “%(number)s” of this account. Check the number.", number=number[:40])
        )
        self.fields = {"into": self.message}


class MergeNotNow(Refusal):
    message = "Somebody changes the other ticket at this moment. Try again."


class MergeIntoClosed(Refusal):
    def __init__(self, number: str) -> None:
        super().__init__(
            Sentence("Ticket %(number)s is closed. Reopen it first, or merge the other way round.", number=number)
        )
        self.fields = {"into": self.message}


class KeptByTheHouse(Refusal):
    message = "The house opened this ticket and closes it by itself. Merge the other one into it."


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be given tickets: the key in forms, and their name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody else of the staff who has the ticket open."""

    name: str
    writing: bool


def take_ticket(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Ticket:
    """Answer for a ticket from now on, also for one that a colleague has. Refused: OnlyStaffTake, TakenAlready."""
    staff_member = db.session.get(StaffMember, actor.staff_member_id) if actor.staff_member_id is not None else None
    if staff_member is None:
        raise OnlyStaffTake
    if ticket.assignee_id == staff_member.id:
        raise TakenAlready
    return _give(ticket, staff_member, actor, now)


def assign_ticket(
    ticket: Ticket,
    *,
    assignee: str = "",
    department: str = "",
    priority: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Ticket:
    """Give a ticket to a colleague, to a department, and its priority; what is empty stays as it is.

    Refused: TicketClosed, ColleagueUnknown, DepartmentGone.
    """
    if not ticket.is_in_progress:
        raise TicketClosed
    before = {"department": _department(ticket.department_id), "priority": ticket.priority}
    if department:
        of_key = select(Department.id).where(Department.public_id == department, Department.retired.is_(False))
        found = db.session.scalar(of_key)
        if found is None:
            raise DepartmentGone
        ticket.department_id = found
    if priority:
        ticket.priority = TicketPriority(priority)
    after = {"department": _department(ticket.department_id), "priority": ticket.priority}
    if before != after:
        follow_policy(ticket, now=now)
        ticket.version += 1
        record_event(AuditEvent.TICKET_ASSIGNED, ticket, actor=actor, now=now, before=before, after=after)
    if assignee:
        chosen = db.session.scalar(_colleagues().where(StaffMember.public_id == assignee))
        if chosen is None:
            raise ColleagueUnknown
        if chosen.id != ticket.assignee_id:
            return _give(ticket, chosen, actor, now)
    db.session.flush()
    return ticket


def colleagues() -> list[Colleague]:
    """Who may be given tickets, by name."""
    found = _colleagues().join(Person, Person.id == StaffMember.person_id).add_columns(Person)
    rows = db.session.execute(found.order_by(Person.first_name, Person.last_name))
    return [Colleague(member.public_id, str(person)) for member, person in rows]


def merge_ticket(ticket: Ticket, *, into: str, actor: Actor, now: dt.datetime) -> Ticket:
    """Go on in another ticket of the same account; give that one.

    What was written stays where it is and is shown in the other one, too. Who takes part is told of it and takes part
    there; the merged ticket is archived and points on, and so do those that were merged into it before. Refused:
    TicketMerged, KeptByTheHouse, MergeNotFound, MergeIntoClosed, MergeNotNow.
    """
    number = into.strip().upper()
    found = select(Ticket).where(Ticket.number == number, Ticket.account_id == ticket.account_id)
    target = db.session.scalar(found.where(Ticket.id != ticket.id)) if "\0" not in number else None
    staff_member = db.session.get(StaffMember, actor.staff_member_id) if actor.staff_member_id is not None else None
    if target is None or (staff_member is not None and not is_shown_to(target, staff_member)):
        raise MergeNotFound(into)
    locked(ticket)
    if db.session.scalar(_unless_held(target)) is None:
        raise MergeNotNow
    if ticket.merged_into_id is not None:
        raise TicketMerged(db.session.get_one(Ticket, ticket.merged_into_id).number)
    if ticket.invoice_id is not None or _is_internal(ticket):
        raise KeptByTheHouse
    if not target.is_in_progress:
        raise MergeIntoClosed(target.number)
    return _merge(ticket, target, actor, now)


def note_presence(ticket: Ticket, staff_member_id: int, *, writing: bool, now: dt.datetime) -> None:
    """Say that somebody of the staff has a ticket open. It is nobody's edit: no version is counted, nothing audited."""
    mine = (TicketPresence.ticket_id == ticket.id, TicketPresence.staff_member_id == staff_member_id)
    if not rows_changed(update(TicketPresence).where(*mine).values(writing=writing, seen_at=now)):
        row = TicketPresence(
            account_id=ticket.account_id,
            ticket_id=ticket.id,
            staff_member_id=staff_member_id,
            writing=writing,
            seen_at=now,
        )
        db.session.add(row)
        db.session.flush()


def who_else(ticket: Ticket, staff_member_id: int, *, now: dt.datetime) -> list[Present]:
    """Who else of the staff has the ticket open, those who write first."""
    rows = db.session.execute(
        select(Person, TicketPresence.writing)
        .join(StaffMember, StaffMember.person_id == Person.id)
        .join(TicketPresence, TicketPresence.staff_member_id == StaffMember.id)
        .where(
            TicketPresence.ticket_id == ticket.id,
            TicketPresence.staff_member_id != staff_member_id,
            TicketPresence.seen_at > now - HERE_FOR,
        )
        .order_by(TicketPresence.writing.desc(), TicketPresence.id)
    )
    return [Present(str(person), writing) for person, writing in rows]


def _give(ticket: Ticket, staff_member: StaffMember, actor: Actor, now: dt.datetime) -> Ticket:
    before = db.session.get(StaffMember, ticket.assignee_id) if ticket.assignee_id is not None else None
    ticket.assignee_id = staff_member.id
    ticket.version += 1
    take_part(ticket, ParticipantPart.ASSIGNEE, now=now, person_id=staff_member.person_id)
    record_event(
        AuditEvent.TICKET_ASSIGNED,
        ticket,
        actor=actor,
        now=now,
        before={"assignee": _name(before)},
        after={"assignee": _name(staff_member)},
    )
    return ticket


def _merge(ticket: Ticket, target: Ticket, actor: Actor, now: dt.datetime) -> Ticket:
    before = ticket.status
    if ticket.status is TicketStatus.ARCHIVED:
        move_ticket(ticket, TicketStatus.OPEN, now=now)  # so that the last message can be written
    text = Sentence("This ticket was merged into ticket %(number)s. We go on there.", number=target.number)
    title = Sentence("Merged into %(number)s", number=target.number)
    values = {"title": written_for(ticket.account_id, title), "body": written_for(ticket.account_id, text)}
    write_message(first_discussion(ticket, actor=actor, now=now), values, actor=actor, now=now)
    move_ticket(ticket, TicketStatus.ARCHIVED, now=now)
    rows_changed(update(Ticket).where(Ticket.merged_into_id == ticket.id).values(merged_into_id=target.id))
    ticket.merged_into_id = target.id
    theirs = select(TicketParticipant).where(
        TicketParticipant.ticket_id == ticket.id, TicketParticipant.left_at.is_(None)
    )
    for row in db.session.scalars(theirs).all():
        part = ParticipantPart.WRITER if row.part is ParticipantPart.OPENER else row.part
        take_part(target, part, now=now, person_id=row.person_id, email=row.email)
    target.version += 1
    db.session.flush()
    index_tickets([ticket.id, target.id])  # what was written is shown in the other one from now on
    after = {"merged_into": target.number}
    record_event(AuditEvent.TICKET_MERGED, ticket, actor=actor, now=now, before={"status": before}, after=after)
    record_event(AuditEvent.TICKET_MERGED, target, actor=actor, now=now, after={"took_in": ticket.number})
    return target


def _unless_held(ticket: Ticket) -> Select[Ticket]:
    """The ticket, read anew and locked; nothing while others hold it: two who merge both ways would wait for ever."""
    held = select(Ticket).where(Ticket.id == ticket.id).with_for_update(skip_locked=True, key_share=True)
    return held.execution_options(populate_existing=True)


def _is_internal(ticket: Ticket) -> bool:
    return db.session.get_one(TicketType, ticket.ticket_type_id).internal


def _colleagues() -> Select[StaffMember]:
    roles = [role for role, grants in STAFF_GRANTS.items() if P.STAFF_TICKETS_WORK in grants]
    return select(StaffMember).where(StaffMember.can_sign_in, StaffMember.role.in_(roles))


def _department(department_id: int | None) -> str:
    return db.session.get_one(Department, department_id).name if department_id is not None else ""


def _name(staff_member: StaffMember | None) -> str:
    return str(db.session.get_one(Person, staff_member.person_id)) if staff_member is not None else ""
