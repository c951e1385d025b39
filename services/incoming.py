"""Mails that come in: each is kept whole and ends in exactly one of four outcomes (SPEC F3).

A reply, when it was sent to a discussion and comes from somebody who takes part in its ticket. A new ticket, when it
comes from a member of one account whose roles cover tickets. Rejected, when nobody wrote it (automatic answers,
bounces, loops), it is too large or was taken before. Everything else is held for staff: also what uses the address of
another in From, which anybody can write; so neither a signed address nor a Message-ID is enough without it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.actor import system_actor
from domain.audit import AuditEvent
from domain.incoming_mail import IncomingMail, read_headers, read_mail
from domain.mail_kinds import MailKind
from domain.mail_text import one_line
from domain.permissions import P
from domain.refusals import Refusal
from domain.reply_addresses import looks_like_reply_address
from domain.sentences import Sentence
from extensions import db
from models.discussion import Discussion, Message
from models.person import PersonKind
from models.support_desk import InboundMail, InboundOutcome
from models.ticket import Ticket
from services.audit import record_event
from services.mail_counts import count_mail
from services.mail_files import keep_raw
from services.mail_messages import open_ticket_by_mail, where_it_goes_on, write_by_mail
from services.mail_senders import Writer, member_grants, member_writer, sender_proofs, writer_among
from services.mail_threads import discussion_addressed, discussion_answered, reply_addresses, was_sent_by_us
from services.messages import MailTakenAlready
from services.people import find_by_email
from services.seats import live_seats

LARGEST_MAIL: Final = 25 * 1024 * 1024
LONGEST_REASON: Final = 255
_LONGEST_ADDRESS: Final = 320
MAIL_IN: Final = system_actor("mail in")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mail ends, and why, in words for staff."""

    outcome: InboundOutcome
    reason: str = ""
    message: Message | None = None
    person_id: int | None = None


def receive_mail(raw: bytes, *, recipient: str, sender: str | None, now: dt.datetime) -> InboundMail:
    """Keep a mail and let it end. The same bytes again give the record that is there.

    ``recipient`` and ``sender`` are those of the envelope; ``sender`` is empty for a bounce, and None where nobody
    knows it, as behind IMAP. ``now`` is when it came in: what the mail says of its own time decides nothing.
    """
    mail = read(raw, sender)
    row = _claim(raw, mail, recipient, sender, now)
    if row is None:
        return db.session.scalars(select(InboundMail).where(InboundMail.digest == _digest(raw))).one()
    verdict = _judge(mail, len(raw), recipient, now)
    return _end(row, verdict, mail.faults, now)


def hold_mail(raw: bytes, *, recipient: str, sender: str | None, reason: str, now: dt.datetime) -> InboundMail:
    """Keep a mail for staff without looking at it: for one that nothing here can handle."""
    row = _claim(raw, read_headers(raw, envelope_sender=sender), recipient, sender, now)
    if row is None:
        return db.session.scalars(select(InboundMail).where(InboundMail.digest == _digest(raw))).one()
    return _end(row, Verdict(InboundOutcome.HELD, reason), (), now)


def read(raw: bytes, sender: str | None) -> IncomingMail:
    """Read a mail; of one that is too large, its headers."""
    return (
        read_mail(raw, envelope_sender=sender)
        if len(raw) <= LARGEST_MAIL
        else read_headers(raw, envelope_sender=sender)
    )


def chief_recipient(recipients: Sequence[str]) -> str:
    """Of the recipients on an envelope the one that says most: a discussion's address, else the first."""
    signed = (address for address in recipients if reply_addresses.token(address) is not None)
    return next(signed, recipients[0] if recipients else "")


def discussion_meant(mail: IncomingMail, recipient: str) -> Discussion | None:
    """The discussion a mail was sent to: by the address on its envelope or in its headers, or by what it answers."""
    return discussion_addressed((recipient, *mail.recipients)) or discussion_answered(mail.references)


