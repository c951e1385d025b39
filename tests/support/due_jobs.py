"""Jobs of a kind, done once in the test itself, as a runner would do them a little later."""

from __future__ import annotations

import datetime as dt

from flask import Flask, current_app
from sqlalchemy import select

from extensions import db
from jobs.attempt import Attempts
from jobs.registry import load_handlers
from models.job import Job, JobState
from services.failed_sign_ins import JOB as FAILED_SIGN_INS
from services.reset_requests import JOB as RESET_LINK

__all__ = ["FAILED_SIGN_INS", "RESET_LINK", "run_due_jobs", "runner_at"]

_LATER = dt.timedelta(minutes=1)


def run_due_jobs(kind: str, *, now: dt.datetime | None = None, later: dt.timedelta = _LATER) -> int:
    """Do the jobs of this kind that are due a little later, at the time ``now``; give their number. Each must succeed."""
    db.session.commit()
    now = now or dt.datetime.now(dt.UTC)
    attempts = runner_at(now)
    due = select(Job).where(Job.kind == kind, Job.state == JobState.WAITING, Job.run_at <= now + later)
    done = 0
    for job in db.session.scalars(due.order_by(Job.id)).all():
        public_id, job.run_at = job.public_id, min(job.run_at, now)
        db.session.commit()
        assert attempts.run_next(public_id)
        db.session.refresh(job)
        assert job.state is JobState.DONE, job.error
        done += 1
    db.session.expire_all()
    return done


def runner_at(now: dt.datetime) -> Attempts:
    """Attempts at jobs of the app under test, at this time."""
    load_handlers()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return Attempts(app, lease=dt.timedelta(minutes=1), clock=lambda: now)
