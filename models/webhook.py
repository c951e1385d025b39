"""Signed messages to systems of customers and of the provider, and what became of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Json, Keyed, MayBeOwned, Public, Stamped, UtcDateTime, Versioned, choice_column, list_indexes
from models.notification import DeliveryState


class WebhookEndpoint(MayBeOwned, Public, Keyed, Versioned, Stamped, Base):
    """Where events are sent: those of one account, or all (without account)."""

    __tablename__ = "webhook_endpoint"

    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str | None] = mapped_column(String(120))
    secret: Mapped[str] = mapped_column(String(500))  # encrypted by the service
    events: Mapped[list[str]] = mapped_column(Json, default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    failures_in_a_row: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account | None] = relationship(lazy="raise")
    deliveries: Mapped[list[WebhookDelivery]] = relationship(
        lazy="raise", back_populates="endpoint", passive_deletes="all"
    )

    __table_args__ = list_indexes("webhook_endpoint", "created_at")

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(MayBeOwned, Public, Keyed, Stamped, Base):
    """One event for one endpoint; ``event_id`` stays the same over all tries."""

    __tablename__ = "webhook_delivery"

    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[DeliveryState] = choice_column(DeliveryState, default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    response_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)

    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="raise", back_populates="deliveries")
    account: Mapped[Account | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_webhook_delivery_state_next_try_at", "state", "next_try_at"),
        *list_indexes("webhook_delivery", "created_at"),
    )

    def __str__(self) -> str:
        return self.event_id
