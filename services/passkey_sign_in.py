"""Coming in and proving it with a passkey: alone, after the password, or again before a sensitive act (SPEC A4).

These operations open their own units of work, like every door: the try is counted and committed first, the challenge
is used up by whatever answers it, and no transaction is open while a signature is checked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, update

from domain.passkeys import RelyingParty
from domain.refusals import Refusal
from extensions import db
from integrations.passkeys import (
    AnswerNotValid,
    Assertion,
    Claim,
    authentication_options,
    claim_of,
    verify_assertion,
)
from models.person import Person
from models.second_factor import Passkey, PasskeyPurpose
from models.sign_in import SignInDoor, SignInSession
from services.arrivals import arrive
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.failed_sign_ins import note_failed_try
from services.locks import guarded
from services.notifications import tell
from services.passkey_challenges import make_challenge, use_up_challenge
from services.passkeys import passkeys_of
from services.proofs import write_down_proof
from services.sessions import Browser, Lifetime, renew_session, start_session
from services.sign_in import Entry, lock_welcome_person, person_as_actor, refuse_from_elsewhere
from services.unit_of_work import unit_of_work


class PasskeyRefused(Refusal):
    """The same for an unknown passkey, a wrong answer, and a person who may not come in."""

    message = "This passkey could not be used to sign in. Try again, or sign in another way."


def ask_for_any_passkey(party: RelyingParty, *, now: dt.datetime) -> tuple[str, dict[str, Any]]:
    """A challenge for whoever is there, and what the browser needs to let them choose a passkey.

    The caller binds the challenge to the browser: nobody else may answer it.
    """
    challenge = make_challenge(PasskeyPurpose.SIGN_IN, None, now=now)
    return challenge, authentication_options(party, challenge, known=(), verify_user=True)


def ask_for_passkey_of(
    person: Person, purpose: PasskeyPurpose, party: RelyingParty, *, now: dt.datetime
) -> dict[str, Any]:
    """What the browser needs to use one of this person's passkeys."""
    challenge = make_challenge(purpose, person, now=now)
    known = [passkey.credential_id for passkey in passkeys_of(person)]
    return authentication_options(party, challenge, known=known, verify_user=person.passkey_only)


def sign_in_with_passkey_alone(
    answer: str, challenge: str, party: RelyingParty, browser: Browser, *, now: dt.datetime, lifetime: Lifetime
) -> Entry:
    """Let in who holds the passkey and was verified by its device: that is both steps at once.

    Refused: TooManyAttempts, NetworkNotAllowed, and PasskeyRefused for everything else.
    """
    claim = _claim(answer)
    passkey = db.session.scalar(select(Passkey).where(Passkey.credential_id == claim.credential_id))
    owner = None if passkey is None else db.session.get(Person, passkey.person_id)
    named = f"passkey {claim.credential_id.hex()}" if owner is None else owner.email or ""
    attempt_id = _count(named, browser, now)
    with _failures_noted(named, browser, now):
        is_ours = claim.challenge == challenge and _use_up(claim, PasskeyPurpose.SIGN_IN, None, now)
        if not is_ours or passkey is None or owner is None or claim.user_handle != owner.public_id:
            raise PasskeyRefused
        assertion = _verify(answer, party, claim, passkey, verify_user=True)
        refuse_from_elsewhere(owner.id, browser, now=now)
        _note_use(passkey, owner, assertion, browser, now)
    with unit_of_work():
        person = lock_welcome_person(owner.id)
        if person is None:
            raise PasskeyRefused
        take_back(attempt_id)
        session, token = start_session(person, browser, now=now, lifetime=lifetime, waits_for_second_step=False)
        arrive(person, browser, actor=person_as_actor(person, browser), now=now)
    return Entry(person, session, token, waits_for_second_step=False)


