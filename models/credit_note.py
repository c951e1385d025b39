"""Credit notes: what an issued invoice was too much, for a reason. Frozen like the invoice."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Stamped,
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
    from models.invoice import Invoice, InvoiceLine
    from models.order import Order


class CreditReason(enum.StrEnum):
    """Why an amount is credited."""

    REFUND = "refund"
    OVERCHARGE = "overcharge"
    CANCELLED_SERVICE = "cancelled_service"
    GOODWILL = "goodwill"
    TAX_CORRECTION = "tax_correction"
    OTHER = "other"


class CreditNote(Keyed, AccountOwned, Stamped, Base):
    """One credit note of one invoice; what the invoice no longer needs of it goes to the balance."""

    __tablename__ = "credit_note"
    __table_args__ = (
        account_key("credit_note"),
        currency_key("credit_note"),
        UniqueConstraint("account_id", "external_ref"),
        same_currency("credit_note", "invoice_id", "invoice"),
        same_account("credit_note", "order_id", "customer_order"),
        CheckConstraint("net_total >= 0 AND tax_total >= 0", name="amounts_not_negative"),
        CheckConstraint("total > 0 AND total = net_total + tax_total", name="total_adds_up"),
        CheckConstraint("amount_allocated BETWEEN 0 AND total", name="allocated_at_most_total"),
        *list_indexes("credit_note", "number", "issued_on", "total", "created_at"),
        Index("ix_credit_note_reason_issued_on_id", "reason", "issued_on", "id"),
        Index("ix_credit_note_account_id_reason_issued_on_id", "account_id", "reason", "issued_on", "id"),
        Index("ix_credit_note_invoice_id", "invoice_id"),
        Index("ix_credit_note_order_id", "order_id"),
        search_index("credit_note", "number"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    invoice_id: Mapped[int] = mapped_column(BigKey)
    order_id: Mapped[int] = mapped_column(BigKey)
    reason: Mapped[CreditReason] = choice_column(CreditReason)
    issued_on: Mapped[dt.date]
    description: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    net_total: Mapped[int] = money_column()
    tax_total: Mapped[int] = money_column(default=0)
    total: Mapped[int] = money_column()
    amount_allocated: Mapped[int] = money_column(default=0)  # what lowers the due of invoices; the rest is balance
    billing: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    remark: Mapped[str | None] = mapped_column(String(1000))
    external_ref: Mapped[str | None] = mapped_column(String(120))

    account: Mapped[Account] = relationship(lazy="raise")
    invoice: Mapped[Invoice] = relationship(lazy="raise", foreign_keys=[invoice_id])
    order: Mapped[Order] = relationship(lazy="raise", foreign_keys=[order_id])
    lines: Mapped[list[CreditNoteLine]] = relationship(
        back_populates="credit_note",
        lazy="raise",
        foreign_keys="CreditNoteLine.credit_note_id",
        order_by="CreditNoteLine.position",
    )

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(Keyed, AccountOwned, Base):
    """One line, and the invoice line that it takes back."""

    __tablename__ = "credit_note_line"
    __table_args__ = (
        same_currency("credit_note_line", "credit_note_id", "credit_note"),
        UniqueConstraint("credit_note_id", "position"),
        CheckConstraint("total = net + tax", name="total_adds_up"),
        CheckConstraint("tax_rate BETWEEN 0 AND 1000000", name="tax_rate_is_a_share"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        same_account("credit_note_line", "invoice_line_id", "invoice_line"),
        Index("ix_credit_note_line_account_id", "account_id"),
    )

    credit_note_id: Mapped[int] = mapped_column(BigKey)
    invoice_line_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    position: Mapped[int]
    description: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = money_column()
    tax_rate: Mapped[int] = mapped_column(default=0, info={"kind": "rate"})  # parts per million
    tax: Mapped[int] = money_column(default=0)
    total: Mapped[int] = money_column()
    explanation: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    credit_note: Mapped[CreditNote] = relationship(back_populates="lines", lazy="raise", foreign_keys=[credit_note_id])
    invoice_line: Mapped[InvoiceLine | None] = relationship(lazy="raise", foreign_keys=[invoice_line_id])
