"""Devices on licenses: the first one locks it, places are never overbooked, and who is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, func, select, true

from domain.actor import Actor, Source
from extensions import db
from models import AccountStatus, AuditEvent, License, LicenseActivation, LicenseStatus
from services import activations
from services.activations import (
    SEEN_EVERY,
    AccountNotServed,
    Device,
    DeviceNotActive,
    LicenseExpired,
    LicenseSuspended,
    LicenseTerminated,
    LockedToOtherDevice,
    NoActivationLeft,
    activate_license,
    check_activation,
    deactivate_license,
)
from services.audit import timeline_of, verify_chain
from services.licenses import NothingToReset, reset_hardware_lock
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseActivationFactory, LicenseFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

ACTOR = Actor("Device", Source.API, ip="198.51.100.1")


def device(number=1, ip="192.0.2.10", hostname=None):
    return Device(f"02:00:00:00:00:{number:02X}", ip, hostname)


@pytest.fixture
def license(session):
    return LicenseFactory(
        status=LicenseStatus.NOT_ACTIVATED, mac_address=None, last_valid_ip=None, activated_at=None, expires_on=None
    )


def activate(license, number=1, *, now, **said):
    return activate_license(license, device(number, **said), actor=ACTOR, now=now)


def active_ones():
    return db.session.scalar(select(func.count(LicenseActivation.id)).where(LicenseActivation.deactivated_at.is_(None)))


# The first device


def test_the_first_device_locks_the_license_with_its_addresses(license, now):
    outcome = activate(license, now=now, hostname="pbx.acme.example")
    assert outcome.changed
    assert (license.mac_address, license.last_valid_ip, license.status) == (
        "02:00:00:00:00:01",
        "192.0.2.10",
        LicenseStatus.ACTIVE,
    )
    assert (license.activated_at, license.last_seen_at, license.further_devices) == (now, now, 0)
    row = db.session.scalars(select(LicenseActivation)).one()
    assert (row.mac_address, row.ip, row.hostname, row.activated_at) == (
        "02:00:00:00:00:01",
        "192.0.2.10",
        "pbx.acme.example",
        now,
    )


def test_an_activation_is_audited_with_what_it_changed(license, now):
    activate(license, now=now)
    told = timeline_of("license", license.code)[0]
    assert (told.event, told.actor_name, told.source) == ("license.activated", "Device", "api")
    assert told.before == {"status": "not_activated", "mac_address": None, "last_valid_ip": None}
    assert told.after == {"status": "active", "mac_address": "02:00:00:00:00:01", "last_valid_ip": "192.0.2.10"}
    assert verify_chain(license.account_id) is None


def test_the_same_device_again_changes_nothing(license, now):
    first = activate(license, now=now).activation
    version = license.version
    again = activate(license, now=now + dt.timedelta(minutes=1))
    assert (again.activation, again.changed, license.version) == (first, False, version)
    assert (rows_of(LicenseActivation), len(timeline_of("license", license.code))) == (1, 1)


def test_a_second_device_is_refused_until_a_reset(license, now):
    activate(license, now=now)
    with pytest.raises(LockedToOtherDevice):
        activate(license, 2, now=now)
    assert license.mac_address == "02:00:00:00:00:01"
    reset_hardware_lock(license, actor=CLERK, now=now)
    activate(license, 2, now=now)
    assert (license.mac_address, active_ones()) == ("02:00:00:00:00:02", 1)
    with pytest.raises(LockedToOtherDevice):
        activate(license, 1, now=now)


def test_a_device_that_an_import_saved_finds_its_place_kept(session, now):
    license = LicenseFactory(mac_address="02:00:00:00:00:07", expires_on=None)
    with pytest.raises(LockedToOtherDevice):
        activate(license, 1, now=now)
    activate(license, 7, now=now)
    assert (active_ones(), license.further_devices) == (1, 0)


def test_the_lock_stays_when_the_device_gives_its_activation_back(license, now):
    activate(license, now=now)
    deactivate_license(license, device(1), actor=ACTOR, now=now)
    assert (license.mac_address, active_ones()) == ("02:00:00:00:00:01", 0)
    with pytest.raises(LockedToOtherDevice):
        activate(license, 2, now=now)
    activate(license, 1, now=now)
    assert active_ones() == 1


# More devices than one


def test_further_devices_take_the_places_besides_and_give_them_back(license, now):
    license.activation_limit = 3
    for number in (1, 2, 3):
        activate(license, number, now=now)
    with pytest.raises(NoActivationLeft):
        activate(license, 4, now=now)
    assert (license.mac_address, license.further_devices) == ("02:00:00:00:00:01", 2)
    deactivate_license(license, device(2), actor=ACTOR, now=now)
    activate(license, 4, now=now)
    assert (license.further_devices, active_ones()) == (2, 3)


def test_the_first_device_keeps_its_place_while_it_is_away(license, now):
    license.activation_limit = 2
    activate(license, 1, now=now)
    activate(license, 2, now=now)
    deactivate_license(license, device(1), actor=ACTOR, now=now)
    with pytest.raises(NoActivationLeft):
        activate(license, 3, now=now)
    activate(license, 1, now=now)
    assert (active_ones(), license.further_devices) == (2, 1)


def test_a_reset_frees_every_place(license, now):
    license.activation_limit = 3
    for number in (1, 2, 3):
        activate(license, number, now=now)
    reset_hardware_lock(license, actor=CLERK, now=now)
    assert (license.further_devices, active_ones()) == (0, 0)
    for number in (4, 5, 6):
        activate(license, number, now=now)
    assert active_ones() == 3


def test_a_smaller_limit_lets_nobody_else_in_and_nobody_fall_out(license, now):
    license.activation_limit = 3
    for number in (1, 2, 3):
        activate(license, number, now=now)
    license.activation_limit = 2
    assert check_activation(license, device(3), actor=ACTOR, now=now).activation.deactivated_at is None
    deactivate_license(license, device(3), actor=ACTOR, now=now)
    with pytest.raises(NoActivationLeft):
        activate(license, 3, now=now)


# At the same moment


def activate_at_once(license, now, device_of=lambda number: number):
    license_id = license.id
    return at_once(
        lambda number: activate(db.session.get_one(License, license_id), device_of(number), now=now).activation.id
    )


@pytest.mark.parametrize("limit", [1, 3])
def test_sixteen_devices_at_once_take_as_many_places_as_there_are(license, now, limit):
    license.activation_limit = limit
    results = activate_at_once(license, now)
    assert len(refusals(results)) == 16 - limit
    assert (active_ones(), license.further_devices) == (limit, limit - 1)
    assert verify_chain(license.account_id) is None


def test_one_device_that_asks_sixteen_times_at_once_is_activated_once(license, now):
    results = activate_at_once(license, now, lambda _: 1)
    assert (len(set(results)), rows_of(LicenseActivation)) == (1, 1)
    assert len(timeline_of("license", license.code)) == 1


@pytest.mark.parametrize("limit", [1, 3])
def test_the_guard_alone_keeps_the_limit_when_no_row_is_locked(license, now, monkeypatch, limit):
    monkeypatch.setattr(activations, "locked", lambda row: row)
    license.activation_limit = limit
    results = activate_at_once(license, now)
    assert len(refusals(results)) == 16 - limit
    assert (active_ones(), license.further_devices) == (limit, limit - 1)


def test_without_the_guard_the_limit_breaks(license, now, monkeypatch):
    """The proof that the tests above would see it."""
    monkeypatch.setattr(activations, "_has_place", lambda _device: true())
    activate_at_once(license, now)
    assert active_ones() == 16


def test_sixteen_deactivations_at_once_give_one_place_back(license, now):
    license.activation_limit = 3
    for number in (1, 2, 3):
        activate(license, number, now=now)
    license_id = license.id
    results = at_once(
        lambda _: deactivate_license(db.session.get_one(License, license_id), device(2), actor=ACTOR, now=now)
    )
    assert {type(each) for each in refusals(results)} == {DeviceNotActive}
    assert (len(refusals(results)), license.further_devices, active_ones()) == (15, 1, 2)


# Who is refused


REFUSED = [
    ({"status": LicenseStatus.SUSPENDED}, LicenseSuspended),
    ({"status": LicenseStatus.EXPIRED}, LicenseExpired),
    ({"status": LicenseStatus.TERMINATED}, LicenseTerminated),
    ({"expires_on": dt.date(2026, 5, 14)}, LicenseExpired),
]


@pytest.mark.parametrize(("values", "refusal"), REFUSED)
@pytest.mark.parametrize("act", [activate_license, check_activation])
def test_a_license_that_is_not_in_force_is_refused(license, now, values, refusal, act):
    activate(license, now=now)
    for name, value in values.items():
        setattr(license, name, value)
    with pytest.raises(refusal):
        act(license, device(), actor=ACTOR, now=now)


@pytest.mark.parametrize("status", [each for each in AccountStatus if each is not AccountStatus.ACTIVE])
@pytest.mark.parametrize("act", [activate_license, check_activation])
def test_an_account_that_is_suspended_is_refused(session, now, status, act):
    account = AccountFactory(status=status, deletion_due_on=now.date())
    license = LicenseFactory(account=account, mac_address="02:00:00:00:00:01", expires_on=None)
    LicenseActivationFactory(license=license, mac_address="02:00:00:00:00:01")
    with pytest.raises(AccountNotServed):
        act(license, device(), actor=ACTOR, now=now)


def test_the_last_day_still_counts_in_the_time_zone_of_the_account(session):
    account = AccountFactory(time_zone="America/New_York")
    license = LicenseFactory(account=account, expires_on=dt.date(2026, 5, 14), mac_address=None)
    activate(license, now=dt.datetime(2026, 5, 15, 3, 59, tzinfo=dt.UTC))
    with pytest.raises(LicenseExpired):
        check_activation(license, device(), actor=ACTOR, now=dt.datetime(2026, 5, 15, 4, 0, tzinfo=dt.UTC))


def test_a_license_that_was_suspended_can_still_be_given_back(license, now):
    activate(license, now=now)
    license.status = LicenseStatus.SUSPENDED
    assert deactivate_license(license, device(), actor=ACTOR, now=now).activation.deactivated_at == now


def test_a_device_that_has_no_activation_is_told_so(license, now):
    with pytest.raises(DeviceNotActive):
        check_activation(license, device(), actor=ACTOR, now=now)
    with pytest.raises(DeviceNotActive):
        deactivate_license(license, device(), actor=ACTOR, now=now)
    activate(license, now=now)
    with pytest.raises(LockedToOtherDevice):
        check_activation(license, device(2), actor=ACTOR, now=now)


def test_a_deactivation_is_audited(license, now):
    activate(license, now=now)
    deactivate_license(license, device(), actor=ACTOR, now=now)
    told = timeline_of("license", license.code)[0]
    assert (told.event, told.before) == (
        "license.deactivated",
        {"mac_address": "02:00:00:00:00:01", "ip": "192.0.2.10"},
    )


# Beside a reset


def test_what_a_reset_took_is_not_written_back_by_a_check(license, now, monkeypatch):
    """On PostgreSQL the reset can come after the check has read its activation; SQLite has one writer at a time."""
    if db.session.get_bind().dialect.name == "sqlite":
        pytest.skip("no reset comes in between")
    activate(license, now=now)
    license_id, find = license.id, activations._active

    def find_and_be_overtaken(*asked):
        found = find(*asked)
        [done] = at_once(
            lambda _: reset_hardware_lock(db.session.get_one(License, license_id), actor=CLERK, now=now), 1
        )
        assert done.mac_address is None
        return found

    monkeypatch.setattr(activations, "_active", find_and_be_overtaken)
    check_activation(license, device(), actor=ACTOR, now=now + SEEN_EVERY)
    assert (license.mac_address, license.last_valid_ip, active_ones()) == (None, None, 0)


def test_checks_and_resets_at_once_never_wait_for_each_other_in_a_circle(license, now):
    license.resets_left = 100
    license_id = license.id
    for number in range(5):
        moment = now + number * SEEN_EVERY
        activate(license, now=moment - SEEN_EVERY)

        def act(place, moment=moment):
            found = db.session.get_one(License, license_id)
            if place % 2:
                return reset_hardware_lock(found, actor=CLERK, now=moment)
            return check_activation(found, device(), actor=ACTOR, now=moment)

        results = at_once(act)
        assert {type(each) for each in refusals(results)} <= {NothingToReset, DeviceNotActive}
        assert (license.mac_address, license.last_valid_ip, active_ones()) == (None, None, 0)


# Seen


class Writes:
    """The statements that write, while it listens."""

    def __enter__(self):
        self.seen = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *_error):
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_others):
        if statement.startswith(("UPDATE", "INSERT", "DELETE")):
            self.seen.append(statement)


def test_checks_in_a_row_write_nothing(license, now):
    activate(license, now=now)
    db.session.flush()
    with Writes() as written:
        for minute in range(15):
            check_activation(license, device(), actor=ACTOR, now=now + dt.timedelta(minutes=minute))
    assert written == []


def test_a_device_is_seen_again_after_a_while_without_making_open_forms_stale(license, now):
    activate(license, now=now)
    version, later = license.version, now + SEEN_EVERY
    seen = check_activation(license, device(), actor=ACTOR, now=later).activation
    assert (seen.last_seen_at, license.last_seen_at, license.version) == (later, later, version)


def test_sixteen_checks_at_once_write_once(license, now):
    activate(license, now=now)
    license_id, later = license.id, now + SEEN_EVERY
    db.session.commit()
    with Writes() as written:
        at_once(lambda _: check_activation(db.session.get_one(License, license_id), device(), actor=ACTOR, now=later))
    assert len([each for each in written if each.startswith("UPDATE license SET")]) == 1


def test_another_address_is_saved_and_audited_once(license, now):
    activate(license, now=now)
    later = now + SEEN_EVERY
    for minute in range(3):
        moment = later + dt.timedelta(minutes=minute)
        check_activation(license, device(ip="203.0.113.9"), actor=ACTOR, now=moment)
    assert license.last_valid_ip == "203.0.113.9"
    events = db.session.scalars(select(AuditEvent.event).where(AuditEvent.target_key == license.code)).all()
    assert events == ["license.activated", "license.ip_changed"]
