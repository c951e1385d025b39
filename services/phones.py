"""A person's phone number: verified by a code sent to it, and released by a code sent to it (SPEC A10).

The number is no name and no way in: two people may have the same one. Codes are counted per person, per number and per
place, so that nobody can make the house send messages without end.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update

from domain.actor import Actor
from domain.attempts import TooManyAttempts, wait_in_words
from domain.refusals import Refusal
from domain.sentences import Sentence, counted, joined
from extensions import cipher, db
from models.account import Account
from models.identity import PhoneVerification, PhoneVerificationPurpose
from models.person import Person, PersonKind, PhoneState
from models.sign_in import SignInAttempt, SignInDoor
from services.attempts import count_attempt, hash_of_name, place_of, queue_up, take_back
from services.audit import record_event
from services.deliveries import cancel_deliveries
from services.locks import guarded, locked, rows_changed
from services.notifications import tell
from services.people import refuse_while_logged_in_as
from services.phone_numbers import normalise_phone, phone_in_words
from services.seats import live_seats
from services.settings import number_setting
from services.sms import queue_sms
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work

CODE_EVENT: Final = "phone_code"
DAY: Final = dt.timedelta(hours=24)
PLACES_SHARE: Final = 4  # an office behind one address may have so many times the codes of one person
_SENT: Final = hash_of_name("a code was sent by sms")  # under which name the codes of a place are counted


class PhoneIsVerified(Refusal):
    message = "Your number is verified. To change it, release it first: a code is sent to it."


class PhoneNotVerified(Refusal):
    message = "There is no verified number to release. Enter your new one."


class NoPhone(Refusal):
    message = "This person has no phone number."


class PhoneCodeNotRight(Refusal):
    """A wrong code, one that was used, superseded or is too old: the number of tries left says enough."""

    message = "The code is not right, or it does not work any more. Check it, or let a new one be sent."


class TooManyCodes(TooManyAttempts):
    """``wait`` is how long until the next code can be sent."""

    def __init__(self, wait: dt.timedelta, reason: str) -> None:
        self.wait = wait
        then = Sentence("Wait %(wait)s, then try again.", wait=_in_words(wait))
        Refusal.__init__(self, joined([Sentence(reason), then]))


@dataclass(frozen=True, slots=True)
class WaitingCode:
    """A code that was sent and not typed yet."""

    purpose: PhoneVerificationPurpose
    phone: str
    expires_at: dt.datetime


def has_verified_phone(person: Person) -> bool:
    """Whether messages can be sent to the person's telephone: only then SMS is offered."""
    return person.phone is not None and person.phone_state is PhoneState.VERIFIED


def country_of(person: Person) -> str | None:
    """The country whose way of dialling the person uses: that of their account; none for staff."""
    if person.kind is PersonKind.STAFF:
        return None
    seats = live_seats(person.id)
    account_id = person.managed_by_account_id or (seats[0].account_id if seats else None)
    return None if account_id is None else db.session.scalar(select(Account.country).where(Account.id == account_id))


def waiting_code(person: Person, *, now: dt.datetime) -> WaitingCode | None:
    """The code the person can type now, if there is one."""
    row = db.session.scalar(_live(person.id, now))
    return None if row is None else WaitingCode(row.purpose, row.phone, row.expires_at)


def send_verification_code(person: Person, typed: str, *, actor: Actor, now: dt.datetime) -> PhoneVerification:
    """Take a new number, not verified yet, and send a code to it.

    Refused: PhoneNotReadable, PhoneNotUsable, PhoneIsVerified, TooManyCodes, NotWhileLoggedInAs; ProofNeeded.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    number = normalise_phone(typed, country_of(person))
    locked(person)
    if has_verified_phone(person):
        raise PhoneIsVerified
    before = person.phone
    row = _send(person, number, PhoneVerificationPurpose.VERIFY, actor, now)
    if before != number:
        person.phone, person.phone_state = number, PhoneState.NOT_VERIFIED
        person.version += 1
        record_event("person.edited", person, actor=actor, now=now, before={"phone": before}, after={"phone": number})
    return row


def send_release_code(person: Person, *, actor: Actor, now: dt.datetime) -> PhoneVerification:
    """Send a code to the verified number, to release it.

    Refused: PhoneNotVerified, TooManyCodes, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(person)
    if person.phone is None or not has_verified_phone(person):
        raise PhoneNotVerified
    return _send(person, person.phone, PhoneVerificationPurpose.RELEASE, actor, now)


