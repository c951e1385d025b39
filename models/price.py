"""Prices of products and packages: by currency, period and the day they begin. Always before tax."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Keyed, Public, Stamped, Versioned, choice_column, list_indexes, money_column

if TYPE_CHECKING:
    from models.package import Package
    from models.product import Product


class BillingPeriod(enum.StrEnum):
    """How long one price lasts."""

    ONCE = "once"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    TWO_YEARLY = "two_yearly"

    @property
    def months(self) -> int:
        """How many months it has; what is paid once has none."""
        return {"monthly": 1, "quarterly": 3, "yearly": 12, "two_yearly": 24}.get(self.value, 0)


class Price(Keyed, Public, Stamped, Versioned, Base):
    """The price of exactly one product or package."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint("product_id", "currency", "period", "valid_from", name="uq_price_product"),
        UniqueConstraint("package_id", "currency", "period", "valid_from", name="uq_price_package"),
        CheckConstraint("(product_id IS NULL) <> (package_id IS NULL)", name="of_one_thing"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("valid_to > valid_from", name="ends_after_start"),
        *list_indexes("price", "amount", "valid_from", "created_at", owned=False),
    )

    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    currency: Mapped[str] = mapped_column(String(3), info={"kind": "code:currencies"})
    period: Mapped[BillingPeriod] = choice_column(BillingPeriod)
    amount: Mapped[int] = money_column()
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]  # the first day without it

    product: Mapped[Product | None] = relationship(lazy="raise")
    package: Mapped[Package | None] = relationship(back_populates="prices", lazy="raise")
