"""Devices people sign in from: a browser that was never seen with a person is reported to them by mail."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.browsers import browser_in_words
from extensions import db
from models.person import Person
from models.sign_in import KnownDevice
from services.sessions import Browser

MOST_DEVICES: Final = 50
_TOKEN_BYTES: Final = 32
_TOKEN_LENGTH: Final = 43


def new_device_token() -> str:
    """What the cookie of a device holds. It says nothing and opens nothing: it only tells a browser from another."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def is_device_token(text: str) -> bool:
    """Whether a cookie can be one of ours."""
    return len(text) == _TOKEN_LENGTH and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def meet_device(person: Person, browser: Browser, *, now: dt.datetime) -> bool:
    """Remember the device a person came with, and say whether it was known. A browser that keeps no cookie never is."""
    if browser.device is None:
        return False
    hashed = _hash_of_device(person, browser.device)
    seen = (
        update(KnownDevice)
        .where(KnownDevice.person_id == person.id, KnownDevice.device_hash == hashed)
        .values(last_seen_at=now, description=browser_in_words(browser.user_agent))
        .returning(KnownDevice.id)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(seen).all():
        return True
    added = db.session.execute(
        _insert()
        .values(
            person_id=person.id,
            device_hash=hashed,
            description=browser_in_words(browser.user_agent),
            last_seen_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["person_id", "device_hash"])
        .returning(KnownDevice.id)
    ).all()
    _forget_oldest(person)
    return not added


def forget_devices(person: Person) -> None:
    """Let every device be a new one again, as after a password was stolen."""
    db.session.execute(delete(KnownDevice).where(KnownDevice.person_id == person.id))


def _insert() -> sqlite.Insert | postgresql.Insert:
    is_postgresql = db.session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(KnownDevice) if is_postgresql else sqlite.insert(KnownDevice)


def _forget_oldest(person: Person) -> None:
    """Keep the newest only: who never keeps cookies is a new device each time."""
    newest = (
        select(KnownDevice.id)
        .where(KnownDevice.person_id == person.id)
        .order_by(KnownDevice.last_seen_at.desc(), KnownDevice.id.desc())
        .limit(MOST_DEVICES)
    )
    kept = db.session.scalars(newest).all()
    if len(kept) == MOST_DEVICES:
        old = delete(KnownDevice).where(KnownDevice.person_id == person.id, KnownDevice.id.not_in(kept))
        db.session.execute(old.execution_options(synchronize_session=False))


def _hash_of_device(person: Person, token: str) -> str:
    """With the person, so that nobody can read from the table who shares a computer."""
    return hashlib.sha256(f"{person.public_id} {token}".encode()).hexdigest()