def sign_in_with_passkey(
    session: SignInSession,
    person: Person,
    answer: str,
    party: RelyingParty,
    browser: Browser,
    *,
    now: dt.datetime,
    lifetime: Lifetime,
) -> Entry:
    """Take the second step of a waiting session. Refused: TooManyAttempts, PasskeyRefused."""
    attempt_id = _check(person, answer, PasskeyPurpose.SIGN_IN, party, browser, now)
    with unit_of_work():
        token = renew_session(session, now=now, lifetime=lifetime)
        if token is None:
            raise PasskeyRefused
        take_back(attempt_id)
        arrive(person, browser, actor=person_as_actor(person, browser), now=now)
    return Entry(person, session, token, waits_for_second_step=False)


def prove_with_passkey(
    session: SignInSession,
    person: Person,
    answer: str,
    party: RelyingParty,
    browser: Browser,
    *,
    now: dt.datetime,
    lifetime: Lifetime,
) -> str:
    """Prove again who one is; give the session's new token. Refused: TooManyAttempts, PasskeyRefused, SessionOver."""
    attempt_id = _check(person, answer, PasskeyPurpose.PROVE, party, browser, now)
    with unit_of_work():
        take_back(attempt_id)
        return write_down_proof(session, person, browser, now=now, lifetime=lifetime)


def _check(
    person: Person, answer: str, purpose: PasskeyPurpose, party: RelyingParty, browser: Browser, now: dt.datetime
) -> int:
    """Check an answer by one of the person's passkeys; give the try, to be taken back."""
    attempt_id = _count(person.email or "", browser, now)
    with _failures_noted(person.email or "", browser, now):
        claim = _claim(answer)
        if not _use_up(claim, purpose, person, now):
            raise PasskeyRefused
        mine = select(Passkey).where(Passkey.credential_id == claim.credential_id, Passkey.person_id == person.id)
        passkey = db.session.scalar(mine)
        if passkey is None:
            raise PasskeyRefused
        assertion = _verify(answer, party, claim, passkey, verify_user=person.passkey_only)
        _note_use(passkey, person, assertion, browser, now)
    return attempt_id


@contextmanager
def _failures_noted(name: str, browser: Browser, now: dt.datetime) -> Iterator[None]:
    """Write a refused try into the log of whom it was about."""
    try:
        yield
    except PasskeyRefused:
        note_failed_try(name, browser.ip, now=now)
        raise


def _count(name: str, browser: Browser, now: dt.datetime) -> int:
    with unit_of_work():
        return count_attempt(name, ip=browser.ip, door=SignInDoor.PASSKEY, now=now)


def _claim(answer: str) -> Claim:
    try:
        return claim_of(answer)
    except AnswerNotValid:
        raise PasskeyRefused from None


def _use_up(claim: Claim, purpose: PasskeyPurpose, person: Person | None, now: dt.datetime) -> bool:
    with unit_of_work():
        return use_up_challenge(claim.challenge, purpose, person, now=now)


def _verify(answer: str, party: RelyingParty, claim: Claim, passkey: Passkey, *, verify_user: bool) -> Assertion:
    try:
        return verify_assertion(answer, party, claim.challenge, public_key=passkey.public_key, verify_user=verify_user)
    except AnswerNotValid:
        raise PasskeyRefused from None


def _note_use(passkey: Passkey, person: Person, assertion: Assertion, browser: Browser, now: dt.datetime) -> None:
    """Keep the new count. One that did not grow means that a copy of the passkey exists: refused, and reported.

    Authenticators that do not count say zero each time. The guard is in the statement: of two, one is told.
    """
    counts = assertion.sign_count > 0
    grown = Passkey.sign_count < assertion.sign_count if counts else Passkey.sign_count == 0
    with unit_of_work():
        used = guarded(
            update(Passkey)
            .where(Passkey.id == passkey.id, grown)
            .values(sign_count=assertion.sign_count, backed_up=assertion.backed_up, last_used_at=now)
        )
        if not used:
            actor = person_as_actor(person, browser)
            record_event("person.passkey_refused", person, actor=actor, now=now, after={"name": passkey.name})
            tell(person, "passkey_refused", now=now, passkey=passkey.name)
    if not used:
        raise PasskeyRefused
