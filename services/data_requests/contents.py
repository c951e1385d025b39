"""What the database keeps about a person, as rows for a CSV: one statement a table, read in pieces (SPEC G2).

Each table names the columns that are exported. A new column is not exported by itself, so that no hash, seed or token
ever is; a table that names people and stands neither here nor among what is left out fails a test.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, case, or_, select

from extensions import db
from models.account import Account
from models.audit import AuditEvent
from models.chat import ChatMessage, ChatSession
from models.discussion import Discussion, Message, MessageCc
from models.financing import FinancingRequest
from models.identity import AccessToken, PhoneVerification, SocialIdentity, TelegramBinding
from models.login_as import LoginAsSession
from models.member import Interest, Member, MemberInterest, MemberInvitation, MemberRoleGrant
from models.notification import Notification, NotificationDelivery, NotificationPreference, NotificationRead
from models.order import Order
from models.payment import Payment
from models.person import Person
from models.policy import DataRequest, Policy, PolicyDecision, PolicyVersion
from models.release import Download, ReleaseFile
from models.saved_view import SavedView
from models.second_factor import Passkey, RecoveryCode, TotpFactor
from models.sign_in import AllowedNetwork, KnownDevice, PasswordReset, SignInSession
from models.staff import Department, StaffDepartment, StaffMember
from models.support_desk import InboundMail
from models.telegram import TelegramDialogue
from models.ticket import Ticket, TicketParticipant, TicketSeen

_Rows = Select[*tuple[Any, ...]]
PIECE: Final = 500
_LINK: Final = re.compile(r"https?://\S+")
_WITH_LINKS: Final = frozenset({"text", "notice"})


class Line(NamedTuple):
    """One value: of which record ("session 2"), which field of it, and the value as text."""

    record: str
    field: str
    value: str


class Asked(NamedTuple):
    """Whose data: the row number, and the address, which is empty where the person has none."""

    id: int
    email: str


class Table(NamedTuple):
    """What a record is called in the CSV, and the statement that reads its rows."""

    record: str
    rows: Callable[[Asked], _Rows]


def lines_about(person: Person) -> Iterator[Line]:
    """Every value that is kept about the person, table by table; what is empty is left out.

    Links in mails and notices are replaced by a word: some of them open something without more.
    """
    asked = Asked(person.id, person.email or "")
    for table in TABLES:
        found = db.session.execute(table.rows(asked).execution_options(yield_per=PIECE))
        for number, row in enumerate(found, start=1):
            for field, value in row._mapping.items():
                text = _text(value)
                if text:
                    text = _LINK.sub("[link]", text) if field in _WITH_LINKS else text
                    yield Line(f"{table.record} {number}", field.replace("_", " "), text)


def _own(model: Any, columns: str) -> Callable[[Asked], _Rows]:
    """These columns of the rows that name the person as theirs."""
    return _where(model, columns, lambda asked: model.person_id == asked.id)


def _where(model: Any, columns: str, which: Callable[[Asked], Any]) -> Callable[[Asked], _Rows]:
    wanted = [getattr(model, name) for name in columns.split()]
    return lambda asked: select(*wanted).where(which(asked)).order_by(model.id)


def _seats(asked: Asked) -> _Rows:
    columns = (
        Account.client_id.label("account"),
        Account.name.label("account_name"),
        Member.type,
        Member.status,
        Member.is_owner,
        Member.portal_access,
        Member.phone,
        Member.time_zone,
        Member.pay_limit,
        Member.currency,
        Member.last_seen_at,
        Member.external_ref,
        Member.created_at,
    )
    seats = select(*columns).join(Account, Account.id == Member.account_id)
    return seats.where(Member.person_id == asked.id).order_by(Member.id)


def _of_seats(model: Any, *columns: Any) -> Callable[[Asked], _Rows]:
    """These columns of what hangs on the person's seats, with the account."""

    def rows(asked: Asked) -> _Rows:
        found = select(Account.client_id.label("account"), *columns).select_from(model)
        found = found.join(Member, Member.id == model.member_id).join(Account, Account.id == Member.account_id)
        if model is MemberInterest:
            found = found.join(Interest, Interest.id == MemberInterest.interest_id)
        return found.where(Member.person_id == asked.id).order_by(model.id)

    return rows


