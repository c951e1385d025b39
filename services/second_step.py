"""The second step: time codes and recovery codes. Each code works once, however many try it at the same moment."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import cast

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult

from extensions import cipher, db
from models.person import Person
from models.second_factor import Passkey, RecoveryCode, TotpFactor
from models.sign_in import SignInDoor

RECOVERY_CODES = 10
_STEPS_AROUND = 1  # clocks of telephones are off by up to half a minute
_TIME_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(r"[a-z2-7]{16}")
_RECOVERY_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person can show besides the password. Recovery codes only stand in for one of the others."""

    time_codes: bool
    passkeys: int
    recovery_codes: int

    @property
    def any(self) -> bool:
        return self.time_codes or self.passkeys > 0


def factors_of(person: Person) -> Factors:
    """What the person has set up and confirmed, and how many recovery codes are left."""
    time_codes = select(func.count()).where(TotpFactor.person_id == person.id, TotpFactor.confirmed_at.is_not(None))
    passkeys = select(func.count()).where(Passkey.person_id == person.id)
    left = select(func.count()).where(RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
    found = db.session.execute(
        select(time_codes.scalar_subquery(), passkeys.scalar_subquery(), left.scalar_subquery())
    ).one()
    return Factors(time_codes=bool(found[0]), passkeys=found[1], recovery_codes=found[2])


def needs_second_step(person: Person) -> bool:
    """Whether the person has a confirmed time code or a passkey."""
    return factors_of(person).any


def use_code(person: Person, code: str, *, now: dt.datetime) -> SignInDoor | None:
    """Use up a time code or a recovery code; give the kind of code it was, or None when it is not right (any more)."""
    written = _written(code)
    if _TIME_CODE.fullmatch(written):
        return SignInDoor.CODE if _use_time_code(person, written, now) else None
    if _RECOVERY_CODE.fullmatch(written):
        return SignInDoor.RECOVERY_CODE if _use_recovery_code(person, written, now) else None
    return None


def set_time_code(person: Person, secret: str, *, now: dt.datetime) -> TotpFactor:
    """Give the person this authenticator secret (base 32), instead of the one they may have."""
    db.session.execute(delete(TotpFactor).where(TotpFactor.person_id == person.id))
    factor = TotpFactor(person_id=person.id, secret=cipher.encrypt(secret), confirmed_at=now, created_at=now)
    db.session.add(factor)
    db.session.flush()
    return factor


def make_recovery_codes(person: Person, *, now: dt.datetime) -> list[str]:
    """Give the person new recovery codes instead of the old ones; only their hashes are kept, so show them now."""
    codes = ["".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    db.session.add_all(
        RecoveryCode(person_id=person.id, code_hash=_hash_of_recovery_code(code), created_at=now) for code in codes
    )
    db.session.flush()
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def step_of_code(factor: TotpFactor, code: str, *, now: dt.datetime) -> int | None:
    """The half minute in which the app showed this code; None when it is not right. It may have been used already."""
    written = _written(code)
    if not _TIME_CODE.fullmatch(written):
        return None
    try:
        return pyotp.TOTP(cipher.decrypt(factor.secret)).verify_and_get_timecode(
            written, for_time=now, valid_window=_STEPS_AROUND
        )
    except pyotp.OTPVerificationError:
        return None


def _written(code: str) -> str:
    return "".join(character for character in code if not character.isspace() and character != "-").lower()


def _use_time_code(person: Person, code: str, now: dt.datetime) -> bool:
    factor = db.session.scalar(
        select(TotpFactor).where(TotpFactor.person_id == person.id, TotpFactor.confirmed_at.is_not(None))
    )
    step = None if factor is None else step_of_code(factor, code, now=now)
    if factor is None or step is None:
        return False
    # The guard is in the statement: of several with the same code, one finds the step still unused.
    used = db.session.execute(
        update(TotpFactor)
        .where(TotpFactor.id == factor.id, TotpFactor.last_used_step < step)
        .values(last_used_step=step)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[None]", used).rowcount == 1


def _use_recovery_code(person: Person, code: str, now: dt.datetime) -> bool:
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == _hash_of_recovery_code(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[None]", used).rowcount == 1


def _hash_of_recovery_code(code: str) -> str:
    """A recovery code has 80 random bits: a plain hash cannot be guessed back."""
    return hashlib.sha256(code.encode()).hexdigest()
