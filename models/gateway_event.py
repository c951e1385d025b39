"""What gateways tell us on their own (webhooks): each event is kept once and worked off once."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, UtcDateTime, choice_column, list_indexes

if TYPE_CHECKING:
    from models.payment import Payment


class GatewayEventStatus(enum.StrEnum):
    """What became of an event."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    REFUSED = "refused"


class GatewayEvent(Keyed, Public, Base):
    """Not owned by an account: whose payment it is about is known only after it was worked off."""

    __tablename__ = "gateway_event"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        CheckConstraint("(status = 'received') = (processed_at IS NULL)", name="processed_has_its_moment"),
        Index("ix_gateway_event_status_received_at_id", "status", "received_at", "id"),
        *list_indexes("gateway_event", "received_at", owned=False),
    )

    gateway: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(190))
    kind: Mapped[str] = mapped_column(String(80))
    status: Mapped[GatewayEventStatus] = choice_column(GatewayEventStatus, default=GatewayEventStatus.RECEIVED)
    occurred_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    processed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str | None] = mapped_column(String(255))

    payment: Mapped[Payment | None] = relationship(lazy="raise")
