"""Sessions of people who signed in: kept in the database, so that ending one is felt with the next click."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update

from extensions import db
from models.person import Person
from models.sign_in import AllowedNetwork, SessionEnd, SignInSession
from services.asked_policies import policy_waits
from services.seats import has_live_seat

TOUCHED_EVERY = dt.timedelta(minutes=5)
SECOND_STEP_WITHIN = dt.timedelta(minutes=10)
_LONGEST_USER_AGENT = 400
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives: without a click, and at most."""

    idle: dt.timedelta = dt.timedelta(hours=12)
    absolute: dt.timedelta = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from, as far as it can be known."""

    ip: str | None = None
    user_agent: str | None = None
    device: str | None = None  # the token of its device cookie


def start_session(
    person: Person,
    browser: Browser,
    *,
    now: dt.datetime,
    lifetime: Lifetime,
    waits_for_second_step: bool,
    remember: bool = False,
) -> tuple[SignInSession, str]:
    """Start a session; give its row and the token for the cookie, which is known to nobody else afterwards.

    One to ``remember`` does not go idle: it lasts its lifetime.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session = SignInSession(
        person_id=person.id,
        token_hash=hash_of_token(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + (SECOND_STEP_WITHIN if waits_for_second_step else lifetime.absolute),
        ip=browser.ip,
        user_agent=_cleaned(browser.user_agent),
        second_step_at=None if waits_for_second_step else now,
        proved_at=None if waits_for_second_step else now,
        remember=remember,
    )
    db.session.add(session)
    db.session.flush()
    return session, token


class FoundSession(NamedTuple):
    """A living session and its person.

    ``networks_listed``: they come in from some networks only. ``policy_waits``: a mandatory policy is to be accepted.
    """

    session: SignInSession
    person: Person
    networks_listed: bool
    policy_waits: bool


def find_living_session(token: str, *, now: dt.datetime, lifetime: Lifetime) -> FoundSession | None:
    """Find the living session of a cookie, in one statement; None when there is none.

    Dead are the ended, the expired, the idle, and those of a person who was disabled or has no live seat left.
    """
    asked = {"token_hash": hash_of_token(token), "now": now, "seen_after": now - lifetime.idle}
    found = db.session.execute(_living(), asked, execution_options={"populate_existing": True}).one_or_none()
    return None if found is None else FoundSession(*found)


@cache
def _living() -> Select[SignInSession, Person, bool, bool]:
    """Every request asks this, and putting the statement together costs more than asking: so it is done once."""
    listed = select(AllowedNetwork.id).where(AllowedNetwork.person_id == Person.id).correlate(Person).exists()
    return (
        select(SignInSession, Person, listed, policy_waits())
        .join(Person, Person.id == SignInSession.person_id)
        .where(
            SignInSession.token_hash == bindparam("token_hash"),
            *_alive(bindparam("now"), bindparam("seen_after")),
            Person.can_sign_in,
            has_live_seat(),
        )
    )


def find_session(token: str, *, now: dt.datetime, lifetime: Lifetime) -> tuple[SignInSession, Person] | None:
    """The same without the networks."""
    found = find_living_session(token, now=now, lifetime=lifetime)
    return None if found is None else (found.session, found.person)


def needs_touch(session: SignInSession, *, now: dt.datetime) -> bool:
    """Whether the last click was written down so long ago that this one should be."""
    return now - session.last_seen_at >= TOUCHED_EVERY


def touch_session(session: SignInSession, *, now: dt.datetime) -> None:
    """Write down that the person is here, at most every five minutes however many requests come at once."""
    db.session.execute(
        update(SignInSession)
        .where(SignInSession.id == session.id, SignInSession.last_seen_at <= now - TOUCHED_EVERY)
        .values(last_seen_at=now)
    )


def renew_session(
    session: SignInSession, *, now: dt.datetime, lifetime: Lifetime, proved_at: dt.datetime | None = None
) -> str | None:
    """Give a living session a new token after a proof of identity; None when it ended in the meantime.

    The old token is worth nothing from now on: who stole it before the proof gains nothing by it. ``proved_at`` is when
    the proof was made, where that is not now.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    second_step_at = func.coalesce(SignInSession.second_step_at, now, type_=SignInSession.second_step_at.type)
    renewed = db.session.execute(
        update(SignInSession)
        .where(SignInSession.id == session.id, SignInSession.token_hash == session.token_hash, *is_alive(now, lifetime))
        .values(
            token_hash=hash_of_token(token),
            last_seen_at=now,
            expires_at=session.created_at + lifetime.absolute,
            second_step_at=second_step_at,
            proved_at=proved_at or now,
        )
        .returning(SignInSession.id)
        .execution_options(synchronize_session=False)
    )
    return token if renewed.all() else None


def end_session(session: SignInSession, reason: SessionEnd, *, now: dt.datetime) -> None:
    """End one session; one that has ended keeps its first reason."""
    _end(SignInSession.id == session.id, reason, now)


def end_sessions(person_id: int, reason: SessionEnd, *, now: dt.datetime, keep: SignInSession | None = None) -> int:
    """End all sessions of a person, or all but one; give their number."""
    whose = SignInSession.person_id == person_id
    return _end(whose if keep is None else whose & (SignInSession.id != keep.id), reason, now)


def end_sessions_without_seat(person_ids: list[int], reason: SessionEnd, *, now: dt.datetime) -> int:
    """End the sessions of those among these people who have no live seat left, as after suspending an account."""
    seatless = select(Person.id).where(Person.id.in_(person_ids), ~has_live_seat())
    return _end(SignInSession.person_id.in_(seatless), reason, now)


def find_dead_session(token: str) -> SignInSession | None:
    """The session of a cookie that find_session refuses. If nobody ended it: end it, or it revives with its seat."""
    return db.session.scalar(select(SignInSession).where(SignInSession.token_hash == hash_of_token(token)))


def why_dead(session: SignInSession, *, now: dt.datetime, lifetime: Lifetime) -> SessionEnd:
    """The reason to end such a session with: its time ran out, or its person may not come in any more."""
    is_idle = not session.remember and session.last_seen_at <= now - lifetime.idle
    in_time = session.expires_at > now and not is_idle
    return SessionEnd.DISABLED if in_time else SessionEnd.EXPIRED


def hash_of_token(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_alive(now: dt.datetime, lifetime: Lifetime) -> tuple[ColumnElement[bool], ...]:
    """What a session must meet to be let in; a remembered one does not go idle."""
    return _alive(now, now - lifetime.idle)


def _alive(now: Any, seen_after: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > now,
        or_(SignInSession.remember, SignInSession.last_seen_at > seen_after),
    )


def _end(which: ColumnElement[bool], reason: SessionEnd, now: dt.datetime) -> int:
    ended = db.session.execute(
        update(SignInSession)
        .where(which, SignInSession.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .returning(SignInSession.id)
    )
    return len(ended.all())


def _cleaned(user_agent: str | None) -> str | None:
    """The header as it may be kept: without control characters, and not too long."""
    if not user_agent:
        return None
    return "".join(character for character in user_agent if character.isprintable())[:_LONGEST_USER_AGENT]