def _decisions(asked: Asked) -> _Rows:
    columns = (
        Policy.name.label("policy"),
        PolicyVersion.number.label("version"),
        PolicyDecision.decision,
        PolicyDecision.decided_at,
        PolicyDecision.ip,
    )
    found = select(*columns).select_from(PolicyDecision)
    found = found.join(PolicyVersion, PolicyVersion.id == PolicyDecision.policy_version_id)
    found = found.join(Policy, Policy.id == PolicyVersion.policy_id)
    return found.where(PolicyDecision.person_id == asked.id).order_by(PolicyDecision.id)


def _mails(asked: Asked) -> _Rows:
    text = case((NotificationDelivery.secret, ""), else_=NotificationDelivery.text).label("text")
    sent = NotificationDelivery
    columns = (sent.created_at, sent.channel, sent.address, sent.subject, text, sent.state, sent.sent_at)
    theirs = sent.person_id == asked.id
    if asked.email:
        theirs = or_(theirs, sent.person_id.is_(None) & (sent.address == asked.email))
    return select(*columns).where(theirs).order_by(sent.id)


def _notices_read(asked: Asked) -> _Rows:
    read = select(Notification.title.label("notice"), NotificationRead.read_at)
    read = read.join(Notification, Notification.id == NotificationRead.notification_id)
    return read.where(NotificationRead.person_id == asked.id).order_by(NotificationRead.id)


def _tickets_read(asked: Asked) -> _Rows:
    read = select(Ticket.number.label("ticket"), TicketSeen.seen_at).join(Ticket, Ticket.id == TicketSeen.ticket_id)
    return read.where(TicketSeen.person_id == asked.id).order_by(TicketSeen.id)


def _messages(asked: Asked) -> _Rows:
    written = select(
        Ticket.number.label("ticket"), Message.created_at, Message.title, Message.body, Message.source, Message.internal
    )
    written = written.join(Discussion, Discussion.id == Message.discussion_id)
    written = written.join(Ticket, Ticket.id == Discussion.ticket_id)
    theirs = Message.author_id == asked.id
    if asked.email:
        theirs = or_(theirs, Message.author_email == asked.email)
    return written.where(theirs).order_by(Message.id)


def _takes_part(asked: Asked) -> _Rows:
    part = select(
        Ticket.number.label("ticket"),
        TicketParticipant.part,
        TicketParticipant.email,
        TicketParticipant.created_at,
        TicketParticipant.left_at,
    ).join(Ticket, Ticket.id == TicketParticipant.ticket_id)
    theirs = TicketParticipant.person_id == asked.id
    if asked.email:
        theirs = or_(theirs, TicketParticipant.email == asked.email)
    return part.where(theirs).order_by(TicketParticipant.id)


def _copies(asked: Asked) -> _Rows:
    got = select(MessageCc.email, Message.created_at).join(Message, Message.id == MessageCc.message_id)
    theirs = MessageCc.person_id == asked.id
    if asked.email:
        theirs = or_(theirs, MessageCc.email == asked.email)
    return got.where(theirs).order_by(MessageCc.id)


def _mails_in(asked: Asked) -> _Rows:
    mail = InboundMail
    theirs = mail.person_id == asked.id
    if asked.email:
        theirs = or_(theirs, mail.sender == asked.email)
    columns = (mail.received_at, mail.sender, mail.recipient, mail.subject, mail.size, mail.outcome, mail.reason)
    return select(*columns).where(theirs).order_by(mail.id)


def _downloads(asked: Asked) -> _Rows:
    got = select(ReleaseFile.name.label("file"), Download.downloaded_at, Download.ip)
    got = got.join(ReleaseFile, ReleaseFile.id == Download.release_file_id)
    return got.where(Download.person_id == asked.id).order_by(Download.id)


def _departments(asked: Asked) -> _Rows:
    found = select(Department.name).join(StaffDepartment, StaffDepartment.department_id == Department.id)
    found = found.join(StaffMember, StaffMember.id == StaffDepartment.staff_member_id)
    return found.where(StaffMember.person_id == asked.id).order_by(Department.id)


