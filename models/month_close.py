"""Month closes: after a month is closed, no document of it is written any more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, UtcDateTime, list_indexes

if TYPE_CHECKING:
    from models.person import Person


class MonthClose(Keyed, Public, Base):
    """One closed month, and its totals by currency and kind of document as they were then."""

    __tablename__ = "month_close"
    __table_args__ = (
        CheckConstraint("length(month) = 7", name="month_is_year_and_month"),
        *list_indexes("month_close", "closed_at", owned=False),
    )

    month: Mapped[str] = mapped_column(String(7), unique=True)  # 2026-01
    closed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    totals: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    closed_by: Mapped[Person | None] = relationship(lazy="raise")
