"""Discussions of a ticket and what is written in them: by customers, by staff, by mail, and notes among staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.audit import AuditEvent, saved_event
from domain.contact import EmailNotReadable, normalise_email
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.discussion import Discussion, Message, MessageCc
from models.staff import Department
from models.ticket import MessageSource, ParticipantPart, Ticket, TicketStatus
from services.attachments import attach, check_uploads
from services.audit import Target, record_event
from services.locks import locked
from services.participants import note_writer, person_in_copy, take_part
from services.people import acts_for_provider
from services.records import flush_or_refuse
from services.ticket_mails import tell_participants
from services.ticket_seen import note_seen
from services.ticket_states import move_ticket

LONGEST_TITLE: Final = 255
LONGEST_BODY: Final = 20_000
MOST_COPIES: Final = 20


class MessageWithoutTitle(Refusal):
    message = "Enter a title: a few words that say what this is about."
    fields: Final = {"title": message}


class TitleTooLong(Refusal):
    message = "Enter a title of at most 255 characters."
    fields: Final = {"title": message}


class MessageWithoutBody(Refusal):
    message = "Enter a description. An empty message is not kept."
    fields: Final = {"body": message}


class BodyTooLong(Refusal):
    message = "Enter a description of at most 20,000 characters."
    fields: Final = {"body": message}


class CopyNotReadable(Refusal):
    def __init__(self, address: str) -> None:
        super().__init__(
            Sentence(
                "“%(address)s” is no e-mail address. Enter addresses like name@example.com, with commas.",
                address=address[:80],
            )
        )
        self.fields = {"copies": self.message}


class TooManyCopies(Refusal):
    message = "At most 20 addresses can be put in copy. Leave some out."
    fields: Final = {"copies": message}


class CopyToOurselves(Refusal):
    """A mail to a department would come back as an answer to itself."""

    def __init__(self, address: str) -> None:
        super().__init__(
            Sentence("%(address)s is our own address: we read the ticket anyway. Leave it out.", address=address)
        )
        self.fields = {"copies": self.message}


class NoteNotForCustomers(Refusal):
    message = "Only staff write internal notes."


class NoteWithCopies(Refusal):
    message = "An internal note is sent to nobody. Leave the addresses out, or write an answer instead."
    fields: Final = {"copies": message}


class TicketArchived(Refusal):
    message = "This ticket is archived. Reopen it first, or open a new ticket."


class TicketMerged(Refusal):
    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(Sentence("This ticket was merged into ticket %(number)s. Write there.", number=number))


class MailTakenAlready(Refusal):
    message = "This mail is a message of the ticket already."


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was typed, checked: ``copies`` are addresses as they are kept, each once."""

    title: str
    body: str
    copies: tuple[str, ...]
    internal: bool
    from_staff: bool


def add_discussion(ticket: Ticket, title: str, *, actor: Actor, now: dt.datetime) -> Discussion:
    """Begin another thread of a ticket; its first message is written by `write_message`.

    Refused: MessageWithoutTitle, TitleTooLong, TicketArchived, TicketMerged.
    """
    kept = _checked_title(title)
    refuse_what_takes_no_messages(locked(ticket))
    discussion = Discussion(account_id=ticket.account_id, ticket_id=ticket.id, title=kept, created_at=now)
    db.session.add(discussion)
    db.session.flush()
    event, after = saved_event("discussion", "created"), {"discussion": kept}
    record_event(event, ticket, actor=actor, now=now, after=after)
    return discussion