def _claim(raw: bytes, mail: IncomingMail, recipient: str, sender: str | None, now: dt.datetime) -> InboundMail | None:
    """The row of a mail that is new; None for one that is there. Of two who hand it over at once, one makes it."""
    digest = _digest(raw)
    if db.session.scalar(select(InboundMail.id).where(InboundMail.digest == digest)) is not None:
        return None
    named = ", ".join(mail.senders) or one_line(sender or "", _LONGEST_ADDRESS)
    row = InboundMail(
        digest=digest,
        received_at=now,
        email_message_id=mail.message_id,
        sender=one_line(named, _LONGEST_ADDRESS),
        recipient=one_line(recipient, _LONGEST_ADDRESS),
        subject=mail.subject,
        size=len(raw),
        outcome=InboundOutcome.HELD,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return None
    row.file_id = keep_raw(raw, now=now).id
    return row


def _end(row: InboundMail, verdict: Verdict, faults: tuple[str, ...], now: dt.datetime) -> InboundMail:
    row.outcome, row.person_id = verdict.outcome, verdict.person_id
    row.message_id = verdict.message.id if verdict.message is not None else None
    row.reason = one_line(" ".join((verdict.reason, *faults)), LONGEST_REASON) or None
    db.session.flush()
    count_mail(row)
    after = {"outcome": row.outcome, "reason": row.reason, "sender": row.sender, "recipient": row.recipient}
    record_event(AuditEvent.INBOUND_MAIL_RECEIVED, row, actor=MAIL_IN, now=now, after=after)
    return row


def _judge(mail: IncomingMail, size: int, recipient: str, now: dt.datetime) -> Verdict:
    refused = _rejected(mail, size)
    if refused:
        return Verdict(InboundOutcome.REJECTED, refused)
    held = _unusable(mail, recipient)
    if held:
        return Verdict(InboundOutcome.HELD, held)
    discussion = discussion_meant(mail, recipient)
    if discussion is not None:
        return _answer(mail, discussion, now)
    return _open(mail, recipient, now)


def _rejected(mail: IncomingMail, size: int) -> str:
    if size > LARGEST_MAIL:
        return Sentence(
            "It is larger than %(largest_mail)s MB; it is kept as it came.", largest_mail=LARGEST_MAIL // 1024 // 1024
        )
    if mail.kind is not MailKind.ORDINARY:
        return mail.recognised.why
    return "It is a mail of ours that came back." if was_sent_by_us(mail.message_id) else ""


def _unusable(mail: IncomingMail, recipient: str) -> str:
    if mail.unread:
        return Sentence("Its text was not read. %(unread)s", unread=mail.unread)
    if not mail.sender:
        return "It names no sender, or more than one."
    if looks_like_reply_address(recipient) and reply_addresses.token(recipient) is None:
        return "The address it was sent to is none that we gave out."
    return sender_proofs.why_not(mail, staff=False)


def _answer(mail: IncomingMail, discussion: Discussion, now: dt.datetime) -> Verdict:
    discussion = where_it_goes_on(discussion, actor=MAIL_IN, now=now)
    ticket = db.session.get_one(Ticket, discussion.ticket_id)
    writer = writer_among(ticket, mail.sender)
    if writer is None:
        reason = Sentence("It answers ticket %(number)s, and its sender takes no part in it.", number=ticket.number)
        return Verdict(InboundOutcome.HELD, reason, person_id=_person_id(mail.sender))
    unproven = sender_proofs.why_not(mail, staff=writer.actor.staff_member_id is not None)
    if unproven:
        return Verdict(InboundOutcome.HELD, unproven, person_id=writer.person_id)
    return _written(InboundOutcome.REPLY, writer, lambda: write_by_mail(discussion, mail, writer, now=now))


def _open(mail: IncomingMail, recipient: str, now: dt.datetime) -> Verdict:
    person = find_by_email(mail.sender)
    if person is None or not person.can_sign_in:
        return Verdict(InboundOutcome.HELD, "Its sender is not known here.")
    if person.kind is PersonKind.STAFF:
        return Verdict(
            InboundOutcome.HELD, "It comes from one of the staff, and answers no ticket.", person_id=person.id
        )
    seats = live_seats(person.id)
    if len(seats) != 1:
        reason = "Its sender has no seat in an active account."
        if seats:
            reason = "Its sender is a member of several accounts: choose one."
        return Verdict(InboundOutcome.HELD, reason, person_id=person.id)
    seat = seats[0]
    if P.TICKETS_WRITE not in member_grants(seat.account_id, seat.member_id):
        return Verdict(InboundOutcome.HELD, "Its sender's roles do not cover tickets.", person_id=person.id)
    writer = member_writer(person, account_id=seat.account_id, member_id=seat.member_id)

    def write() -> tuple[Message, str]:
        return open_ticket_by_mail(mail, seat.account_id, writer, recipient=recipient, now=now)

    return _written(InboundOutcome.NEW_TICKET, writer, write)


def _written(outcome: InboundOutcome, writer: Writer, write: Callable[[], tuple[Message, str]]) -> Verdict:
    """Write, and hold the mail where the ticket refuses: it is archived, or was merged."""
    try:
        with db.session.begin_nested():
            message, left_out = write()
    except MailTakenAlready as refusal:
        return Verdict(InboundOutcome.REJECTED, refusal.message, person_id=writer.person_id)
    except Refusal as refusal:
        return Verdict(InboundOutcome.HELD, refusal.message, person_id=writer.person_id)
    return Verdict(outcome, left_out, message, writer.person_id)


def _person_id(email: str) -> int | None:
    person = find_by_email(email)
    return person.id if person is not None else None


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
