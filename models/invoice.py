"""Invoices, their lines and their tax breakdown. Once issued, an invoice never changes; other documents correct it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.invoices import PAYABLE_STATUSES, InvoiceStatus
from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Stamped,
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
    from models.order import Order
    from models.payment import PaymentAllocation
    from models.product import Product
    from models.subscription import Subscription
    from models.tax import TaxRule


class Invoice(Keyed, AccountOwned, Stamped, Versioned, Base):
    """One bill. A draft carries the number ``DRAFT-<public id>``; issuing replaces it by the next of the series.

    Credited amounts lower what is due. Of a paid invoice that is credited, the allocation of the payment is taken
    back by as much first, so that ``amount_due`` is never negative.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        account_key("invoice"),
        currency_key("invoice"),
        UniqueConstraint("account_id", "external_ref"),
        same_account("invoice", "order_id", "customer_order"),
        same_account("invoice", "subscription_id", "subscription"),
        CheckConstraint("(status = 'draft') = (number LIKE 'DRAFT-%')", name="draft_number_is_provisional"),
        CheckConstraint(
            "status = 'draft' OR (issued_on IS NOT NULL AND due_on IS NOT NULL)", name="issued_has_its_days"
        ),
        CheckConstraint("net_total >= 0 AND tax_total >= 0", name="amounts_not_negative"),
        CheckConstraint("amount_paid >= 0 AND amount_credited >= 0", name="settled_not_negative"),
        CheckConstraint("amount_due >= 0", name="amount_due_not_negative"),
        CheckConstraint("total = net_total + tax_total", name="total_adds_up"),
        CheckConstraint("amount_credited <= total", name="credited_at_most_total"),
        CheckConstraint(
            "amount_due = CASE WHEN status = 'void' THEN 0 ELSE total - amount_paid - amount_credited END",
            name="amount_due_adds_up",
        ),
        CheckConstraint(
            "CASE status"
            " WHEN 'draft' THEN amount_paid = 0 AND amount_credited = 0"
            " WHEN 'unpaid' THEN amount_paid = 0 AND amount_due > 0"
            " WHEN 'partially_paid' THEN amount_paid > 0 AND amount_due > 0"
            " WHEN 'paid' THEN amount_due = 0"
            " ELSE amount_paid = 0 END",
            name="status_agrees_with_amounts",
        ),
        *list_indexes("invoice", "number", "issued_on", "due_on", "total", "amount_due", "created_at"),
        # A status alone is most of the table, so the filter and the order must come from one index.
        Index("ix_invoice_status_issued_on_id", "status", "issued_on", "id"),
        Index("ix_invoice_account_id_status_issued_on_id", "account_id", "status", "issued_on", "id"),
        Index("ix_invoice_subscription_id_issued_on_id", "subscription_id", "issued_on", "id"),
        Index("ix_invoice_order_id", "order_id"),
        search_index("invoice", "number"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[int] = mapped_column(BigKey)
    subscription_id: Mapped[int | None] = mapped_column(BigKey)
    status: Mapped[InvoiceStatus] = choice_column(InvoiceStatus, default=InvoiceStatus.DRAFT)
    issued_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None]
    description: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    net_total: Mapped[int] = money_column(default=0)
    tax_total: Mapped[int] = money_column(default=0)
    total: Mapped[int] = money_column(default=0)
    amount_paid: Mapped[int] = money_column(default=0)
    amount_credited: Mapped[int] = money_column(default=0)
    amount_due: Mapped[int] = money_column(default=0)
    # Name, address and VAT ID as they were at issue: the account may change, the document may not.
    billing: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    remark: Mapped[str | None] = mapped_column(String(1000))
    external_ref: Mapped[str | None] = mapped_column(String(120))

    account: Mapped[Account] = relationship(lazy="raise")
    order: Mapped[Order] = relationship(back_populates="invoices", lazy="raise", foreign_keys=[order_id])
    subscription: Mapped[Subscription | None] = relationship(lazy="raise", foreign_keys=[subscription_id])
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", lazy="raise", foreign_keys="InvoiceLine.invoice_id", order_by="InvoiceLine.position"
    )
    taxes: Mapped[list[InvoiceTax]] = relationship(
        back_populates="invoice", lazy="raise", foreign_keys="InvoiceTax.invoice_id", order_by="InvoiceTax.id"
    )
    allocations: Mapped[list[PaymentAllocation]] = relationship(
        back_populates="invoice", lazy="raise", foreign_keys="PaymentAllocation.invoice_id"
    )

    def __str__(self) -> str:
        return self.number

    @hybrid_property
    def can_pay(self) -> bool:
        """Something is still owed on an issued invoice."""
        return self.status in PAYABLE_STATUSES and self.amount_due > 0

    @can_pay.inplace.expression
    @classmethod
    def _can_pay(cls) -> ColumnElement[bool]:
        return and_(cls.status.in_(PAYABLE_STATUSES), cls.amount_due > 0)

    @hybrid_property
    def can_issue(self) -> bool:
        """Only a draft is issued, and only once."""
        return self.status == InvoiceStatus.DRAFT

    @hybrid_property
    def can_print(self) -> bool:
        """There is a document of it."""
        return self.status != InvoiceStatus.DRAFT

    @hybrid_property
    def can_void(self) -> bool:
        """An issued invoice on which nothing was paid or credited yet."""
        return self.status == InvoiceStatus.UNPAID and self.amount_credited == 0

    @can_void.inplace.expression
    @classmethod
    def _can_void(cls) -> ColumnElement[bool]:
        return and_(cls.status == InvoiceStatus.UNPAID, cls.amount_credited == 0)

    @hybrid_property
    def can_credit(self) -> bool:
        """An issued invoice that is neither void nor credited as a whole."""
        return self.status not in (InvoiceStatus.DRAFT, InvoiceStatus.VOID) and self.amount_credited < self.total

    @can_credit.inplace.expression
    @classmethod
    def _can_credit(cls) -> ColumnElement[bool]:
        return and_(cls.status.not_in((InvoiceStatus.DRAFT, InvoiceStatus.VOID)), cls.amount_credited < cls.total)


