"""Jobs are asked for in the business transaction, once for a key, and looked after by staff."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.jobs import USUAL
from extensions import db
from models.job import Job, JobState
from services.audit import timeline_of
from services.job_leases import (
    claim_job,
    extend_lease,
    fail_job,
    finish_job,
    give_back,
    stop_job,
    sweep_expired_leases,
)
from services.jobs import (
    AT_WORK,
    JobNotCancellable,
    JobNotRetryable,
    cancel_job,
    count_jobs,
    enqueue,
    listen_to_announcements,
    newest_job,
    retry_job,
)
from services.unit_of_work import unit_of_work
from tests.factories.activity import JobFactory
from tests.factories.people import PersonFactory
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


STAFF = Actor(name="Sam", source=Source.STAFF)
ATTEMPT = {"holder": "a", "lease": dt.timedelta(minutes=1)}


def failed_job(now, *, for_good=True):
    with unit_of_work():
        enqueue("deliver", {}, now=now)
    with unit_of_work():
        claim = claim_job(now=now, **ATTEMPT)
    with unit_of_work():
        fail_job(claim, "no such address", policy=USUAL, now=now, for_good=for_good)
    return db.session.scalars(select(Job).execution_options(populate_existing=True)).one()


@pytest.mark.parametrize("for_good", [True, False], ids=["failed", "rests between two attempts"])
def test_staff_let_a_job_start_over_and_the_audit_says_who(session, now, announced, for_good):
    job, later = failed_job(now, for_good=for_good), now + dt.timedelta(seconds=1)
    announced.clear()
    with unit_of_work():
        retry_job(job, actor=STAFF, now=later)
    assert (job.state, job.attempts, job.run_at, job.error) == (JobState.WAITING, 0, later, None)
    assert announced == [[job.public_id]]
    (told,) = timeline_of("job", job.public_id)
    assert (told.event, told.actor_name, told.before["error"]) == ("job.retried", "Sam", "no such address")
    with unit_of_work():
        assert claim_job(now=later, **ATTEMPT).attempt == 1


def test_a_job_that_waits_for_its_first_attempt_runs_or_is_done_cannot_be_retried(session, now):
    with unit_of_work():
        job = enqueue("deliver", {}, now=now)

    def expect_refused():
        with pytest.raises(JobNotRetryable), unit_of_work():
            retry_job(job, actor=STAFF, now=now)

    expect_refused()
    with unit_of_work():
        claim = claim_job(now=now, **ATTEMPT)
    expect_refused()
    with unit_of_work():
        finish_job(claim, now=now)
    expect_refused()
    assert timeline_of("job", job.public_id) == []


def test_a_cancelled_job_is_not_done_unless_it_is_retried(session, now):
    with unit_of_work():
        job = enqueue("deliver", {}, now=now)
    with unit_of_work():
        cancel_job(job, actor=STAFF, now=now)
    with unit_of_work():
        assert claim_job(now=now, **ATTEMPT) is None
    (told,) = timeline_of("job", job.public_id)
    assert (told.event, told.after) == ("job.cancelled", {"state": "cancelled"})
    with unit_of_work():
        retry_job(job, actor=STAFF, now=now)
    with unit_of_work():
        assert claim_job(now=now, **ATTEMPT) is not None


def test_a_running_job_is_asked_to_stop_once_and_a_retry_forgets_that(session, now):
    with unit_of_work():
        job = enqueue("deliver", {}, now=now)
    with unit_of_work():
        claim = claim_job(now=now, **ATTEMPT)
    with unit_of_work():
        cancel_job(job, actor=STAFF, now=now)
    (told,) = timeline_of("job", job.public_id)
    assert (told.event, list(told.after)) == ("job.cancelled", ["cancel_asked_at"])
    assert (job.state, job.cancel_asked_at) == (JobState.RUNNING, now)
    with pytest.raises(JobNotCancellable), unit_of_work():
        cancel_job(job, actor=STAFF, now=now)
    with unit_of_work():
        assert extend_lease(claim, until=now + dt.timedelta(minutes=1)) is True
        stop_job(claim, now=now)
    assert session.scalars(select(Job.state)).one() is JobState.CANCELLED
    with unit_of_work():
        retry_job(job, actor=STAFF, now=now)
    assert (job.state, job.cancel_asked_at) == (JobState.WAITING, None)


@pytest.mark.parametrize("end", ["fails", "is given back", "is swept"])
def test_a_job_that_was_asked_to_stop_has_no_other_attempt(session, now, end):
    with unit_of_work():
        job = enqueue("deliver", {}, now=now)
    with unit_of_work():
        claim = claim_job(now=now, **ATTEMPT)
        cancel_job(job, actor=STAFF, now=now)
    later = now + dt.timedelta(hours=1)
    with unit_of_work():
        if end == "fails":
            assert fail_job(claim, "It broke.", policy=USUAL, now=later) is None
        elif end == "is given back":
            give_back(claim, now=later)
        else:
            assert sweep_expired_leases(policy_of=lambda _kind: USUAL, now=later) == 1
    session.refresh(job)
    assert (job.state, job.finished_at, job.lease_until) == (JobState.CANCELLED, later, None)
    with unit_of_work():
        assert claim_job(now=later, **ATTEMPT) is None


def test_jobs_are_counted_by_kind_and_state_with_the_longest_wait(session, now):
    with unit_of_work():
        for minutes in (1, 5, -5):
            enqueue("deliver", {}, now=now, run_at=now - dt.timedelta(minutes=minutes))
    assert count_jobs(now=now).by_kind_and_state == {("deliver", "waiting"): 3}
    assert count_jobs(now=now).oldest_due_since == now - dt.timedelta(minutes=5)


def test_the_newest_job_is_the_last_of_its_kinds_and_states_that_is_wanted(session):
    asker = PersonFactory()
    own = JobFactory(kind="a", requested_by=asker)
    JobFactory(kind="a", state=JobState.DONE, requested_by=asker)
    other = JobFactory(kind="b")
    JobFactory(kind="c")
    assert newest_job(["a", "b"], AT_WORK) == other
    assert newest_job(["a", "b"], AT_WORK, Job.requested_by_id == asker.id) == own
    assert newest_job(["a"], [JobState.FAILED]) is None
