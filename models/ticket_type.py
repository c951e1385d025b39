"""What kinds of tickets there are, which fields each asks for, and the projects tickets belong to."""

from __future__ import annotations

import enum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, Stamped, Versioned, choice_column, list_indexes, search_index
from models.staff import Department

MORE_RESETS = "license-resets"
"""The key of the type of tickets that ask for more resets of a license."""


class TicketPriority(enum.StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketFieldKind(enum.StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    LICENSE = "license"
    TICKET = "ticket"


class TicketType(Public, Keyed, Versioned, Stamped, Base):
    """A kind of ticket. ``escalates``: it needs the number of another ticket and goes to another department."""

    __tablename__ = "ticket_type"

    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="")
    priority: Mapped[TicketPriority] = choice_column(TicketPriority, default=TicketPriority.NORMAL)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    escalates: Mapped[bool] = mapped_column(default=False)
    internal: Mapped[bool] = mapped_column(default=False)  # opened by the system or staff, not offered to members
    position: Mapped[int] = mapped_column(default=0)
    retired: Mapped[bool] = mapped_column(default=False)

    department: Mapped[Department | None] = relationship(lazy="raise")
    fields: Mapped[list[TicketField]] = relationship(
        lazy="raise", back_populates="ticket_type", order_by="TicketField.position", passive_deletes="all"
    )

    __table_args__ = (
        *list_indexes("ticket_type", "name", "position", owned=False),
        search_index("ticket_type", "name"),
    )

    def __str__(self) -> str:
        return self.name


class TicketField(Public, Keyed, Stamped, Base):
    """A question of a ticket type. The answers stand in ``Ticket.answers`` under ``key``."""

    __tablename__ = "ticket_field"

    ticket_type_id: Mapped[int] = mapped_column(ForeignKey("ticket_type.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(120))
    help: Mapped[str] = mapped_column(String(255), default="")
    kind: Mapped[TicketFieldKind] = choice_column(TicketFieldKind, default=TicketFieldKind.TEXT)
    choices: Mapped[list[str]] = mapped_column(Json, default=list)
    required: Mapped[bool] = mapped_column(default=True)
    max_length: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)

    ticket_type: Mapped[TicketType] = relationship(lazy="raise", back_populates="fields")

    __table_args__ = (
        UniqueConstraint("ticket_type_id", "key"),
        CheckConstraint("max_length > 0", name="max_length_positive"),
    )

    def __str__(self) -> str:
        return self.label


class Project(Public, Keyed, Versioned, Stamped, Base):
    """What a ticket is about in the provider's own words; offered to every account."""

    __tablename__ = "project"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="")
    retired: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (*list_indexes("project", "name", owned=False), search_index("project", "name"))

    def __str__(self) -> str:
        return self.name
