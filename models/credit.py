"""Credit: how far an account may go below what it paid, and what is set aside for something under way."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    choice_column,
    list_indexes,
    money_column,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.person import Person


class CreditLimitKind(enum.StrEnum):
    """A temporary limit ends by itself."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class ReservationStatus(enum.StrEnum):
    """Reserved credit is spent on success and returned otherwise."""

    HELD = "held"
    SPENT = "spent"
    RETURNED = "returned"


class CreditLimit(Keyed, Public, AccountOwned, Stamped, Base):
    """One grant of credit. A new grant withdraws the old one; grants are not edited."""

    __tablename__ = "credit_limit"
    __table_args__ = (
        Index(
            "uq_credit_limit_permanent",
            "account_id",
            "currency",
            unique=True,
            sqlite_where=text("kind = 'permanent' AND withdrawn_at IS NULL"),
            postgresql_where=text("kind = 'permanent' AND withdrawn_at IS NULL"),
        ),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("(kind = 'temporary') = (valid_to IS NOT NULL)", name="temporary_has_an_end"),
        CheckConstraint("valid_to > valid_from", name="ends_after_start"),
        *list_indexes("credit_limit", "created_at"),
    )

    kind: Mapped[CreditLimitKind] = choice_column(CreditLimitKind)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]  # the first day without it
    reason: Mapped[str | None] = mapped_column(String(255))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    granted_by: Mapped[Person | None] = relationship(lazy="raise")


class CreditReservation(Keyed, Public, AccountOwned, Stamped, Base):
    """An amount set aside while what it is for is under way."""

    __tablename__ = "credit_reservation"
    __table_args__ = (
        UniqueConstraint("account_id", "idempotency_key"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(status = 'held') = (ended_at IS NULL)", name="ended_has_its_moment"),
        Index("ix_credit_reservation_account_id_status", "account_id", "status"),
        # The sweeper returns what nobody spent.
        Index("ix_credit_reservation_status_expires_at", "status", "expires_at"),
    )

    status: Mapped[ReservationStatus] = choice_column(ReservationStatus, default=ReservationStatus.HELD)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    purpose: Mapped[str] = mapped_column(String(255))
    document_kind: Mapped[str | None] = mapped_column(String(32))
    document_key: Mapped[str | None] = mapped_column(String(64))
    idempotency_key: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
