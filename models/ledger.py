"""The ledger: accounts with a kept balance, entries, and the transfers between accounts that make them up.

Every posting is one transfer: ``amount`` leaves the debit account and reaches the credit account. There is no single
leg that could lack its counterpart, so the ledger sums to zero by construction, entry by entry and as a whole, and no
trigger or deferred check has to prove it. Composite keys hold entry, posting and both accounts in one currency.
Entries and postings are append-only (models/triggers.py).

``balance`` is credits minus debits, so money the house owes to a customer (funds) counts up and money owed to the
house (receivable) counts down. It is moved only by a guarded UPDATE, and ``minimum`` is where the database stops it.

``reserved`` is what is set aside while something is under way (models/credit.py): of the money of a prepaid account in
its funds, of the limit of a postpaid one in its receivable. It stands in the row of the balance so that one UPDATE
sees both.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.postings import LedgerAccountKind
from extensions import Base
from models.base import BigKey, Keyed, Public, Stamped, UtcDateTime, choice_column, list_indexes, money_column

if TYPE_CHECKING:
    from models.account import Account


class LedgerAccount(Keyed, Stamped, Base):
    """One pot of one currency: of a customer account, or of the house when ``account_id`` is empty."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("id", "currency"),
        Index(
            "uq_ledger_account_of_customer",
            "account_id",
            "kind",
            "currency",
            unique=True,
            sqlite_where=text("account_id IS NOT NULL"),
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_account_of_house",
            "kind",
            "currency",
            unique=True,
            sqlite_where=text("account_id IS NULL"),
            postgresql_where=text("account_id IS NULL"),
        ),
        CheckConstraint("balance >= minimum", name="balance_not_below_minimum"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("(account_id IS NOT NULL) = (kind IN ('funds', 'receivable'))", name="kind_has_its_owner"),
    )

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[LedgerAccountKind] = choice_column(LedgerAccountKind)
    currency: Mapped[str] = mapped_column(String(3))
    balance: Mapped[int] = money_column(default=0)
    minimum: Mapped[int | None] = money_column()  # empty: no lower limit
    reserved: Mapped[int] = money_column(default=0)

    account: Mapped[Account | None] = relationship(lazy="raise")


class LedgerEntry(Keyed, Public, Stamped, Base):
    """What happened, once: ``idempotency_key`` names the event, so that telling it twice writes it once."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("id", "currency"),
        Index("ix_ledger_entry_document", "document_kind", "document_key"),
        *list_indexes("ledger_entry", "occurred_at"),
    )

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    event: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(255))
    currency: Mapped[str] = mapped_column(String(3))
    occurred_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    document_kind: Mapped[str | None] = mapped_column(String(32))
    document_key: Mapped[str | None] = mapped_column(String(64))
    idempotency_key: Mapped[str] = mapped_column(String(120), unique=True)

    account: Mapped[Account | None] = relationship(lazy="raise")
    postings: Mapped[list[LedgerPosting]] = relationship(
        back_populates="entry", lazy="raise", foreign_keys="LedgerPosting.entry_id"
    )


class LedgerPosting(Keyed, Base):
    """One transfer of ``amount`` from the debit account to the credit account."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["entry_id", "currency"], ["ledger_entry.id", "ledger_entry.currency"], name="fk_ledger_posting_entry_id"
        ),
        ForeignKeyConstraint(
            ["debit_account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name="fk_ledger_posting_debit_account_id",
        ),
        ForeignKeyConstraint(
            ["credit_account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name="fk_ledger_posting_credit_account_id",
        ),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
    )

    entry_id: Mapped[int] = mapped_column(BigKey, index=True)
    debit_account_id: Mapped[int] = mapped_column(BigKey, index=True)
    credit_account_id: Mapped[int] = mapped_column(BigKey, index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()

    entry: Mapped[LedgerEntry] = relationship(back_populates="postings", lazy="raise", foreign_keys=[entry_id])
    debit_account: Mapped[LedgerAccount] = relationship(lazy="raise", foreign_keys=[debit_account_id])
    credit_account: Mapped[LedgerAccount] = relationship(lazy="raise", foreign_keys=[credit_account_id])
