"""Licenses, what they hold, the devices that activated them, and resets of their hardware lock."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, or_, text
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
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    same_account,
    search_index,
)
from models.license_kind import LicenseDuration, LicenseKind

if TYPE_CHECKING:
    from models.account import Account
    from models.license_change import LicenseChange
    from models.package import Package
    from models.person import Person
    from models.product import Product
    from models.subscription import Subscription


class LicenseStatus(enum.StrEnum):
    """Not activated: sold, and no device has used it yet."""

    NOT_ACTIVATED = "not_activated"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"


# An expired license still runs for the days in which it can be renewed.
RESETTABLE_STATUSES = (LicenseStatus.ACTIVE, LicenseStatus.EXPIRED)
WIZARD_STATUSES = (LicenseStatus.NOT_ACTIVATED, *RESETTABLE_STATUSES)


class License(Keyed, AccountOwned, Stamped, Versioned, Base):
    """One license, known by its code and locked to the hardware that activated it."""

    __tablename__ = "license"
    __table_args__ = (
        account_key("license"),
        UniqueConstraint("account_id", "external_ref"),
        CheckConstraint("resets_left >= 0", name="resets_left_not_negative"),
        CheckConstraint("activation_limit > 0", name="activation_limit_positive"),
        CheckConstraint("further_devices >= 0", name="further_devices_not_negative"),
        CheckConstraint("duration <> 'perpetual' OR expires_on IS NULL", name="perpetual_never_expires"),
        *list_indexes("license", "code", "expires_on", "reference", "licensee", "created_at"),
        Index("ix_license_status_created_at_id", "status", "created_at", "id"),
        Index("ix_license_account_id_status_created_at_id", "account_id", "status", "created_at", "id"),
        Index("ix_license_kind_created_at_id", "kind", "created_at", "id"),
        Index("ix_license_account_id_kind_created_at_id", "account_id", "kind", "created_at", "id"),
        Index("ix_license_duration_created_at_id", "duration", "created_at", "id"),
        Index("ix_license_package_id_status_created_at_id", "package_id", "status", "created_at", "id"),
        Index("ix_license_package_id_created_at_id", "package_id", "created_at", "id"),
        search_index("license", "code"),
        search_index("license", "reference"),
        search_index("license", "licensee"),
    )

    code: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[LicenseKind] = choice_column(LicenseKind)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    status: Mapped[LicenseStatus] = choice_column(LicenseStatus, default=LicenseStatus.NOT_ACTIVATED)
    duration: Mapped[LicenseDuration] = choice_column(LicenseDuration)
    currency: Mapped[str] = mapped_column(String(3))  # items move only between licenses of one currency
    expires_on: Mapped[dt.date | None]  # the last day it works
    reference: Mapped[str | None] = mapped_column(String(120))
    app_name: Mapped[str | None] = mapped_column(String(60))
    licensee: Mapped[str | None] = mapped_column(String(120))
    mac_address: Mapped[str | None] = mapped_column(String(17))
    last_valid_ip: Mapped[str | None] = mapped_column(String(45))
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    activated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    activation_limit: Mapped[int] = mapped_column(default=1)
    further_devices: Mapped[int] = mapped_column(default=0)  # active ones besides the one it is locked to
    resets_left: Mapped[int] = mapped_column(default=3)
    external_ref: Mapped[str | None] = mapped_column(String(120))

    account: Mapped[Account] = relationship(lazy="raise")
    package: Mapped[Package] = relationship(lazy="raise")
    items: Mapped[list[LicenseItem]] = relationship(
        back_populates="license", lazy="raise", foreign_keys="LicenseItem.license_id"
    )
    subscriptions: Mapped[list[Subscription]] = relationship(
        back_populates="license", lazy="raise", foreign_keys="Subscription.license_id"
    )
    changes: Mapped[list[LicenseChange]] = relationship(
        back_populates="license", lazy="raise", foreign_keys="LicenseChange.license_id"
    )
    hardware_resets: Mapped[list[HardwareReset]] = relationship(
        back_populates="license", lazy="raise", foreign_keys="HardwareReset.license_id"
    )
    activations: Mapped[list[LicenseActivation]] = relationship(
        back_populates="license", lazy="raise", foreign_keys="LicenseActivation.license_id"
    )

    def __str__(self) -> str:
        return self.code

    @hybrid_property
    def can_reset(self) -> bool:
        """The hardware lock can be cleared: in use, resets left, and something saved."""
        return (
            self.status in RESETTABLE_STATUSES
            and self.resets_left > 0
            and (self.mac_address is not None or self.last_valid_ip is not None)
        )

    @can_reset.inplace.expression
    @classmethod
    def _can_reset(cls) -> ColumnElement[bool]:
        return and_(
            cls.status.in_(RESETTABLE_STATUSES),
            cls.resets_left > 0,
            or_(cls.mac_address.is_not(None), cls.last_valid_ip.is_not(None)),
        )

    @hybrid_property
    def can_ask_for_resets(self) -> bool:
        """A reset is wanted and only the resets are missing."""
        return (
            self.status in RESETTABLE_STATUSES
            and self.resets_left == 0
            and (self.mac_address is not None or self.last_valid_ip is not None)
        )

    @can_ask_for_resets.inplace.expression
    @classmethod
    def _can_ask_for_resets(cls) -> ColumnElement[bool]:
        return and_(
            cls.status.in_(RESETTABLE_STATUSES),
            cls.resets_left == 0,
            or_(cls.mac_address.is_not(None), cls.last_valid_ip.is_not(None)),
        )

    @hybrid_property
    def can_set_editions(self) -> bool:
        """The app wizard is open: from the sale on, and until a renewal is no longer possible."""
        return self.status in WIZARD_STATUSES

    @can_set_editions.inplace.expression
    @classmethod
    def _can_set_editions(cls) -> ColumnElement[bool]:
        return cls.status.in_(WIZARD_STATUSES)

    @hybrid_property
    def can_transfer(self) -> bool:
        """Items may be taken from it and given to it."""
        return self.status == LicenseStatus.ACTIVE


class LicenseAttempt(Keyed, Base):
    """Something a device asked for that counts against a limit: what was refused, and what changed something.

    Not owned by an account: most codes that are guessed belong to nobody. Of a code only a hash is kept.
    """

    __tablename__ = "license_attempt"
    __table_args__ = (
        Index("ix_license_attempt_code_hash_at", "code_hash", "at"),
        Index("ix_license_attempt_ip_at", "ip", "at"),
        Index("ix_license_attempt_at", "at"),
    )

    code_hash: Mapped[str | None] = mapped_column(String(64))  # of a license; empty for a code that nobody has
    ip: Mapped[str | None] = mapped_column(String(45))  # the address or network it is counted for
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class LicenseItem(Keyed, AccountOwned, Versioned, Base):
    """How many of a product a license holds. Moved only by guarded updates, never below zero.

    ``in_app`` is how many of these the app wizard has set up; only an edition has any. It never exceeds the quantity,
    so whoever lowers that asks services.editions.lower_editions first.
    """

    __tablename__ = "license_item"
    __table_args__ = (
        same_account("license_item", "license_id", "license"),
        UniqueConstraint("license_id", "product_id"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("in_app >= 0 AND in_app <= quantity", name="in_app_within_quantity"),
        Index("ix_license_item_product_id", "product_id"),
        Index("ix_license_item_account_id", "account_id"),
    )

    license_id: Mapped[int] = mapped_column(BigKey)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    in_app: Mapped[int] = mapped_column(default=0)

    license: Mapped[License] = relationship(back_populates="items", lazy="raise", foreign_keys=[license_id])
    product: Mapped[Product] = relationship(lazy="raise")


class HardwareReset(Keyed, AccountOwned, Base):
    """History of resets: who, when, and what was cleared."""

    __tablename__ = "hardware_reset"
    __table_args__ = (
        same_account("hardware_reset", "license_id", "license"),
        CheckConstraint("resets_left >= 0", name="resets_left_not_negative"),
        CheckConstraint("mac_address IS NOT NULL OR last_valid_ip IS NOT NULL", name="something_was_saved"),
        Index("ix_hardware_reset_license_id_reset_at_id", "license_id", "reset_at", "id"),
        Index("ix_hardware_reset_account_id", "account_id"),
    )

    license_id: Mapped[int] = mapped_column(BigKey)
    reset_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    reset_by: Mapped[str] = mapped_column(String(120))  # the name as it was then
    reset_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    mac_address: Mapped[str | None] = mapped_column(String(17))
    last_valid_ip: Mapped[str | None] = mapped_column(String(45))
    resets_left: Mapped[int]  # after this one

    license: Mapped[License] = relationship(back_populates="hardware_resets", lazy="raise", foreign_keys=[license_id])
    reset_by_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[reset_by_person_id])


class LicenseActivation(Keyed, Public, AccountOwned, Base):
    """A device that activated a license; one row a device while it is active."""

    __tablename__ = "license_activation"
    __table_args__ = (
        same_account("license_activation", "license_id", "license"),
        Index(
            "uq_license_activation_live",
            "license_id",
            "mac_address",
            unique=True,
            sqlite_where=text("deactivated_at IS NULL"),
            postgresql_where=text("deactivated_at IS NULL"),
        ),
        Index("ix_license_activation_license_id_activated_at_id", "license_id", "activated_at", "id"),
        Index("ix_license_activation_account_id", "account_id"),
    )

    license_id: Mapped[int] = mapped_column(BigKey)
    mac_address: Mapped[str] = mapped_column(String(17))
    ip: Mapped[str] = mapped_column(String(45))
    hostname: Mapped[str | None] = mapped_column(String(120))
    activated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    deactivated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    license: Mapped[License] = relationship(back_populates="activations", lazy="raise", foreign_keys=[license_id])
