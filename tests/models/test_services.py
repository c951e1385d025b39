"""Catalogue, subscriptions, licenses, transfers and prospects: what the database itself refuses."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from models import (
    BillingPeriod,
    License,
    LicenseDuration,
    LicenseStatus,
    Subscription,
    SubscriptionStatus,
)
from tests.factories.base import NOW
from tests.factories.catalogue import (
    FinancingRequestFactory,
    PackageFactory,
    PackageItemFactory,
    PriceFactory,
    ProductFactory,
    ReleaseFactory,
    ResourceArticleFactory,
)
from tests.factories.people import AccountFactory
from tests.factories.services import (
    HardwareResetFactory,
    ItemTransferFactory,
    ItemTransferLineFactory,
    LicenseActivationFactory,
    LicenseFactory,
    LicenseItemFactory,
    ProspectFactory,
    SubscriptionFactory,
    SubscriptionItemFactory,
    SubscriptionPeriodFactory,
)
from tests.factories.support import TicketFactory

pytestmark = pytest.mark.usefixtures("session")


def test_a_price_is_of_one_thing():
    with pytest.raises(IntegrityError, match="of_one_thing"):
        PriceFactory(product=ProductFactory())


def test_a_price_is_of_something():
    with pytest.raises(IntegrityError, match="of_one_thing"):
        PriceFactory(package=None)


def test_a_price_begins_once_on_a_day():
    price = PriceFactory()
    PriceFactory(package=price.package, currency="EUR")
    PriceFactory(package=price.package, period=BillingPeriod.YEARLY)
    with pytest.raises(IntegrityError):
        PriceFactory(package=price.package)


def test_a_package_names_a_product_once():
    item = PackageItemFactory()
    with pytest.raises(IntegrityError):
        PackageItemFactory(package=item.package, product=item.product)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"minimum": 11}, "quantity_at_least_minimum"),
        ({"maximum": 9}, "maximum_at_least_quantity"),
        ({"minimum": -1}, "minimum_not_negative"),
    ],
    ids=str,
)
def test_the_numbers_of_a_package_item_agree(wrong, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        PackageItemFactory(**wrong)


def test_a_version_of_a_product_is_released_once():
    release = ReleaseFactory()
    with pytest.raises(IntegrityError):
        ReleaseFactory(product=release.product, version_number=release.version_number)


@pytest.mark.parametrize("make", [ReleaseFactory, ResourceArticleFactory])
def test_what_is_published_has_its_day(make):
    with pytest.raises(IntegrityError, match="published_has_its_day"):
        make(published_on=None)


def test_an_article_says_something():
    with pytest.raises(IntegrityError, match="body_or_url"):
        ResourceArticleFactory(body="")


def test_a_terminated_subscription_has_its_day():
    with pytest.raises(IntegrityError, match="terminated_has_its_day"):
        SubscriptionFactory(status=SubscriptionStatus.TERMINATED)


def test_a_running_subscription_has_no_day_of_termination():
    with pytest.raises(IntegrityError, match="terminated_has_its_day"):
        SubscriptionFactory(terminated_on=dt.date(2026, 5, 1))


def test_a_period_of_one_day_is_a_period():
    day = dt.date(2026, 5, 1)
    assert SubscriptionFactory(current_period_from=day, current_period_to=day).current_period_to == day


def test_a_period_does_not_end_before_it_starts():
    with pytest.raises(IntegrityError, match="period_ends_after_start"):
        SubscriptionFactory(current_period_to=dt.date(2026, 4, 30))


def test_a_subscription_uses_a_license_of_its_account():
    with pytest.raises(IntegrityError):
        SubscriptionFactory(license=LicenseFactory())


def test_a_trial_is_had_once_an_account_and_package():
    trial = SubscriptionFactory(trial_package=PackageFactory())
    SubscriptionFactory(account=trial.account, package=trial.trial_package)
    SubscriptionFactory(trial_package=trial.trial_package)
    with pytest.raises(IntegrityError):
        SubscriptionFactory(account=trial.account, trial_package=trial.trial_package)


@pytest.mark.parametrize("column", ["quantity", "pending_quantity", "unit_price"])
def test_an_item_is_not_negative(column):
    with pytest.raises(IntegrityError, match=f"{column}_not_negative"):
        SubscriptionItemFactory(**{column: -1})


def test_a_subscription_counts_a_product_once():
    item = SubscriptionItemFactory()
    with pytest.raises(IntegrityError):
        SubscriptionItemFactory(subscription=item.subscription, product=item.product)


def test_a_period_is_billed_once():
    period = SubscriptionPeriodFactory()
    SubscriptionPeriodFactory(
        subscription=period.subscription, period_from=dt.date(2026, 6, 1), period_to=dt.date(2026, 6, 30)
    )
    with pytest.raises(IntegrityError):
        SubscriptionPeriodFactory(subscription=period.subscription)


def test_resets_left_do_not_fall_below_zero(session):
    license = LicenseFactory(resets_left=0)
    with pytest.raises(IntegrityError, match="resets_left_not_negative"):
        session.execute(update(License).where(License.id == license.id).values(resets_left=License.resets_left - 1))


def test_a_perpetual_license_does_not_expire():
    with pytest.raises(IntegrityError, match="perpetual_never_expires"):
        LicenseFactory(duration=LicenseDuration.PERPETUAL)


def test_a_code_is_given_once():
    LicenseFactory(code="AAAA-BBBB")
    with pytest.raises(IntegrityError):
        LicenseFactory(code="AAAA-BBBB")


def test_a_license_does_not_hold_less_than_nothing():
    with pytest.raises(IntegrityError, match=r"quantity_not_negative|in_app"):  # either holds, whichever is told first
        LicenseItemFactory(quantity=-1)


def test_a_license_holds_a_product_once():
    item = LicenseItemFactory()
    with pytest.raises(IntegrityError):
        LicenseItemFactory(license=item.license, product=item.product)


def test_an_item_stays_in_the_account_of_its_license():
    license, stranger = LicenseFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        LicenseItemFactory(license=license, account_id=stranger.id)


def test_a_reset_cleared_something():
    with pytest.raises(IntegrityError, match="something_was_saved"):
        HardwareResetFactory(mac_address=None)


def test_a_device_is_active_once_on_a_license(session):
    activation = LicenseActivationFactory()
    activation.deactivated_at = NOW
    session.flush()
    LicenseActivationFactory(license=activation.license)
    with pytest.raises(IntegrityError):
        LicenseActivationFactory(license=activation.license)


def test_items_move_between_two_licenses():
    license = LicenseFactory()
    with pytest.raises(IntegrityError, match="two_licenses"):
        ItemTransferFactory(account=license.account, from_license=license, to_license=license)


def test_items_move_inside_one_account():
    with pytest.raises(IntegrityError):
        ItemTransferFactory(to_license=LicenseFactory())


def test_both_sides_of_a_transfer_have_their_history(session):
    taken = ItemTransferLineFactory()
    given = ItemTransferLineFactory(transfer=taken.transfer, product=taken.product, received=True)
    assert taken.quantity_before + given.quantity_before == taken.quantity_after + given.quantity_after
    with pytest.raises(IntegrityError):
        ItemTransferLineFactory(transfer=taken.transfer, product=taken.product, received=True)


@pytest.mark.parametrize("received", [False, True])
def test_a_side_of_a_transfer_adds_up(received):
    with pytest.raises(IntegrityError, match="quantities_add_up"):
        ItemTransferLineFactory(received=received, quantity=4)


def test_a_company_is_reserved_once_over_all_accounts(session):
    first = ProspectFactory(company_key="acme")
    ProspectFactory(company_key="acme", country="DE")
    with session.begin_nested() as attempt:
        with pytest.raises(IntegrityError):
            ProspectFactory(company_key="acme")
        attempt.rollback()
    first.released_at = NOW
    session.flush()
    assert ProspectFactory(company_key="acme").can_release


def test_a_financing_request_has_a_ticket_of_its_account():
    with pytest.raises(IntegrityError):
        FinancingRequestFactory(ticket=TicketFactory())


def test_a_license_can_be_reset_while_it_runs_with_resets_left_and_something_saved(session):
    saved = [(None, None), ("00:1A:2B:3C:4D:5E", None), (None, "192.0.2.10")]
    package = PackageFactory()
    for status, left, (mac, ip) in itertools.product(LicenseStatus, (0, 1), saved):
        LicenseFactory(package=package, status=status, resets_left=left, mac_address=mac, last_valid_ip=ip)
    found = session.execute(select(License, License.can_reset, License.can_transfer)).all()
    for license, can_reset, can_transfer in found:
        runs = license.status in (LicenseStatus.ACTIVE, LicenseStatus.EXPIRED)
        locked = bool(license.mac_address or license.last_valid_ip)
        assert license.can_reset == bool(can_reset) == (runs and license.resets_left == 1 and locked)
        assert license.can_transfer == bool(can_transfer) == (license.status == LicenseStatus.ACTIVE)
    assert len(found) == 30


@pytest.mark.parametrize("status", SubscriptionStatus)
def test_what_can_be_done_with_a_subscription_is_the_same_in_python_and_in_the_database(session, status):
    ended = dt.date(2026, 5, 1) if status == SubscriptionStatus.TERMINATED else None
    subscription = SubscriptionFactory(status=status, terminated_on=ended)
    said = session.execute(
        select(Subscription.can_change, Subscription.can_reactivate, Subscription.can_terminate)
    ).one()
    expected = (
        status == SubscriptionStatus.ACTIVE,
        status == SubscriptionStatus.EXPIRED,
        status != SubscriptionStatus.TERMINATED,
    )
    assert tuple(bool(each) for each in said) == expected
    assert (subscription.can_change, subscription.can_reactivate, subscription.can_terminate) == expected


def test_a_license_shows_its_subscriptions(session):
    license = LicenseFactory()
    subscription = SubscriptionFactory(account=license.account, license=license)
    session.expire_all()
    read = session.scalars(select(License).options(selectinload(License.subscriptions))).one()
    assert read.subscriptions == [subscription]
