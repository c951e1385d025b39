"""Failed tries at the door, told in the log of the person they were aimed at: once for every five minutes of them.

The request only asks for a job, for every name alike, so that neither its answer nor its time tells who is known. The
job counts what the table of attempts holds: nobody can flood the log, and guesses at an unknown name leave no trace.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.attempts import SIGN_IN_LIMIT
from domain.contact import canonical_email
from extensions import cipher, db
from models.sign_in import SignInAttempt, SignInDoor
from services.attempts import hash_of_name
from services.audit import record_event
from services.jobs import enqueue, take_payload
from services.people import find_by_email
from services.unit_of_work import unit_of_work

JOB: Final = "failed_sign_ins"
_WINDOW: Final = SIGN_IN_LIMIT.window


def note_failed_try(name: str, ip: str | None, *, now: dt.datetime) -> None:
    """Let a job look into the tries at this name when these five minutes are over. Opens its own unit of work."""
    slot = int(now.timestamp() // _WINDOW.total_seconds() * _WINDOW.total_seconds())
    over = dt.datetime.fromtimestamp(slot, dt.UTC) + _WINDOW
    sealed = cipher.encrypt(json.dumps({"email": canonical_email(name), "ip": ip}))
    with unit_of_work():
        key = f"{JOB} {hash_of_name(name)} {slot}"
        enqueue(JOB, {"sealed": sealed, "until": over.isoformat()}, now=now, run_at=over, unique_key=key)


def write_down_failed_tries(job_id: int, *, actor: Actor, now: dt.datetime) -> None:
    """Record how many tries failed, and whether they led to a pause. A second run finds nothing more to do."""
    asked = take_payload(job_id)
    if "sealed" not in asked:
        return
    over, told = dt.datetime.fromisoformat(asked["until"]), json.loads(cipher.decrypt(asked["sealed"]))
    person = find_by_email(told["email"])
    moments = _failed_tries(told["email"], since=over - 2 * _WINDOW, until=over)
    here = [at for at in moments if at >= over - _WINDOW]
    if person is None or not here:
        return
    seen_from = dataclasses.replace(actor, ip=told["ip"])  # the first one's place: there may be many
    record_event("person.sign_in_failed", person, actor=seen_from, now=now, after={"tries": len(here)})
    if _led_to_a_pause(moments, since=over - _WINDOW):
        record_event("person.sign_in_paused", person, actor=seen_from, now=now)


def _failed_tries(email: str, *, since: dt.datetime, until: dt.datetime) -> Sequence[dt.datetime]:
    return db.session.scalars(
        select(SignInAttempt.at)
        .where(
            SignInAttempt.name_hash == hash_of_name(email),
            SignInAttempt.door != SignInDoor.RESET_REQUEST,
            SignInAttempt.succeeded.is_(False),
            SignInAttempt.at >= since,
            SignInAttempt.at < until,
        )
        .order_by(SignInAttempt.at)
    ).all()


def _led_to_a_pause(moments: Sequence[dt.datetime], *, since: dt.datetime) -> bool:
    """Whether the last try that was allowed fell into this stretch."""
    most = SIGN_IN_LIMIT.attempts
    ends = zip(moments, moments[most - 1 :], strict=False)
    return any(last >= since and last - first < _WINDOW for first, last in ends)
