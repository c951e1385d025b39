"""How fast tickets are answered: promises and the hours in which their clocks run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, Stamped, Versioned, choice_column, list_indexes
from models.staff import Department
from models.ticket_type import TicketPriority


class BusinessHours(Public, Keyed, Versioned, Stamped, Base):
    """When the clocks run. ``week``: seven lists of [from, until] as "HH:MM", Monday first; ``holidays``: dates."""

    __tablename__ = "business_hours"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    week: Mapped[list[Any]] = mapped_column(Json, default=list)
    holidays: Mapped[list[str]] = mapped_column(Json, default=list)

    __table_args__ = list_indexes("business_hours", "name", owned=False)

    def __str__(self) -> str:
        return self.name


class SlaPolicy(Public, Keyed, Versioned, Stamped, Base):
    """A promise for a priority, in minutes of business hours; of one department, or of all that have no own."""

    __tablename__ = "sla_policy"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    priority: Mapped[TicketPriority] = choice_column(TicketPriority)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    business_hours_id: Mapped[int | None] = mapped_column(ForeignKey("business_hours.id"), index=True)
    first_reply_minutes: Mapped[int]
    solution_minutes: Mapped[int | None]

    department: Mapped[Department | None] = relationship(lazy="raise")
    business_hours: Mapped[BusinessHours | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("priority", "department_id"),
        Index(
            "uq_sla_policy_of_all",
            "priority",
            unique=True,
            sqlite_where=text("department_id IS NULL"),
            postgresql_where=text("department_id IS NULL"),
        ),
        CheckConstraint("first_reply_minutes > 0", name="first_reply_positive"),
        CheckConstraint("solution_minutes >= first_reply_minutes", name="solution_after_first_reply"),
        *list_indexes("sla_policy", "name", owned=False),
    )

    def __str__(self) -> str:
        return self.name
