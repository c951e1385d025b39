"""Payments, what they were allocated to, what was given back, and each try at a gateway."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    currency_key,
    list_indexes,
    money_column,
    same_account,
    same_currency,
    search_index,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.credit_note import CreditNote
    from models.invoice import Invoice
    from models.payment_method import PaymentMethod
    from models.person import Person


class PaymentKind(enum.StrEnum):
    """How money is paid."""

    CARD = "card"
    CHEQUE = "cheque"
    BANK_TRANSFER = "bank_transfer"
    PAYPAL = "paypal"
    PAYPAL_AGREEMENT = "paypal_agreement"
    BALANCE = "balance"
    OTHER = "other"


class PaymentStatus(enum.StrEnum):
    """Recorded first (pending), settled after; an unknown outcome is being checked until the gateway tells it."""

    PENDING = "pending"
    BEING_CHECKED = "being_checked"
    SETTLED = "settled"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


UNDER_WAY = (PaymentStatus.PENDING, PaymentStatus.BEING_CHECKED)


class RefundStatus(enum.StrEnum):
    """How far giving money back has come."""

    PENDING = "pending"
    BEING_CHECKED = "being_checked"
    SETTLED = "settled"
    FAILED = "failed"


class AttemptOutcome(enum.StrEnum):
    """What one call of a gateway ended in. Unknown: the answer was lost."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    ERROR = "error"


