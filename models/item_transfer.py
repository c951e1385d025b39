"""Item transfers: quantities moved from one license of an account to another, with the history of both."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    account_key,
    choice_column,
    list_indexes,
    same_account,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.license import License
    from models.person import Person
    from models.product import Product


class TransferDirection(enum.StrEnum):
    """On which side of a transfer a license stood."""

    TAKEN = "taken"
    GIVEN = "given"


class ItemTransfer(Keyed, Public, AccountOwned, Stamped, Base):
    """One transfer. ``created_at`` is when it happened; whether undoing is still in time is the service's question."""

    __tablename__ = "item_transfer"
    __table_args__ = (
        account_key("item_transfer"),
        same_account("item_transfer", "from_license_id", "license"),
        same_account("item_transfer", "to_license_id", "license"),
        CheckConstraint("from_license_id <> to_license_id", name="two_licenses"),
        CheckConstraint("undone_by IS NULL OR undone_at IS NOT NULL", name="undone_has_its_moment"),
        Index("ix_item_transfer_from_license_id", "from_license_id"),
        Index("ix_item_transfer_to_license_id", "to_license_id"),
        *list_indexes("item_transfer", "created_at"),
    )

    from_license_id: Mapped[int] = mapped_column(BigKey)
    to_license_id: Mapped[int] = mapped_column(BigKey)
    transferred_by: Mapped[str] = mapped_column(String(120))  # the name as it was then
    transferred_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    undone_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(120))
    undone_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    account: Mapped[Account] = relationship(lazy="raise")
    from_license: Mapped[License] = relationship(lazy="raise", foreign_keys=[from_license_id])
    to_license: Mapped[License] = relationship(lazy="raise", foreign_keys=[to_license_id])
    transferred_by_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[transferred_by_person_id])
    undone_by_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[undone_by_person_id])
    lines: Mapped[list[ItemTransferLine]] = relationship(
        back_populates="transfer", lazy="raise", foreign_keys="ItemTransferLine.transfer_id"
    )

    @hybrid_property
    def can_undo(self) -> bool:
        """Not undone yet."""
        return self.undone_at is None

    @can_undo.inplace.expression
    @classmethod
    def _can_undo(cls) -> ColumnElement[bool]:
        return cls.undone_at.is_(None)


class ItemTransferLine(Keyed, AccountOwned, Base):
    """History of one license and one product: a transfer writes two of them for each product it moves."""

    __tablename__ = "item_transfer_line"
    __table_args__ = (
        same_account("item_transfer_line", "transfer_id", "item_transfer"),
        same_account("item_transfer_line", "license_id", "license"),
        UniqueConstraint("transfer_id", "product_id", "direction", name="uq_item_transfer_line_side"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("in_app_before >= 0 AND in_app_before <= quantity_before", name="in_app_within_quantity"),
        CheckConstraint("quantity_before >= 0 AND quantity_after >= 0", name="quantities_not_negative"),
        CheckConstraint(
            "quantity_after = quantity_before + CASE direction WHEN 'given' THEN quantity ELSE -quantity END",
            name="quantities_add_up",
        ),
        Index("ix_item_transfer_line_license_id", "license_id"),
        Index("ix_item_transfer_line_account_id", "account_id"),
    )

    transfer_id: Mapped[int] = mapped_column(BigKey)
    license_id: Mapped[int] = mapped_column(BigKey)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    direction: Mapped[TransferDirection] = choice_column(TransferDirection)
    quantity: Mapped[int]
    quantity_before: Mapped[int]
    quantity_after: Mapped[int]
    in_app_before: Mapped[int] = mapped_column(default=0)  # what the app wizard had set up, for an undo

    transfer: Mapped[ItemTransfer] = relationship(back_populates="lines", lazy="raise", foreign_keys=[transfer_id])
    license: Mapped[License] = relationship(lazy="raise", foreign_keys=[license_id])
    product: Mapped[Product] = relationship(lazy="raise")
