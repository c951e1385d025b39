"""Jobs are asked for in the business transaction, once for a key, and looked after by staff."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models.job import Job, JobState
from services.jobs import enqueue, listen_to_announcements
from services.unit_of_work import unit_of_work
from tests.support.together import all_at_once


@pytest.fixture
def announced(session):
    """What listeners were told."""
    told: list[list[str]] = []
    end = listen_to_announcements(told.append)
    yield told
    end()


def test_a_job_waits_with_what_it_was_given(session, now):
    with unit_of_work():
        job = enqueue("deliver", {"delivery_id": 7}, now=now)
    kept = session.scalars(select(Job)).one()
    assert (kept.id, kept.kind, kept.payload) == (job.id, "deliver", {"delivery_id": 7})
    assert (kept.state, kept.run_at, kept.created_at, kept.attempts) == (JobState.WAITING, now, now, 0)


def test_a_transaction_that_is_rolled_back_leaves_no_job_and_tells_nobody(session, now, announced):
    def fail_later() -> None:
        with unit_of_work():
            enqueue("deliver", {}, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_later()
    assert session.scalars(select(Job)).all() == []
    with unit_of_work():
        pass
    assert announced == []


def test_the_same_key_twice_is_one_job(session, now):
    with unit_of_work():
        first = enqueue("deliver", {"n": 1}, now=now, unique_key="deliver:1")
        again = enqueue("deliver", {"n": 2}, now=now, unique_key="deliver:1")
        other = enqueue("deliver", {"n": 3}, now=now, unique_key="deliver:3")
    assert first is again
    assert {job.payload["n"] for job in session.scalars(select(Job))} == {1, 3}
    assert other.id != first.id


def test_sixteen_who_ask_with_one_key_at_the_same_moment_get_one_job(session, now):
    def ask(_number: int) -> int:
        with unit_of_work():
            return enqueue("deliver", {}, now=now, unique_key="deliver:1").id

    ids = all_at_once(ask, times=16)
    assert len(set(ids)) == 1
    assert session.scalars(select(Job.id)).all() == [ids[0]]


def test_listeners_are_told_after_the_commit_what_is_due(session, now, announced):
    with unit_of_work():
        job = enqueue("deliver", {}, now=now)
        enqueue("deliver", {}, now=now, run_at=now + dt.timedelta(minutes=1))
        assert announced == []
    assert announced == [[job.public_id]]


def test_a_savepoint_tells_nobody_yet(session, now, announced):
    with unit_of_work():
        with db.session.begin_nested():
            job = enqueue("deliver", {}, now=now)
        assert announced == []
    assert announced == [[job.public_id]]
