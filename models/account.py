"""Customer accounts, and who stands above whom among resellers."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Keyed, Stamped, UtcDateTime, Versioned, choice_column, list_indexes, search_index

if TYPE_CHECKING:
    from models.member import Member


class AccountStatus(enum.StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    SUSPENDED_FOR_DELETION = "suspended_for_deletion"
    DELETED = "deleted"


class SuspensionCause(enum.StrEnum):
    """Only a suspension for debt is lifted by itself when the debt is paid."""

    STAFF = "staff"
    DEBT = "debt"


class PricingModel(enum.StrEnum):
    """App type: separate applications. License type: one price per license kind. Never changed afterwards."""

    APP = "app"
    LICENSE = "license"


class PaymentMode(enum.StrEnum):
    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class PreferredPaymentMethod(enum.StrEnum):
    """How the customer says they like to pay; a wish, not a stored method."""

    ACCOUNT_BALANCE = "account_balance"
    BANK_TRANSFER = "bank_transfer"
    CREDIT_CARD = "credit_card"
    ELECTRONIC_CHECK = "electronic_check"
    MAILED_CHECK = "mailed_check"
    PAYPAL = "paypal"


class Account(Keyed, Versioned, Stamped, Base):
    """A company that is a customer. Everything it owns carries its id."""

    __tablename__ = "account"

    client_id: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    status: Mapped[AccountStatus] = choice_column(AccountStatus, default=AccountStatus.ACTIVE)
    suspended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    suspension_cause: Mapped[SuspensionCause | None] = choice_column(SuspensionCause)
    deletion_due_on: Mapped[dt.date | None]
    deleted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    country: Mapped[str] = mapped_column(String(2), info={"kind": "listed:countries"})
    region: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3), info={"kind": "code:currencies"})
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", info={"kind": "code:time_zones"})
    language: Mapped[str] = mapped_column(String(8), default="en", info={"kind": "listed:languages"})
    pricing_model: Mapped[PricingModel] = choice_column(PricingModel, default=PricingModel.LICENSE)
    payment_mode: Mapped[PaymentMode] = choice_column(PaymentMode, default=PaymentMode.PREPAID)
    preferred_payment_method: Mapped[PreferredPaymentMethod | None] = choice_column(PreferredPaymentMethod)

    contact_name: Mapped[str | None] = mapped_column(String(255))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    website: Mapped[str | None] = mapped_column(String(255))
    registration_number: Mapped[str | None] = mapped_column(String(40))

    billing_name: Mapped[str] = mapped_column(String(255))
    billing_email: Mapped[str | None] = mapped_column(String(254))
    billing_line1: Mapped[str | None] = mapped_column(String(255))
    billing_line2: Mapped[str | None] = mapped_column(String(255))
    billing_city: Mapped[str | None] = mapped_column(String(120))
    billing_region: Mapped[str | None] = mapped_column(String(64))
    billing_postal_code: Mapped[str | None] = mapped_column(String(20))
    billing_country: Mapped[str | None] = mapped_column(String(2), info={"kind": "listed:countries"})
    vat_id: Mapped[str | None] = mapped_column(String(20))
    tax_exempt: Mapped[bool] = mapped_column(default=False)
    tax_exempt_reason: Mapped[str | None] = mapped_column(String(255))

    parent_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    customer_ref: Mapped[str | None] = mapped_column(String(64))
    billing_ref: Mapped[str | None] = mapped_column(String(64))
    type_ref: Mapped[str | None] = mapped_column(String(64))

    transfers_allowed: Mapped[bool] = mapped_column(default=False)
    branding_enabled: Mapped[bool] = mapped_column(default=False)
    support_contract_until: Mapped[dt.date | None]
    login_consent_required: Mapped[bool] = mapped_column(default=False)

    imported_from: Mapped[str | None] = mapped_column(String(32))
    external_ref: Mapped[str | None] = mapped_column(String(64))

    parent: Mapped[Account | None] = relationship(lazy="raise", remote_side="Account.id", back_populates="customers")
    customers: Mapped[list[Account]] = relationship(lazy="raise", back_populates="parent")
    members: Mapped[list[Member]] = relationship(lazy="raise", back_populates="account")

    __table_args__ = (
        UniqueConstraint("imported_from", "external_ref"),
        CheckConstraint("length(name) BETWEEN 2 AND 255", name="name_length"),
        CheckConstraint("length(country) = 2", name="country_length"),
        CheckConstraint("length(currency) = 3", name="currency_length"),
        CheckConstraint("parent_account_id <> id", name="not_its_own_parent"),
        CheckConstraint("external_ref IS NULL OR imported_from IS NOT NULL", name="external_ref_has_source"),
        CheckConstraint(
            "status <> 'suspended_for_deletion' OR deletion_due_on IS NOT NULL", name="deletion_has_due_date"
        ),
        *list_indexes("account", "client_id", "name", "country", "status", "created_at", owned=False),
        search_index("account", "client_id"),
        search_index("account", "name"),
        search_index("account", "contact_email"),
        search_index("account", "billing_email"),
        search_index("account", "customer_ref"),
        search_index("account", "external_ref"),
    )

    def __str__(self) -> str:
        return self.name

    @hybrid_property
    def can_sign_in(self) -> bool:
        """Whether members of the account get past the door at all."""
        return self.status == AccountStatus.ACTIVE

    @hybrid_property
    def can_suspend(self) -> bool:
        return self.status == AccountStatus.ACTIVE

    @hybrid_property
    def can_reactivate(self) -> bool:
        return self.status == AccountStatus.SUSPENDED

    @hybrid_property
    def can_undo_deletion(self) -> bool:
        return self.status == AccountStatus.SUSPENDED_FOR_DELETION

    @hybrid_property
    def can_hold_credit(self) -> bool:
        """A credit limit can be granted."""
        return self.status != AccountStatus.DELETED

    @hybrid_property
    def can_lose_credit(self) -> bool:
        """It needs no credit limit: it is prepaid, and can be made postpaid."""
        return self.status != AccountStatus.DELETED and self.payment_mode == PaymentMode.PREPAID

    @can_lose_credit.inplace.expression
    @classmethod
    def _can_lose_credit(cls) -> ColumnElement[bool]:
        return and_(cls.status != AccountStatus.DELETED, cls.payment_mode == PaymentMode.PREPAID)

    @hybrid_property
    def can_be_prepaid(self) -> bool:
        """It is postpaid, and can be made prepaid."""
        return self.status != AccountStatus.DELETED and self.payment_mode == PaymentMode.POSTPAID

    @can_be_prepaid.inplace.expression
    @classmethod
    def _can_be_prepaid(cls) -> ColumnElement[bool]:
        return and_(cls.status != AccountStatus.DELETED, cls.payment_mode == PaymentMode.POSTPAID)

    @hybrid_property
    def can_delete(self) -> bool:
        return self.status in (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)

    @can_delete.inplace.expression
    @classmethod
    def _can_delete(cls) -> ColumnElement[bool]:
        return or_(cls.status == AccountStatus.ACTIVE, cls.status == AccountStatus.SUSPENDED)


class AccountAncestor(Base):
    """Every account above an account, at any depth; itself at depth 0. Kept by the service that sets the parent.

    Not AccountOwned: a reseller reads the rows of the accounts below.
    """

    __tablename__ = "account_ancestor"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    ancestor_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    depth: Mapped[int]

    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])
    ancestor: Mapped[Account] = relationship(lazy="raise", foreign_keys=[ancestor_id])

    __table_args__ = (
        CheckConstraint("(depth = 0) = (account_id = ancestor_id)", name="itself_at_depth_zero"),
        CheckConstraint("depth >= 0", name="depth_not_negative"),
        Index("ix_account_ancestor_ancestor_id_account_id", "ancestor_id", "account_id"),
    )
