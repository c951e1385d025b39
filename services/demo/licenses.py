"""Licenses of the demo: issued, activated on devices, reset, changed in the app's wizard, and ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from domain.codes import CODE_BITS, make_code
from domain.periods import add_months
from models.account import Account
from models.license import License, LicenseActivation, LicenseItem, LicenseStatus
from models.license_kind import LicenseDuration
from models.price import BillingPeriod
from services.audit import record_event
from services.demo.catalogue import PACKAGES, Plan
from services.demo.world import World, add, keep
from services.editions import editions_of, set_editions
from services.imports.bulk import insert_values
from services.licenses import update_license

_MONTHS: Final = {
    LicenseDuration.MONTHLY: 1,
    LicenseDuration.YEARLY: 12,
    LicenseDuration.TWO_YEARLY: 24,
}
_APPS: Final = ("pbx-1", "pbx-2", "voice", "calls", "office")


def issue_license(
    world: World,
    account: Account,
    plan: Plan,
    held: Mapping[str, int],
    period: BillingPeriod,
    at: dt.datetime,
    *,
    reference: str | None = None,
    licensee: str | None = None,
    duration: LicenseDuration | None = None,
) -> License:
    """Issue a license of a package with what it holds."""
    chance = world.chance(f"license {account.client_id} {plan.code} {at.isoformat()} {reference}")
    duration = duration or LicenseDuration.of(period)
    license = add(
        License(
            account_id=account.id,
            code=make_code(chance.getrandbits(CODE_BITS)),
            kind=plan.kind,
            package_id=world.packages[plan.code].id,
            duration=duration,
            currency=account.currency,
            expires_on=_last_day(duration, at.date(), world.today),
            reference=reference,
            licensee=licensee,
            created_at=at,
        )
    )
    insert_values(
        LicenseItem,
        [
            {
                "account_id": account.id,
                "license_id": license.id,
                "product_id": world.products[code].id,
                "quantity": quantity,
                "in_app": 0,
                "version": 1,
            }
            for code, quantity in held.items()
        ],
    )
    record_event("license.issued", license, actor=world.as_owner(account), now=at,
                 after={"package": world.packages[plan.code].name, "duration": duration})  # fmt: skip
    return license


def issue_loose_license(
    world: World,
    account: Account,
    plan_code: str,
    duration: LicenseDuration,
    at: dt.datetime,
    *,
    reference: str | None = None,
    licensee: str | None = None,
) -> License:
    """Issue a license that no subscription pays for: bought once, or a trial."""
    plan = next(plan for plan in PACKAGES if plan.code == plan_code)
    held = dict(plan.contents)
    return issue_license(world, account, plan, held, BillingPeriod.ONCE, at, reference=reference, licensee=licensee,
                         duration=duration)  # fmt: skip


def activate(world: World, license: License, at: dt.datetime) -> None:
    """Let a device take the license: its addresses are saved, and the license is locked to them."""
    chance = world.chance(f"device {license.code} {at.isoformat()}")
    mac = ":".join(f"{part:02X}" for part in (0x00, 0x1A, 0x4B, *(chance.randrange(256) for _ in range(3))))
    ip = f"198.51.100.{chance.randrange(1, 255)}" if chance.random() < 0.8 else f"2001:db8::{chance.randrange(1, 9999)}"
    seen = max(at, min(world.now, world.ago(chance.randrange(0, 5), hour=chance.randrange(0, 8))))
    license.status = LicenseStatus.ACTIVE
    license.activated_at = license.activated_at or at
    license.mac_address, license.last_valid_ip, license.last_seen_at = mac, ip, seen
    license.version += 1
    keep(
        LicenseActivation(
            account_id=license.account_id,
            license_id=license.id,
            mac_address=mac,
            ip=ip,
            hostname=f"{chance.choice(_APPS)}.{license.code[:4].lower()}.example",
            activated_at=at,
            last_seen_at=seen,
        )
    )
    record_event("license.activated", license, actor=world.system, now=at, after={"mac_address": mac, "ip": ip})


def set_status(world: World, license: License, status: LicenseStatus, at: dt.datetime) -> None:
    """Suspend a license, end it, or say that it ran out."""
    before = license.status
    license.status = status
    license.version += 1
    events = {LicenseStatus.SUSPENDED: "license.suspended", LicenseStatus.TERMINATED: "license.terminated"}
    if status is LicenseStatus.EXPIRED:
        license.expires_on = at.date() - dt.timedelta(days=1)
    event = events.get(status, "license.edited")
    record_event(event, license, actor=world.as_staff("admin"), now=at, before={"status": before},
                 after={"status": status})  # fmt: skip


def change_editions(world: World, license: License, account: Account, at: dt.datetime) -> None:
    """Set up more or fewer seats of an edition in the app's wizard, or change the name the app bears."""
    chance = world.chance(f"wizard {license.code} {at.isoformat()}")
    actor = world.as_owner(account)
    if account.branding_enabled and chance.random() < 0.2:
        update_license(license, {"app_name": f"{account.name.split()[0]} Talk"}, actor=actor, now=at)
        return
    seats = editions_of(license)
    if seats:
        chosen = chance.choice(seats)
        number = chance.randrange(chosen.held // 2, chosen.held + 1)
        set_editions(license, {chosen.code: number}, actor=actor, now=at)


def _last_day(duration: LicenseDuration, begun: dt.date, today: dt.date) -> dt.date | None:
    """The end of the term in which today lies: the license is renewed until then."""
    if duration is LicenseDuration.PERPETUAL:
        return None
    if duration is LicenseDuration.TRIAL:
        return begun + dt.timedelta(days=29)
    months = _MONTHS[duration]
    number = 1
    while add_months(begun, months * number) <= today:
        number += 1
    return add_months(begun, months * number) - dt.timedelta(days=1)
