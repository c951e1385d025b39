"""Stored payment methods (cards, billing agreements) and the automatic top-up that uses one."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, not_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    money_column,
    same_account,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.person import Person


class PaymentMethodKind(enum.StrEnum):
    """What is stored at the gateway. A billing agreement pays due invoices and new orders by itself."""

    CARD = "card"
    BILLING_AGREEMENT = "billing_agreement"
    BANK_ACCOUNT = "bank_account"


class PaymentMethodStatus(enum.StrEnum):
    """Pending until the gateway or the payer confirms it."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    REMOVED = "removed"


class PaymentMethod(Keyed, Public, AccountOwned, Stamped, Versioned, Base):
    """Profile ids of the gateway and what people recognise the method by; never card data."""

    __tablename__ = "payment_method"
    __table_args__ = (
        account_key("payment_method"),
        UniqueConstraint("gateway", "gateway_customer_ref", "gateway_method_ref", name="uq_payment_method_refs"),
        Index(
            "uq_payment_method_default",
            "account_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        CheckConstraint("NOT is_default OR status = 'active'", name="default_is_active"),
        CheckConstraint("length(last_four) <= 4", name="last_four_is_all_we_keep"),
        CheckConstraint("(status = 'removed') = (removed_at IS NOT NULL)", name="removed_has_its_moment"),
        *list_indexes("payment_method", "expires_on", "created_at"),
        Index("ix_payment_method_last_four_id", "last_four", "id"),
    )

    kind: Mapped[PaymentMethodKind] = choice_column(PaymentMethodKind)
    status: Mapped[PaymentMethodStatus] = choice_column(PaymentMethodStatus, default=PaymentMethodStatus.PENDING)
    is_default: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str] = mapped_column(String(120))
    brand: Mapped[str | None] = mapped_column(String(40))
    last_four: Mapped[str | None] = mapped_column(String(4))
    expires_on: Mapped[dt.date | None]  # the last day it works
    gateway: Mapped[str] = mapped_column(String(40))
    gateway_customer_ref: Mapped[str | None] = mapped_column(String(120))
    gateway_method_ref: Mapped[str | None] = mapped_column(String(120))
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    removed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    expiry_warned_days: Mapped[int | None]  # the last warning given stood so many days before ``expires_on``

    account: Mapped[Account] = relationship(lazy="raise")
    added_by: Mapped[Person | None] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.label

    @hybrid_property
    def can_remove(self) -> bool:
        """Anything that is not removed already."""
        return self.status != PaymentMethodStatus.REMOVED

    @hybrid_property
    def can_be_default(self) -> bool:
        """It works, and is not the default already."""
        return self.status == PaymentMethodStatus.ACTIVE and not self.is_default

    @can_be_default.inplace.expression
    @classmethod
    def _can_be_default(cls) -> ColumnElement[bool]:
        return and_(cls.status == PaymentMethodStatus.ACTIVE, not_(cls.is_default))


class AutoTopUp(Keyed, AccountOwned, Stamped, Versioned, Base):
    """Add ``amount`` by the stored method when the balance falls below ``threshold``. One rule an account."""

    __tablename__ = "auto_top_up"
    __table_args__ = (
        UniqueConstraint("account_id"),
        same_account("auto_top_up", "payment_method_id", "payment_method"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("threshold >= 0", name="threshold_not_negative"),
    )

    payment_method_id: Mapped[int] = mapped_column(BigKey, index=True)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    currency: Mapped[str] = mapped_column(String(3))
    threshold: Mapped[int] = money_column()
    amount: Mapped[int] = money_column()
    last_run_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    payment_method: Mapped[PaymentMethod] = relationship(lazy="raise", foreign_keys=[payment_method_id])
