"""Work that begins by itself is asked for once in its stretch of time, however many machines have a clock."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import current_app
from sqlalchemy import select

from domain.jobs import USUAL
from extensions import db
from jobs import housekeeping
from jobs.clock import PULSE, ClockWork
from jobs.registry import BEATS, JobContext, load_handlers
from models.job import ClockSlot, Job, JobState
from models.sign_in import SignInAttempt, SignInDoor
from services.clock_slots import KEPT_FOR, newest_slot, take_slot
from services.job_leases import claim_job
from services.jobs import KEPT_WHEN_DONE, KEPT_WHEN_FAILED
from services.unit_of_work import unit_of_work
from tests.support.together import all_at_once

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def clock(session, kinds):
    kinds.clock("tidy", every=HOUR)(lambda _job: None)
    return lambda name: ClockWork(current_app._get_current_object(), taken_by=name)


def asked_for(kind="tidy"):
    return db.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id)).all()


def test_a_slot_asks_for_its_job_once(clock, now):
    one, other = clock("one"), clock("other")
    assert one.tick(now=now) == ["tidy"]
    assert (one.tick(now=now), other.tick(now=now), clock("restarted").tick(now=now)) == ([], [], [])
    assert one.tick(now=now + HOUR) == ["tidy"]
    assert [job.unique_key for job in asked_for()] == [
        "clock:tidy:2026-05-15T09:00:00Z",
        "clock:tidy:2026-05-15T10:00:00Z",
    ]


def test_sixteen_schedulers_at_the_same_moment_ask_once(clock, now):
    asked = all_at_once(lambda number: clock(f"machine {number}").tick(now=now), times=16)
    assert sorted(asked) == [[]] * 15 + [["tidy"]]
    assert len(asked_for()) == 1


def test_after_a_stop_only_the_newest_slot_is_made_up_for(clock, now):
    clock("one").tick(now=now)
    clock("one").tick(now=now + 50 * HOUR)
    assert len(asked_for()) == 2


def test_a_slot_whose_job_was_not_written_is_taken_again(clock, now, monkeypatch):
    def fail(*_args, **_options):
        raise ConnectionError

    one = clock("one")
    with monkeypatch.context() as broken:
        broken.setattr("jobs.clock.enqueue", fail)
        with pytest.raises(ConnectionError):
            one.tick(now=now)
    assert one.tick(now=now) == ["tidy"]


def test_the_pulse_shows_that_a_clock_runs(clock, now):
    with unit_of_work():
        assert newest_slot(PULSE) is None
    clock("one").tick(now=now)
    assert newest_slot(PULSE) == now
    assert asked_for(PULSE) == []


def test_jobs_of_a_runner_that_is_gone_are_freed(clock, now, ask, read):
    job = ask("tidy")
    with unit_of_work():
        claim_job(holder="gone", lease=HOUR, now=now)
    one = clock("one")
    assert one.sweep(now=now + HOUR) == 0
    assert one.sweep(now=now + HOUR + dt.timedelta(seconds=1)) == 1
    assert read(job).state is JobState.WAITING


@pytest.mark.parametrize("every", [dt.timedelta(days=32), dt.timedelta(0)])
def test_a_beat_that_slots_cannot_keep_is_refused(kinds, every):
    with pytest.raises(ValueError, match="between once a second and once in 31 days"):
        kinds.clock("odd", every=every)


def test_the_house_is_kept_tidy_by_the_clock():
    load_handlers()
    assert {"forget_old_attempts", "forget_old_jobs", "forget_old_slots"} <= BEATS.keys()


def context(now):
    return JobContext(job_id=1, kind="tidy", payload={}, now=now)


def test_jobs_of_long_ago_are_forgotten_and_failed_ones_later(session, now):
    def add(kind, state, ended):
        session.add(Job(kind=kind, state=state, run_at=ended, finished_at=ended, created_at=ended))

    second = dt.timedelta(seconds=1)
    with unit_of_work():
        add("old", JobState.DONE, now - KEPT_WHEN_DONE - second)
        add("old", JobState.CANCELLED, now - KEPT_WHEN_DONE - second)
        add("old", JobState.FAILED, now - KEPT_WHEN_FAILED - second)
        add("done", JobState.DONE, now - KEPT_WHEN_DONE)
        add("failed", JobState.FAILED, now - KEPT_WHEN_FAILED)
        session.add(Job(kind="waiting", run_at=now - 1000 * HOUR * 24, created_at=now - 1000 * HOUR * 24))
    assert housekeeping.jobs(context(now)) == {"deleted": 3}
    assert sorted(session.scalars(select(Job.kind))) == ["done", "failed", "waiting"]


def test_slots_and_attempts_of_long_ago_are_forgotten(session, now):
    with unit_of_work():
        for slot in (now, now - KEPT_FOR, now - KEPT_FOR - HOUR):
            assert take_slot("tidy", slot, taken_by="one", now=now)
        for days in (1, 31):
            session.add(
                SignInAttempt(
                    door=SignInDoor.PASSWORD, name_hash="x", succeeded=False, at=now - dt.timedelta(days=days)
                )
            )
    assert housekeeping.slots(context(now)) == {"deleted": 1}
    assert housekeeping.attempts(context(now)) == {"deleted": 1}
    assert len(session.scalars(select(ClockSlot)).all()) == 2
    assert USUAL.most_attempts > 1