def write_message(discussion: Discussion, values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Message:
    """Write in a discussion, and tell everybody who takes part in its ticket, except for the writer.

    ``values``: ``title``, ``body`` (Markdown), and if need be ``quoted`` (what a mail quoted), ``copies`` (addresses),
    ``files`` (services.attachments.Upload), ``internal``, ``source`` (told from the actor), ``email_message_id``,
    ``author_email`` (somebody without a seat who wrote by mail: then the customer's side wrote, whoever hands it in). A
    customer's message lets the ticket wait for support, one of staff for the customer; either opens a solved one again.
    An internal note changes nothing, and nobody is told of it.

    Refused: MessageWithoutTitle, TitleTooLong, MessageWithoutBody, BodyTooLong, CopyNotReadable, TooManyCopies,
    CopyToOurselves, NoteNotForCustomers, NoteWithCopies, TicketArchived, TicketMerged, MailTakenAlready, and what
    `services.attachments.check_uploads` refuses.
    """
    draft = _checked(values, actor)
    ticket = locked(db.session.get_one(Ticket, discussion.ticket_id))
    refuse_what_takes_no_messages(ticket)
    message = _keep(discussion, draft, values, actor, now)
    if draft.internal:
        # In the chain of the house: what stands in the account's own is read in the portal.
        record_event(AuditEvent.TICKET_NOTED, Target("ticket", ticket.number), actor=actor, now=now)
        return message
    _take_part(ticket, message, draft, ParticipantPart.WRITER, actor, now)
    _answer(ticket, from_staff=draft.from_staff, actor=actor, now=now)
    if message.author_id is not None and not draft.from_staff and actor.on_behalf_of_id is None:
        note_seen(ticket, message.author_id, now=now)  # whoever answers, if by mail, has read what they answer
    after = {"message": draft.title}
    record_event(AuditEvent.TICKET_ANSWERED, ticket, actor=actor, now=now, after=after)
    tell_participants(ticket, message, actor=actor, now=now)
    return message


def write_first_message(ticket: Ticket, values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Message:
    """Write what a ticket was opened with, as the first message of its first discussion; ``values`` as above.

    The ticket stays open, since nobody answered yet. Refused as above, what the state of a ticket refuses left out.
    """
    draft = _checked(values, actor)
    discussion = Discussion(account_id=ticket.account_id, ticket_id=ticket.id, title=draft.title, created_at=now)
    db.session.add(discussion)
    db.session.flush()
    message = _keep(discussion, draft, values, actor, now)
    _take_part(ticket, message, draft, ParticipantPart.OPENER, actor, now)
    tell_participants(ticket, message, actor=actor, now=now)
    return message


def first_discussion(ticket: Ticket, *, actor: Actor, now: dt.datetime) -> Discussion:
    """The discussion that a ticket was opened with; one that came in without any gets one."""
    first = select(Discussion).where(Discussion.ticket_id == ticket.id).order_by(Discussion.id).limit(1)
    return db.session.scalar(first) or add_discussion(ticket, ticket.subject, actor=actor, now=now)


def refuse_what_takes_no_messages(ticket: Ticket) -> None:
    """Refused: TicketMerged, which says where to go on, and TicketArchived."""
    if ticket.merged_into_id is not None:
        raise TicketMerged(db.session.get_one(Ticket, ticket.merged_into_id).number)
    if ticket.status is TicketStatus.ARCHIVED:
        raise TicketArchived


def source_of(actor: Actor) -> MessageSource:
    """By which door a message came that says nothing of it."""
    doors = {
        Source.STAFF: MessageSource.STAFF,
        Source.PORTAL: MessageSource.PORTAL,
        Source.API: MessageSource.API,
        Source.TELEGRAM: MessageSource.TELEGRAM,
    }
    return doors.get(actor.source, MessageSource.SYSTEM)


def _checked(values: Mapping[str, Any], actor: Actor) -> _Draft:
    title, body = _checked_title(values["title"]), str(values["body"]).strip()
    if not body:
        raise MessageWithoutBody
    if len(body) > LONGEST_BODY:
        raise BodyTooLong
    check_uploads(values.get("files") or ())
    internal, copies = bool(values.get("internal")), _checked_copies(values.get("copies") or ())
    from_staff = acts_for_provider(actor) and not values.get("author_email")
    if internal and not from_staff:
        raise NoteNotForCustomers
    if internal and copies:
        raise NoteWithCopies
    return _Draft(title, body, copies, internal, from_staff)


def _checked_title(typed: str) -> str:
    title = " ".join(typed.split())
    if not title:
        raise MessageWithoutTitle
    if len(title) > LONGEST_TITLE:
        raise TitleTooLong
    return title


def _checked_copies(typed: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for address in typed:
        try:
            kept[normalise_email(address)] = None
        except EmailNotReadable:
            raise CopyNotReadable(address) from None
    if len(kept) > MOST_COPIES:
        raise TooManyCopies
    ours = db.session.scalar(select(Department.email).where(Department.email.in_(list(kept))).limit(1))
    if ours is not None:
        raise CopyToOurselves(ours)
    return tuple(kept)


def _keep(discussion: Discussion, draft: _Draft, values: Mapping[str, Any], actor: Actor, now: dt.datetime) -> Message:
    author_email = values.get("author_email")
    message = Message(
        account_id=discussion.account_id,
        discussion_id=discussion.id,
        author_id=None if author_email else actor.person_id,
        author_email=author_email,
        from_staff=draft.from_staff,
        internal=draft.internal,
        title=draft.title,
        body=draft.body,
        quoted=values.get("quoted") or None,
        source=values.get("source") or source_of(actor),
        email_message_id=values.get("email_message_id"),
        created_at=now,
    )
    db.session.add(message)
    flush_or_refuse({"message.email_message_id": MailTakenAlready})
    attach(message, values.get("files") or (), actor=actor, now=now)
    return message


def _take_part(
    ticket: Ticket, message: Message, draft: _Draft, part: ParticipantPart, actor: Actor, now: dt.datetime
) -> None:
    """Note the writer and who is in copy, on the ticket and on the message."""
    if message.author_email is not None:
        take_part(ticket, part, now=now, email=message.author_email)
    else:
        note_writer(ticket, part, actor=actor, now=now)
    for email in draft.copies:
        person_id = person_in_copy(ticket, email)
        copy = MessageCc(account_id=ticket.account_id, message_id=message.id, email=email, person_id=person_id)
        db.session.add(copy)
        take_part(ticket, ParticipantPart.COPIED, now=now, person_id=person_id, email=email)


def _answer(ticket: Ticket, *, from_staff: bool, actor: Actor, now: dt.datetime) -> None:
    """Let the ticket wait for the other side."""
    before = ticket.status
    if from_staff and actor.person_id is not None and ticket.first_replied_at is None:
        ticket.first_replied_at = now
    move_ticket(ticket, TicketStatus.WAITING_FOR_CUSTOMER if from_staff else TicketStatus.WAITING_FOR_SUPPORT, now=now)
    ticket.last_message_at = now
    ticket.version += 1
    db.session.flush()
    if before is TicketStatus.SOLVED:
        record_event(AuditEvent.TICKET_REOPENED, ticket, actor=actor, now=now, before={"status": before})
