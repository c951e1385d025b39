"""Tries at the door, counted in the database: so many for a name or an address, then a wait that says how long."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import unicodedata
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select, update

from domain.attempts import SIGN_IN_LIMIT, check_attempts
from domain.contact import canonical_email
from extensions import db
from models.sign_in import SignInAttempt, SignInDoor

KEPT_FOR = dt.timedelta(days=30)
_LONGEST_NAME = 320
_NETWORK_OF_ONE_HOME = 64  # a home or office has a whole IPv6 network: its addresses count as one


def count_attempt(name: str, *, ip: str | None, door: SignInDoor, now: dt.datetime) -> int:
    """Count one more try and give its id, or raise TooManyAttempts; a refused try is not counted and costs no time.

    Call it in a unit of work of its own, before anything is checked: guesses that arrive together queue up here, so
    never more than the limit are checked. All doors share one count, except the sending of links.
    """
    hashed, place = hash_of_name(name), place_of(ip)
    doors = _counted_with(door)
    queue_up(f"name {hashed}", f"place {place}")
    check_attempts(_recent(SignInAttempt.name_hash == hashed, doors, now), now=now)
    if place is not None:
        check_attempts(_recent(SignInAttempt.ip == place, doors, now), now=now)
    attempt = SignInAttempt(door=door, name_hash=hashed, ip=place, succeeded=False, at=now)
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def take_back(attempt_id: int) -> None:
    """Mark a try as the right one: it counts no more. The wrong ones before it still do."""
    db.session.execute(update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True))


def forget_old_attempts(*, now: dt.datetime) -> int:
    """Delete what is too old to count or to be looked into; give the number of rows."""
    old = (
        select(SignInAttempt.id).where(SignInAttempt.at < now - KEPT_FOR).limit(1000).with_for_update(skip_locked=True)
    )
    ids = db.session.scalars(old).all()
    if ids:
        db.session.execute(delete(SignInAttempt).where(SignInAttempt.id.in_(ids)))
    return len(ids)


def hash_of_name(name: str) -> str:
    """One hash for all ways to write a name. Only the hash is kept: people type passwords into the wrong field."""
    written = canonical_email(name) or unicodedata.normalize("NFKC", name[:_LONGEST_NAME]).strip().lower()
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def place_of(ip: str | None) -> str | None:
    """The address as it is counted: an IPv4 address, or the IPv6 network it lies in."""
    if not ip:
        return None
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, _NETWORK_OF_ONE_HOME), strict=False))
        address = address.ipv4_mapped
    return str(address)


def _counted_with(door: SignInDoor) -> ColumnElement[bool]:
    if door is SignInDoor.RESET_REQUEST:
        return SignInAttempt.door == SignInDoor.RESET_REQUEST
    return SignInAttempt.door != SignInDoor.RESET_REQUEST


def _recent(whose: ColumnElement[bool], doors: ColumnElement[bool], now: dt.datetime) -> Sequence[dt.datetime]:
    """When the last wrong tries were: as many as the limit needs to know."""
    found = (
        select(SignInAttempt.at)
        .where(whose, doors, SignInAttempt.succeeded.is_(False), SignInAttempt.at > now - SIGN_IN_LIMIT.window)
        .order_by(SignInAttempt.at.desc())
        .limit(SIGN_IN_LIMIT.attempts)
    )
    return db.session.scalars(found).all()


def queue_up(*subjects: str) -> None:
    """Let those who count for the same name or address pass one by one, until each one's unit of work ends.

    SQLite has one writer at a time already. The locks are taken in one order, so that nobody waits in a circle.
    """
    if db.session.get_bind().dialect.name != "postgresql":
        return
    keys = {int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big", signed=True) for subject in subjects}
    for key in sorted(keys):
        db.session.execute(select(func.pg_advisory_xact_lock(key)))
