"""Writing in a ticket from its page: answers, further discussions, and notes among staff."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.discussion import Discussion, Message
from models.ticket import Ticket
from services.attachments import Upload
from services.messages import LONGEST_TITLE, add_discussion, first_discussion, write_message
from services.ticket_mails import writer_of

_BETWEEN_ADDRESSES: Final = re.compile(r"[,;\s]+")
_SHOWN: Final = 2_000


class DiscussionUnknown(Refusal):
    message = "This discussion is not one of this ticket. Reload the page."


class NewerMessage(Refusal):
    """Said once: the page that says it shows the message, and its form has seen it."""

    def __init__(self, message: Message) -> None:
        body = message.body if len(message.body) <= _SHOWN else f"{message.body[:_SHOWN]}…"
        super().__init__(
            Sentence(
                "%(writer)s wrote while you were writing: “%(title)s: %(body)s” Your answer was not sent. Read this, "
                "change what you typed if you need to, and send it again.",
                writer=writer_of(message),
                title=message.title,
                body=body,
            )
        )


def answer_ticket(
    ticket: Ticket,
    *,
    title: str,
    body: str,
    copies: str = "",
    discussion: str = "",
    seen: str = "",
    files: Sequence[Upload] = (),
    actor: Actor,
    now: dt.datetime,
) -> Message:
    """Answer in a discussion of a ticket (its public id; empty: the first one).

    ``copies`` are addresses with commas between. ``seen`` is the newest message the writer had before them, and empty
    where nothing is known of that. Refused: DiscussionUnknown, NewerMessage, and as `write_message`.
    """
    _refuse_unseen(ticket, seen, actor)
    values = {"title": title, "body": body, "copies": split_addresses(copies), "files": files}
    return write_message(_discussion(ticket, discussion, actor, now), values, actor=actor, now=now)


def discuss_ticket(
    ticket: Ticket,
    *,
    title: str,
    body: str,
    copies: str = "",
    files: Sequence[Upload] = (),
    actor: Actor,
    now: dt.datetime,
) -> Message:
    """Begin another discussion of a ticket with a message of the same title. Refused as `write_message`."""
    discussion = add_discussion(ticket, title, actor=actor, now=now)
    values = {"title": title, "body": body, "copies": split_addresses(copies), "files": files}
    return write_message(discussion, values, actor=actor, now=now)


def note_on_ticket(
    ticket: Ticket,
    *,
    title: str,
    body: str,
    discussion: str = "",
    files: Sequence[Upload] = (),
    actor: Actor,
    now: dt.datetime,
) -> Message:
    """Keep a note among staff. It changes nothing and is told to nobody. Refused: as `write_message`."""
    values = {"title": title, "body": body, "internal": True, "files": files}
    return write_message(_discussion(ticket, discussion, actor, now), values, actor=actor, now=now)


def newest_message(ticket: Ticket) -> Message | None:
    """The newest message of a ticket that customers see, of all its discussions."""
    within = select(Discussion.id).where(Discussion.ticket_id == ticket.id, Discussion.account_id == ticket.account_id)
    found = select(Message).where(Message.discussion_id.in_(within), Message.internal.is_(False))
    return db.session.scalar(found.order_by(Message.id.desc()).limit(1))


def newest_of(tickets: Sequence[Ticket]) -> dict[int, str]:
    """The newest message that customers see of each of many tickets: row number of the ticket -> public id."""
    newest = (
        select(Discussion.ticket_id, func.max(Message.id).label("message_id"))
        .join(Message, Message.discussion_id == Discussion.id)
        .where(Discussion.ticket_id.in_([ticket.id for ticket in tickets]), Message.internal.is_(False))
        .group_by(Discussion.ticket_id)
        .subquery()
    )
    found = select(newest.c.ticket_id, Message.public_id).join(Message, Message.id == newest.c.message_id)
    return {row.ticket_id: row.public_id for row in db.session.execute(found)}


def reply_title(subject: str) -> str:
    """The title of an answer to a ticket."""
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"[:LONGEST_TITLE]


def split_addresses(typed: str) -> list[str]:
    """What was typed into a field for several addresses."""
    return [address for address in _BETWEEN_ADDRESSES.split(typed) if address]


def _refuse_unseen(ticket: Ticket, seen: str, actor: Actor) -> None:
    newest = newest_message(ticket) if seen else None
    if newest is not None and newest.public_id != seen and (newest.author_id or 0) != actor.person_id:
        raise NewerMessage(newest)


def _discussion(ticket: Ticket, public_id: str, actor: Actor, now: dt.datetime) -> Discussion:
    """The one named, else the first."""
    if not public_id:
        return first_discussion(ticket, actor=actor, now=now)
    of_ticket = select(Discussion).where(Discussion.ticket_id == ticket.id, Discussion.account_id == ticket.account_id)
    found = db.session.scalar(of_ticket.where(Discussion.public_id == public_id))
    if found is None:
        raise DiscussionUnknown
    return found
