"""Subscriptions, licenses, transfers and reserved prospects."""

from __future__ import annotations

import datetime as dt

import factory

from models import (
    BillingPeriod,
    HardwareReset,
    ItemTransfer,
    ItemTransferLine,
    License,
    LicenseActivation,
    LicenseChange,
    LicenseDuration,
    LicenseItem,
    LicenseKind,
    LicenseStatus,
    Prospect,
    Subscription,
    SubscriptionChange,
    SubscriptionChangeKind,
    SubscriptionItem,
    SubscriptionPeriod,
    SubscriptionStatus,
    TransferDirection,
)
from tests.factories.base import NOW, RowFactory
from tests.factories.catalogue import PackageFactory, ProductFactory
from tests.factories.people import AccountFactory, PersonFactory


class LicenseFactory(RowFactory):
    """An active license, locked to a device."""

    class Meta:
        model = License

    account = factory.SubFactory(AccountFactory)
    code = factory.Sequence(lambda n: f"LIC-{n:06}")
    kind = LicenseKind.BUSINESS
    package = factory.SubFactory(PackageFactory)
    status = LicenseStatus.ACTIVE
    duration = LicenseDuration.YEARLY
    currency = factory.SelfAttribute("account.currency")
    expires_on = dt.date(2027, 3, 31)
    reference = factory.Sequence(lambda n: f"Office {n}")
    mac_address = "00:1A:2B:3C:4D:5E"
    last_valid_ip = "192.0.2.10"
    activated_at = NOW
    created_at = NOW


class LicenseItemFactory(RowFactory):
    class Meta:
        model = LicenseItem

    license = factory.SubFactory(LicenseFactory)
    account_id = factory.SelfAttribute("license.account_id")
    product = factory.SubFactory(ProductFactory)
    quantity = 10


class LicenseChangeFactory(RowFactory):
    class Meta:
        model = LicenseChange

    license = factory.SubFactory(LicenseFactory)
    account_id = factory.SelfAttribute("license.account_id")
    changed_at = NOW
    license_kind = factory.SelfAttribute("license.kind")
    edition = "Business"
    field = "quantity"
    before = "5"
    after = "10"
    changed_by = "Robin Miller"
    ip = "192.0.2.10"


class HardwareResetFactory(RowFactory):
    class Meta:
        model = HardwareReset

    license = factory.SubFactory(LicenseFactory)
    account_id = factory.SelfAttribute("license.account_id")
    reset_at = NOW
    reset_by = "Robin Miller"
    reset_by_person = factory.SubFactory(PersonFactory)
    mac_address = "00:1A:2B:3C:4D:5E"
    resets_left = 2


class LicenseActivationFactory(RowFactory):
    class Meta:
        model = LicenseActivation

    license = factory.SubFactory(LicenseFactory)
    account_id = factory.SelfAttribute("license.account_id")
    mac_address = "00:1A:2B:3C:4D:5E"
    ip = "192.0.2.10"
    activated_at = NOW


class SubscriptionFactory(RowFactory):
    """An active monthly subscription of 49.00."""

    class Meta:
        model = Subscription

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"S-{n:06}")
    package = factory.SubFactory(PackageFactory)
    status = SubscriptionStatus.ACTIVE
    period = BillingPeriod.MONTHLY
    started_on = dt.date(2025, 5, 1)
    current_period_from = dt.date(2026, 5, 1)
    current_period_to = dt.date(2026, 5, 31)
    renews_on = dt.date(2026, 6, 1)
    currency = factory.SelfAttribute("account.currency")
    recurring_price = 4_900
    created_at = NOW


class SubscriptionItemFactory(RowFactory):
    class Meta:
        model = SubscriptionItem

    account = factory.SelfAttribute("subscription.account")
    subscription = factory.SubFactory(SubscriptionFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = 10
    currency = factory.SelfAttribute("subscription.currency")
    unit_price = 490
    created_at = NOW


class SubscriptionChangeFactory(RowFactory):
    class Meta:
        model = SubscriptionChange

    subscription = factory.SubFactory(SubscriptionFactory)
    account_id = factory.SelfAttribute("subscription.account_id")
    kind = SubscriptionChangeKind.QUANTITY_INCREASED
    before = "5"
    after = "10"
    effective_on = dt.date(2026, 5, 15)
    currency = factory.SelfAttribute("subscription.currency")
    amount = 1_343
    changed_by = "Robin Miller"
    created_at = NOW


class SubscriptionPeriodFactory(RowFactory):
    class Meta:
        model = SubscriptionPeriod

    subscription = factory.SubFactory(SubscriptionFactory)
    account_id = factory.SelfAttribute("subscription.account_id")
    period_from = factory.SelfAttribute("subscription.current_period_from")
    period_to = factory.SelfAttribute("subscription.current_period_to")
    currency = factory.SelfAttribute("subscription.currency")
    net = factory.SelfAttribute("subscription.recurring_price")
    created_at = NOW


class ItemTransferFactory(RowFactory):
    class Meta:
        model = ItemTransfer

    account = factory.SubFactory(AccountFactory)
    from_license = factory.SubFactory(LicenseFactory, account=factory.SelfAttribute("..account"))
    to_license = factory.SubFactory(LicenseFactory, account=factory.SelfAttribute("..account"))
    transferred_by = "Robin Miller"
    transferred_by_person = factory.SubFactory(PersonFactory)
    created_at = NOW


class ItemTransferLineFactory(RowFactory):
    """The side of the license that gave; ``received`` makes the other one."""

    class Meta:
        model = ItemTransferLine

    transfer = factory.SubFactory(ItemTransferFactory)
    account_id = factory.SelfAttribute("transfer.account_id")
    license = factory.SelfAttribute("transfer.from_license")
    product = factory.SubFactory(ProductFactory)
    direction = TransferDirection.TAKEN
    quantity = 3
    quantity_before = 10
    quantity_after = 7

    class Params:
        received = factory.Trait(
            license=factory.SelfAttribute("transfer.to_license"),
            direction=TransferDirection.GIVEN,
            quantity_before=0,
            quantity_after=3,
        )


class ProspectFactory(RowFactory):
    class Meta:
        model = Prospect

    account = factory.SubFactory(AccountFactory)
    company = factory.Sequence(lambda n: f"Prospect {n} Inc.")
    company_key = factory.Sequence(lambda n: f"prospect {n}")
    contact = "Kim Jones"
    email = "kim@prospect.example"
    country = "US"
    reserved_until = dt.date(2026, 8, 13)
    created_at = NOW
