"""Resetting the hardware lock, granting resets, and editing what people write on a license."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import HardwareReset, License, LicenseActivation, LicenseChange, LicenseStatus
from services.audit import timeline_of
from services.licenses import (
    BrandingNotEnabled,
    FieldNotEditable,
    LicenseNotInUse,
    NoResetsLeft,
    NothingToReset,
    ResetsNotReadable,
    grant_resets,
    reset_hardware_lock,
    update_license,
)
from tests.factories.people import AccountFactory, PersonFactory
from tests.factories.services import LicenseActivationFactory, LicenseFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

MEMBER = Actor("Robin Miller", Source.PORTAL, ip="192.0.2.1")


@pytest.fixture
def license(session: Session) -> License:
    return LicenseFactory(mac_address="00:1A:2B:3C:4D:5E", last_valid_ip="192.0.2.10", resets_left=3)


def test_a_reset_clears_the_lock_and_uses_up_one(license: License, now: dt.datetime) -> None:
    reset_hardware_lock(license, actor=MEMBER, now=now)
    assert (license.mac_address, license.last_valid_ip, license.resets_left) == (None, None, 2)


def test_a_reset_writes_history_with_the_old_values(license: License, now: dt.datetime) -> None:
    person = PersonFactory()
    actor = Actor("Robin Miller", Source.PORTAL, person_id=person.id)
    reset_hardware_lock(license, actor=actor, now=now, reason="New server")
    row = db.session.scalars(select(HardwareReset)).one()
    assert (row.mac_address, row.last_valid_ip, row.resets_left) == ("00:1A:2B:3C:4D:5E", "192.0.2.10", 2)
    assert (row.reset_at, row.reset_by, row.reset_by_person_id) == (now, "Robin Miller", person.id)
    event = timeline_of("license", license.code)[0]
    assert event.event == "license.hardware_lock_reset"
    assert event.after == {"mac_address": None, "last_valid_ip": None, "resets_left": 2, "reason": "New server"}


def test_a_reset_lets_another_device_activate(license: License, now: dt.datetime) -> None:
    LicenseActivationFactory(license=license)
    reset_hardware_lock(license, actor=MEMBER, now=now)
    db.session.expire_all()
    assert db.session.scalars(select(LicenseActivation)).one().deactivated_at == now


def test_the_activations_of_other_licenses_stay(license: License, now: dt.datetime) -> None:
    other = LicenseActivationFactory(license=LicenseFactory())
    reset_hardware_lock(license, actor=MEMBER, now=now)
    db.session.refresh(other)
    assert other.deactivated_at is None


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"resets_left": 0}, NoResetsLeft),
        ({"mac_address": None, "last_valid_ip": None}, NothingToReset),
        ({"mac_address": None, "last_valid_ip": None, "resets_left": 0}, NothingToReset),
        ({"status": LicenseStatus.SUSPENDED}, LicenseNotInUse),
        ({"status": LicenseStatus.TERMINATED}, LicenseNotInUse),
    ],
)
def test_a_reset_that_cannot_be_changes_nothing(
    license: License, now: dt.datetime, values: dict[str, Any], refusal: type[Exception]
) -> None:
    for name, value in values.items():
        setattr(license, name, value)
    with pytest.raises(refusal):
        reset_hardware_lock(license, actor=MEMBER, now=now)
    assert license.resets_left == values.get("resets_left", 3)
    assert rows_of(HardwareReset) == 0


@pytest.mark.parametrize("saved", [{"mac_address": None}, {"last_valid_ip": None}])
def test_either_of_the_two_addresses_is_enough(license: License, now: dt.datetime, saved: dict[str, None]) -> None:
    for name in saved:
        setattr(license, name, None)
    assert reset_hardware_lock(license, actor=MEMBER, now=now).resets_left == 2


def test_sixteen_resets_at_once_take_one(license: License, now: dt.datetime) -> None:
    license_id = license.id
    results = at_once(lambda _: reset_hardware_lock(db.session.get_one(License, license_id), actor=MEMBER, now=now))
    assert len(refusals(results)) == 15
    assert {type(refusal) for refusal in refusals(results)} == {NothingToReset}
    assert license.resets_left == 2
    assert rows_of(HardwareReset) == 1


def test_of_sixteen_resets_with_one_left_one_succeeds(license: License, now: dt.datetime) -> None:
    license.resets_left = 1
    license_id = license.id
    results = at_once(lambda _: reset_hardware_lock(db.session.get_one(License, license_id), actor=MEMBER, now=now))
    assert len(refusals(results)) == 15
    assert license.resets_left == 0
    assert rows_of(HardwareReset) == 1


def test_the_guard_alone_takes_one_when_no_row_is_locked(
    license: License, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.licenses.locked", lambda row: row)
    license.resets_left = 1
    license_id = license.id
    results = at_once(lambda _: reset_hardware_lock(db.session.get_one(License, license_id), actor=MEMBER, now=now))
    assert len(refusals(results)) == 15
    assert license.resets_left == 0
    assert rows_of(HardwareReset) == 1


def test_granted_resets_come_on_top(license: License, now: dt.datetime) -> None:
    grant_resets(license, count=2, actor=CLERK, now=now)
    assert license.resets_left == 5
    event = timeline_of("license", license.code)[0]
    assert (event.event, event.before, event.after) == (
        "license.resets_granted",
        {"resets_left": 3},
        {"resets_left": 5},
    )


def test_resets_granted_at_once_all_count(license: License, now: dt.datetime) -> None:
    license_id = license.id
    at_once(lambda _: grant_resets(db.session.get_one(License, license_id), count=1, actor=CLERK, now=now))
    assert license.resets_left == 19


@pytest.mark.parametrize("count", [0, -1, 101, True, "3"])
def test_a_grant_that_is_no_small_number_is_refused(license: License, now: dt.datetime, count: Any) -> None:
    with pytest.raises(ResetsNotReadable):
        grant_resets(license, count=count, actor=CLERK, now=now)
    assert license.resets_left == 3


def test_the_reference_is_trimmed_counted_and_audited(license: License, now: dt.datetime) -> None:
    update_license(license, {"reference": "  Head office "}, actor=MEMBER, now=now)
    assert (license.reference, license.version) == ("Head office", 2)
    assert timeline_of("license", license.code)[0].after == {"reference": "Head office"}
    assert rows_of(LicenseChange) == 0


def test_an_app_name_stands_in_the_report(session: Session, now: dt.datetime) -> None:
    license = LicenseFactory(account=AccountFactory(branding_enabled=True), app_name="Old")
    update_license(license, {"app_name": "Our phone"}, actor=MEMBER, now=now)
    change = db.session.scalars(select(LicenseChange)).one()
    assert (change.field, change.before, change.after) == ("app_name", "Old", "Our phone")
    assert (change.changed_by, change.ip, change.license_kind) == ("Robin Miller", "192.0.2.1", license.kind)


def test_without_branding_the_app_name_stays(license: License, now: dt.datetime) -> None:
    with pytest.raises(BrandingNotEnabled):
        update_license(license, {"app_name": "Our phone"}, actor=MEMBER, now=now)
    assert license.app_name is None


def test_without_branding_the_form_can_still_be_saved(license: License, now: dt.datetime) -> None:
    update_license(license, {"app_name": "", "reference": "New"}, actor=MEMBER, now=now)
    assert license.reference == "New"


@pytest.mark.parametrize("field", ["resets_left", "account_id", "code", "licensee", "expires_on"])
def test_members_edit_nothing_else(license: License, now: dt.datetime, field: str) -> None:
    with pytest.raises(FieldNotEditable):
        update_license(license, {field: "5"}, actor=MEMBER, now=now)


def test_staff_edit_the_licensee_too(license: License, now: dt.datetime) -> None:
    assert update_license(license, {"licensee": "Cirrus"}, actor=CLERK, now=now).licensee == "Cirrus"
    with pytest.raises(FieldNotEditable):
        update_license(license, {"resets_left": 99}, actor=CLERK, now=now)
