"""What staff do with a mail that waits: let it in, as an answer or as a new ticket, or reject it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.incoming_mail import IncomingMail
from domain.refusals import Refusal
from extensions import db
from models.account import AccountStatus
from models.discussion import Discussion, Message
from models.staff import StaffMember
from models.support_desk import InboundMail, InboundOutcome
from models.ticket import Ticket
from services.accounts import account_named
from services.audit import record_event
from services.departments import tickets_of_departments
from services.incoming import discussion_meant, read
from services.mail_counts import recount_mail
from services.mail_files import raw_of
from services.mail_messages import open_ticket_by_mail, write_by_mail
from services.mail_senders import address_writer, member_of, writer_among
from services.messages import first_discussion
from services.participants import is_shown_to
from services.seats import live_seats


class MailDecided(Refusal):
    message = "This mail does not wait any more. Reload the page to see what became of it."


class WhereToUnclear(Refusal):
    message = "Enter the number of a ticket to let it in as an answer, or a client ID to open a ticket: one of the two."


class TicketUnknown(Refusal):
    message = "There is no ticket of this number that you may see. Check the number."


class AccountUnknown(Refusal):
    message = "There is no account with this client ID. Check it."


class SenderUnclear(Refusal):
    message = "This mail names no sender, or more than one, so nobody could be answered. It can only be rejected."


class MailGone(Refusal):
    message = "The content of this mail is not there any more, so it cannot be let in."


@dataclass(frozen=True, slots=True)
class Proposed:
    """Where a mail may belong: to a ticket, by its number, or to an account, by its client ID; often to neither."""

    ticket: str = ""
    account: str = ""


def let_in(mail: InboundMail, *, ticket: str, account: str, actor: Actor, now: dt.datetime) -> InboundMail:
    """Let a held mail in: as an answer in the ticket of this number, or as a new ticket of the account.

    Its sender takes part in the ticket from then on. The message is theirs; that staff let it in stands in the audit.
    Refused: MailDecided, WhereToUnclear, TicketUnknown, AccountUnknown, SenderUnclear, MailGone, and as
    `write_message`.
    """
    number, client_id = ticket.strip(), account.strip()
    if not mail.can_decide:
        raise MailDecided
    if bool(number) == bool(client_id):
        raise WhereToUnclear
    content = _content(mail)
    if not content.sender:
        raise SenderUnclear
    if number:
        message, left_out = _answer(mail, content, number, actor, now)
        outcome = InboundOutcome.REPLY
    else:
        message, left_out = _open(mail, content, client_id, now)
        outcome = InboundOutcome.NEW_TICKET
    mail.message_id = message.id
    return _decide(mail, outcome, left_out or None, AuditEvent.INBOUND_MAIL_LET_IN, actor, now)


def reject_mail(mail: InboundMail, *, actor: Actor, now: dt.datetime) -> InboundMail:
    """Let nothing become of a held mail; it is kept as it came. Refused: MailDecided."""
    if not mail.can_decide:
        raise MailDecided
    return _decide(mail, InboundOutcome.REJECTED, mail.reason, AuditEvent.INBOUND_MAIL_REJECTED, actor, now)


def proposal_for(mail: InboundMail) -> Proposed:
    """The ticket that a held mail answers, else the account its sender belongs to, where it is only one."""
    raw = raw_of(mail)
    content = read(raw, None) if raw is not None else None
    discussion = discussion_meant(content, mail.recipient) if content is not None else None
    if discussion is not None:
        return Proposed(ticket=db.session.get_one(Ticket, discussion.ticket_id).number)
    seats = live_seats(mail.person_id) if mail.person_id is not None else []
    return Proposed(account=seats[0].client_id if len(seats) == 1 else "")


def content_of(mail: InboundMail) -> IncomingMail | None:
    """What a mail says, to be looked at before one decides; None when its content is gone."""
    raw = raw_of(mail)
    return read(raw, None) if raw is not None else None


def mails_of_departments(staff_member_id: int, person_id: int | None) -> ColumnElement[bool]:
    """The mails an agent sees: those that are in no ticket, and those of the tickets that they see."""
    theirs = select(Message.id).join(Discussion, Discussion.id == Message.discussion_id)
    theirs = theirs.join(Ticket, Ticket.id == Discussion.ticket_id)
    theirs = theirs.where(tickets_of_departments(staff_member_id, person_id))
    return or_(InboundMail.message_id.is_(None), InboundMail.message_id.in_(theirs))


def _content(mail: InboundMail) -> IncomingMail:
    content = content_of(mail)
    if content is None:
        raise MailGone
    return content


def _answer(
    mail: InboundMail, content: IncomingMail, number: str, actor: Actor, now: dt.datetime
) -> tuple[Message, str]:
    ticket = db.session.scalar(select(Ticket).where(Ticket.number == number))
    clerk = db.session.get(StaffMember, actor.staff_member_id) if actor.staff_member_id is not None else None
    if ticket is None or clerk is None or not is_shown_to(ticket, clerk):
        raise TicketUnknown
    meant = discussion_meant(content, mail.recipient)
    if meant is None or meant.ticket_id != ticket.id:
        meant = first_discussion(ticket, actor=actor, now=now)
    writer = writer_among(ticket, content.sender) or member_of(ticket.account_id, content.sender)
    return write_by_mail(meant, content, writer or address_writer(content.sender), now=now)


def _open(mail: InboundMail, content: IncomingMail, client_id: str, now: dt.datetime) -> tuple[Message, str]:
    account = account_named(client_id)
    if account is None or account.status is AccountStatus.DELETED:
        raise AccountUnknown
    writer = member_of(account.id, content.sender) or address_writer(content.sender)
    return open_ticket_by_mail(content, account.id, writer, recipient=mail.recipient, now=now)


def _decide(
    mail: InboundMail, outcome: InboundOutcome, reason: str | None, event: str, actor: Actor, now: dt.datetime
) -> InboundMail:
    before = {"outcome": mail.outcome, "reason": mail.reason}
    mail.outcome, mail.reason = outcome, reason
    mail.decided_by_id, mail.decided_at = actor.staff_member_id, now
    db.session.flush()
    recount_mail(mail, InboundOutcome.HELD)
    after = {"outcome": mail.outcome, "reason": mail.reason}
    record_event(event, mail, actor=actor, now=now, before=before, after=after)
    return mail
