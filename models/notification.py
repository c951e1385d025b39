"""What people are told: readable in the portal, and delivered by mail, SMS or Telegram from an outbox."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, or_
from sqlalchemy import text as sql_text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Json, Keyed, MayBeOwned, Public, Stamped, UtcDateTime, choice_column, list_indexes, search_index
from models.document_file import DocumentKind
from models.person import Person

_HAS_REMOTE_ID = sql_text("remote_id IS NOT NULL")


class NotificationKind(enum.StrEnum):
    TICKET_REPLIES = "ticket_replies"
    SERVICE_STATUS = "service_status"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    SECURITY = "security"
    NEWSLETTERS = "newsletters"


class NotificationChannel(enum.StrEnum):
    PORTAL = "portal"
    EMAIL = "email"
    SMS = "sms"
    TELEGRAM = "telegram"


class DeliveryState(enum.StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Notification(MayBeOwned, Public, Keyed, Stamped, Base):
    """One thing to know. For one person, or for every member of the account whose roles hold ``permission``.

    ``account_id`` is empty only for staff; a member's personal notices stand in the account they concern.
    """

    __tablename__ = "notification"

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    permission: Mapped[str | None] = mapped_column(String(60))
    kind: Mapped[NotificationKind] = choice_column(NotificationKind)
    event: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text, default="")
    target_type: Mapped[str | None] = mapped_column(String(60))
    target_key: Mapped[str | None] = mapped_column(String(80))
    mandatory: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    deliveries: Mapped[list[NotificationDelivery]] = relationship(lazy="raise", back_populates="notification")

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (permission IS NULL)", name="person_or_permission"),
        Index("ix_notification_person_id_created_at_id", "person_id", "created_at", "id"),
        *list_indexes("notification", "kind", "created_at"),
        search_index("notification", "title"),
    )

    def __str__(self) -> str:
        return self.title


class NotificationRead(Keyed, Base):
    """Who has read what, and when; the counters are what has no row here."""

    __tablename__ = "notification_read"

    notification_id: Mapped[int] = mapped_column(ForeignKey("notification.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    read_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("notification_id", "person_id"),)


class NotificationDelivery(MayBeOwned, Public, Keyed, Stamped, Base):
    """A row of the outbox: one message to one address, written with the change that caused it.

    ``message_id`` is made once and kept over all tries, so that a repeat can be recognised; ``remote_id`` is what the
    other side called the message once it had it, by which an answer to it is known. ``unique_key`` lets a
    reminder be written once. ``secret`` marks texts that hold a link or code: they are blanked once sent. A mail may
    name a document of its account: its PDF, which may be set only later, goes with it.
    """

    __tablename__ = "notification_delivery"

    notification_id: Mapped[int | None] = mapped_column(ForeignKey("notification.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    event: Mapped[str] = mapped_column(String(80))
    channel: Mapped[NotificationChannel] = choice_column(NotificationChannel, default=NotificationChannel.EMAIL)
    address: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(255), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    remote_id: Mapped[str | None] = mapped_column(String(64))
    reply_to: Mapped[str | None] = mapped_column(String(320))
    in_reply_to: Mapped[str | None] = mapped_column(String(255))
    headers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    document_kind: Mapped[DocumentKind | None] = choice_column(DocumentKind)
    document_number: Mapped[str | None] = mapped_column(String(64))
    secret: Mapped[bool] = mapped_column(default=False)
    unique_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    state: Mapped[DeliveryState] = choice_column(DeliveryState, default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)

    account: Mapped[Account | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    notification: Mapped[Notification | None] = relationship(lazy="raise", back_populates="deliveries")

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        CheckConstraint(
            "(document_kind IS NULL) = (document_number IS NULL) AND (document_kind IS NULL OR account_id IS NOT NULL)",
            name="document_is_whole",
        ),
        Index("ix_notification_delivery_state_next_try_at", "state", "next_try_at"),
        Index(
            "ix_notification_delivery_remote_id",
            "remote_id",
            sqlite_where=_HAS_REMOTE_ID,
            postgresql_where=_HAS_REMOTE_ID,
        ),
        *list_indexes("notification_delivery", "created_at", "state"),
        search_index("notification_delivery", "address"),
        search_index("notification_delivery", "subject"),
    )

    def __str__(self) -> str:
        return self.subject

    @hybrid_property
    def can_retry(self) -> bool:
        return self.state in (DeliveryState.FAILED, DeliveryState.CANCELLED)

    @can_retry.inplace.expression
    @classmethod
    def _can_retry(cls) -> ColumnElement[bool]:
        return or_(cls.state == DeliveryState.FAILED, cls.state == DeliveryState.CANCELLED)


class NotificationPreference(Keyed, Base):
    """A choice of one person: this kind over this channel, or not. Without a row the default of the kind holds."""

    __tablename__ = "notification_preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[NotificationKind] = choice_column(NotificationKind)
    channel: Mapped[NotificationChannel] = choice_column(NotificationChannel)
    enabled: Mapped[bool]

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("person_id", "kind", "channel"),
        CheckConstraint("enabled OR kind <> 'security'", name="security_stays_on"),
    )
