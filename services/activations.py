"""Devices on licenses: who may activate one, what holds its place, and what is noted when a device asks again.

The first device locks the license to its MAC address and keeps that place until a reset, also while it is not active.
Where a license allows more devices, the others take the places besides, and give them back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, case, func, or_, select, update

from domain.actor import Actor
from domain.entitlements import is_over
from domain.refusals import Refusal
from extensions import db
from models.account import Account, AccountStatus
from models.license import License, LicenseActivation, LicenseStatus
from services.audit import record_event
from services.locks import guarded, locked, reread
from services.records import flush_or_refuse

SEEN_EVERY: Final = dt.timedelta(minutes=15)
"""So often at most is written down that a device was seen: thousands ask every few minutes."""

_USABLE: Final = (LicenseStatus.NOT_ACTIVATED, LicenseStatus.ACTIVE)


class AccountNotServed(Refusal):
    message = "The account of this license is suspended. Its owner finds the reason in the portal."


class LicenseSuspended(Refusal):
    message = "This license is suspended. Ask your provider."


class LicenseExpired(Refusal):
    message = "This license has expired. Renew it, then try again."


class LicenseTerminated(Refusal):
    message = "This license has ended for good. Order a new one."


class LockedToOtherDevice(Refusal):
    message = "This license is locked to another device. Reset its MAC/IP address first, then activate again."


class NoActivationLeft(Refusal):
    message = "As many devices as this license allows are active. Deactivate one of them first."


class DeviceNotActive(Refusal):
    message = "This license is not active on this device. Activate it first."


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says of itself: both addresses in their one spelling (domain/hardware.py)."""

    mac_address: str
    ip: str
    hostname: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The activation, and whether the act changed it."""

    activation: LicenseActivation
    changed: bool


def activate_license(license: License, device: Device, *, actor: Actor, now: dt.datetime) -> Outcome:
    """Let a device use a license; the first one locks it. A device that is active already is only seen again.

    Refused: AccountNotServed, LicenseSuspended, LicenseExpired, LicenseTerminated, LockedToOtherDevice,
    NoActivationLeft.
    """
    locked(license)
    refuse_unless_usable(license, now=now)
    activation = _active(license, device)
    if activation is not None and license.mac_address is not None:
        note_seen(license, activation, device, actor=actor, now=now)
        return Outcome(activation, changed=False)
    before = {"status": license.status, "mac_address": license.mac_address, "last_valid_ip": license.last_valid_ip}
    _take_place(license, device, now)
    if activation is None:
        activation = LicenseActivation(
            account_id=license.account_id,
            license_id=license.id,
            mac_address=device.mac_address,
            ip=device.ip,
            hostname=device.hostname,
            activated_at=now,
            last_seen_at=now,
        )
        db.session.add(activation)
        flush_or_refuse()
    after = {"status": license.status, "mac_address": device.mac_address, "last_valid_ip": device.ip}
    if device.hostname:
        after["hostname"] = device.hostname
    record_event("license.activated", license, actor=actor, now=now, before=before, after=after)
    return Outcome(activation, changed=True)


def check_activation(license: License, device: Device, *, actor: Actor, now: dt.datetime) -> Outcome:
    """Find the activation of a device, and note now and then that it was seen.

    Refused: AccountNotServed, LicenseSuspended, LicenseExpired, LicenseTerminated, LockedToOtherDevice,
    DeviceNotActive.
    """
    refuse_unless_usable(license, now=now)
    activation = _active(license, device)
    if activation is None:
        raise LockedToOtherDevice if _is_locked_to_another(license, device) else DeviceNotActive
    note_seen(license, activation, device, actor=actor, now=now)
    return Outcome(activation, changed=False)


def deactivate_license(license: License, device: Device, *, actor: Actor, now: dt.datetime) -> Outcome:
    """End the activation of a device, whatever became of the license. The hardware lock stays until a reset.

    Refused: DeviceNotActive.
    """
    locked(license)
    activation = _active(license, device)
    if activation is None:
        raise DeviceNotActive
    ended = update(LicenseActivation).where(
        LicenseActivation.id == activation.id, LicenseActivation.deactivated_at.is_(None)
    )
    if not guarded(ended.values(deactivated_at=now, last_seen_at=now)):
        raise DeviceNotActive
    _give_place_back(license, device)
    reread(activation)
    gone = {"mac_address": device.mac_address, "ip": activation.ip}
    record_event("license.deactivated", license, actor=actor, now=now, before=gone)
    return Outcome(activation, changed=True)


def note_seen(
    license: License, activation: LicenseActivation, device: Device, *, actor: Actor, now: dt.datetime
) -> None:
    """Write down that a device was seen, and where, at most every SEEN_EVERY; of many at once one writes.

    The license's version stays: a form that somebody has open is not stale because a device asked. The license is
    locked before its activation, as a reset does; what a reset took meanwhile is not written back.
    """
    if activation.last_seen_at is not None and activation.last_seen_at > now - SEEN_EVERY:
        return
    locked(license)
    before = activation.ip
    seen = update(LicenseActivation).where(
        LicenseActivation.id == activation.id,
        LicenseActivation.deactivated_at.is_(None),
        or_(LicenseActivation.last_seen_at.is_(None), LicenseActivation.last_seen_at <= now - SEEN_EVERY),
    )
    if not guarded(seen.values(last_seen_at=now, ip=device.ip)):
        return
    guarded(update(License).where(License.id == license.id).values(last_seen_at=now, last_valid_ip=device.ip))
    reread(activation)
    reread(license)
    sides = {"ip": before}, {"ip": device.ip}
    if before != device.ip:
        record_event("license.ip_changed", license, actor=actor, now=now, before=sides[0], after=sides[1])


def refuse_unless_usable(license: License, *, now: dt.datetime) -> None:
    """Refused: AccountNotServed, LicenseSuspended, LicenseExpired, LicenseTerminated."""
    status, zone = db.session.execute(
        select(Account.status, Account.time_zone).where(Account.id == license.account_id)
    ).one()
    if status is not AccountStatus.ACTIVE:
        raise AccountNotServed
    if license.status is LicenseStatus.TERMINATED:
        raise LicenseTerminated
    if license.status is LicenseStatus.SUSPENDED:
        raise LicenseSuspended
    if license.status is LicenseStatus.EXPIRED or is_over(license.expires_on, zone=zone, now=now):
        raise LicenseExpired


def _take_place(license: License, device: Device, now: dt.datetime) -> None:
    """Lock the license to the device, or take one of the places besides; one guarded update, whoever else asks."""
    besides = case((or_(License.mac_address.is_(None), License.mac_address == device.mac_address), 0), else_=1)
    taken = (
        update(License)
        .where(License.id == license.id, License.status.in_(_USABLE), _has_place(device))
        .values(
            mac_address=func.coalesce(License.mac_address, device.mac_address),
            further_devices=License.further_devices + besides,
            last_valid_ip=device.ip,
            last_seen_at=now,
            activated_at=func.coalesce(License.activated_at, now),
            status=LicenseStatus.ACTIVE,
            version=License.version + 1,
        )
    )
    if not guarded(taken):
        reread(license)
        raise LockedToOtherDevice if _is_locked_to_another(license, device) else NoActivationLeft
    reread(license)


def _has_place(device: Device) -> ColumnElement[bool]:
    """Nothing is saved yet, or it is the device that is saved, or a place besides is free."""
    return or_(
        License.mac_address.is_(None),
        License.mac_address == device.mac_address,
        License.further_devices + 1 < License.activation_limit,
    )


def _give_place_back(license: License, device: Device) -> None:
    counted = update(License).where(
        License.id == license.id,
        License.mac_address.is_not(None),
        License.mac_address != device.mac_address,
        License.further_devices > 0,
    )
    guarded(counted.values(further_devices=License.further_devices - 1))
    reread(license)


def _is_locked_to_another(license: License, device: Device) -> bool:
    return license.activation_limit == 1 and license.mac_address not in (None, device.mac_address)


def _active(license: License, device: Device) -> LicenseActivation | None:
    return db.session.scalar(
        select(LicenseActivation)
        .where(
            LicenseActivation.license_id == license.id,
            LicenseActivation.mac_address == device.mac_address,
            LicenseActivation.deactivated_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )
