"""Discussions of a ticket, their messages, attachments and copies."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    account_key,
    choice_column,
    list_indexes,
    same_account,
)
from models.file import File
from models.person import Person
from models.ticket import MessageSource, Ticket


class Discussion(AccountOwned, Public, Keyed, Stamped, Base):
    """One thread of a ticket. ``visible_messages`` leaves the internal notes out: portals use nothing else."""

    __tablename__ = "discussion"

    ticket_id: Mapped[int] = mapped_column(BigKey)
    title: Mapped[str] = mapped_column(String(255))

    ticket: Mapped[Ticket] = relationship(
        lazy="raise", primaryjoin="foreign(Discussion.ticket_id) == Ticket.id", back_populates="discussions"
    )
    messages: Mapped[list[Message]] = relationship(
        lazy="raise",
        primaryjoin="Discussion.id == foreign(Message.discussion_id)",
        back_populates="discussion",
        order_by="Message.id",
    )
    visible_messages: Mapped[list[Message]] = relationship(
        lazy="raise",
        primaryjoin="and_(Discussion.id == foreign(Message.discussion_id), Message.internal.is_(False))",
        viewonly=True,
        order_by="Message.id",
    )

    __table_args__ = (
        account_key("discussion"),
        same_account("discussion", "ticket_id", "ticket"),
        Index("ix_discussion_ticket_id", "ticket_id"),
    )

    def __str__(self) -> str:
        return self.title


class Message(AccountOwned, Public, Keyed, Stamped, Base):
    """What was written. The author is a person (staff or member), an address that wrote by mail, or the system.

    ``internal`` notes are for staff; they never leave by mail and never show in a portal.
    """

    __tablename__ = "message"

    discussion_id: Mapped[int] = mapped_column(BigKey)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    author_email: Mapped[str | None] = mapped_column(String(254))
    from_staff: Mapped[bool] = mapped_column(default=False)
    internal: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    quoted: Mapped[str | None] = mapped_column(Text)  # what an answer by mail quoted, shown folded
    source: Mapped[MessageSource] = choice_column(MessageSource, default=MessageSource.PORTAL)
    email_message_id: Mapped[str | None] = mapped_column(String(255), unique=True)

    account: Mapped[Account] = relationship(lazy="raise")
    discussion: Mapped[Discussion] = relationship(
        lazy="raise", primaryjoin="foreign(Message.discussion_id) == Discussion.id", back_populates="messages"
    )
    author: Mapped[Person | None] = relationship(lazy="raise")
    attachments: Mapped[list[MessageAttachment]] = relationship(
        lazy="raise", primaryjoin="Message.id == foreign(MessageAttachment.message_id)", back_populates="message"
    )
    copies: Mapped[list[MessageCc]] = relationship(
        lazy="raise", primaryjoin="Message.id == foreign(MessageCc.message_id)", back_populates="message"
    )

    __table_args__ = (
        account_key("message"),
        same_account("message", "discussion_id", "discussion"),
        CheckConstraint("NOT internal OR from_staff", name="only_staff_write_internal"),
        CheckConstraint("length(title) > 0", name="title_given"),
        Index("ix_message_discussion_id_id", "discussion_id", "id"),
        *list_indexes("message", "created_at"),
    )

    def __str__(self) -> str:
        return self.title


class MessageAttachment(AccountOwned, Public, Keyed, Base):
    """``name`` is what the sender called it; the same file may hang on several messages."""

    __tablename__ = "message_attachment"

    message_id: Mapped[int] = mapped_column(BigKey)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    position: Mapped[int] = mapped_column(default=0)

    message: Mapped[Message] = relationship(
        lazy="raise", primaryjoin="foreign(MessageAttachment.message_id) == Message.id", back_populates="attachments"
    )
    file: Mapped[File] = relationship(lazy="raise")

    __table_args__ = (
        same_account("message_attachment", "message_id", "message"),
        UniqueConstraint("message_id", "file_id"),
        Index("ix_message_attachment_account_id", "account_id"),
    )

    def __str__(self) -> str:
        return self.name


class MessageCc(AccountOwned, Keyed, Base):
    __tablename__ = "message_cc"

    message_id: Mapped[int] = mapped_column(BigKey)
    email: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    message: Mapped[Message] = relationship(
        lazy="raise", primaryjoin="foreign(MessageCc.message_id) == Message.id", back_populates="copies"
    )

    __table_args__ = (
        same_account("message_cc", "message_id", "message"),
        UniqueConstraint("message_id", "email"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        Index("ix_message_cc_account_id", "account_id"),
    )

    def __str__(self) -> str:
        return self.email
