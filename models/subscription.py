"""Subscriptions, what they count, how they changed, and which of their periods were billed."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Json,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    money_column,
    same_account,
    search_index,
)
from models.price import BillingPeriod

if TYPE_CHECKING:
    from models.account import Account
    from models.invoice import Invoice
    from models.license import License
    from models.order import Order
    from models.package import Package
    from models.person import Person
    from models.product import Product


class SubscriptionStatus(enum.StrEnum):
    """Expired can be reactivated for some days; terminated is for ever."""

    ACTIVE = "active"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


CHANGEABLE_STATUSES = (SubscriptionStatus.ACTIVE,)


class SubscriptionChangeKind(enum.StrEnum):
    """What was changed."""

    STARTED = "started"
    QUANTITY_INCREASED = "quantity_increased"
    QUANTITY_DECREASED = "quantity_decreased"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    RENEWED = "renewed"
    EXPIRED = "expired"
    REACTIVATED = "reactivated"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    TERMINATED = "terminated"
    REFERENCE_UPDATED = "reference_updated"


class Subscription(Keyed, AccountOwned, Stamped, Versioned, Base):
    """A package paid again and again. Of its periods both ends count (16 Nov to 15 Nov is a year)."""

    __tablename__ = "subscription"
    __table_args__ = (
        account_key("subscription"),
        UniqueConstraint("account_id", "external_ref"),
        same_account("subscription", "license_id", "license"),
        same_account("subscription", "order_id", "customer_order"),
        Index(
            "uq_subscription_trial",  # a trial once per account and package
            "account_id",
            "trial_package_id",
            unique=True,
        ),
        CheckConstraint("current_period_to >= current_period_from", name="period_ends_after_start"),
        CheckConstraint("recurring_price >= 0", name="recurring_price_not_negative"),
        CheckConstraint("(status = 'terminated') = (terminated_on IS NOT NULL)", name="terminated_has_its_day"),
        CheckConstraint("terminated_on >= started_on", name="terminated_after_start"),
        *list_indexes(
            "subscription",
            "number",
            "started_on",
            "renews_on",
            "current_period_to",
            "recurring_price",
            "reference",
            "licensee",
            "created_at",
        ),
        Index("ix_subscription_status_renews_on_id", "status", "renews_on", "id"),
        Index("ix_subscription_status_created_at_id", "status", "created_at", "id"),
        Index("ix_subscription_account_id_status_created_at_id", "account_id", "status", "created_at", "id"),
        Index("ix_subscription_package_id_created_at_id", "package_id", "created_at", "id"),
        Index("ix_subscription_license_id", "license_id"),
        Index("ix_subscription_order_id", "order_id"),
        Index("ix_subscription_reseller_account_id_created_at_id", "reseller_account_id", "created_at", "id"),
        search_index("subscription", "number"),
        search_index("subscription", "reference"),
        search_index("subscription", "licensee"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    next_package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"), index=True)  # a downgrade, at renewal
    license_id: Mapped[int | None] = mapped_column(BigKey)
    order_id: Mapped[int | None] = mapped_column(BigKey)
    reseller_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    licensee: Mapped[str | None] = mapped_column(String(120))  # who uses it, when it is not the account itself
    status: Mapped[SubscriptionStatus] = choice_column(SubscriptionStatus, default=SubscriptionStatus.ACTIVE)
    period: Mapped[BillingPeriod] = choice_column(BillingPeriod, default=BillingPeriod.MONTHLY)
    started_on: Mapped[dt.date]
    current_period_from: Mapped[dt.date]
    current_period_to: Mapped[dt.date]
    renews_on: Mapped[dt.date | None]  # empty: it ends with the period
    aligns_to_month: Mapped[bool] = mapped_column(default=False)
    trial_ends_on: Mapped[dt.date | None]
    # The plan that was tried: another may be in use by now.
    trial_package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"), index=True)
    suspended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    terminated_on: Mapped[dt.date | None]
    currency: Mapped[str] = mapped_column(String(3))
    recurring_price: Mapped[int] = money_column()  # of one whole period, before tax
    reference: Mapped[str | None] = mapped_column(String(120))
    external_ref: Mapped[str | None] = mapped_column(String(120))

    account: Mapped[Account] = relationship(lazy="raise", foreign_keys="Subscription.account_id")
    reseller_account: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[reseller_account_id])
    package: Mapped[Package] = relationship(lazy="raise", foreign_keys=[package_id])
    next_package: Mapped[Package | None] = relationship(lazy="raise", foreign_keys=[next_package_id])
    trial_package: Mapped[Package | None] = relationship(lazy="raise", foreign_keys=[trial_package_id])
    license: Mapped[License | None] = relationship(
        back_populates="subscriptions", lazy="raise", foreign_keys=[license_id]
    )
    order: Mapped[Order | None] = relationship(lazy="raise", foreign_keys=[order_id])
    items: Mapped[list[SubscriptionItem]] = relationship(
        back_populates="subscription", lazy="raise", foreign_keys="SubscriptionItem.subscription_id"
    )
    changes: Mapped[list[SubscriptionChange]] = relationship(
        back_populates="subscription", lazy="raise", foreign_keys="SubscriptionChange.subscription_id"
    )
    periods: Mapped[list[SubscriptionPeriod]] = relationship(
        back_populates="subscription", lazy="raise", foreign_keys="SubscriptionPeriod.subscription_id"
    )

    def __str__(self) -> str:
        return self.number

    @hybrid_property
    def can_change(self) -> bool:
        """Quantities and plan can be changed."""
        return self.status in CHANGEABLE_STATUSES

    @can_change.inplace.expression
    @classmethod
    def _can_change(cls) -> ColumnElement[bool]:
        return cls.status.in_(CHANGEABLE_STATUSES)

    @hybrid_property
    def renews(self) -> bool:
        """It goes on after its period."""
        return self.status == SubscriptionStatus.ACTIVE and self.renews_on is not None

    @renews.inplace.expression
    @classmethod
    def _renews(cls) -> ColumnElement[bool]:
        return and_(cls.status == SubscriptionStatus.ACTIVE, cls.renews_on.is_not(None))

    @hybrid_property
    def can_renew_again(self) -> bool:
        """It would end with its period."""
        return self.status == SubscriptionStatus.ACTIVE and self.renews_on is None

    @can_renew_again.inplace.expression
    @classmethod
    def _can_renew_again(cls) -> ColumnElement[bool]:
        return and_(cls.status == SubscriptionStatus.ACTIVE, cls.renews_on.is_(None))

    @hybrid_property
    def can_reactivate(self) -> bool:
        """Expired and not yet terminated."""
        return self.status == SubscriptionStatus.EXPIRED

    @hybrid_property
    def can_terminate(self) -> bool:
        """Anything that is not terminated already."""
        return self.status != SubscriptionStatus.TERMINATED


class SubscriptionItem(Keyed, Public, AccountOwned, Stamped, Versioned, Base):
    """How many of a product the subscription counts; a decrease waits in ``pending_quantity`` for the renewal."""

    __tablename__ = "subscription_item"
    __table_args__ = (
        account_key("subscription_item"),
        same_account("subscription_item", "subscription_id", "subscription"),
        UniqueConstraint("subscription_id", "product_id"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("pending_quantity >= 0", name="pending_quantity_not_negative"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        *list_indexes("subscription_item", "quantity", "created_at"),
        Index("ix_subscription_item_product_id_created_at_id", "product_id", "created_at", "id"),
    )

    subscription_id: Mapped[int] = mapped_column(BigKey)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    pending_quantity: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3))
    unit_price: Mapped[int] = money_column()  # of one for one whole period, before tax

    account: Mapped[Account] = relationship(lazy="raise")
    subscription: Mapped[Subscription] = relationship(
        back_populates="items", lazy="raise", foreign_keys=[subscription_id]
    )
    product: Mapped[Product] = relationship(lazy="raise")


class SubscriptionChange(Keyed, Public, AccountOwned, Stamped, Base):
    """History: what changed, who did it, and what it cost."""

    __tablename__ = "subscription_change"
    __table_args__ = (
        same_account("subscription_change", "subscription_id", "subscription"),
        same_account("subscription_change", "subscription_item_id", "subscription_item"),
        same_account("subscription_change", "invoice_id", "invoice"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index("ix_subscription_change_subscription_id_created_at_id", "subscription_id", "created_at", "id"),
        Index("ix_subscription_change_account_id", "account_id"),
    )

    subscription_id: Mapped[int] = mapped_column(BigKey)
    subscription_item_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    invoice_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    kind: Mapped[SubscriptionChangeKind] = choice_column(SubscriptionChangeKind)
    before: Mapped[str | None] = mapped_column(String(255))
    after: Mapped[str | None] = mapped_column(String(255))
    effective_on: Mapped[dt.date]
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = money_column(default=0)  # charged now for the rest of the period, before tax
    changed_by: Mapped[str] = mapped_column(String(120))  # the name as it was then
    changed_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    subscription: Mapped[Subscription] = relationship(
        back_populates="changes", lazy="raise", foreign_keys=[subscription_id]
    )
    subscription_item: Mapped[SubscriptionItem | None] = relationship(lazy="raise", foreign_keys=[subscription_item_id])
    invoice: Mapped[Invoice | None] = relationship(lazy="raise", foreign_keys=[invoice_id])
    changed_by_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[changed_by_person_id])


class SubscriptionPeriod(Keyed, AccountOwned, Stamped, Base):
    """A period that was billed. The unique key is what bills each period exactly once."""

    __tablename__ = "subscription_period"
    __table_args__ = (
        same_account("subscription_period", "subscription_id", "subscription"),
        same_account("subscription_period", "invoice_id", "invoice"),
        UniqueConstraint("subscription_id", "period_from"),
        CheckConstraint("period_to >= period_from", name="period_ends_after_start"),
        CheckConstraint("net >= 0", name="net_not_negative"),
        Index("ix_subscription_period_account_id", "account_id"),
    )

    subscription_id: Mapped[int] = mapped_column(BigKey)
    invoice_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    period_from: Mapped[dt.date]
    period_to: Mapped[dt.date]
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = money_column()
    # What was billed, as services/subscriptions/sold.py writes it; empty for the first period and for imported ones.
    terms: Mapped[dict[str, Any] | None] = mapped_column(Json)

    subscription: Mapped[Subscription] = relationship(
        back_populates="periods", lazy="raise", foreign_keys=[subscription_id]
    )
    invoice: Mapped[Invoice | None] = relationship(lazy="raise", foreign_keys=[invoice_id])
