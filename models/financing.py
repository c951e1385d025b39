"""Financing: the options shown to accounts of a country, and the requests for one."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    Versioned,
    choice_column,
    list_indexes,
    money_column,
    same_account,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.person import Person
    from models.ticket import Ticket


class FinancingStatus(enum.StrEnum):
    """How far a request has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"


class FinancingOption(Keyed, Public, Stamped, Versioned, Base):
    """One way to pay over time."""

    __tablename__ = "financing_option"
    __table_args__ = (*list_indexes("financing_option", "position", owned=False),)

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(2000), default="")
    country: Mapped[str] = mapped_column(String(2), default="US")
    position: Mapped[int] = mapped_column(default=0)
    is_offered: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name


class FinancingRequest(Keyed, Public, AccountOwned, Stamped, Versioned, Base):
    """A request for one option; it opens a ticket, in which the rest is talked over."""

    __tablename__ = "financing_request"
    __table_args__ = (
        same_account("financing_request", "ticket_id", "ticket"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_financing_request_option_id", "option_id"),
        *list_indexes("financing_request", "created_at"),
    )

    option_id: Mapped[int] = mapped_column(ForeignKey("financing_option.id"))
    ticket_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[FinancingStatus] = choice_column(FinancingStatus, default=FinancingStatus.REQUESTED)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    contact: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(String(2000))

    account: Mapped[Account] = relationship(lazy="raise")
    option: Mapped[FinancingOption] = relationship(lazy="raise")
    ticket: Mapped[Ticket | None] = relationship(lazy="raise", foreign_keys=[ticket_id])
    requested_by: Mapped[Person | None] = relationship(lazy="raise")

    @hybrid_property
    def can_decide(self) -> bool:
        """Nobody has answered yet."""
        return self.status == FinancingStatus.REQUESTED
