"""Who takes part in a ticket: noted when they write, are put in copy or take it, and asked for when there is news."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from domain.actor import Actor
from domain.permissions import STAFF_GRANTS, P
from extensions import db
from models.member import Member
from models.person import Person, PersonKind
from models.staff import StaffMember
from models.ticket import ParticipantPart, Ticket, TicketParticipant
from services.departments import tickets_of_departments


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of news in a ticket: members of its account, staff who may see it, and addresses in copy."""

    members: Sequence[Person]
    staff: Sequence[Person]
    addresses: Sequence[str]


def take_part(
    ticket: Ticket, part: ParticipantPart, *, now: dt.datetime, person_id: int | None = None, email: str | None = None
) -> TicketParticipant:
    """Note a person, or an address that is nobody's, as a participant; who takes part already keeps their part."""
    who = TicketParticipant.person_id == person_id if person_id is not None else TicketParticipant.email == email
    there = db.session.scalar(select(TicketParticipant).where(*_of(ticket), who))
    if there is None:
        there = TicketParticipant(
            account_id=ticket.account_id,
            ticket_id=ticket.id,
            person_id=person_id,
            email=email if person_id is None else None,
            part=part,
            created_at=now,
        )
        db.session.add(there)
    there.left_at = None
    db.session.flush()
    return there


def note_writer(ticket: Ticket, part: ParticipantPart, *, actor: Actor, now: dt.datetime) -> None:
    """Let whoever writes take part: not staff who use a member's seat, nor the house's own jobs."""
    if actor.person_id is not None and actor.on_behalf_of_id is None:
        take_part(ticket, part, now=now, person_id=actor.person_id)


def participants_of(ticket: Ticket) -> Told:
    """Who takes part and may still know: members whose seat is live, staff whom the ticket is shown to, addresses."""
    people = select(Person).join(TicketParticipant, TicketParticipant.person_id == Person.id).where(*_of(ticket))
    people = people.where(Person.can_sign_in).order_by(TicketParticipant.id)
    seats = select(Member.person_id).where(Member.account_id == ticket.account_id, Member.can_sign_in)
    members = db.session.scalars(people.where(Person.id.in_(seats), TicketParticipant.left_at.is_(None)))
    staff = people.join(StaffMember, StaffMember.person_id == Person.id).add_columns(StaffMember)
    at_work = staff.where(StaffMember.can_sign_in, TicketParticipant.left_at.is_(None))
    addresses = select(TicketParticipant.email).where(*_of(ticket), TicketParticipant.email.is_not(None))
    return Told(
        members=members.all(),
        staff=[person for person, member in db.session.execute(at_work) if is_shown_to(ticket, member)],
        addresses=[
            email for email in db.session.scalars(addresses.where(TicketParticipant.left_at.is_(None))) if email
        ],
    )


def is_shown_to(ticket: Ticket, staff_member: StaffMember) -> bool:
    """Whether somebody of the staff sees this ticket: by their role all of them, or those of their departments."""
    grants = STAFF_GRANTS[staff_member.role]
    if P.TICKETS_READ not in grants:
        return False
    if P.STAFF_TICKETS_READ in grants:
        return True
    theirs = tickets_of_departments(staff_member.id, staff_member.person_id)
    return db.session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, theirs)) is not None


def person_in_copy(ticket: Ticket, email: str) -> int | None:
    """Whose address it is: a live member of the ticket's account, or staff. Anybody else's is only an address."""
    members = select(Member.person_id).where(Member.account_id == ticket.account_id, Member.can_sign_in)
    ours = (Person.kind == PersonKind.STAFF) | Person.id.in_(members)
    return db.session.scalar(select(Person.id).where(Person.email == email, ours))


def _of(ticket: Ticket) -> tuple[ColumnElement[bool], ...]:
    return (TicketParticipant.ticket_id == ticket.id, TicketParticipant.account_id == ticket.account_id)
