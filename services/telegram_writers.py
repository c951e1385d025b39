"""Who writes from a chat, and where they may: asked anew each time, as a page would (SPEC A14, C2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from domain.actor import Actor, system_actor
from domain.permissions import STAFF_GRANTS, P
from domain.refusals import Refusal
from extensions import db
from models.discussion import Discussion
from models.notification import NotificationChannel, NotificationDelivery
from models.person import Person, PersonKind
from models.staff import StaffMember
from models.ticket import Ticket, TicketParticipant
from services.mail_messages import where_it_goes_on
from services.mail_senders import member_grants
from services.notifications import DISCUSSION
from services.participants import is_shown_to
from services.seats import Seat, live_seats
from services.telegram_bindings import chat_actor

MOST_LISTED: Final = 10
_NUMBER: Final = re.compile(r"\b[A-Z]{1,8}-[0-9][0-9A-Z-]{0,18}\b")
_OF_TELEGRAM: Final = system_actor("telegram")


class NotFromHere(Refusal):
    """Said the same to who may not come in any more, to whom a role is missing, and of what is not theirs."""

    message = "You cannot do this from here just now. Sign in to the portal to see how it stands."


class StaffOpenElsewhere(Refusal):
    message = "Tickets are opened here by customers. Open it in the back office."


def is_welcome(person: Person) -> bool:
    """Whether the person could come in by any door at this moment."""
    return person.can_sign_in and (_staff_seat(person) is not None or bool(live_seats(person.id)))


def seats_that_write(person: Person) -> Sequence[Seat]:
    """The seats whose roles cover opening tickets. Refused: NotFromHere without any, StaffOpenElsewhere."""
    if not is_welcome(person):
        raise NotFromHere
    if person.kind is PersonKind.STAFF:
        raise StaffOpenElsewhere
    seats = [seat for seat in live_seats(person.id) if _covers(seat, P.TICKETS_WRITE)]
    if not seats:
        raise NotFromHere
    return seats


def actor_in(person: Person, account_id: int) -> Actor:
    """The person in their seat in this account, where it may write tickets. Refused: NotFromHere."""
    if person.can_sign_in:
        for seat in live_seats(person.id):
            if seat.account_id == account_id and _covers(seat, P.TICKETS_WRITE):
                return chat_actor(person, member_id=seat.member_id, account_id=account_id)
    raise NotFromHere


def actor_for(person: Person, ticket: Ticket) -> Actor:
    """The person as they may answer this ticket: in a seat of its account, or as staff it is shown to.

    Refused: NotFromHere.
    """
    if person.kind is PersonKind.MEMBER:
        return actor_in(person, ticket.account_id)
    staff_member = _staff_seat(person) if person.can_sign_in else None
    if staff_member is None or P.TICKETS_WRITE not in STAFF_GRANTS[staff_member.role]:
        raise NotFromHere
    if not is_shown_to(ticket, staff_member):
        raise NotFromHere
    return chat_actor(person, staff_member_id=staff_member.id)


def discussion_of_ticket(person: Person, number: str) -> Discussion:
    """The first discussion of a ticket that the person may answer, by its number. Refused: NotFromHere."""
    ticket = db.session.scalar(select(Ticket).where(Ticket.number == number.strip().upper()[:20]))
    if ticket is None:
        raise NotFromHere
    actor_for(person, ticket)
    first = select(Discussion).where(Discussion.ticket_id == ticket.id, Discussion.account_id == ticket.account_id)
    discussion = db.session.scalar(first.order_by(Discussion.id).limit(1))
    if discussion is None:
        raise NotFromHere
    return discussion


def discussion_answered(chat_id: int, number: int, text: str) -> Discussion | None:
    """The discussion that a message of ours was about: as it was kept with it, else by the ticket it names.

    The second is for a message whose answer from Telegram was lost, so that nobody knows its number. None where neither
    leads to one. Whether the person may answer there is asked afterwards.
    """
    sent = select(NotificationDelivery.headers).where(
        NotificationDelivery.remote_id == str(number),
        NotificationDelivery.address == str(chat_id),
        NotificationDelivery.channel == NotificationChannel.TELEGRAM,
    )
    headers = db.session.scalar(sent.order_by(NotificationDelivery.id.desc()).limit(1)) or {}
    kept = str(headers.get(DISCUSSION, ""))
    if kept:
        return db.session.scalar(select(Discussion).where(Discussion.public_id == kept))
    named = _NUMBER.findall(text.partition("\n")[0])
    if not named:
        return None
    first = select(Discussion).join(Ticket, Ticket.id == Discussion.ticket_id).where(Ticket.number == named[0])
    return db.session.scalar(first.order_by(Discussion.id).limit(1))


def as_answerer(discussion: Discussion, person: Person, *, now: dt.datetime) -> tuple[Discussion, Actor]:
    """Where an answer to this discussion goes, and the person as who writes it. Refused: NotFromHere.

    Asked of both where a ticket was merged into another: the one that was told of, and the one that goes on.
    """
    actor_for(person, db.session.get_one(Ticket, discussion.ticket_id))
    goes_on = where_it_goes_on(discussion, actor=_OF_TELEGRAM, now=now)
    return goes_on, actor_for(person, db.session.get_one(Ticket, goes_on.ticket_id))


def tickets_in_progress(person: Person) -> Sequence[Ticket]:
    """The newest tickets in progress in which the person takes part, or that are assigned to them."""
    if not is_welcome(person):
        raise NotFromHere
    part = select(TicketParticipant.ticket_id).where(
        TicketParticipant.person_id == person.id, TicketParticipant.left_at.is_(None)
    )
    staff_member = _staff_seat(person)
    theirs: ColumnElement[bool] = Ticket.id.in_(part)
    if staff_member is not None:
        theirs = or_(theirs, Ticket.assignee_id == staff_member.id)
    found = select(Ticket).where(theirs, Ticket.is_in_progress)
    if staff_member is None:
        accounts = [seat.account_id for seat in live_seats(person.id) if _covers(seat, P.TICKETS_READ)]
        if not accounts:
            raise NotFromHere
        found = found.where(Ticket.account_id.in_(accounts))
    newest = db.session.scalars(found.order_by(Ticket.last_message_at.desc(), Ticket.id.desc()).limit(MOST_LISTED))
    return [ticket for ticket in newest if staff_member is None or is_shown_to(ticket, staff_member)]


def _covers(seat: Seat, permission: P) -> bool:
    return permission in member_grants(seat.account_id, seat.member_id)


def _staff_seat(person: Person) -> StaffMember | None:
    if person.kind is not PersonKind.STAFF:
        return None
    return db.session.scalar(select(StaffMember).where(StaffMember.person_id == person.id, StaffMember.can_sign_in))
