"""What a person leaves in rows that are not theirs: tickets, mails that came in, seats, and what names them in passing.

The rows stay, since they belong to accounts or are counted; the name and the addresses in them go. Issued documents,
the books and the audit are not touched, nor is what other people were told.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update

from extensions import db
from models.account import Account
from models.chat import ChatMessage, ChatSession
from models.discussion import Discussion, Message, MessageCc
from models.document_file import DeliveryLink
from models.file import File
from models.financing import FinancingRequest
from models.item_transfer import ItemTransfer
from models.license import HardwareReset
from models.license_change import LicenseChange
from models.member import Member, MemberInvitation
from models.notification import NotificationDelivery
from models.policy import DataRequest, PolicyDecision
from models.release import Download
from models.saved_view import SavedView
from models.staff import StaffMember
from models.subscription import SubscriptionChange
from models.support_desk import InboundMail
from models.ticket import Ticket, TicketParticipant
from services.jobs import enqueue
from services.ticket_texts import index_tickets

DELETED_NAME: Final = ("deleted", "person")
DELETED_ADDRESS: Final = "deleted"
JOB: Final = "delete_contents"
_NOBODY: Final = " ".join(DELETED_NAME)


class Erased(NamedTuple):
    """Who somebody was: row number, public id, address (may be empty) and full name."""

    id: int
    public_id: str
    email: str
    name: str


def told_to(whom: Erased) -> ColumnElement[bool]:
    """The mails that were sent to a person, also those to their bare address."""
    return _theirs(NotificationDelivery.person_id == whom.id, NotificationDelivery.address, whom)


def erase_traces(whom: Erased, *, avatar_file_id: int | None, now: dt.datetime) -> None:
    """Replace the name and the addresses of a person in what stays, and let a job delete contents of files."""
    _erase_seats(whom)
    _erase_tickets(whom)
    _erase_acts(whom)
    _erase_files(whom, avatar_file_id, now)


def _erase_seats(whom: Erased) -> None:
    seats = select(Member.id).where(Member.person_id == whom.id)
    _run(update(MemberInvitation).where(MemberInvitation.member_id.in_(seats)).values(email=DELETED_ADDRESS))
    _run(
        update(Member).where(Member.person_id == whom.id).values(phone=None, time_zone=None, version=Member.version + 1)
    )
    _run(update(StaffMember).where(StaffMember.person_id == whom.id).values(signature=None))
    _run(delete(SavedView).where(SavedView.person_id == whom.id, SavedView.shared.is_(False)))
    if whom.email:
        gone = {"contact_name": None, "contact_email": None, "contact_phone": None, "version": Account.version + 1}
        _run(update(Account).where(Account.contact_email == whom.email).values(gone))
        forgotten = {"billing_email": None, "version": Account.version + 1}
        _run(update(Account).where(Account.billing_email == whom.email).values(forgotten))


def _erase_tickets(whom: Erased) -> None:
    """In the tickets they took part in, the full name and the address also go out of what others wrote."""
    tickets = _tickets_of(whom)
    discussions = select(Discussion.id).where(Discussion.ticket_id.in_(tickets))
    said = {column: _replaced(getattr(Message, column), whom) for column in ("title", "body", "quoted")}
    _run(update(Message).where(Message.discussion_id.in_(discussions)).values(said))
    _run(update(Discussion).where(Discussion.ticket_id.in_(tickets)).values(title=_replaced(Discussion.title, whom)))
    subject = {"subject": _replaced(Ticket.subject, whom), "rating_comment": _replaced(Ticket.rating_comment, whom)}
    _run(update(Ticket).where(Ticket.id.in_(tickets)).values(subject))
    index_tickets(db.session.scalars(tickets))
    _erase_answers(tickets, whom)
    chats = select(ChatSession.id).join(Member, Member.id == ChatSession.member_id).where(Member.person_id == whom.id)
    in_their_chats = or_(ChatMessage.author_id == whom.id, ChatMessage.chat_session_id.in_(chats))
    _run(update(ChatMessage).where(in_their_chats).values(text=_replaced(ChatMessage.text, whom)))
    _run(delete(MessageCc).where(_theirs(MessageCc.person_id == whom.id, MessageCc.email, whom)))
    if whom.email:
        _run(update(Message).where(Message.author_email == whom.email).values(author_email=DELETED_ADDRESS))
        _run(delete(TicketParticipant).where(TicketParticipant.email == whom.email))


def _erase_answers(tickets: Select[*tuple[Any, ...]], whom: Erased) -> None:
    """What was answered to the questions of the ticket's type."""
    for ticket_id, answers in db.session.execute(select(Ticket.id, Ticket.answers).where(Ticket.id.in_(tickets))):
        said = json.dumps(answers)
        clean = said.replace(json.dumps(whom.email)[1:-1], DELETED_ADDRESS) if whom.email else said
        clean = clean.replace(json.dumps(whom.name)[1:-1], _NOBODY) if " " in whom.name else clean
        if clean != said:
            _run(update(Ticket).where(Ticket.id == ticket_id).values(answers=json.loads(clean)))


