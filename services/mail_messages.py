"""A mail becomes a message: of a discussion that there is, or of a new ticket."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.incoming_mail import IncomingMail
from domain.sentences import Sentence
from extensions import db
from models.discussion import Discussion, Message
from models.staff import Department
from models.ticket import MessageSource, Ticket
from models.ticket_type import TicketType
from services.account_languages import language_of_account
from services.announcements_in_force import holding_back
from services.mail_files import attach_files
from services.mail_senders import Writer
from services.messages import LONGEST_BODY, LONGEST_TITLE, first_discussion, write_message
from services.ticket_mails import tell_what_holds_back
from services.ticket_types import house_ticket_type
from services.tickets import open_ticket_of_any_type

TYPE_KEY: Final = "by-mail"
_TYPE_NAME: Final = "By e-mail"
_NO_TEXT: Final = "(The mail has no text.)"
_NO_SUBJECT: Final = Sentence("(no subject)")
_MOST_MERGES: Final = 5


def write_by_mail(
    discussion: Discussion, mail: IncomingMail, writer: Writer, *, now: dt.datetime
) -> tuple[Message, str]:
    """Write a mail into a discussion; also give what is to be said of attachments that were left out.

    Refused: as `write_message`.
    """
    values = {**_values(mail, discussion.account_id, writer), "title": mail.subject[:LONGEST_TITLE] or discussion.title}
    message = write_message(discussion, values, actor=writer.actor, now=now)
    return message, _attach(message, mail, writer, now)


def open_ticket_by_mail(
    mail: IncomingMail, account_id: int, writer: Writer, *, recipient: str, now: dt.datetime
) -> tuple[Message, str]:
    """Open a ticket in the account with a mail as its first message, in the department that the address is of.

    Where an announcement holds such tickets back, it is opened all the same (decision 0015), and its sender is answered
    with the announcement.
    """
    kind = house_ticket_type(TYPE_KEY, _TYPE_NAME, actor=writer.actor, now=now)
    values = {
        "account_id": account_id,
        "ticket_type": kind,
        "subject": mail.subject[:LONGEST_TITLE] or language_of_account(account_id).say(_NO_SUBJECT),
        "source": MessageSource.EMAIL,
        "department_id": _department_id(kind, (recipient, *mail.recipients)),
        "first_message": (first := _values(mail, account_id, writer)),
        "description": first["body"],
    }
    ticket = open_ticket_of_any_type(values, actor=writer.actor, now=now)
    discussion = first_discussion(ticket, actor=writer.actor, now=now)
    opened = select(Message).where(Message.discussion_id == discussion.id, Message.account_id == account_id)
    message = db.session.scalars(opened.order_by(Message.id).limit(1)).one()
    announced = holding_back(kind.id, account_id, now=now)
    if announced is not None:
        tell_what_holds_back(ticket, message, announced, now=now)
    return message, _attach(message, mail, writer, now)


def where_it_goes_on(discussion: Discussion, *, actor: Actor, now: dt.datetime) -> Discussion:
    """The discussion that answers to this one go to: where its ticket was merged, the first of the one that goes on."""
    for _ in range(_MOST_MERGES):
        ticket = db.session.get_one(Ticket, discussion.ticket_id)
        if ticket.merged_into_id is None:
            break
        kept = db.session.get_one(Ticket, ticket.merged_into_id)
        discussion = first_discussion(kept, actor=actor, now=now)
    return discussion


def _values(mail: IncomingMail, account_id: int, writer: Writer) -> dict[str, Any]:
    """What is new is the message; what is longer than one may be goes on in the folded part, so nothing is lost."""
    new = mail.new.strip()
    rest = new[LONGEST_BODY:]
    quoted = "\n\n".join(part for part in (rest, mail.quoted) if part)
    return {
        "body": new[:LONGEST_BODY].strip() or language_of_account(account_id).say(_NO_TEXT),
        "quoted": quoted or None,
        "source": MessageSource.EMAIL,
        "email_message_id": mail.message_id,
        "author_email": writer.author_email,
    }


def _attach(message: Message, mail: IncomingMail, writer: Writer, now: dt.datetime) -> str:
    return " ".join(attach_files(message, mail.attachments, actor=writer.actor, now=now))


def _department_id(kind: TicketType, addresses: tuple[str, ...]) -> int | None:
    found = select(Department.email, Department.id).where(
        Department.email.in_([address.lower() for address in addresses]), Department.retired.is_(False)
    )
    by_address = {row.email: row.id for row in db.session.execute(found)}
    return next(
        (by_address[address.lower()] for address in addresses if address.lower() in by_address), kind.department_id
    )
