"""Proving again who one is, for sensitive acts: with a factor, or with the password where there is none (SPEC A3).

These operations open their own units of work, like every door: the try is counted and committed before anything is
checked, in the same count as those at sign-in.
"""

from __future__ import annotations

import datetime as dt

from domain.refusals import Refusal
from models.person import Person
from models.sign_in import SignInDoor, SignInSession
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.failed_sign_ins import note_failed_try
from services.passwords import passwords
from services.second_step import needs_second_step, use_code
from services.sessions import Browser, Lifetime, renew_session
from services.sign_in import CodeRefused, person_as_actor
from services.unit_of_work import unit_of_work


class PasswordRefused(Refusal):
    message = "The password is not right. Check it and try again."


class PasswordNotEnough(Refusal):
    """Who stole a password must not pass by it where a second factor was set up."""

    message = "You have set up two-step verification. Use a code or a passkey instead of the password."


class SessionOver(Refusal):
    message = "Your session has ended. Sign in again."


def prove_with_code(
    session: SignInSession, person: Person, code: str, browser: Browser, *, now: dt.datetime, lifetime: Lifetime
) -> str:
    """Prove it by a time code or a recovery code, which is used up; give the session's new token.

    Refused: TooManyAttempts, CodeRefused, SessionOver.
    """
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=browser.ip, door=SignInDoor.CODE, now=now)
    try:
        with unit_of_work():
            door = use_code(person, code, now=now)
            if door is None:
                raise CodeRefused
            take_back(attempt_id)
            if door is SignInDoor.RECOVERY_CODE:
                _record("person.recovery_code_used", session, person, browser, now)
            return write_down_proof(session, person, browser, now=now, lifetime=lifetime)
    except CodeRefused:
        note_failed_try(person.email or "", browser.ip, now=now)
        raise


def prove_with_password(
    session: SignInSession, person: Person, password: str, browser: Browser, *, now: dt.datetime, lifetime: Lifetime
) -> str:
    """Prove it by the password, for who has no second factor; give the session's new token.

    Refused: TooManyAttempts, PasswordRefused, PasswordNotEnough, SessionOver.
    """
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=browser.ip, door=SignInDoor.PASSWORD, now=now)
    if not passwords.check(person.password_hash, password):
        note_failed_try(person.email or "", browser.ip, now=now)
        raise PasswordRefused
    with unit_of_work():
        if needs_second_step(person):
            raise PasswordNotEnough
        take_back(attempt_id)
        return write_down_proof(session, person, browser, now=now, lifetime=lifetime)


def write_down_proof(
    session: SignInSession, person: Person, browser: Browser, *, now: dt.datetime, lifetime: Lifetime
) -> str:
    """Let the session count as proved from now on, under a new token. Refused: SessionOver."""
    token = renew_session(session, now=now, lifetime=lifetime)
    if token is None:
        raise SessionOver
    _record("person.proved", session, person, browser, now)
    return token


def _record(event: str, session: SignInSession, person: Person, browser: Browser, now: dt.datetime) -> None:
    record_event(event, person, actor=person_as_actor(person, browser, session), now=now)
