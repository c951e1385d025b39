"""What participants of a ticket are told of a message: never of an internal note, and never the writer themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from domain.actor import Actor
from domain.permissions import P
from extensions import db
from models.account import Account
from models.discussion import Discussion, Message
from models.notification import NotificationDelivery, NotificationKind
from models.person import Person
from models.support_desk import Announcement
from models.ticket import Ticket
from services.mail_texts import mail_texts
from services.mail_threads import reply_addresses
from services.notices import mark_read
from services.notifications import tell, tell_account
from services.participants import participants_of

EVENT: Final = "ticket_answered"
MEANWHILE: Final = "ticket_meanwhile"


def tell_participants(ticket: Ticket, message: Message, *, actor: Actor, now: dt.datetime) -> None:
    """Tell everybody who takes part, by mail where they want one; the account's notice is read by all who read tickets.

    While no member takes part (staff opened the ticket), a person's message is mailed to all members who read tickets.
    What the house's own jobs write is told to participants only: the job tells the others in its own words.
    """
    if message.internal:
        return
    told = participants_of(ticket)
    account = db.session.get_one(Account, ticket.account_id)
    writer = writer_of(message)
    discussion = db.session.get_one(Discussion, message.discussion_id)
    values: dict[str, Any] = {
        "ticket": ticket.number,
        "subject": ticket.subject,
        "title": message.title,
        "text": message.body,
        "writer": writer,
        "account": account.name,
        "thread": replace(reply_addresses.thread_of(discussion), discussion=discussion.public_id),
    }
    to_all = not told.members and actor.person_id is not None
    notice = tell_account(
        account.id,
        P.TICKETS_READ,
        EVENT,
        now=now,
        kind=NotificationKind.TICKET_REPLIES,
        target=ticket,
        people=None if to_all else [person for person in told.members if person.id != message.author_id],
        url=f"{mail_texts.base_url}/portal/{account.client_id}/tickets/{ticket.number}",
        **values,
    )
    mark_read([notice.id], actor=actor, now=now)
    for person in told.staff:
        if person.id != message.author_id:
            url = f"{mail_texts.base_url}/staff/tickets/{ticket.number}"
            kind = NotificationKind.TICKET_REPLIES
            tell(person, EVENT, now=now, kind=kind, target=ticket, url=url, **values)
    for address in told.addresses:
        if address != message.author_email:
            tell(address, EVENT, now=now, account_id=account.id, url="", **values)


def tell_what_holds_back(
    ticket: Ticket, message: Message, announcement: Announcement, *, now: dt.datetime
) -> NotificationDelivery | None:
    """Answer who opened a ticket by mail with the announcement that holds such tickets back; none is refused."""
    account = db.session.get_one(Account, ticket.account_id)
    values: dict[str, Any] = {
        "ticket": ticket.number,
        "subject": ticket.subject,
        "account": account.name,
        "title": announcement.title,
        "text": announcement.body.strip(),
        "thread": reply_addresses.thread_of(db.session.get_one(Discussion, message.discussion_id)),
    }
    if message.author_id is None:
        return tell(str(message.author_email), MEANWHILE, now=now, account_id=account.id, url="", **values)
    person = db.session.get_one(Person, message.author_id)
    url = f"{mail_texts.base_url}/portal/{account.client_id}/tickets/{ticket.number}/"
    kind = NotificationKind.TICKET_REPLIES
    return tell(person, MEANWHILE, now=now, account_id=account.id, kind=kind, target=ticket, url=url, **values)


def writer_of(message: Message) -> str:
    """Who wrote a message, as people read it: a person, an address that wrote by mail, or the house itself."""
    if message.author_id is not None:
        return str(db.session.get_one(Person, message.author_id))
    return message.author_email or mail_texts.brand_name
