"""A person's own sessions: seen by device and place, and ended, one or all others (SPEC A13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from domain.actor import Actor
from domain.browsers import browser_in_words
from domain.refusals import Refusal
from extensions import db
from models.person import Person
from models.sign_in import SessionEnd, SignInSession
from services.audit import record_event
from services.sessions import Lifetime, end_session, end_sessions, is_alive


class SessionOverAlready(Refusal):
    message = "This session has ended already."


def live_sessions(person: Person, *, now: dt.datetime, lifetime: Lifetime) -> Sequence[SignInSession]:
    """The sessions that would be let in now, the last used first."""
    mine = select(SignInSession).where(
        SignInSession.person_id == person.id, SignInSession.second_step_at.is_not(None), *is_alive(now, lifetime)
    )
    return db.session.scalars(mine.order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())).all()


def own_session(person: Person, public_id: str) -> SignInSession | None:
    """The session of this id, if it is the person's."""
    mine = select(SignInSession).where(SignInSession.person_id == person.id, SignInSession.public_id == public_id)
    return db.session.scalar(mine)


def end_own_session(person: Person, session: SignInSession, *, actor: Actor, now: dt.datetime) -> None:
    """End one of the person's sessions; it is felt with its next click. Refused: SessionOverAlready."""
    if session.ended_at is not None:
        raise SessionOverAlready
    end_session(session, SessionEnd.ENDED_BY_PERSON, now=now)
    after = {"device": browser_in_words(session.user_agent), "session_ip": session.ip}
    record_event("session.ended", person, actor=actor, now=now, after=after)


def end_other_sessions(person: Person, here: SignInSession, *, actor: Actor, now: dt.datetime) -> int:
    """End every session of the person but this one; give their number."""
    ended = end_sessions(person.id, SessionEnd.ENDED_BY_PERSON, now=now, keep=here)
    if ended:
        record_event("session.ended", person, actor=actor, now=now, after={"sessions": ended})
    return ended
