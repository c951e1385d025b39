"""Credit: how far an account may go below what it paid, what is set aside, and what was used and is not billed yet."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.tax import TaxTreatment
from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    choice_column,
    list_indexes,
    money_column,
    same_account,
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
    """One grant of credit. A new grant withdraws the older one of its kind; grants are not edited.

    Of a temporary and a permanent one in force together the higher counts (domain/credit.py).
    """

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


class UnbilledCharge(Keyed, Public, AccountOwned, Stamped, Base):
    """What a postpaid account used and was not billed for: one line of its next invoice, with the tax of its day."""

    __tablename__ = "unbilled_charge"
    __table_args__ = (
        same_account("unbilled_charge", "order_id", "customer_order"),
        same_account("unbilled_charge", "subscription_id", "subscription"),
        same_account("unbilled_charge", "invoice_id", "invoice"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("total >= 0", name="total_not_negative"),
        CheckConstraint("period_to >= period_from", name="period_ends_after_start"),
        CheckConstraint("taken_off_at IS NULL OR invoice_id IS NULL", name="billed_is_not_taken_off"),
        Index("ix_unbilled_charge_account_id_invoice_id", "account_id", "invoice_id"),
        Index("ix_unbilled_charge_invoice_id_used_on", "invoice_id", "used_on"),
    )

    order_id: Mapped[int | None] = mapped_column(BigKey, index=True)  # what was ordered on credit
    invoice_id: Mapped[int | None] = mapped_column(BigKey)  # empty: not billed yet
    taken_off_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # given back before it was billed
    used_on: Mapped[dt.date]
    description: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    unit_price: Mapped[int] = money_column()
    quantity: Mapped[int] = mapped_column(default=1)
    total: Mapped[int] = money_column()  # with tax
    tax_rate: Mapped[int] = mapped_column(default=0, info={"kind": "rate"})  # parts per million
    tax_name: Mapped[str] = mapped_column(String(120), default="")
    treatment: Mapped[TaxTreatment] = choice_column(TaxTreatment, default=TaxTreatment.TAXED)
    tax_rule_id: Mapped[int | None] = mapped_column(ForeignKey("tax_rule.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    period_from: Mapped[dt.date | None]
    period_to: Mapped[dt.date | None]  # the last day that counts
    explanation: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    account: Mapped[Account] = relationship(lazy="raise")

    @hybrid_property
    def is_unbilled(self) -> bool:
        """It waits for its bill."""
        return self.invoice_id is None and self.taken_off_at is None

    @is_unbilled.inplace.expression
    @classmethod
    def _is_unbilled(cls) -> ColumnElement[bool]:
        return and_(cls.invoice_id.is_(None), cls.taken_off_at.is_(None))
