"""Products: what is counted on a subscription or a license. Editions of the client app are products with a name."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Keyed, Stamped, Versioned, choice_column, list_indexes, search_index

if TYPE_CHECKING:
    from models.tax import ProductClass


class ProductKind(enum.StrEnum):
    """What a product is counted as. Extension items have a CSV of their own."""

    PLATFORM = "platform"
    EXTENSION = "extension"
    EDITION = "edition"
    ADD_ON = "add_on"
    SERVICE = "service"
    SUPPORT = "support"
    HARDWARE = "hardware"


class CatalogueStatus(enum.StrEnum):
    """Retired things stay with those who have them, and are sold no more."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class Product(Keyed, Stamped, Versioned, Base):
    """One thing with a quantity and a price."""

    __tablename__ = "product"
    __table_args__ = (
        *list_indexes("product", "code", "name", "created_at", owned=False),
        search_index("product", "code"),
        search_index("product", "name"),
    )

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[ProductKind] = choice_column(ProductKind)
    product_class_id: Mapped[int] = mapped_column(ForeignKey("product_class.id"), index=True)
    status: Mapped[CatalogueStatus] = choice_column(CatalogueStatus, default=CatalogueStatus.ACTIVE)
    unit: Mapped[str] = mapped_column(String(40), default="piece")
    description: Mapped[str] = mapped_column(String(2000), default="")

    product_class: Mapped[ProductClass] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name


class Edition(Keyed, Stamped, Versioned, Base):
    """An edition of the client app; how many a license has is the quantity of its product there."""

    __tablename__ = "edition"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position_not_negative"),
        *list_indexes("edition", "position", owned=False),
    )

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    is_offered: Mapped[bool] = mapped_column(default=True)

    product: Mapped[Product] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name
