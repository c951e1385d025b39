"""Challenges for passkeys: each is signed once, within five minutes, for one purpose and one person or browser."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import delete, select, update

from extensions import db
from integrations.passkeys import new_challenge
from models.person import Person
from models.second_factor import PasskeyChallenge, PasskeyPurpose
from services.locks import guarded

LIVES: Final = dt.timedelta(minutes=5)
_PIECE: Final = 1000


def make_challenge(purpose: PasskeyPurpose, person: Person | None, *, now: dt.datetime) -> str:
    """Make one. Without a person, the caller has to bind it to the browser."""
    challenge = new_challenge()
    db.session.add(
        PasskeyChallenge(
            challenge=challenge,
            purpose=purpose,
            person_id=None if person is None else person.id,
            expires_at=now + LIVES,
            created_at=now,
        )
    )
    db.session.flush()
    return challenge


def use_up_challenge(challenge: str, purpose: PasskeyPurpose, person: Person | None, *, now: dt.datetime) -> bool:
    """Whether the challenge was made for this and lives; from now on it does not, whatever the answer is worth."""
    whose = PasskeyChallenge.person_id.is_(None) if person is None else PasskeyChallenge.person_id == person.id
    return guarded(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge == challenge,
            PasskeyChallenge.purpose == purpose,
            whose,
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.expires_at > now,
        )
        .values(used_at=now)
    )


def forget_challenges_of(person: Person) -> None:
    """Let no challenge of this person be answered any more."""
    db.session.execute(
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.person_id == person.id)
        .execution_options(synchronize_session=False)
    )


def forget_old_challenges(*, now: dt.datetime) -> int:
    """Delete some of those that are over; give the number of rows."""
    old = select(PasskeyChallenge.id).where(PasskeyChallenge.expires_at < now).limit(_PIECE)
    ids = db.session.scalars(old.with_for_update(skip_locked=True)).all()
    if ids:
        db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.id.in_(ids)))
    return len(ids)