def _tickets_of(whom: Erased) -> Select[*tuple[Any, ...]]:
    took_part = select(TicketParticipant.ticket_id).where(
        _theirs(TicketParticipant.person_id == whom.id, TicketParticipant.email, whom)
    )
    wrote = select(Discussion.ticket_id).join(Message, Message.discussion_id == Discussion.id)
    wrote = wrote.where(_theirs(Message.author_id == whom.id, Message.author_email, whom))
    opened = select(Ticket.id).where(Ticket.opened_by_id == whom.id)
    found = select(Ticket.id).where(or_(Ticket.id.in_(took_part), Ticket.id.in_(wrote), Ticket.id.in_(opened)))
    # Found once, before the rows are changed by which they are found.
    return select(Ticket.id).where(Ticket.id.in_(db.session.scalars(found).all()))


def _erase_acts(whom: Erased) -> None:
    """Names that stand as text beside acts, and addresses of devices."""
    for model, person, name in (
        (HardwareReset, HardwareReset.reset_by_person_id, "reset_by"),
        (ItemTransfer, ItemTransfer.transferred_by_person_id, "transferred_by"),
        (ItemTransfer, ItemTransfer.undone_by_person_id, "undone_by"),
        (LicenseChange, LicenseChange.changed_by_person_id, "changed_by"),
        (SubscriptionChange, SubscriptionChange.changed_by_person_id, "changed_by"),
    ):
        _run(update(model).where(person == whom.id).values({name: _NOBODY}))
    _run(update(LicenseChange).where(LicenseChange.changed_by_person_id == whom.id).values(ip=None))
    _run(update(PolicyDecision).where(PolicyDecision.person_id == whom.id).values(ip=None))
    _run(update(Download).where(Download.person_id == whom.id).values(ip=None))
    _run(
        update(FinancingRequest)
        .where(_theirs(FinancingRequest.requested_by_id == whom.id, FinancingRequest.email, whom))
        .values(contact=_NOBODY, email=DELETED_ADDRESS, phone=None, note=None)
    )
    _run(
        update(DeliveryLink)
        .where(_theirs(DeliveryLink.made_by_id == whom.id, DeliveryLink.sent_to, whom))
        .values(sent_to=None)
    )


def _erase_files(whom: Erased, avatar_file_id: int | None, now: dt.datetime) -> None:
    came = InboundMail.person_id == whom.id
    if whom.email:
        sender = func.lower(InboundMail.sender)  # of a mail that names several, all stand there
        among = (
            sender == whom.email,
            sender.startswith(f"{whom.email}, ", autoescape=True),
            sender.endswith(f", {whom.email}", autoescape=True),
            sender.contains(f", {whom.email}, ", autoescape=True),
        )
        came = or_(came, *among)
    mails = db.session.execute(select(InboundMail.id, InboundMail.file_id).where(came)).all()
    mail_ids = [mail_id for mail_id, _file_id in mails]
    _run(
        update(InboundMail)
        .where(InboundMail.id.in_(mail_ids))
        .values(sender=DELETED_ADDRESS, subject="", email_message_id=None, file_id=None)
    )
    exports = select(DataRequest.file_id).where(DataRequest.person_id == whom.id, DataRequest.file_id.is_not(None))
    file_ids = {*(file_id for _mail_id, file_id in mails), *db.session.scalars(exports), avatar_file_id} - {None}
    _run(update(DataRequest).where(DataRequest.person_id == whom.id).values(note=None, file_id=None))
    files = db.session.execute(select(File.id, File.key).where(File.id.in_(file_ids))).all()
    _run(delete(File).where(File.id.in_([file_id for file_id, _key in files])))
    if files:
        enqueue(JOB, {"keys": [key for _id, key in files]}, now=now)


def _theirs(by_row: ColumnElement[bool], address: Any, whom: Erased) -> ColumnElement[bool]:
    """Rows that name the person, or their address."""
    return or_(by_row, address == whom.email) if whom.email else by_row


def _replaced(column: Any, whom: Erased) -> Any:
    """The column without the address and the full name."""
    text = func.replace(column, whom.email, DELETED_ADDRESS) if whom.email else column
    return func.replace(text, whom.name, _NOBODY) if " " in whom.name else text


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