TABLES: Final[Sequence[Table]] = (
    Table(
        "person",
        _where(
            Person,
            "public_id kind email email_verified_at first_name last_name phone phone_state language time_zone "
            "rows_per_page start_page quiet_from quiet_until sign_in_mail passkey_only password_changed_at "
            "must_change_password last_sign_in_at checked_at disabled_at restricted_at created_at",
            lambda asked: Person.id == asked.id,
        ),
    ),
    Table("seat", _seats),
    Table("role", _of_seats(MemberRoleGrant, MemberRoleGrant.role, MemberRoleGrant.created_at)),
    Table("interest", _of_seats(MemberInterest, Interest.name.label("interest"))),
    Table(
        "invitation",
        _of_seats(
            MemberInvitation,
            MemberInvitation.email,
            MemberInvitation.created_at,
            MemberInvitation.accepted_at,
            MemberInvitation.withdrawn_at,
        ),
    ),
    Table("staff seat", _own(StaffMember, "role status signature created_at")),
    Table("department", _departments),
    Table(
        "session",
        _own(SignInSession, "created_at last_seen_at expires_at ended_at end_reason ip user_agent place remember"),
    ),
    Table("device", _own(KnownDevice, "description created_at last_seen_at")),
    Table("network", _own(AllowedNetwork, "cidr note created_at")),
    Table("password reset", _own(PasswordReset, "kind email created_at expires_at used_at")),
    Table("authenticator app", _own(TotpFactor, "created_at confirmed_at")),
    Table("recovery code", _own(RecoveryCode, "created_at used_at")),
    Table("passkey", _own(Passkey, "name created_at last_used_at backed_up")),
    Table("social sign-in", _own(SocialIdentity, "issuer subject email created_at last_used_at")),
    Table("telegram", _own(TelegramBinding, "chat_id chat_name created_at bound_at blocked_at")),
    Table("unsent telegram message", _own(TelegramDialogue, "created_at last_at answers text")),
    Table("phone check", _own(PhoneVerification, "purpose phone created_at used_at")),
    Table("access token", _own(AccessToken, "name scopes created_at expires_at last_used_at last_used_ip revoked_at")),
    Table("choice of notification", _own(NotificationPreference, "kind channel enabled")),
    Table("saved view", _own(SavedView, "realm slug name created_at")),
    Table("policy decision", _decisions),
    Table("data request", _own(DataRequest, "kind status note created_at due_on closed_at outcome")),
    Table(
        "notice",
        lambda asked: (
            select(Notification.created_at, Notification.kind, Notification.title, Notification.body.label("notice"))
            .where(Notification.person_id == asked.id)
            .order_by(Notification.id)
        ),
    ),
    Table("notice read", _notices_read),
    Table("ticket read", _tickets_read),
    Table("mail to you", _mails),
    Table("mail from you", _mails_in),
    Table(
        "ticket opened",
        _where(
            Ticket,
            "number subject status created_at answers rating rating_comment rated_at",
            lambda asked: Ticket.opened_by_id == asked.id,
        ),
    ),
    Table("part in a ticket", _takes_part),
    Table("message", _messages),
    Table("copy of a message", _copies),
    Table("chat", _of_seats(ChatSession, ChatSession.created_at, ChatSession.closed_at, ChatSession.status)),
    Table("chat message", _where(ChatMessage, "created_at text", lambda asked: ChatMessage.author_id == asked.id)),
    Table(
        "visit of staff as you",
        _of_seats(LoginAsSession, LoginAsSession.created_at, LoginAsSession.reason, LoginAsSession.ended_at),
    ),
    Table(
        "order",
        _where(Order, "number kind status placed_at total currency", lambda asked: Order.placed_by_id == asked.id),
    ),
    Table(
        "payment",
        _where(
            Payment,
            "number method status received_on amount currency",
            lambda asked: Payment.paid_by_id == asked.id,
        ),
    ),
    Table(
        "financing request",
        _where(
            FinancingRequest,
            "created_at status amount currency contact email phone note",
            lambda asked: FinancingRequest.requested_by_id == asked.id,
        ),
    ),
    Table("download", _downloads),
    Table(
        "act",
        _where(
            AuditEvent,
            "at event source ip target_type target_key",
            lambda asked: AuditEvent.actor_person_id == asked.id,
        ),
    ),
    Table(
        "act of staff as you",
        _where(AuditEvent, "at event source", lambda asked: AuditEvent.on_behalf_of_id == asked.id),
    ),
)

LEFT_OUT: Final = frozenset(
    {
        "passkey_challenge",  # minutes old at most, and a secret
        "member_preview",  # whose roles somebody looked at: nothing of a person
        "ticket_presence",  # who reads a ticket just now
        "job",  # asked for by acts, which the audit tells
        "delivery_link",
        "macro",  # the house's own: to whom of the staff it gives tickets
        # The account's own records, on which only the act was the person's: the audit tells it.
        *("credit_limit", "hardware_reset", "item_transfer", "license_change", "month_close", "ownership_change"),
        *("pay_approval", "payment_method", "refund", "setting", "subscription_change"),
        *("prospect", "login_consent", "announcement", "data_request_step"),
    }
)
"""Tables that name people and are not exported."""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)
