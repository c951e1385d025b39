"""The words tickets are found by: kept with every ticket and message that is saved, and asked by searches.

What is saved through the session is indexed by its own flush, whoever saves it. Statements that change texts past it
(`update(Message)`) and those that change which messages a ticket shows (a merge) are followed by `index_tickets`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    event,
    false,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapper, aliased
from sqlalchemy.orm.attributes import get_history

from domain.search_words import Wanted, words_of
from extensions import db
from models.discussion import Discussion, Message
from models.ticket import Ticket
from models.ticket_text import TicketText
from services.locks import in_chunks


def tickets_holding(wanted: Sequence[Wanted], *, account_id: int | None, with_notes: bool) -> ColumnElement[bool]:
    """The tickets in which every word stands somewhere: in the number, the subject, or what was written.

    ``account_id`` looks through the texts of one account only; ``with_notes`` also through the notes among staff.
    """
    seen = [] if account_id is None else [TicketText.account_id == account_id]
    if not with_notes:
        seen.append(TicketText.internal.is_(False))
    holding = [Ticket.id.in_(select(TicketText.ticket_id).where(TicketText.holds(word), *seen)) for word in wanted]
    return and_(*holding) if holding else false()


def index_tickets(ticket_ids: Iterable[int]) -> None:
    """Write the words of these tickets anew, and of those they were merged into."""
    given = sorted(set(ticket_ids))
    for some in in_chunks(given):
        targets = select(Ticket.merged_into_id).where(Ticket.id.in_(some), Ticket.merged_into_id.is_not(None))
        shown = or_(Ticket.id.in_(some), Ticket.id.in_(targets))
        # Locked, as whoever writes in one does: else a message that comes in meanwhile would have two rows.
        locking = select(Ticket.id).where(shown).order_by(Ticket.id).with_for_update(key_share=True)
        _index(db.session.scalars(locking).all())


def _index(ticket_ids: Sequence[int]) -> None:
    db.session.execute(
        delete(TicketText).where(TicketText.ticket_id.in_(ticket_ids)).execution_options(synchronize_session=False)
    )
    merged = select(Ticket.merged_into_id, Ticket.number).where(Ticket.merged_into_id.in_(ticket_ids))
    numbers: dict[int | None, list[str]] = {}
    for target_id, number in db.session.execute(merged):
        numbers.setdefault(target_id, []).append(number)
    own = select(Ticket.id, Ticket.account_id, Ticket.number, Ticket.subject).where(Ticket.id.in_(ticket_ids))
    rows = [
        _row(row.account_id, row.id, None, False, row.number, row.subject, *numbers.get(row.id, ()))
        for row in db.session.execute(own)
    ]
    written = select(Message.id, Message.account_id, Message.internal, Message.title, Message.body)
    written = written.join(Discussion, Discussion.id == Message.discussion_id)
    written = written.join(Ticket, Ticket.id == Discussion.ticket_id).add_columns(Ticket.id.label("ticket_id"))
    written = written.add_columns(Ticket.merged_into_id)
    among = or_(Ticket.id.in_(ticket_ids), Ticket.merged_into_id.in_(ticket_ids))
    wanted = set(ticket_ids)
    rows += [
        _row(row.account_id, shown_in, row.id, row.internal, row.title, row.body)
        for row in db.session.execute(written.where(among))
        for shown_in in (row.ticket_id, row.merged_into_id)
        if shown_in in wanted
    ]
    if rows:
        db.session.execute(insert(TicketText), rows)


def _row(account_id: int, ticket_id: int, message_id: int | None, internal: bool, *texts: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "internal": internal,
        "words": words_of(*texts),
    }


@event.listens_for(Ticket, "after_insert")
def _index_new_ticket(_mapper: Mapper[Any], connection: Connection, ticket: Ticket) -> None:
    connection.execute(
        insert(TicketText), _row(ticket.account_id, ticket.id, None, False, ticket.number, ticket.subject)
    )


@event.listens_for(Ticket, "after_update")
def _index_changed_ticket(_mapper: Mapper[Any], connection: Connection, ticket: Ticket) -> None:
    if _changed(ticket, "number", "subject"):
        numbers = connection.scalars(select(Ticket.number).where(Ticket.merged_into_id == ticket.id))
        own = update(TicketText).where(TicketText.ticket_id == ticket.id, TicketText.message_id.is_(None))
        connection.execute(own.values(words=words_of(ticket.number, ticket.subject, *numbers)))


@event.listens_for(Message, "after_insert")
def _index_new_message(_mapper: Mapper[Any], connection: Connection, message: Message) -> None:
    """A row for its ticket, and one for the ticket that this was merged into."""
    owner = aliased(Ticket)
    shown_in = (
        select(
            literal(message.account_id),
            Ticket.id,
            literal(message.id),
            literal(message.internal),
            literal(words_of(message.title, message.body), TicketText.words.type),
        )
        .select_from(Discussion)
        .join(owner, owner.id == Discussion.ticket_id)
        .join(Ticket, or_(Ticket.id == owner.id, Ticket.id == owner.merged_into_id))
        .where(Discussion.id == message.discussion_id)
    )
    names = ["account_id", "ticket_id", "message_id", "internal", "words"]
    connection.execute(insert(TicketText).from_select(names, shown_in))


@event.listens_for(Message, "after_update")
def _index_changed_message(mapper: Mapper[Any], connection: Connection, message: Message) -> None:
    if _changed(message, "title", "body", "internal", "discussion_id"):
        connection.execute(delete(TicketText).where(TicketText.message_id == message.id))
        _index_new_message(mapper, connection, message)


def _changed(row: Ticket | Message, *names: str) -> bool:
    return any(get_history(row, name).has_changes() for name in names)
