"""Time codes and recovery codes of one's own: set up, confirmed by a first code, and taken away (SPEC A3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import pyotp
from sqlalchemy import delete, select, update

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import cipher, db
from models.person import Person
from models.second_factor import RecoveryCode, TotpFactor
from models.sign_in import SessionEnd, SignInDoor, SignInSession
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.locks import guarded, locked
from services.notifications import tell
from services.second_step import factors_of, make_recovery_codes, step_of_code
from services.sessions import end_sessions
from services.sign_in import CodeRefused
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work

ENROLMENT_LIVES: Final = dt.timedelta(minutes=60)


class TimeCodesOn(Refusal):
    message = "Time codes are switched on already. Remove them first to use another app."


class TimeCodesOff(Refusal):
    message = "Time codes are switched off already."


class EnrolmentOver(Refusal):
    message = "This set-up is too old, or a newer one took its place. Scan the code that is shown now."


class NothingToRecover(Refusal):
    message = "Recovery codes stand in for a lost app or passkey. Set up one of these first."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that waits for its first code; until then it changes nothing. ``uri`` is what the picture says."""

    secret: str
    uri: str


def start_enrolment(person: Person, *, issuer: str, actor: Actor, now: dt.datetime) -> Enrolment:
    """Make a secret for an authenticator app; one that was not confirmed is forgotten.

    ``issuer`` is the name the app shows. Refused: TimeCodesOn.
    """
    require_recent_proof(actor, now=now)
    locked(person)
    if factors_of(person).time_codes:
        raise TimeCodesOn
    db.session.execute(delete(TotpFactor).where(TotpFactor.person_id == person.id))
    secret = pyotp.random_base32()
    db.session.add(TotpFactor(person_id=person.id, secret=cipher.encrypt(secret), created_at=now))
    db.session.flush()
    return _enrolment(person, secret, issuer)


def open_enrolment(person: Person, *, issuer: str, actor: Actor, now: dt.datetime) -> Enrolment | None:
    """The secret that waits for its first code; None when there is none that is young enough."""
    require_recent_proof(actor, now=now)
    factor = _waiting(person, now)
    return None if factor is None else _enrolment(person, cipher.decrypt(factor.secret), issuer)


def confirm_enrolment(person: Person, code: str, *, actor: Actor, now: dt.datetime) -> list[str]:
    """Switch time codes on by the first code, which is used up by it; give new recovery codes if none are left.

    Refused: TooManyAttempts, EnrolmentOver, CodeRefused. Opens its own units of work: tries are counted as elsewhere.
    """
    require_recent_proof(actor, now=now)
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=actor.ip, door=SignInDoor.CODE, now=now)
    with unit_of_work():
        locked(person)
        factor = _waiting(person, now)
        if factor is None:
            raise EnrolmentOver
        step = step_of_code(factor, code, now=now)
        confirmed = (
            update(TotpFactor)
            .where(TotpFactor.id == factor.id, TotpFactor.confirmed_at.is_(None))
            .values(confirmed_at=now, last_used_step=step)
        )
        if step is None or not guarded(confirmed):
            raise CodeRefused
        take_back(attempt_id)
        codes = [] if factors_of(person).recovery_codes else make_recovery_codes(person, now=now)
        record_event("person.two_step_enabled", person, actor=actor, now=now)
        tell(person, "factors_changed", now=now, what=Sentence("Time codes of an authenticator app were switched on."))
    return codes


def remove_time_codes(person: Person, session: SignInSession | None, *, actor: Actor, now: dt.datetime) -> Person:
    """Switch time codes off; all other sessions end. Refused: TimeCodesOff."""
    require_recent_proof(actor, now=now)
    locked(person)
    if not factors_of(person).time_codes:
        raise TimeCodesOff
    db.session.execute(delete(TotpFactor).where(TotpFactor.person_id == person.id))
    forget_recovery_codes_of_nothing(person)
    end_sessions(person.id, SessionEnd.FACTOR_RESET, now=now, keep=session)
    record_event("person.two_step_disabled", person, actor=actor, now=now)
    tell(person, "factors_changed", now=now, what=Sentence("Time codes of an authenticator app were switched off."))
    return person


def renew_recovery_codes(person: Person, *, actor: Actor, now: dt.datetime) -> list[str]:
    """Make new recovery codes, which nobody can read again later; the old ones stop working.

    Refused: NothingToRecover.
    """
    require_recent_proof(actor, now=now)
    locked(person)
    if not factors_of(person).any:
        raise NothingToRecover
    codes = make_recovery_codes(person, now=now)
    record_event("person.recovery_codes_made", person, actor=actor, now=now)
    tell(
        person, "factors_changed", now=now, what=Sentence("New recovery codes were made. The old ones stopped working.")
    )
    return codes


def forget_recovery_codes_of_nothing(person: Person) -> None:
    """Delete the recovery codes once there is no factor left that they could stand in for."""
    if not factors_of(person).any:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))


def _waiting(person: Person, now: dt.datetime) -> TotpFactor | None:
    return db.session.scalar(
        select(TotpFactor).where(
            TotpFactor.person_id == person.id,
            TotpFactor.confirmed_at.is_(None),
            TotpFactor.created_at > now - ENROLMENT_LIVES,
        )
    )


def _enrolment(person: Person, secret: str, issuer: str) -> Enrolment:
    name = person.email or str(person)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))
