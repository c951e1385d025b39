"""Tax: classes of products, and the rules that tell their rate by country, region and day."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Keyed, Public, Stamped, Versioned, list_indexes


class ProductClass(Keyed, Public, Stamped, Versioned, Base):
    """Products that are taxed alike."""

    __tablename__ = "product_class"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))

    def __str__(self) -> str:
        return self.name


class TaxRule(Keyed, Public, Stamped, Versioned, Base):
    """The rate of a product class in a place from one day to another (``valid_to`` is the first day without it)."""

    __tablename__ = "tax_rule"
    __table_args__ = (
        # An empty region, not NULL, means the whole country: NULLs would never be equal and let twins in.
        UniqueConstraint("country", "region", "product_class_id", "valid_from", name="uq_tax_rule_place_class_day"),
        CheckConstraint("rate BETWEEN 0 AND 1000000", name="rate_is_a_share"),
        CheckConstraint("valid_to > valid_from", name="ends_after_start"),
        *list_indexes("tax_rule", "country", "valid_from", "created_at", owned=False),
    )

    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), info={"kind": "listed:countries"})
    region: Mapped[str] = mapped_column(String(60), default="")
    product_class_id: Mapped[int] = mapped_column(ForeignKey("product_class.id"), index=True)
    rate: Mapped[int] = mapped_column(info={"kind": "rate"})  # parts per million
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]

    product_class: Mapped[ProductClass] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name
