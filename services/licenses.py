"""Licenses: the hardware lock and its resets, and the words a customer gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.license import HardwareReset, License, LicenseActivation
from services.audit import record_event
from services.license_report import LONGEST_NAME, tell_report
from services.locks import guarded, locked, reread
from services.people import acts_for_provider
from services.records import edit_record

MOST_RESETS_GRANTED: Final = 100
LONGEST_CODE: Final = 60
_MEMBERS_EDIT: Final = frozenset({"reference", "app_name"})
_STAFF_EDIT: Final = _MEMBERS_EDIT | {"licensee", "expires_on", "activation_limit"}


class NoResetsLeft(Refusal):
    message = "No resets are left for this license. Ask support for more."


class NothingToReset(Refusal):
    message = "No MAC or IP address is saved for this license, so there is nothing to reset."


class LicenseNotInUse(Refusal):
    message = "Only a license in use can be reset. Renew it first, or ask support."


class ResetsNotReadable(Refusal):
    message = Sentence(
        "Enter how many resets to grant: a whole number from 1 to %(most_resets_granted)s.",
        most_resets_granted=MOST_RESETS_GRANTED,
    )


class BrandingNotEnabled(Refusal):
    message = "An app name can be given only where branding is enabled. Ask support to enable it."


class FieldNotEditable(Refusal):
    message = "Part of this form cannot be changed here. Reload the page and try again."


def license_of_code(code: str, *, account_id: int | None) -> License | None:
    """The license with this code, of this account; None stands for the provider, who sees all of them."""
    if not code or len(code) > LONGEST_CODE or "\0" in code:
        return None
    found = select(License).where(License.code == code)
    return db.session.scalar(found if account_id is None else found.where(License.account_id == account_id))


def reset_hardware_lock(license: License, *, actor: Actor, now: dt.datetime, reason: str = "") -> License:
    """Clear the saved MAC address and last valid IP, so that another device can activate; one reset is used up by it.

    Devices that are active lose their activation. Refused: NothingToReset, NoResetsLeft, LicenseNotInUse.
    """
    locked(license)
    mac_address, last_valid_ip = license.mac_address, license.last_valid_ip
    cleared = (
        update(License)
        .where(License.id == license.id, License.can_reset)
        .values(
            resets_left=License.resets_left - 1,
            mac_address=None,
            last_valid_ip=None,
            further_devices=0,
            version=License.version + 1,
        )
    )
    if not guarded(cleared):
        raise _why_not_reset(license)
    db.session.execute(
        update(LicenseActivation)
        .where(LicenseActivation.license_id == license.id, LicenseActivation.deactivated_at.is_(None))
        .values(deactivated_at=now)
    )
    reread(license)
    reset = HardwareReset(
        account_id=license.account_id,
        license_id=license.id,
        reset_at=now,
        reset_by=actor.name[:LONGEST_NAME],
        reset_by_person_id=actor.person_id,
        mac_address=mac_address,
        last_valid_ip=last_valid_ip,
        resets_left=license.resets_left,
    )
    db.session.add(reset)
    db.session.flush()
    record_event(
        "license.hardware_lock_reset",
        license,
        actor=actor,
        now=now,
        before={"mac_address": mac_address, "last_valid_ip": last_valid_ip, "resets_left": license.resets_left + 1},
        after={"resets_left": license.resets_left, "reason": reason or None},
    )
    return license


def grant_resets(license: License, *, count: int, actor: Actor, now: dt.datetime) -> License:
    """Give a license more resets. Refused: ResetsNotReadable."""
    if type(count) is not int or not 1 <= count <= MOST_RESETS_GRANTED:
        raise ResetsNotReadable
    locked(license)
    before = license.resets_left
    more = update(License).where(License.id == license.id)
    guarded(more.values(resets_left=License.resets_left + count, version=License.version + 1))
    reread(license)
    sides = {"resets_left": before}, {"resets_left": license.resets_left}
    record_event("license.resets_granted", license, actor=actor, now=now, before=sides[0], after=sides[1])
    return license


def update_license(license: License, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> License:
    """Change what people write on a license. A changed app name stands in the report of the client app.

    Refused: BrandingNotEnabled, FieldNotEditable.
    """
    if not changes.keys() <= (_STAFF_EDIT if acts_for_provider(actor) else _MEMBERS_EDIT):
        raise FieldNotEditable
    cleaned = {name: (value.strip() or None) if isinstance(value, str) else value for name, value in changes.items()}
    app_name = license.app_name
    if cleaned.get("app_name", app_name) != app_name:
        if not has_branding(license):
            raise BrandingNotEnabled
        tell_report(license, "app_name", app_name, cleaned["app_name"], actor=actor, now=now)
    return edit_record(license, cleaned, actor=actor, now=now)


def has_branding(license: License) -> bool:
    """Whether its account's contract has branding, so that the app may bear a name of its own."""
    return db.session.get_one(Account, license.account_id).branding_enabled


def why_not_reset(license: License) -> str:
    """What to say of a license whose hardware lock cannot be reset now."""
    return _why_not_reset(license).message


def _why_not_reset(license: License) -> Refusal:
    """The reason to tell first is the one that no reset and no renewal would change."""
    if license.mac_address is None and license.last_valid_ip is None:
        return NothingToReset()
    return NoResetsLeft() if license.resets_left < 1 else LicenseNotInUse()
