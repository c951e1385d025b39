"""Packages: products sold together, as a subscription or a license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Keyed, Stamped, Versioned, choice_column, list_indexes, search_index
from models.license_kind import LicenseKind
from models.product import CatalogueStatus

if TYPE_CHECKING:
    from models.price import Price
    from models.product import Product
    from models.tax import ProductClass


class Package(Keyed, Stamped, Versioned, Base):
    """One plan of the catalogue. With a license kind, buying it provides a license of that kind."""

    __tablename__ = "package"
    __table_args__ = (
        CheckConstraint("trial_days >= 0", name="trial_days_not_negative"),
        *list_indexes("package", "code", "name", "created_at", owned=False),
        search_index("package", "code"),
        search_index("package", "name"),
    )

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    product_class_id: Mapped[int] = mapped_column(ForeignKey("product_class.id"), index=True)
    license_kind: Mapped[LicenseKind | None] = choice_column(LicenseKind)
    status: Mapped[CatalogueStatus] = choice_column(CatalogueStatus, default=CatalogueStatus.ACTIVE)
    in_store: Mapped[bool] = mapped_column(default=False)  # members may order it themselves
    trial_days: Mapped[int] = mapped_column(default=0)  # 0: no trial
    description: Mapped[str] = mapped_column(String(2000), default="")

    product_class: Mapped[ProductClass] = relationship(lazy="raise")
    items: Mapped[list[PackageItem]] = relationship(back_populates="package", lazy="raise")
    prices: Mapped[list[Price]] = relationship(back_populates="package", lazy="raise")

    def __str__(self) -> str:
        return self.name


class PackageItem(Keyed, Base):
    """A product of a package: how many come with it, and how few or many there may be."""

    __tablename__ = "package_item"
    __table_args__ = (
        UniqueConstraint("package_id", "product_id"),
        CheckConstraint("minimum >= 0", name="minimum_not_negative"),
        CheckConstraint("quantity >= minimum", name="quantity_at_least_minimum"),
        CheckConstraint("maximum >= quantity", name="maximum_at_least_quantity"),
    )

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    minimum: Mapped[int] = mapped_column(default=0)
    maximum: Mapped[int | None]

    package: Mapped[Package] = relationship(back_populates="items", lazy="raise")
    product: Mapped[Product] = relationship(lazy="raise")
