"""Where devices come in: the license is found by its code, guesses are counted, and the answer is signed.

Counted are codes that nobody has, by the address they come from; and by license what is refused or changes something.
What is right and changes nothing costs no attempt and no write.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, delete, select

from domain.actor import Actor, Source
from domain.attempts import CODE_GUESSES, LICENSE_ACTS, AttemptLimit, check_attempts
from domain.codes import possible_codes
from domain.entitlements import check_nonce
from domain.hardware import normalise_ip, normalise_mac
from domain.refusals import Refusal
from extensions import db
from models.license import License, LicenseActivation, LicenseAttempt
from services.activations import Device, Outcome, activate_license, check_activation, deactivate_license
from services.attempts import KEPT_FOR, place_of, queue_up
from services.entitlement_signing import DEACTIVATION, ENTITLEMENTS, Signed, entitlement_signer
from services.entitlements import deactivation_of, entitlements_of
from services.unit_of_work import unit_of_work


class LicenseUnknown(Refusal):
    """Said of every code that leads to no license, however it is written."""

    message = "No license has this code. Check it, or ask your provider."


@dataclass(frozen=True, slots=True)
class Question:
    """What a device asks: the code as it was typed, its addresses, and the nonce that the answer repeats."""

    code: str
    device: Device
    nonce: str


class _Act(NamedTuple):
    carry_out: Callable[..., Outcome]
    kind: str
    tell: Callable[..., Mapping[str, object]]


ACTS: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "activate": _Act(activate_license, ENTITLEMENTS, entitlements_of),
        "check": _Act(check_activation, ENTITLEMENTS, entitlements_of),
        "deactivate": _Act(deactivate_license, DEACTIVATION, deactivation_of),
    }
)


def read_device(mac_address: str, ip: str, hostname: str | None) -> Device:
    """Both addresses in their one spelling. Refused: MacNotReadable, MacNotOfDevice, IpNotReadable."""
    name = "".join(letter for letter in hostname or "" if letter.isprintable()).strip()
    return Device(normalise_mac(mac_address), normalise_ip(ip), name or None)


def answer_device(act: str, asked: Question, *, ip: str | None, issuer: str, now: dt.datetime) -> Signed:
    """Do what a device asks (a name of ACTS) and sign the answer. ``ip`` is where the request comes from.

    Opens its own unit of work, which keeps the attempt of a question that is refused. Refused: NonceNotReadable,
    TooManyAttempts, LicenseUnknown, and what services/activations.py refuses.
    """
    check_nonce(asked.nonce)
    with unit_of_work():
        done = _attempt(ACTS[act], asked, ip, issuer, now)
    if isinstance(done, Refusal):
        raise done
    return done


def forget_old_license_attempts(*, now: dt.datetime) -> int:
    """Delete what is too old to count or to be looked into; give the number of rows."""
    old = (
        select(LicenseAttempt.id)
        .where(LicenseAttempt.at < now - KEPT_FOR)
        .limit(1000)
        .with_for_update(skip_locked=True)
    )
    ids = db.session.scalars(old).all()
    if ids:
        db.session.execute(delete(LicenseAttempt).where(LicenseAttempt.id.in_(ids)))
    return len(ids)


def find_license(code: str) -> License | None:
    """The license that a code stands for, read kindly: spaces, small letters and look-alikes do not matter."""
    guesses = possible_codes(code)
    found = {license.code: license for license in db.session.scalars(select(License).where(License.code.in_(guesses)))}
    return next((found[guess] for guess in guesses if guess in found), None)


def _attempt(act: _Act, asked: Question, ip: str | None, issuer: str, now: dt.datetime) -> Signed | Refusal:
    """Those who come from one place, and those who ask for one license, pass one by one: so no guess slips by."""
    place = place_of(ip)
    queue_up(f"devices at {place}")
    check_attempts(
        _recent(LicenseAttempt.ip == place, LicenseAttempt.code_hash.is_(None), CODE_GUESSES, now),
        now=now,
        limit=CODE_GUESSES,
    )
    license = find_license(asked.code)
    if license is None:
        _count(None, place, now)
        return LicenseUnknown()
    code_hash = hashlib.sha256(license.code.encode()).hexdigest()
    queue_up(f"license {code_hash}")
    limit = replace(LICENSE_ACTS, attempts=LICENSE_ACTS.attempts + license.activation_limit)
    check_attempts(_recent(LicenseAttempt.code_hash == code_hash, None, limit, now), now=now, limit=limit)
    device = asked.device
    actor = Actor(f"Device {device.mac_address}", Source.API, account_id=license.account_id, ip=ip)
    try:
        with db.session.begin_nested():
            outcome = act.carry_out(license, device, actor=actor, now=now)
    except Refusal as refusal:
        _count(code_hash, place, now)
        return refusal
    if outcome.changed:
        _count(code_hash, place, now)
    return _signed(act, license, outcome.activation, asked.nonce, issuer, now)


def _signed(
    act: _Act, license: License, activation: LicenseActivation, nonce: str, issuer: str, now: dt.datetime
) -> Signed:
    return entitlement_signer.sign(act.kind, act.tell(license, activation, nonce=nonce, issuer=issuer, now=now))


def _count(code_hash: str | None, place: str | None, now: dt.datetime) -> None:
    db.session.add(LicenseAttempt(code_hash=code_hash, ip=place, at=now))
    db.session.flush()


def _recent(
    whose: ColumnElement[bool], which: ColumnElement[bool] | None, limit: AttemptLimit, now: dt.datetime
) -> Sequence[dt.datetime]:
    """When the last ones were: as many as the limit needs to know."""
    found = select(LicenseAttempt.at).where(whose, LicenseAttempt.at > now - limit.window)
    if which is not None:
        found = found.where(which)
    return db.session.scalars(found.order_by(LicenseAttempt.at.desc()).limit(limit.attempts)).all()
