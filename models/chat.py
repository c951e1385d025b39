"""The support chat: sessions and what was said in them."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    account_key,
    choice_column,
    list_indexes,
    same_account,
)
from models.file import File
from models.member import Member
from models.person import Person
from models.staff import StaffMember
from models.ticket import Ticket


class ChatStatus(enum.StrEnum):
    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


class ChatSession(AccountOwned, Public, Keyed, Stamped, Base):
    """One talk; it may have become a ticket. ``last_sequence`` numbers its messages without gaps."""

    __tablename__ = "chat_session"

    member_id: Mapped[int] = mapped_column(BigKey)
    staff_member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    status: Mapped[ChatStatus] = choice_column(ChatStatus, default=ChatStatus.WAITING)
    last_sequence: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    ticket_id: Mapped[int | None] = mapped_column(BigKey)

    account: Mapped[Account] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise", primaryjoin="foreign(ChatSession.member_id) == Member.id")
    staff_member: Mapped[StaffMember | None] = relationship(lazy="raise")
    ticket: Mapped[Ticket | None] = relationship(
        lazy="raise", primaryjoin="foreign(ChatSession.ticket_id) == Ticket.id"
    )
    messages: Mapped[list[ChatMessage]] = relationship(
        lazy="raise",
        primaryjoin="ChatSession.id == foreign(ChatMessage.chat_session_id)",
        back_populates="chat_session",
        order_by="ChatMessage.sequence",
    )

    __table_args__ = (
        account_key("chat_session"),
        same_account("chat_session", "member_id", "member"),
        same_account("chat_session", "ticket_id", "ticket"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("status <> 'open' OR staff_member_id IS NOT NULL", name="open_has_agent"),
        Index("ix_chat_session_member_id", "member_id"),
        Index("ix_chat_session_ticket_id", "ticket_id"),
        *list_indexes("chat_session", "status", "created_at"),
    )

    def __str__(self) -> str:
        return self.public_id

    @hybrid_property
    def can_close(self) -> bool:
        return self.status != ChatStatus.CLOSED

    @hybrid_property
    def can_become_ticket(self) -> bool:
        return self.ticket_id is None

    @can_become_ticket.inplace.expression
    @classmethod
    def _can_become_ticket(cls) -> ColumnElement[bool]:
        return cls.ticket_id.is_(None)


class ChatMessage(AccountOwned, Public, Keyed, Stamped, Base):
    __tablename__ = "chat_message"

    chat_session_id: Mapped[int] = mapped_column(BigKey)
    sequence: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    from_staff: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("file.id"), index=True)

    chat_session: Mapped[ChatSession] = relationship(
        lazy="raise",
        primaryjoin="foreign(ChatMessage.chat_session_id) == ChatSession.id",
        back_populates="messages",
    )
    author: Mapped[Person | None] = relationship(lazy="raise")
    file: Mapped[File | None] = relationship(lazy="raise")

    __table_args__ = (
        same_account("chat_message", "chat_session_id", "chat_session"),
        UniqueConstraint("chat_session_id", "sequence"),
        Index("ix_chat_message_account_id", "account_id"),
    )
