"""Signing in: the password, then the code where one is set. Who may not come in learns nothing about why.

These operations open their own units of work: the try is counted and committed before anything is checked, and no
transaction is open while a password is hashed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Row, and_, select, update

from domain.actor import Actor, Source
from domain.contact import canonical_email
from domain.refusals import Refusal
from extensions import db
from models.person import Person, PersonKind
from models.sign_in import PasswordReset, PasswordResetKind, SessionEnd, SignInDoor, SignInSession
from services.arrivals import arrive
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.failed_sign_ins import note_failed_try
from services.login_as import end_with_sign_out
from services.networks import NetworkNotAllowed, person_may_come_from
from services.passwords import passwords
from services.seats import has_live_seat
from services.second_step import needs_second_step, use_code
from services.sessions import Browser, Lifetime, end_session, renew_session, start_session
from services.unit_of_work import unit_of_work


class SignInRefused(Refusal):
    """The same for everybody: unknown, disabled, without a seat, or with another password."""

    message = "The e-mail address or the password is not right. Check both and try again."


class CodeRefused(Refusal):
    message = "The code is not right, or it was used already. Wait for the next one and try again."


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that was started, and the token for its cookie."""

    person: Person
    session: SignInSession
    token: str
    waits_for_second_step: bool


def sign_in(
    email: str, password: str, browser: Browser, *, now: dt.datetime, lifetime: Lifetime, remember: bool = False
) -> Entry:
    """Check a password and start a session, which may have to wait for the second step.

    Refused: TooManyAttempts, NetworkNotAllowed (only to who has the right password), and SignInRefused for everything
    else, at the same cost. A temporary password works once.
    """
    with unit_of_work():
        attempt_id = count_attempt(email, ip=browser.ip, door=SignInDoor.PASSWORD, now=now)
        candidate = _candidate(email, now)
    hashed = None if candidate is None else candidate.temporary_hash or candidate.password_hash
    if not passwords.check(hashed, password) or candidate is None or hashed is None:
        note_failed_try(email, browser.ip, now=now)
        raise SignInRefused
    refuse_from_elsewhere(candidate.id, browser, now=now)
    renewed = passwords.make(password) if passwords.is_outdated(hashed) else None
    with unit_of_work():
        person = lock_welcome_person(candidate.id)
        if person is None or person.password_changed_at != candidate.password_changed_at:
            raise SignInRefused
        if candidate.temporary_id is not None:
            _use_up_temporary_password(candidate.temporary_id, now)
        elif renewed is not None:
            person.password_hash = renewed
        take_back(attempt_id)
        waits = needs_second_step(person)
        session, token = start_session(
            person, browser, now=now, lifetime=lifetime, waits_for_second_step=waits, remember=remember
        )
        if not waits:
            _arrive(person, browser, now)
    return Entry(person, session, token, waits)


def sign_in_with_code(
    session: SignInSession, person: Person, code: str, browser: Browser, *, now: dt.datetime, lifetime: Lifetime
) -> Entry:
    """Take the second step of a waiting session. Refused: TooManyAttempts, CodeRefused."""
    with unit_of_work():
        attempt_id = count_attempt(person.email or "", ip=browser.ip, door=SignInDoor.CODE, now=now)
    try:
        with unit_of_work():
            door = use_code(person, code, now=now)
            token = None if door is None else renew_session(session, now=now, lifetime=lifetime)
            if token is None:
                raise CodeRefused
            take_back(attempt_id)
            _arrive(person, browser, now, by_recovery_code=door is SignInDoor.RECOVERY_CODE)
    except CodeRefused:
        note_failed_try(person.email or "", browser.ip, now=now)
        raise
    return Entry(person, session, token, waits_for_second_step=False)


