"""Leases of jobs: a runner takes one job by one guarded UPDATE, keeps it alive, and ends it while it is still its own.

Every write after the claim asks whether the lease is still the runner's: the same holder and the same attempt. A runner
that was slow or cut off then changes nothing, because another may be at work already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from domain.jobs import LeaseLost, RetryPolicy
from extensions import db
from models.job import Job, JobState

BROKER: Final = "broker"
"""Who holds a waiting job that was sent to the broker: until then it is not sent again."""

_LONGEST_ERROR: Final = 4000
_SWEPT_AT_ONCE: Final = 500
_FREE: Final[Mapping[str, Any]] = {"lease_until": None, "lease_holder": None}


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one runner, for one attempt."""

    job_id: int
    public_id: str
    kind: str
    payload: Mapping[str, Any]
    attempt: int
    holder: str
    requested_by_id: int | None
    steps: Sequence[Any] = ()


def claim_job(*, holder: str, lease: dt.timedelta, now: dt.datetime, public_id: str | None = None) -> Claim | None:
    """Take the job that is due for the longest time (or the one with this id, if it is due); None: nothing to do.

    Runners that ask at the same moment each get another job: PostgreSQL passes over rows that are locked, SQLite lets
    one writer in at a time.
    """
    due = select(Job.id).where(Job.state == JobState.WAITING, Job.run_at <= now)
    if public_id is not None:
        due = due.where(Job.public_id == public_id)
    first = due.order_by(Job.run_at, Job.id).limit(1).with_for_update(skip_locked=True)
    taken = db.session.execute(
        update(Job)
        .where(Job.id == first.scalar_subquery(), Job.state == JobState.WAITING)
        .values(
            state=JobState.RUNNING,
            lease_holder=holder,
            lease_until=now + lease,
            attempts=Job.attempts + 1,
            started_at=now,
            progress_done=0,
            progress_total=None,
        )
        .returning(Job.id, Job.public_id, Job.kind, Job.payload, Job.attempts, Job.requested_by_id, Job.steps)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    return Claim(
        taken.id,
        taken.public_id,
        taken.kind,
        taken.payload,
        taken.attempts,
        holder,
        taken.requested_by_id,
        tuple(taken.steps or ()),
    )


def extend_lease(
    claim: Claim, *, until: dt.datetime, done: int = 0, total: int | None = None, steps: Sequence[Any] = ()
) -> bool:
    """Say that the runner is alive and how far it is; give whether somebody asked to cancel the job.

    LeaseLost when the job is no longer its own.
    """
    known = {"steps": list(steps)} if steps else {}
    return _write(claim, lease_until=until, progress_done=max(done, 0), progress_total=total, **known)


def finish_job(claim: Claim, *, now: dt.datetime, result: Mapping[str, Any] | None = None) -> None:
    """The job is done. LeaseLost when it is no longer the runner's: whoever has it will say so."""
    kept = None if result is None else dict(result)
    _write(claim, state=JobState.DONE, finished_at=now, result=kept, error=None, **_FREE)


def fail_job(
    claim: Claim,
    error: str,
    *,
    policy: RetryPolicy,
    now: dt.datetime,
    for_good: bool = False,
    pause: dt.timedelta | None = None,
) -> dt.datetime | None:
    """The attempt failed: give when the next one is due, or None when there is none: it failed for good, or somebody
    asked to cancel it meanwhile."""
    if for_good or policy.is_last(claim.attempt):
        _write(claim, state=JobState.FAILED, finished_at=now, error=_readable(error), **_FREE)
        return None
    next_at = now + (policy.pause_after(claim.attempt, job=claim.public_id) if pause is None else pause)
    if _write(claim, state=JobState.WAITING, run_at=next_at, error=_readable(error), **_FREE):
        _obey(claim, now)
        return None
    return next_at


def stop_job(claim: Claim, *, now: dt.datetime) -> None:
    """The runner has stopped between two rows, because somebody asked to cancel the job."""
    _write(claim, state=JobState.CANCELLED, finished_at=now, error=None, **_FREE)


def give_back(claim: Claim, *, now: dt.datetime) -> None:
    """The runner has to stop: let another one start over at once. The attempt does not count."""
    if _write(claim, state=JobState.WAITING, run_at=now, attempts=claim.attempt - 1, **_FREE):
        _obey(claim, now)


def sweep_expired_leases(*, policy_of: Callable[[str], RetryPolicy], now: dt.datetime) -> int:
    """Let jobs whose runner is gone wait again, or fail when it was their last attempt; give their number.

    One that somebody asked to cancel is cancelled by that.
    """
    expired = select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now).order_by(Job.lease_until, Job.id)
    rows = db.session.scalars(
        expired.limit(_SWEPT_AT_ONCE).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()
    for job in rows:
        job.error = f"The runner stopped in the middle of attempt {job.attempts} ({job.lease_holder})."
        job.lease_until = job.lease_holder = None
        if job.cancel_asked_at is not None:
            job.state, job.finished_at = JobState.CANCELLED, now
        elif policy_of(job.kind).is_last(job.attempts):
            job.state, job.finished_at = JobState.FAILED, now
        else:
            job.state, job.run_at = JobState.WAITING, now
    db.session.flush()
    return len(rows)


def next_due_at() -> dt.datetime | None:
    """When the first waiting job is due: in the past, if a runner could begin now. Takes no lock."""
    waiting = select(Job.run_at).where(Job.state == JobState.WAITING).order_by(Job.run_at).limit(1)
    return db.session.scalar(waiting)


def take_for_sending(
    *, due_before: dt.datetime, again_after: dt.timedelta, limit: int, now: dt.datetime
) -> Sequence[str]:
    """The public ids of due jobs that the broker should hear of, marked so that no machine sends them again so soon."""
    unsent: ColumnElement[bool] = Job.lease_until.is_(None) | (Job.lease_until < now)
    due = (
        select(Job.id)
        .where(Job.state == JobState.WAITING, Job.run_at <= due_before, unsent)
        .order_by(Job.run_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = db.session.scalars(due).all()
    if not ids:
        return []
    return db.session.scalars(
        update(Job)
        .where(Job.id.in_(ids), Job.state == JobState.WAITING)
        .values(lease_until=now + again_after, lease_holder=BROKER)
        .returning(Job.public_id)
        .execution_options(synchronize_session=False)
    ).all()


def _write(claim: Claim, **values: Any) -> bool:
    """Write what only the holder may; give whether somebody asked to cancel the job."""
    own = (Job.state == JobState.RUNNING, Job.lease_holder == claim.holder, Job.attempts == claim.attempt)
    written = db.session.execute(
        update(Job)
        .where(Job.id == claim.job_id, *own)
        .values(**values)
        .returning(Job.cancel_asked_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if written is None:
        raise LeaseLost(f"job {claim.public_id} is no longer held by {claim.holder}")
    return written.cancel_asked_at is not None


def _obey(claim: Claim, now: dt.datetime) -> None:
    """A job that waits for another attempt has none when somebody asked to cancel it."""
    asked = (Job.id == claim.job_id, Job.state == JobState.WAITING, Job.cancel_asked_at.is_not(None))
    cancelled = update(Job).where(*asked).values(state=JobState.CANCELLED, finished_at=now)
    db.session.execute(cancelled.execution_options(synchronize_session=False))


def _readable(error: str) -> str:
    """What a database can keep: PostgreSQL takes neither NUL nor half characters."""
    clean = error.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    return clean[:_LONGEST_ERROR] or "no reason was given"
