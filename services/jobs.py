"""Jobs: asked for in the business transaction, looked after by staff, counted and forgotten. The row is the truth.

Runners take and end them with services/job_leases.py; what a kind of job does stands in jobs/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, delete, event, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, SessionTransaction

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from models.base import new_public_id
from models.job import Job, JobState
from services.audit import record_event
from services.locks import guarded, reread

AT_WORK: Final = frozenset({JobState.WAITING, JobState.RUNNING})
ENDED: Final = frozenset({JobState.DONE, JobState.FAILED})
"""Carried out, whatever came of it; a cancelled one never was."""
KEPT_WHEN_DONE: Final = dt.timedelta(days=14)
KEPT_WHEN_FAILED: Final = dt.timedelta(days=90)
_AT_ONCE: Final = 1000
_ANNOUNCED: Final = "jobs_announced"

Listener = Callable[[list[str]], None]


class JobNotRetryable(Refusal):
    message = (
        "Only a job that failed, was cancelled or waits for another attempt can be retried. Reload the page to see it."
    )


class JobNotCancellable(Refusal):
    message = "Only a job that waits or runs can be cancelled, and only once. Reload the page to see it."


def enqueue(
    kind: str,
    payload: Mapping[str, Any],
    *,
    now: dt.datetime,
    unique_key: str | None = None,
    run_at: dt.datetime | None = None,
    requested_by_id: int | None = None,
) -> Job:
    """Ask for work in this transaction: it is done soon after the commit, or from ``run_at`` on; never without commit.

    ``payload`` holds ids and other plain values (JSON), no texts of people and no secrets: staff can read it. The same
    ``unique_key`` twice gives the row that is there, whatever became of it, for as long as jobs are kept.
    """
    values: dict[str, Any] = {
        "public_id": new_public_id(),
        "kind": kind,
        "unique_key": unique_key,
        "payload": dict(payload),
        "state": JobState.WAITING,
        "run_at": run_at or now,
        "requested_by_id": requested_by_id,
        "created_at": now,
    }
    if unique_key is None:
        job = Job(**values)
        db.session.add(job)
        db.session.flush()
    else:
        found = _insert_unless_known(unique_key, values)
        if found.public_id != values["public_id"]:
            return found
        job = found
    if job.run_at <= now:
        db.session().info.setdefault(_ANNOUNCED, []).append(job.public_id)
    return job


def _insert_unless_known(unique_key: str, values: dict[str, Any]) -> Job:
    """Who inserts the same key at the same moment waits for the other's transaction here, and finds its row."""
    db.session.flush()
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    while True:
        db.session.execute(
            dialect.insert(Job)
            .values(**values, attempts=0, progress_done=0)
            .on_conflict_do_nothing(index_elements=["unique_key"])
        )
        found = db.session.scalars(select(Job).where(Job.unique_key == unique_key)).one_or_none()
        if found is not None:  # otherwise the other one was deleted in between
            return found


def take_payload(job_id: int) -> Mapping[str, Any]:
    """What a job was asked, forgotten with this transaction: for what must not be kept. Empty the second time."""
    job = db.session.scalar(
        select(Job).where(Job.id == job_id).with_for_update().execution_options(populate_existing=True)
    )
    if job is None:
        return {}
    asked, job.payload = job.payload, {}
    db.session.flush()
    return asked


def newest_job(kinds: Collection[str], states: Collection[JobState], *wanted: ColumnElement[bool]) -> Job | None:
    """The job of these kinds, in one of these states, that was asked for last; narrow it down by ``wanted``."""
    found = select(Job).where(Job.kind.in_(kinds), Job.state.in_(states), *wanted)
    return db.session.scalar(found.order_by(Job.id.desc()).limit(1))