class Payment(Keyed, AccountOwned, Stamped, Versioned, Base):
    """One payment. What it may still be allocated to is ``amount - amount_refunded - amount_allocated``."""

    __tablename__ = "payment"
    __table_args__ = (
        account_key("payment"),
        currency_key("payment"),
        UniqueConstraint("account_id", "idempotency_key"),
        UniqueConstraint("account_id", "external_ref"),
        UniqueConstraint("gateway", "gateway_ref"),
        same_account("payment", "payment_method_id", "payment_method"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("fee >= 0", name="fee_not_negative"),
        CheckConstraint("amount_refunded BETWEEN 0 AND amount", name="refunded_at_most_amount"),
        CheckConstraint("amount_allocated BETWEEN 0 AND amount - amount_refunded", name="allocated_at_most_amount"),
        CheckConstraint(
            "(status IN ('settled', 'partially_refunded', 'refunded')) = (settled_at IS NOT NULL)",
            name="settled_has_its_moment",
        ),
        CheckConstraint("settled_at IS NOT NULL OR amount_allocated = 0", name="only_settled_is_allocated"),
        CheckConstraint(
            "CASE status WHEN 'refunded' THEN amount_refunded = amount"
            " WHEN 'partially_refunded' THEN amount_refunded > 0 AND amount_refunded < amount"
            " ELSE amount_refunded = 0 END",
            name="status_agrees_with_refunds",
        ),
        *list_indexes("payment", "number", "received_on", "amount", "method", "created_at"),
        Index("ix_payment_status_received_on_id", "status", "received_on", "id"),
        Index("ix_payment_account_id_status_received_on_id", "account_id", "status", "received_on", "id"),
        search_index("payment", "number"),
        search_index("payment", "reference"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    method: Mapped[PaymentKind] = choice_column(PaymentKind)
    gateway: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[PaymentStatus] = choice_column(PaymentStatus, default=PaymentStatus.PENDING)
    received_on: Mapped[dt.date]  # of a pending payment: the day it was asked for
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    amount_allocated: Mapped[int] = money_column(default=0)
    amount_refunded: Mapped[int] = money_column(default=0)
    fee: Mapped[int] = money_column(default=0)  # what the gateway kept
    description: Mapped[str] = mapped_column(String(255), default="")
    reference: Mapped[str | None] = mapped_column(String(120))
    remark: Mapped[str | None] = mapped_column(String(1000))
    paid_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    payment_method_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    settled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    failure_reason: Mapped[str | None] = mapped_column(String(255))
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    idempotency_key: Mapped[str | None] = mapped_column(String(120))
    external_ref: Mapped[str | None] = mapped_column(String(120))
    # What was asked to be paid, kept from before the gateway is called until the payment is settled and allocated.
    intent: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    account: Mapped[Account] = relationship(lazy="raise")
    paid_by: Mapped[Person | None] = relationship(lazy="raise")
    payment_method: Mapped[PaymentMethod | None] = relationship(lazy="raise", foreign_keys=[payment_method_id])
    allocations: Mapped[list[PaymentAllocation]] = relationship(
        back_populates="payment", lazy="raise", foreign_keys="PaymentAllocation.payment_id"
    )
    refunds: Mapped[list[Refund]] = relationship(
        back_populates="payment", lazy="raise", foreign_keys="Refund.payment_id"
    )
    attempts: Mapped[list[PaymentAttempt]] = relationship(
        back_populates="payment", lazy="raise", foreign_keys="PaymentAttempt.payment_id"
    )

    def __str__(self) -> str:
        return self.number

    @hybrid_property
    def can_refund(self) -> bool:
        """Settled, and not yet given back whole."""
        return self.settled_at is not None and self.amount_refunded < self.amount

    @can_refund.inplace.expression
    @classmethod
    def _can_refund(cls) -> ColumnElement[bool]:
        return and_(cls.settled_at.is_not(None), cls.amount_refunded < cls.amount)

    @hybrid_property
    def can_print(self) -> bool:
        """Its money arrived, so there is a receipt."""
        return self.settled_at is not None

    @can_print.inplace.expression
    @classmethod
    def _can_print(cls) -> ColumnElement[bool]:
        return cls.settled_at.is_not(None)

    @hybrid_property
    def can_allocate(self) -> bool:
        """Settled, with something left that no invoice has."""
        return self.settled_at is not None and self.amount_allocated < self.amount - self.amount_refunded

    @can_allocate.inplace.expression
    @classmethod
    def _can_allocate(cls) -> ColumnElement[bool]:
        return and_(cls.settled_at.is_not(None), cls.amount_allocated < cls.amount - cls.amount_refunded)


class PaymentAllocation(Keyed, AccountOwned, Stamped, Base):
    """What part of a payment or credit note settles which invoice. Taken back by ``reversed_at``, never deleted."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        same_currency("payment_allocation", "payment_id", "payment"),
        same_currency("payment_allocation", "credit_note_id", "credit_note"),
        same_currency("payment_allocation", "invoice_id", "invoice"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name="one_source"),
        CheckConstraint("(reversed_at IS NULL) = (amount_reversed = 0)", name="reversal_has_its_moment"),
        CheckConstraint("amount_reversed BETWEEN 0 AND amount", name="reversed_at_most_amount"),
        Index("ix_payment_allocation_account_id", "account_id"),
    )

    payment_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    credit_note_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    invoice_id: Mapped[int] = mapped_column(BigKey, index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    amount_reversed: Mapped[int] = money_column(default=0)
    reversed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    payment: Mapped[Payment | None] = relationship(
        back_populates="allocations", lazy="raise", foreign_keys=[payment_id]
    )
    credit_note: Mapped[CreditNote | None] = relationship(lazy="raise", foreign_keys=[credit_note_id])
    invoice: Mapped[Invoice] = relationship(back_populates="allocations", lazy="raise", foreign_keys=[invoice_id])


class Refund(Keyed, AccountOwned, Stamped, Base):
    """Money given back out of one payment."""

    __tablename__ = "refund"
    __table_args__ = (
        account_key("refund"),
        same_currency("refund", "payment_id", "payment"),
        same_currency("refund", "credit_note_id", "credit_note"),
        UniqueConstraint("account_id", "idempotency_key"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled_has_its_moment"),
        *list_indexes("refund", "number", "created_at"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    payment_id: Mapped[int] = mapped_column(BigKey, index=True)
    credit_note_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    status: Mapped[RefundStatus] = choice_column(RefundStatus, default=RefundStatus.PENDING)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    reason: Mapped[str] = mapped_column(String(255))
    refunded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    settled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    gateway_key: Mapped[str | None] = mapped_column(String(64), unique=True)  # how a gateway knows it; else by hand
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    idempotency_key: Mapped[str | None] = mapped_column(String(120))

    payment: Mapped[Payment] = relationship(back_populates="refunds", lazy="raise", foreign_keys=[payment_id])
    credit_note: Mapped[CreditNote | None] = relationship(lazy="raise", foreign_keys=[credit_note_id])
    refunded_by: Mapped[Person | None] = relationship(lazy="raise")


class PaymentAttempt(Keyed, Public, AccountOwned, Base):
    """One call of a gateway for one payment, written before the call and completed after it."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        same_account("payment_attempt", "payment_id", "payment"),
        UniqueConstraint("payment_id", "attempt"),
        CheckConstraint("attempt > 0", name="attempt_positive"),
        CheckConstraint("(outcome = 'started') = (finished_at IS NULL)", name="finished_has_its_moment"),
        # The sweeper looks for calls whose answer never came.
        Index("ix_payment_attempt_outcome_started_at", "outcome", "started_at"),
        Index("ix_payment_attempt_account_id", "account_id"),
    )

    payment_id: Mapped[int] = mapped_column(BigKey)
    attempt: Mapped[int]
    gateway: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[AttemptOutcome] = choice_column(AttemptOutcome, default=AttemptOutcome.STARTED)
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str] = mapped_column(String(120), unique=True)
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    code: Mapped[str | None] = mapped_column(String(60))
    message: Mapped[str | None] = mapped_column(String(255))

    payment: Mapped[Payment] = relationship(back_populates="attempts", lazy="raise", foreign_keys=[payment_id])
