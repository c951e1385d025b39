"""Statement lines: what happened on an account, document by document, with the balance after each."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    Keyed,
    Public,
    Stamped,
    choice_column,
    list_indexes,
    money_column,
    search_index,
)

if TYPE_CHECKING:
    from models.account import Account


class StatementKind(enum.StrEnum):
    """What kind of document or act moved the balance."""

    OPENING = "opening"
    INVOICE = "invoice"
    INVOICE_VOIDED = "invoice_voided"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    CREDIT_GIVEN = "credit_given"
    CREDIT_TAKEN = "credit_taken"


class StatementLine(Keyed, Public, AccountOwned, Stamped, Base):
    """Written together with its document. Amounts in the customer's favour are positive, owed ones negative."""

    __tablename__ = "statement_line"
    __table_args__ = (
        UniqueConstraint("account_id", "sequence"),
        UniqueConstraint("account_id", "kind", "document_number", name="uq_statement_line_document"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        *list_indexes("statement_line", "booked_on", "created_at"),
        Index("ix_statement_line_sequence_id", "sequence", "id"),
        Index("ix_statement_line_account_id_sequence_id", "account_id", "sequence", "id"),
        search_index("statement_line", "document_number"),
    )

    sequence: Mapped[int]
    booked_on: Mapped[dt.date]
    kind: Mapped[StatementKind] = choice_column(StatementKind)
    document_number: Mapped[str | None] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    balance_after: Mapped[int] = money_column()

    account: Mapped[Account] = relationship(lazy="raise")
