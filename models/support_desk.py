"""What agents have at hand: ready answers, announcements, and mail that came in."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, Date, ForeignKey, Index, String, Text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Keyed, Public, Stamped, UtcDateTime, Versioned, choice_column, list_indexes, search_index
from models.discussion import Message
from models.file import File
from models.person import Person
from models.staff import Department, StaffMember
from models.ticket_type import TicketPriority, TicketType


class ReadyAnswer(Public, Keyed, Versioned, Stamped, Base):
    __tablename__ = "ready_answer"

    title: Mapped[str] = mapped_column(String(120), unique=True)
    body: Mapped[str] = mapped_column(Text)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    language: Mapped[str] = mapped_column(String(8), default="en")

    department: Mapped[Department | None] = relationship(lazy="raise")

    __table_args__ = (*list_indexes("ready_answer", "title", owned=False), search_index("ready_answer", "title"))

    def __str__(self) -> str:
        return self.title


class MacroStatus(enum.StrEnum):
    """Where a macro leaves a ticket."""

    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_SUPPORT = "waiting_for_support"
    SOLVED = "solved"


class Macro(Public, Keyed, Versioned, Stamped, Base):
    """A ready answer with what is changed along with it, or either of them. What is empty stays as it is.

    ``takes``: whoever uses it answers for the ticket from then on; otherwise it may name the colleague who does.
    """

    __tablename__ = "macro"

    title: Mapped[str] = mapped_column(String(120), unique=True)
    ready_answer_id: Mapped[int | None] = mapped_column(ForeignKey("ready_answer.id"), index=True)
    status: Mapped[MacroStatus | None] = choice_column(MacroStatus)
    priority: Mapped[TicketPriority | None] = choice_column(TicketPriority)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    takes: Mapped[bool] = mapped_column(default=False)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)

    ready_answer: Mapped[ReadyAnswer | None] = relationship(lazy="raise")
    department: Mapped[Department | None] = relationship(lazy="raise")
    assignee: Mapped[StaffMember | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint(
            "ready_answer_id IS NOT NULL OR status IS NOT NULL OR priority IS NOT NULL OR department_id IS NOT NULL"
            " OR takes OR assignee_id IS NOT NULL",
            name="does_something",
        ),
        CheckConstraint("NOT takes OR assignee_id IS NULL", name="taken_or_assigned"),
        *list_indexes("macro", "title", owned=False),
        search_index("macro", "title"),
    )

    def __str__(self) -> str:
        return self.title


class AnnouncementKind(enum.StrEnum):
    NOTICE = "notice"
    SERVICE_STATUS = "service_status"
    NEWSLETTER = "newsletter"


class Announcement(Public, Keyed, Versioned, Stamped, Base):
    """Told to all accounts, or to those listed. It may hold back new tickets of one type while it runs."""

    __tablename__ = "announcement"

    kind: Mapped[AnnouncementKind] = choice_column(AnnouncementKind, default=AnnouncementKind.NOTICE)
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    emergency: Mapped[bool] = mapped_column(default=False)  # shown as a banner on every page
    for_all: Mapped[bool] = mapped_column(default=True)
    starts_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    blocked_ticket_type_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_type.id"), index=True)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)

    blocked_ticket_type: Mapped[TicketType | None] = relationship(lazy="raise")
    written_by: Mapped[StaffMember | None] = relationship(lazy="raise")
    accounts: Mapped[list[AnnouncementAccount]] = relationship(
        lazy="raise", back_populates="announcement", passive_deletes="all"
    )

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("blocked_ticket_type_id IS NULL OR ends_at IS NOT NULL", name="block_has_end"),
        *list_indexes("announcement", "title", "starts_at", "created_at", owned=False),
        search_index("announcement", "title"),
    )

    def __str__(self) -> str:
        return self.title

    @hybrid_property
    def can_send(self) -> bool:
        """It is sent once."""
        return self.sent_at is None

    @can_send.inplace.expression
    @classmethod
    def _can_send(cls) -> ColumnElement[bool]:
        return cls.sent_at.is_(None)


class AnnouncementAccount(Base):
    """An account that an announcement is for, when it is not for all."""

    __tablename__ = "announcement_account"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)

    announcement: Mapped[Announcement] = relationship(lazy="raise", back_populates="accounts")
    account: Mapped[Account] = relationship(lazy="raise")


class InboundOutcome(enum.StrEnum):
    """Each mail received ends in exactly one: their sum is what was received."""

    REPLY = "reply"
    NEW_TICKET = "new_ticket"
    HELD = "held"
    REJECTED = "rejected"


class InboundMail(Public, Keyed, Base):
    """A mail that came in. ``digest`` is that of the raw mail: the same mail handed over twice is one row."""

    __tablename__ = "inbound_mail"

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    email_message_id: Mapped[str | None] = mapped_column(String(255), index=True)
    sender: Mapped[str] = mapped_column(String(320))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(255), default="")
    size: Mapped[int] = mapped_column(BigInteger)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("file.id"), index=True)  # the raw mail
    outcome: Mapped[InboundOutcome] = choice_column(InboundOutcome)
    reason: Mapped[str | None] = mapped_column(String(255))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[File | None] = relationship(lazy="raise")
    message: Mapped[Message | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    decided_by: Mapped[StaffMember | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("outcome NOT IN ('reply', 'new_ticket') OR message_id IS NOT NULL", name="taken_has_message"),
        Index("ix_inbound_mail_outcome_received_at", "outcome", "received_at"),
        *list_indexes("inbound_mail", "received_at", "sender", owned=False),
        search_index("inbound_mail", "sender"),
        search_index("inbound_mail", "subject"),
        search_index("inbound_mail", "reason"),
    )

    def __str__(self) -> str:
        return self.subject

    @hybrid_property
    def can_decide(self) -> bool:
        return self.outcome == InboundOutcome.HELD


class InboundDay(Keyed, Base):
    """How many mails came in on a day (UTC), and how they ended by now. The database holds the sum: none is lost."""

    __tablename__ = "inbound_day"

    day: Mapped[dt.date] = mapped_column(Date, unique=True)
    received: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)
    new_tickets: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        CheckConstraint("received = replies + new_tickets + held + rejected", name="adds_up"),
        CheckConstraint("replies >= 0 AND new_tickets >= 0 AND held >= 0 AND rejected >= 0", name="none_negative"),
    )
