"""Licenses and subscriptions from CSV: what they become, what refuses them, and a second import."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from models import Account, License, LicenseItem, Subscription, SubscriptionItem, SubscriptionPeriod
from services.licenses import reset_hardware_lock
from services.unit_of_work import unit_of_work
from tests.services.imports.files import (
    CLERK,
    all_of,
    bring_in,
    bring_in_samples,
    changed,
    count_everything,
    csv_of,
    make_catalogue,
    places_of,
    problems_of,
    sample,
)

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _catalogue_and_accounts(session: Session) -> None:
    make_catalogue()
    bring_in_samples(NOW, "accounts")


def license_of(ref: str) -> License:
    return db.session.scalars(select(License).where(License.external_ref == ref)).one()


def subscription_of(ref: str) -> Subscription:
    return db.session.scalars(select(Subscription).where(Subscription.external_ref == ref)).one()


def test_a_license_comes_with_its_code_lock_and_items(session: Session) -> None:
    bring_in("licenses", sample("licenses"), NOW)
    first = license_of("L-1")
    assert (first.code, first.kind, first.status, first.currency) == ("ALDER-7Q2M-88", "business", "active", "USD")
    assert (first.mac_address, first.last_valid_ip, first.resets_left) == ("00:1A:2B:3C:4D:5E", "203.0.113.7", 3)
    assert first.activated_at == dt.datetime(2024, 2, 1, tzinfo=dt.UTC)
    assert sorted(item.quantity for item in all_of(LicenseItem) if item.license_id == first.id) == [4, 50]
    assert (license_of("L-2").status, license_of("L-2").duration) == ("not_activated", "perpetual")


def test_what_was_brought_in_works_as_if_it_were_made_here(session: Session) -> None:
    bring_in("licenses", sample("licenses"), NOW)
    with unit_of_work():
        reset_hardware_lock(license_of("L-1"), actor=CLERK, now=NOW)
    assert (license_of("L-1").mac_address, license_of("L-1").resets_left) == (None, 2)
    assert bring_in("licenses", sample("licenses"), NOW).there == 3  # the lock is not compared


@pytest.mark.parametrize(
    ("line", "old", "new", "column"),
    [
        (2, "business-50", "business-51", "package"),
        (2, "extension:50", "extention:50", "items"),
        (2, "extension:50", "extension", "items"),
        (2, "extension:50", "extension:0", "items"),
        (2, "extension:50; recording:4", "extension:50; extension:4", "items"),
        (2, "00:1A:2B:3C:4D:5E", "00:1A", "mac_address"),
        (2, "203.0.113.7", "203.0.113.777", "last_valid_ip"),
        (2, "2024-02-01", "2027-02-01", "activated_on"),
        (2, "business-50", "support-contract", "kind"),
        (3, "perpetual,,,", "perpetual,,2027-01-01,", "expires_on"),
        (3, "ALDER-7Q2M-89", "ALDER-7Q2M-88", "code"),
    ],
)
def test_a_license_that_cannot_be_is_refused(line: int, old: str, new: str, column: str) -> None:
    assert places_of("licenses", changed("licenses", line, old, new), NOW) == [(line, column)]


def test_a_code_that_another_account_has_is_refused(session: Session) -> None:
    bring_in("licenses", sample("licenses"), NOW)
    header = ("external_ref", "account_ref", "code", "package", "duration")
    content = csv_of(header, ("L-9", "K-1003", "ALDER-7Q2M-88", "business-50", "yearly"))
    assert problems_of("licenses", content, NOW) == [(2, "code", "another license has this code already.")]


def test_a_subscription_runs_on_from_the_period_of_today(session: Session) -> None:
    bring_in_samples(NOW, "licenses", "subscriptions")
    first = subscription_of("S-1")
    assert (first.number, first.status, first.recurring_price) == ("SUB-000001", "active", 114_00)
    assert (first.current_period_from, first.current_period_to) == (dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    assert (first.renews_on, first.license_id) == (dt.date(2026, 6, 1), license_of("L-1").id)
    assert subscription_of("S-2").license_id == license_of("L-3").id
    items = [item for item in all_of(SubscriptionItem) if item.subscription_id == first.id]
    assert sorted((item.quantity, item.unit_price) for item in items) == [(4, 6_00), (50, 1_80)]
    assert all_of(SubscriptionPeriod) == []


def test_a_terminated_subscription_keeps_its_last_period(session: Session) -> None:
    bring_in_samples(NOW, "licenses", "subscriptions")
    ended = subscription_of("S-3")
    assert (ended.status, ended.terminated_on, ended.renews_on) == ("terminated", dt.date(2025, 3, 15), None)
    assert (ended.current_period_from, ended.current_period_to) == (dt.date(2024, 3, 15), dt.date(2025, 3, 14))


@pytest.mark.parametrize(
    ("line", "old", "new", "column"),
    [
        (2, "USD", "EUR", "currency"),
        (2, ",USD,,", ",USD,115.00,", "items"),
        (2, ",USD,,extension:50:1.80; recording:4:6.00", ",USD,,", "recurring_price"),
        (2, "L-1", "L-3", "license"),
        (2, "2024-02-01", "2027-02-01", "started_on"),
        (2, "2024-02-01,,", "2024-02-01,2025-01-01,", "terminated_on"),
        (3, "monthly", "once", "period"),
        (3, "4.90", "-4.90", "items"),
        (2, "50:1.80", "900000:9999999999.99", "items"),
        (4, "2025-03-15,USD", ",USD", "terminated_on"),
        (4, "2025-03-15,USD", "2022-03-15,USD", "terminated_on"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(line: int, old: str, new: str, column: str) -> None:
    bring_in("licenses", sample("licenses"), NOW)
    assert places_of("subscriptions", changed("subscriptions", line, old, new), NOW) == [(line, column)]


def test_licenses_and_subscriptions_are_passed_over_the_second_time(session: Session) -> None:
    bring_in_samples(NOW, "licenses", "subscriptions")
    before = count_everything()
    bring_in_samples(NOW, "licenses", "subscriptions")
    assert count_everything() == before


def test_a_different_price_is_named_in_money(session: Session) -> None:
    bring_in_samples(NOW, "licenses", "subscriptions")
    [(line, column, message)] = problems_of("subscriptions", changed("subscriptions", 4, "900.00", "950.00"), NOW)
    assert (line, column) == (4, "recurring_price")
    assert "“900.00”, not “950.00”" in message


def test_an_account_can_be_named_by_its_client_id(session: Session) -> None:
    client_id = db.session.scalars(select(Account.client_id).where(Account.external_ref == "K-1003")).one()
    header = ("external_ref", "client_id", "code", "package", "duration")
    assert bring_in("licenses", csv_of(header, ("L-9", client_id, "CEDAR-1", "business-50", "yearly")), NOW).new == 1
    both = csv_of((*header, "account_ref"), ("L-8", client_id, "CEDAR-2", "business-50", "yearly", "K-1003"))
    assert places_of("licenses", both, NOW) == [(2, "client_id")]
