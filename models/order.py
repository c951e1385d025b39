"""Orders: what an account asked for. Each invoice belongs to one."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    money_column,
    same_account,
    search_index,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.invoice import Invoice
    from models.package import Package
    from models.person import Person
    from models.product import Product
    from models.subscription import Subscription


class OrderKind(enum.StrEnum):
    """Why there is an order."""

    PURCHASE = "purchase"
    TRIAL = "trial"
    RENEWAL = "renewal"
    CHANGE = "change"  # more of something, or a better plan, in the middle of a period
    MANUAL = "manual"  # written by staff
    IMPORTED = "imported"


class OrderStatus(enum.StrEnum):
    """How far an order has come."""

    DRAFT = "draft"
    PLACED = "placed"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class Order(Keyed, AccountOwned, Stamped, Versioned, Base):
    """One order. ("order" is a word of SQL, so the table is called customer_order.)"""

    __tablename__ = "customer_order"
    __table_args__ = (
        account_key("customer_order"),
        UniqueConstraint("account_id", "external_ref"),
        UniqueConstraint("account_id", "idempotency_key"),
        CheckConstraint("net_total >= 0 AND tax_total >= 0", name="amounts_not_negative"),
        CheckConstraint("total = net_total + tax_total", name="total_adds_up"),
        CheckConstraint("status = 'draft' OR placed_at IS NOT NULL", name="placed_has_its_moment"),
        CheckConstraint("(status = 'fulfilled') = (fulfilled_at IS NOT NULL)", name="fulfilled_has_its_moment"),
        *list_indexes("customer_order", "number", "placed_at", "total", "created_at"),
        Index("ix_customer_order_status_created_at_id", "status", "created_at", "id"),
        Index("ix_customer_order_account_id_status_created_at_id", "account_id", "status", "created_at", "id"),
        search_index("customer_order", "number"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[OrderKind] = choice_column(OrderKind, default=OrderKind.PURCHASE)
    status: Mapped[OrderStatus] = choice_column(OrderStatus, default=OrderStatus.DRAFT)
    description: Mapped[str] = mapped_column(String(255))
    reference: Mapped[str | None] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    net_total: Mapped[int] = money_column(default=0)
    tax_total: Mapped[int] = money_column(default=0)
    total: Mapped[int] = money_column(default=0)
    placed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    placed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    fulfilled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(120))
    external_ref: Mapped[str | None] = mapped_column(String(120))

    account: Mapped[Account] = relationship(lazy="raise")
    placed_by: Mapped[Person | None] = relationship(lazy="raise")
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", lazy="raise", foreign_keys="OrderLine.order_id", order_by="OrderLine.position"
    )
    invoices: Mapped[list[Invoice]] = relationship(
        back_populates="order", lazy="raise", foreign_keys="Invoice.order_id"
    )

    def __str__(self) -> str:
        return self.number


class OrderLine(Keyed, AccountOwned, Base):
    """One thing ordered: a package or a single product, and the subscription it is for or became."""

    __tablename__ = "order_line"
    __table_args__ = (
        same_account("order_line", "order_id", "customer_order"),
        same_account("order_line", "subscription_id", "subscription"),
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("period_to >= period_from", name="period_ends_after_start"),
        Index("ix_order_line_account_id", "account_id"),
    )

    order_id: Mapped[int] = mapped_column(BigKey)
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(255))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    unit_price: Mapped[int] = money_column()
    net: Mapped[int] = money_column()
    period_from: Mapped[dt.date | None]
    period_to: Mapped[dt.date | None]  # the last day that counts
    # Of another plan: what was sold, as services/subscriptions/sold.py writes it.
    terms: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Set once, by a guarded update: what was paid for is provided exactly once.
    provisioned_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    order: Mapped[Order] = relationship(back_populates="lines", lazy="raise", foreign_keys=[order_id])
    package: Mapped[Package | None] = relationship(lazy="raise")
    product: Mapped[Product | None] = relationship(lazy="raise")
    subscription: Mapped[Subscription | None] = relationship(lazy="raise", foreign_keys=[subscription_id])