def use_phone_code(person: Person, typed: str, *, actor: Actor, now: dt.datetime) -> PhoneVerificationPurpose:
    """Take a code: the number is verified by it, or cleared, as the code was meant; give what it was meant for.

    Opens its own units of work: the try is counted and committed before the code is looked at, and of several with the
    right code one succeeds. Refused: PhoneCodeNotRight, TooManyAttempts, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=actor.ip, door=SignInDoor.PHONE_CODE, now=now)
        row: PhoneVerification | None = db.session.scalar(_live(person.id, now))
        counted = row is not None and _count_try(row, now)
    if row is None or not counted or not _fits(row, typed):
        raise PhoneCodeNotRight
    with unit_of_work():
        locked(person)
        if person.phone != row.phone or not _use_up(row, now):
            raise PhoneCodeNotRight
        take_back(attempt_id)
        if row.purpose is PhoneVerificationPurpose.VERIFY:
            _mark_verified(person, actor, now)
        else:
            _clear(person, actor, now)
    return row.purpose


def remove_phone(person: Person, *, actor: Actor, now: dt.datetime, account_id: int | None = None) -> Person:
    """Take away the number of somebody who cannot get a code there any more: only staff do. They are told by mail.

    Who may do this to whom is the caller's to decide. Refused: NoPhone, NotWhileLoggedInAs; ProofNeeded.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    locked(person)
    if person.phone is None:
        raise NoPhone
    _supersede(person, now)
    _clear(person, actor, now, account_id=account_id)
    return person


def _send(
    person: Person, number: str, purpose: PhoneVerificationPurpose, actor: Actor, now: dt.datetime
) -> PhoneVerification:
    place = place_of(actor.ip)
    queue_up(f"sms to {number}", f"sms from {place}")
    _refuse_too_many(person, number, place, now)
    _supersede(person, now)
    minutes = number_setting("sms_code_lifetime_minutes")
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = PhoneVerification(
        person_id=person.id,
        purpose=purpose,
        phone=number,
        code_hash=cipher.digest(_hashed(person.id, purpose, number, code)),
        expires_at=now + dt.timedelta(minutes=minutes),
        created_at=now,
    )
    db.session.add(row)
    # Counted as a success: sending is no try at a door. Only how many there were from this place is asked.
    db.session.add(SignInAttempt(door=SignInDoor.PHONE_CODE, name_hash=_SENT, ip=place, succeeded=True, at=now))
    db.session.flush()
    queue_sms(person, number, CODE_EVENT, now=now, not_after=row.expires_at, secret=True, code=code, minutes=minutes)
    return row


def _refuse_too_many(person: Person, number: str, place: str | None, now: dt.datetime) -> None:
    """The pause between two codes, then the day: of the person, of the number whoever asks, and of the place."""
    of_person, of_number = PhoneVerification.person_id == person.id, PhoneVerification.phone == number
    pause = dt.timedelta(seconds=number_setting("sms_pause_seconds"))
    for whose in (of_person, of_number):
        last = db.session.scalar(select(func.max(PhoneVerification.created_at)).where(whose))
        if last is not None and now - last < pause:
            raise TooManyCodes(min(last + pause - now, pause), "A code was sent a moment ago.")
    a_day = number_setting("sms_codes_per_day")
    sent, at = PhoneVerification.id, PhoneVerification.created_at
    for whose in (of_person, of_number):
        _refuse_beyond(a_day, select(at).where(whose, at > now - DAY).order_by(sent.desc()), now)
    if place is not None:
        at = SignInAttempt.at
        here = (SignInAttempt.ip == place, SignInAttempt.name_hash == _SENT, at > now - DAY)
        _refuse_beyond(PLACES_SHARE * a_day, select(at).where(*here).order_by(SignInAttempt.id.desc()), now)


