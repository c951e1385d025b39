"""Which answers of a ticket a member has had before them: noted when they open its page or write in it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from extensions import db
from models.discussion import Discussion, Message
from models.ticket import Ticket, TicketSeen
from services.notices import NEW_FOR


def has_news(ticket: Ticket, person_id: int, *, now: dt.datetime) -> bool:
    """Whether support wrote something, here or in a ticket merged into it, that the person has not seen yet.

    What is older than NEW_FOR is new to nobody.
    """
    seen = select(TicketSeen.message_id).where(
        TicketSeen.person_id == person_id, TicketSeen.ticket_id == Discussion.ticket_id
    )
    answers = _written_in(ticket).where(
        Message.from_staff,
        Message.created_at > now - NEW_FOR,
        Message.id > func.coalesce(seen.correlate(Discussion).scalar_subquery(), 0),
    )
    return db.session.scalar(answers.limit(1)) is not None


def note_seen(ticket: Ticket, person_id: int, *, now: dt.datetime) -> None:
    """Remember that the person has seen what customers see of a ticket, and of the tickets merged into it."""
    newest = (
        _written_in(ticket)
        .with_only_columns(Discussion.ticket_id, func.max(Message.id).label("message_id"))
        .group_by(Discussion.ticket_id)
    )
    rows = [
        {
            "account_id": ticket.account_id,
            "ticket_id": ticket_id,
            "person_id": person_id,
            "message_id": message_id,
            "seen_at": now,
        }
        for ticket_id, message_id in db.session.execute(newest)
    ]
    if not rows:
        return
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    noted = dialect.insert(TicketSeen).values(rows)
    later = {"message_id": noted.excluded.message_id, "seen_at": noted.excluded.seen_at}
    # A page that was slow must not take back what a later one has shown.
    newer = noted.excluded.message_id > TicketSeen.message_id
    db.session.execute(noted.on_conflict_do_update(index_elements=["person_id", "ticket_id"], set_=later, where=newer))


def _written_in(ticket: Ticket) -> Select[int]:
    """What customers see of a ticket and of those merged into it, by row number."""
    account_id = ticket.account_id
    merged = select(Ticket.id).where(Ticket.merged_into_id == ticket.id, Ticket.account_id == account_id)
    return (
        select(Message.id)
        .join(Discussion, Discussion.id == Message.discussion_id)
        .where(
            or_(Discussion.ticket_id == ticket.id, Discussion.ticket_id.in_(merged)),
            Discussion.account_id == account_id,
            Message.account_id == account_id,
            Message.internal.is_(False),
        )
    )