def retry_job(job: Job, *, actor: Actor, now: dt.datetime) -> Job:
    """Let a job start over, at once and with all its attempts: one that failed, was cancelled, or rests in between.

    Refused: JobNotRetryable.
    """
    before = {"state": job.state, "attempts": job.attempts, "error": job.error}
    changed = guarded(
        update(Job)
        .where(Job.id == job.id, Job.can_retry)
        .values(
            state=JobState.WAITING,
            run_at=now,
            attempts=0,
            error=None,
            finished_at=None,
            cancel_asked_at=None,
            lease_until=None,
            lease_holder=None,
            progress_done=0,
            progress_total=None,
        )
    )
    if not changed:
        raise JobNotRetryable
    reread(job)
    after = {"state": job.state, "attempts": 0, "error": None}
    record_event(AuditEvent.JOB_RETRIED, job, actor=actor, now=now, before=before, after=after)
    db.session().info.setdefault(_ANNOUNCED, []).append(job.public_id)
    return job


def cancel_job(job: Job, *, actor: Actor, now: dt.datetime) -> Job:
    """Let a waiting job never run, unless somebody retries it; a running one is asked to stop at its next row.

    What a running job has done by then stays, and it ends as done if nothing was left. Refused: JobNotCancellable.
    """
    before: dict[str, Any] = {"state": JobState.WAITING, "cancel_asked_at": None}
    changed = guarded(
        update(Job)
        .where(Job.id == job.id, Job.state == JobState.WAITING)
        .values(state=JobState.CANCELLED, finished_at=now, lease_until=None, lease_holder=None)
    )
    if not changed:
        before["state"] = JobState.RUNNING
        running = update(Job).where(Job.id == job.id, Job.state == JobState.RUNNING, Job.cancel_asked_at.is_(None))
        if not guarded(running.values(cancel_asked_at=now)):
            raise JobNotCancellable
    reread(job)
    after = {"state": job.state, "cancel_asked_at": job.cancel_asked_at}
    record_event(AuditEvent.JOB_CANCELLED, job, actor=actor, now=now, before=before, after=after)
    return job


def forget_old_jobs(*, now: dt.datetime) -> int:
    """Delete what ended long ago, at most a thousand rows at once; give their number. Failed jobs are kept longer."""
    done = Job.state.in_([JobState.DONE, JobState.CANCELLED]) & (Job.finished_at < now - KEPT_WHEN_DONE)
    failed = (Job.state == JobState.FAILED) & (Job.finished_at < now - KEPT_WHEN_FAILED)
    old = select(Job.id).where(done | failed).order_by(Job.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    ids = db.session.scalars(old).all()
    if ids:
        db.session.execute(delete(Job).where(Job.id.in_(ids)))
    return len(ids)


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How the queue stands: jobs by kind and state, and since when the longest waiting one is due."""

    by_kind_and_state: Mapping[tuple[str, str], int]
    oldest_due_since: dt.datetime | None


def count_jobs(*, now: dt.datetime) -> JobCounts:
    """Count the jobs for those who watch."""
    rows = db.session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
    counts = {(kind, str(state)): number for kind, state, number in rows}
    oldest = db.session.scalar(select(func.min(Job.run_at)).where(Job.state == JobState.WAITING, Job.run_at <= now))
    return JobCounts(counts, oldest)


# --- Who wants to know at once that there is work: a runner in this process, or the one that writes to a broker.

_listeners: WeakKeyDictionary[Engine, list[Listener]] = WeakKeyDictionary()


def listen_to_announcements(listener: Listener) -> Callable[[], None]:
    """Call ``listener`` with the public ids of due jobs after each commit to this app's database; give what ends it.

    It is called in the thread that committed, which may be answering a request: it must be quick and never fail.
    """
    listeners = _listeners.setdefault(_database(), [])
    listeners.append(listener)

    def end() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return end


def _database() -> Engine:
    """The database of the app at hand: a process may hold several apps, as tests do."""
    return cast(Engine, db.session.get_bind())


@event.listens_for(db.session, "after_commit")
def _announce(session: Session) -> None:
    if session.get_nested_transaction() is not None:
        return
    public_ids = session.info.pop(_ANNOUNCED, None)
    if public_ids:
        for listener in list(_listeners.get(_database(), ())):
            listener(public_ids)


@event.listens_for(db.session, "after_soft_rollback")
def _forget_what_was_undone(session: Session, undone: SessionTransaction) -> None:
    if not undone.nested:  # after a savepoint some ids may lead nowhere, which harms nobody
        session.info.pop(_ANNOUNCED, None)
