"""Claims: which invoice is being paid through a gateway at this moment, and by which payment."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import AccountOwned, BigKey, Keyed, Stamped, UtcDateTime, money_column, same_currency

if TYPE_CHECKING:
    from models.invoice import Invoice
    from models.payment import Payment


class PaymentClaim(Keyed, AccountOwned, Stamped, Base):
    """What a payment under way is to pay of an invoice. The database lets an invoice have one open claim at a time.

    It is open from before the gateway is called until the outcome is known. While it is open nothing else pays,
    credits or voids the invoice, so a lost answer cannot end in a second charge for the same debt.
    """

    __tablename__ = "payment_claim"
    __table_args__ = (
        same_currency("payment_claim", "payment_id", "payment"),
        same_currency("payment_claim", "invoice_id", "invoice"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index(
            "uq_payment_claim_open",
            "invoice_id",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_payment_claim_account_id", "account_id"),
    )

    payment_id: Mapped[int] = mapped_column(BigKey, index=True)
    invoice_id: Mapped[int] = mapped_column(BigKey)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column()
    released_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    payment: Mapped[Payment] = relationship(lazy="raise", foreign_keys=[payment_id])
    invoice: Mapped[Invoice] = relationship(lazy="raise", foreign_keys=[invoice_id])
