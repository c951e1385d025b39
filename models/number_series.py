"""Number series: the next number of each kind of document, taken by a guarded update: none is lost or given twice."""

from __future__ import annotations

import enum

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from extensions import Base
from models.base import Keyed, Public, Versioned, choice_column


class NumberedKind(enum.StrEnum):
    """What carries a number of its own."""

    ACCOUNT = "account"
    ORDER = "order"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    SUBSCRIPTION = "subscription"
    TICKET = "ticket"


class NumberSeries(Keyed, Public, Versioned, Base):
    """One running number; a series with a year starts anew each year, one without runs for ever."""

    __tablename__ = "number_series"
    __table_args__ = (
        Index(
            "uq_number_series_of_year",
            "kind",
            "year",
            unique=True,
            sqlite_where=text("year IS NOT NULL"),
            postgresql_where=text("year IS NOT NULL"),
        ),
        Index(
            "uq_number_series_running",
            "kind",
            unique=True,
            sqlite_where=text("year IS NULL"),
            postgresql_where=text("year IS NULL"),
        ),
        CheckConstraint("next_number > 0", name="next_number_positive"),
        CheckConstraint("digits BETWEEN 1 AND 12", name="digits_in_range"),
    )

    kind: Mapped[NumberedKind] = choice_column(NumberedKind)
    year: Mapped[int | None]
    prefix: Mapped[str] = mapped_column(String(20), default="")
    digits: Mapped[int] = mapped_column(default=6)
    next_number: Mapped[int] = mapped_column(default=1)
