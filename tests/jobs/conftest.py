"""What tests of jobs can ask for: kinds of their own, and attempts on the app under test."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import current_app

from domain.jobs import RetryPolicy
from extensions import db
from jobs import registry
from jobs.attempt import Attempts
from models.job import Job
from services.jobs import enqueue
from services.unit_of_work import unit_of_work


@pytest.fixture
def kinds(monkeypatch):
    """The registry, empty and put back afterwards."""
    monkeypatch.setattr(registry, "KINDS", {})
    monkeypatch.setattr(registry, "BEATS", {})
    monkeypatch.setattr("jobs.attempt.KINDS", registry.KINDS)
    monkeypatch.setattr("jobs.clock.BEATS", registry.BEATS)
    return registry


class MovingClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


@pytest.fixture
def moving(now):
    return MovingClock(now)


@pytest.fixture
def attempts(session, moving):
    """A runner's attempts on the app under test, at the time of the moving clock."""
    app = current_app._get_current_object()
    return Attempts(app, lease=dt.timedelta(minutes=1), clock=moving)


@pytest.fixture
def ask(session, moving):
    """Ask for a job, committed."""

    def ask_for(kind: str, payload: dict | None = None, **options) -> Job:
        with unit_of_work():
            return enqueue(kind, payload or {}, now=moving(), **options)

    return ask_for


@pytest.fixture
def read(session):
    """Read a job's row anew."""

    def read_anew(job: Job) -> Job:
        with unit_of_work():
            db.session.refresh(job)
        return job

    return read_anew


QUICK = RetryPolicy(first_pause=dt.timedelta(seconds=10), growth=3, most_attempts=3, jitter=0)
