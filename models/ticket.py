"""Tickets: what a customer asks, who answers for it, and who is told."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    or_,
    select,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    same_account,
    search_index,
)
from models.person import Person
from models.service_level import SlaPolicy
from models.staff import Department, StaffMember
from models.ticket_type import MORE_RESETS, Project, TicketPriority, TicketType

if TYPE_CHECKING:
    from models.discussion import Discussion


class TicketStatus(enum.StrEnum):
    OPEN = "open"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_SUPPORT = "waiting_for_support"
    SOLVED = "solved"
    ARCHIVED = "archived"


class MessageSource(enum.StrEnum):
    PORTAL = "portal"
    STAFF = "staff"
    EMAIL = "email"
    TELEGRAM = "telegram"
    CHAT = "chat"
    API = "api"
    SYSTEM = "system"


class Ticket(AccountOwned, Keyed, Versioned, Stamped, Base):
    """``last_message_at`` is what lists sort by. ``invoice_id`` marks the one ticket of a failed payment."""

    __tablename__ = "ticket"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    subject: Mapped[str] = mapped_column(String(255))
    status: Mapped[TicketStatus] = choice_column(TicketStatus, default=TicketStatus.OPEN)
    priority: Mapped[TicketPriority] = choice_column(TicketPriority, default=TicketPriority.NORMAL)
    ticket_type_id: Mapped[int] = mapped_column(ForeignKey("ticket_type.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[MessageSource] = choice_column(MessageSource, default=MessageSource.PORTAL)
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    escalated_from_id: Mapped[int | None] = mapped_column(BigKey)
    merged_into_id: Mapped[int | None] = mapped_column(BigKey)
    license_id: Mapped[int | None] = mapped_column(BigKey)
    invoice_id: Mapped[int | None] = mapped_column(BigKey)

    sla_policy_id: Mapped[int | None] = mapped_column(ForeignKey("sla_policy.id"), index=True)
    due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # the next promise that would be broken
    first_reply_due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    first_replied_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    solution_due_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # the clock stands while the customer is asked

    last_message_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    solved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    rating: Mapped[int | None] = mapped_column(Integer)
    rating_comment: Mapped[str | None] = mapped_column(String(1000))
    rated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    ticket_type: Mapped[TicketType] = relationship(lazy="raise")
    project: Mapped[Project | None] = relationship(lazy="raise")
    department: Mapped[Department | None] = relationship(lazy="raise")
    assignee: Mapped[StaffMember | None] = relationship(lazy="raise")
    opened_by: Mapped[Person | None] = relationship(lazy="raise")
    sla_policy: Mapped[SlaPolicy | None] = relationship(lazy="raise")
    escalated_from: Mapped[Ticket | None] = relationship(
        lazy="raise", primaryjoin="foreign(Ticket.escalated_from_id) == remote(Ticket.id)"
    )
    merged_into: Mapped[Ticket | None] = relationship(
        lazy="raise", primaryjoin="foreign(Ticket.merged_into_id) == remote(Ticket.id)"
    )
    discussions: Mapped[list[Discussion]] = relationship(
        lazy="raise",
        primaryjoin="Ticket.id == foreign(Discussion.ticket_id)",
        back_populates="ticket",
        order_by="Discussion.id",
    )
    participants: Mapped[list[TicketParticipant]] = relationship(
        lazy="raise", primaryjoin="Ticket.id == foreign(TicketParticipant.ticket_id)", back_populates="ticket"
    )

    __table_args__ = (
        account_key("ticket"),
        same_account("ticket", "escalated_from_id", "ticket"),
        same_account("ticket", "merged_into_id", "ticket"),
        same_account("ticket", "license_id", "license"),
        same_account("ticket", "invoice_id", "invoice"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        CheckConstraint("(rating IS NULL) = (rated_at IS NULL)", name="rating_has_time"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        CheckConstraint("escalated_from_id <> id", name="not_escalated_from_itself"),
        CheckConstraint("status <> 'solved' OR solved_at IS NOT NULL", name="solved_has_time"),
        CheckConstraint("status <> 'archived' OR archived_at IS NOT NULL", name="archived_has_time"),
        Index("ix_ticket_escalated_from_id", "escalated_from_id"),
        Index("ix_ticket_merged_into_id", "merged_into_id"),
        Index("ix_ticket_license_id", "license_id"),
        Index(
            "uq_ticket_live_invoice",
            "invoice_id",
            unique=True,
            sqlite_where=text("status NOT IN ('solved', 'archived')"),
            postgresql_where=text("status NOT IN ('solved', 'archived')"),
        ),
        Index("ix_ticket_invoice_id", "invoice_id"),
        Index("ix_ticket_department_id_status_due_at", "department_id", "status", "due_at"),
        Index("ix_ticket_assignee_id_status", "assignee_id", "status"),
        *list_indexes("ticket", "number", "subject", "status", "priority", "due_at", "last_message_at", "created_at"),
        search_index("ticket", "number"),
        search_index("ticket", "subject"),
    )

    def __str__(self) -> str:
        return self.number

    @hybrid_property
    def is_in_progress(self) -> bool:
        return self.status not in (TicketStatus.SOLVED, TicketStatus.ARCHIVED)

    @is_in_progress.inplace.expression
    @classmethod
    def _is_in_progress(cls) -> ColumnElement[bool]:
        return cls.status.not_in((TicketStatus.SOLVED, TicketStatus.ARCHIVED))

    @hybrid_property
    def takes_messages(self) -> bool:
        return self.status != TicketStatus.ARCHIVED and self.merged_into_id is None

    @takes_messages.inplace.expression
    @classmethod
    def _takes_messages(cls) -> ColumnElement[bool]:
        return and_(cls.status != TicketStatus.ARCHIVED, cls.merged_into_id.is_(None))

    @hybrid_property
    def is_unmerged(self) -> bool:
        return self.merged_into_id is None

    @is_unmerged.inplace.expression
    @classmethod
    def _is_unmerged(cls) -> ColumnElement[bool]:
        return cls.merged_into_id.is_(None)

    @hybrid_property
    def is_unassigned(self) -> bool:
        return self.assignee_id is None

    @is_unassigned.inplace.expression
    @classmethod
    def _is_unassigned(cls) -> ColumnElement[bool]:
        return cls.assignee_id.is_(None)

    @hybrid_property
    def can_solve(self) -> bool:
        return self.status not in (TicketStatus.SOLVED, TicketStatus.ARCHIVED)

    @can_solve.inplace.expression
    @classmethod
    def _can_solve(cls) -> ColumnElement[bool]:
        return cls.status.not_in((TicketStatus.SOLVED, TicketStatus.ARCHIVED))

    @hybrid_property
    def asks_for_resets(self) -> bool:
        """It waits for more resets of its license. Wants the type to be loaded."""
        return self.is_in_progress and self.license_id is not None and self.ticket_type.key == MORE_RESETS

    @asks_for_resets.inplace.expression
    @classmethod
    def _asks_for_resets(cls) -> ColumnElement[bool]:
        of_the_type = cls.ticket_type_id.in_(select(TicketType.id).where(TicketType.key == MORE_RESETS))
        return and_(cls.is_in_progress, cls.license_id.is_not(None), of_the_type)

    @hybrid_property
    def can_archive(self) -> bool:
        """A ticket in progress cannot be archived."""
        return self.status == TicketStatus.SOLVED

    @hybrid_property
    def can_reopen(self) -> bool:
        return self.status in (TicketStatus.SOLVED, TicketStatus.ARCHIVED) and self.merged_into_id is None

    @can_reopen.inplace.expression
    @classmethod
    def _can_reopen(cls) -> ColumnElement[bool]:
        closed = or_(cls.status == TicketStatus.SOLVED, cls.status == TicketStatus.ARCHIVED)
        return and_(closed, cls.merged_into_id.is_(None))

    @hybrid_property
    def can_restore(self) -> bool:
        return self.status == TicketStatus.ARCHIVED and self.merged_into_id is None

    @can_restore.inplace.expression
    @classmethod
    def _can_restore(cls) -> ColumnElement[bool]:
        return and_(cls.status == TicketStatus.ARCHIVED, cls.merged_into_id.is_(None))

    @hybrid_property
    def can_rate(self) -> bool:
        return self.status == TicketStatus.SOLVED and self.rating is None

    @can_rate.inplace.expression
    @classmethod
    def _can_rate(cls) -> ColumnElement[bool]:
        return and_(cls.status == TicketStatus.SOLVED, cls.rating.is_(None))


class ParticipantPart(enum.StrEnum):
    OPENER = "opener"
    COPIED = "copied"
    WRITER = "writer"
    ASSIGNEE = "assignee"


class TicketParticipant(AccountOwned, Keyed, Stamped, Base):
    """Who gets a mail on each change: a person, or an address that was put in CC."""

    __tablename__ = "ticket_participant"

    ticket_id: Mapped[int] = mapped_column(BigKey)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    part: Mapped[ParticipantPart] = choice_column(ParticipantPart, default=ParticipantPart.WRITER)
    left_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(
        lazy="raise", primaryjoin="foreign(TicketParticipant.ticket_id) == Ticket.id", back_populates="participants"
    )
    person: Mapped[Person | None] = relationship(lazy="raise")

    __table_args__ = (
        same_account("ticket_participant", "ticket_id", "ticket"),
        UniqueConstraint("ticket_id", "person_id"),
        UniqueConstraint("ticket_id", "email"),
        CheckConstraint("(person_id IS NULL) <> (email IS NULL)", name="person_or_email"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        Index("ix_ticket_participant_account_id", "account_id"),
    )


class TicketPresence(AccountOwned, Keyed, Base):
    """Which of the staff has a ticket open just now, and whether they are writing."""

    __tablename__ = "ticket_presence"

    ticket_id: Mapped[int] = mapped_column(BigKey)
    staff_member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    writing: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(lazy="raise", primaryjoin="foreign(TicketPresence.ticket_id) == Ticket.id")
    staff_member: Mapped[StaffMember] = relationship(lazy="raise")

    __table_args__ = (
        same_account("ticket_presence", "ticket_id", "ticket"),
        UniqueConstraint("ticket_id", "staff_member_id"),
        Index("ix_ticket_presence_account_id", "account_id"),
    )


class TicketSeen(AccountOwned, Keyed, Base):
    """The newest message of a ticket that a person has had before them; the counters are what came after it."""

    __tablename__ = "ticket_seen"

    ticket_id: Mapped[int] = mapped_column(BigKey)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    message_id: Mapped[int] = mapped_column(BigKey)
    seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(lazy="raise", primaryjoin="foreign(TicketSeen.ticket_id) == Ticket.id")
    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        same_account("ticket_seen", "ticket_id", "ticket"),
        same_account("ticket_seen", "message_id", "message"),
        UniqueConstraint("person_id", "ticket_id"),
        Index("ix_ticket_seen_account_id", "account_id"),
        Index("ix_ticket_seen_ticket_id", "ticket_id"),
        Index("ix_ticket_seen_message_id", "message_id"),
    )