class InvoiceLine(Keyed, AccountOwned, Base):
    """One line. ``explanation`` answers "why this amount?" in the words and numbers of the day of issue."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        account_key("invoice_line"),
        same_currency("invoice_line", "invoice_id", "invoice"),
        same_account("invoice_line", "subscription_id", "subscription"),
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint("total = net + tax", name="total_adds_up"),
        CheckConstraint("tax_rate BETWEEN 0 AND 1000000", name="tax_rate_is_a_share"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("period_to >= period_from", name="period_ends_after_start"),
    )

    invoice_id: Mapped[int] = mapped_column(BigKey)
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(255))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    unit_price: Mapped[int] = money_column()
    net: Mapped[int] = money_column()
    tax_rate: Mapped[int] = mapped_column(default=0, info={"kind": "rate"})  # parts per million
    tax: Mapped[int] = money_column(default=0)
    total: Mapped[int] = money_column()
    period_from: Mapped[dt.date | None]
    period_to: Mapped[dt.date | None]  # the last day that counts
    explanation: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    invoice: Mapped[Invoice] = relationship(back_populates="lines", lazy="raise", foreign_keys=[invoice_id])
    product: Mapped[Product | None] = relationship(lazy="raise")
    subscription: Mapped[Subscription | None] = relationship(lazy="raise", foreign_keys=[subscription_id])


class InvoiceTax(Keyed, AccountOwned, Base):
    """The tax of an invoice by rate, as its breakdown is printed."""

    __tablename__ = "invoice_tax"
    __table_args__ = (
        same_currency("invoice_tax", "invoice_id", "invoice"),
        UniqueConstraint("invoice_id", "name", "rate", name="uq_invoice_tax_invoice_name_rate"),
        CheckConstraint("rate BETWEEN 0 AND 1000000", name="rate_is_a_share"),
        Index("ix_invoice_tax_account_id", "account_id"),
    )

    invoice_id: Mapped[int] = mapped_column(BigKey)
    tax_rule_id: Mapped[int | None] = mapped_column(ForeignKey("tax_rule.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    rate: Mapped[int] = mapped_column(info={"kind": "rate"})  # parts per million
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = money_column()
    tax: Mapped[int] = money_column()

    invoice: Mapped[Invoice] = relationship(back_populates="taxes", lazy="raise", foreign_keys=[invoice_id])
    tax_rule: Mapped[TaxRule | None] = relationship(lazy="raise")