def let_in(person_id: int, browser: Browser, *, now: dt.datetime, lifetime: Lifetime) -> Entry:
    """Start a session for who proved elsewhere who they are (services/social_identities.py); a second step is asked.

    Call it in a unit of work. Refused: SignInRefused, also for who wants to be let in by a passkey only.
    """
    person = lock_welcome_person(person_id)
    if person is None or person.passkey_only:
        raise SignInRefused
    waits = needs_second_step(person)
    session, token = start_session(person, browser, now=now, lifetime=lifetime, waits_for_second_step=waits)
    if not waits:
        _arrive(person, browser, now)
    return Entry(person, session, token, waits)


def sign_out(session: SignInSession, person: Person, *, actor: Actor, now: dt.datetime) -> None:
    """End the session for good, and with it a login as a member."""
    end_with_sign_out(session, actor=actor, now=now)
    end_session(session, SessionEnd.SIGNED_OUT, now=now)
    record_event("person.signed_out", person, actor=actor, now=now)


def person_as_actor(person: Person, browser: Browser, session: SignInSession | None = None) -> Actor:
    """A person who acts for themself, before any account is chosen; with their session, what they proved lately."""
    source = Source.STAFF if person.kind is PersonKind.STAFF else Source.PORTAL
    return Actor(
        name=str(person) or person.public_id,
        source=source,
        person_id=person.id,
        ip=browser.ip,
        proved_at=None if session is None else session.proved_at,
    )


def find_welcome_person(email: str) -> Person | None:
    """The person with this address who may come in at all."""
    found = select(Person).where(Person.email == canonical_email(email), Person.can_sign_in, has_live_seat())
    return db.session.scalar(found)


def _candidate(email: str, now: dt.datetime) -> Row[int, str | None, dt.datetime | None, int, str] | None:
    """What the password is to be checked against, read in one statement whoever it is."""
    temporary = and_(
        PasswordReset.person_id == Person.id,
        PasswordReset.email == Person.email,
        PasswordReset.kind == PasswordResetKind.TEMPORARY_PASSWORD,
        PasswordReset.used_at.is_(None),
        PasswordReset.superseded_at.is_(None),
        PasswordReset.expires_at > now,
    )
    return db.session.execute(
        select(
            Person.id,
            Person.password_hash,
            Person.password_changed_at,
            PasswordReset.id.label("temporary_id"),
            PasswordReset.token_hash.label("temporary_hash"),
        )
        .outerjoin(PasswordReset, temporary)
        .where(
            Person.email == canonical_email(email), Person.can_sign_in, Person.passkey_only.is_(False), has_live_seat()
        )
    ).one_or_none()


def lock_welcome_person(person_id: int) -> Person | None:
    """Read the person again, locked: between the check and now they may have been disabled."""
    return db.session.scalar(
        select(Person)
        .where(Person.id == person_id, Person.can_sign_in, has_live_seat())
        .with_for_update(of=Person)
        .execution_options(populate_existing=True)
    )


def _use_up_temporary_password(reset_id: int, now: dt.datetime) -> None:
    used = db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.id == reset_id, PasswordReset.used_at.is_(None), PasswordReset.superseded_at.is_(None))
        .values(used_at=now)
        .returning(PasswordReset.id)
    )
    if not used.all():
        raise SignInRefused


def refuse_from_elsewhere(person_id: int, browser: Browser, *, now: dt.datetime) -> None:
    """Refuse, and record, who proved who they are from a network that their own list does not hold.

    Opens its own unit of work. Refused: NetworkNotAllowed.
    """
    if person_may_come_from(person_id, browser.ip):
        return
    with unit_of_work():
        _note_refused_network(db.session.get_one(Person, person_id), browser, now)
    raise NetworkNotAllowed


def _note_refused_network(person: Person, browser: Browser, now: dt.datetime) -> None:
    record_event("person.sign_in_refused", person, actor=person_as_actor(person, browser), now=now)


def _arrive(person: Person, browser: Browser, now: dt.datetime, *, by_recovery_code: bool = False) -> None:
    actor = person_as_actor(person, browser)
    if by_recovery_code:
        record_event("person.recovery_code_used", person, actor=actor, now=now)
    arrive(person, browser, actor=actor, now=now)