def _refuse_beyond(most: int, moments: Any, now: dt.datetime) -> None:
    found = db.session.scalars(moments.limit(most)).all()
    if len(found) >= most:
        raise TooManyCodes(min(found[-1], now) + DAY - now, "Too many codes were sent today.")


def _supersede(person: Person, now: dt.datetime) -> None:
    """A newer code makes older ones worthless; those not sent yet are not sent any more."""
    rows_changed(
        update(PhoneVerification)
        .where(
            PhoneVerification.person_id == person.id,
            PhoneVerification.used_at.is_(None),
            PhoneVerification.superseded_at.is_(None),
        )
        .values(superseded_at=now)
    )
    cancel_deliveries([CODE_EVENT], person_id=person.id, now=now)


def _count_try(row: PhoneVerification, now: dt.datetime) -> bool:
    """Count a try at this code, unless none is left. The guard is in the statement, however many come at once."""
    most = number_setting("sms_code_tries")
    return guarded(
        update(PhoneVerification)
        .where(PhoneVerification.id == row.id, PhoneVerification.tries < most, *_works(now))
        .values(tries=PhoneVerification.tries + 1)
    )


def _use_up(row: PhoneVerification, now: dt.datetime) -> bool:
    return guarded(update(PhoneVerification).where(PhoneVerification.id == row.id, *_works(now)).values(used_at=now))


def _live(person_id: int, now: dt.datetime) -> Any:
    mine = select(PhoneVerification).where(PhoneVerification.person_id == person_id, *_works(now))
    return mine.order_by(PhoneVerification.id.desc()).limit(1).execution_options(populate_existing=True)


def _works(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        PhoneVerification.used_at.is_(None),
        PhoneVerification.superseded_at.is_(None),
        PhoneVerification.expires_at > now,
    )


def _fits(row: PhoneVerification, typed: str) -> bool:
    code = "".join(letter for letter in typed[:40] if not letter.isspace() and letter != "-")
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    made_of = _hashed(row.person_id, row.purpose, row.phone, code)
    return any(hmac.compare_digest(digest, row.code_hash) for digest in cipher.digests(made_of))


def _hashed(person_id: int, purpose: PhoneVerificationPurpose, number: str, code: str) -> str:
    """A hash of six digits is soon guessed back: it is keyed, and bound to whom and what the code is for."""
    return f"phone code|{person_id}|{purpose.value}|{number}|{code}"


def _mark_verified(person: Person, actor: Actor, now: dt.datetime) -> None:
    person.phone_state = PhoneState.VERIFIED
    person.version += 1
    db.session.flush()
    record_event("person.phone_verified", person, actor=actor, now=now, after={"phone": person.phone})
    tell(person, "phone_verified", now=now, phone=phone_in_words(person.phone or ""))


def _clear(person: Person, actor: Actor, now: dt.datetime, *, account_id: int | None = None) -> None:
    gone = person.phone or ""
    person.phone, person.phone_state = None, PhoneState.NOT_VERIFIED
    person.version += 1
    db.session.flush()
    record_event(
        "person.phone_removed",
        person,
        actor=actor,
        now=now,
        account_id=account_id,
        before={"phone": gone},
        after={"phone": None},
    )
    tell(person, "phone_removed", now=now, account_id=account_id, phone=phone_in_words(gone))


def _in_words(wait: dt.timedelta) -> Sentence:
    hours = int(wait / dt.timedelta(hours=1))
    return counted("%(count)s hour", "%(count)s hours", hours) if hours else wait_in_words(wait)
