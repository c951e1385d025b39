"""A job is in the hands of one runner at a time, and only that one may end it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.jobs import LeaseLost, RetryPolicy
from extensions import db
from models.job import Job, JobState
from services.job_leases import (
    claim_job,
    extend_lease,
    fail_job,
    finish_job,
    give_back,
    next_due_at,
    sweep_expired_leases,
    take_for_sending,
)
from services.jobs import enqueue
from services.unit_of_work import unit_of_work
from tests.support.together import all_at_once

MINUTE = dt.timedelta(minutes=1)
POLICY = RetryPolicy(first_pause=dt.timedelta(seconds=10), growth=3, most_attempts=3, jitter=0)


def ask(now, *, kind="count", number=0, run_at=None):
    with unit_of_work():
        return enqueue(kind, {"number": number}, now=now, run_at=run_at)


def take(now, holder="a", **options):
    with unit_of_work():
        return claim_job(holder=holder, lease=MINUTE, now=now, **options)


def read(job):
    return db.session.scalars(
        select(Job).where(Job.id == (getattr(job, "job_id", None) or job.id)).execution_options(populate_existing=True)
    ).one()


def test_a_claim_says_what_is_to_be_done_and_marks_the_row(session, now):
    job = ask(now, number=5)
    claim = take(now)
    assert (claim.job_id, claim.kind, claim.payload, claim.attempt) == (job.id, "count", {"number": 5}, 1)
    row = read(job)
    assert (row.state, row.lease_holder, row.lease_until, row.started_at) == (JobState.RUNNING, "a", now + MINUTE, now)
    assert take(now, "b") is None


def test_jobs_are_taken_in_the_order_they_are_due(session, now):
    late, early = ask(now, number=1, run_at=now - MINUTE), ask(now, number=2, run_at=now - 2 * MINUTE)
    ask(now, number=3, run_at=now + MINUTE)
    taken = [take(now), take(now)]
    assert [each.job_id for each in taken] == [early.id, late.id]
    assert take(now) is None
    assert next_due_at() == now + MINUTE


def test_a_job_named_by_a_message_is_taken_only_when_it_waits_and_is_due(session, now):
    future, due = ask(now, run_at=now + MINUTE), ask(now)
    assert take(now, public_id=future.public_id) is None
    assert take(now, public_id="nobodyknowsthis") is None
    assert take(now, public_id=due.public_id).job_id == due.id
    assert take(now, public_id=due.public_id) is None


def test_sixteen_runners_take_each_job_once(session, now):
    for number in range(100):
        ask(now, number=number)

    def work(thread: int) -> list[int]:
        mine = []
        while (claim := take(now, f"runner {thread}")) is not None:
            mine.append(claim.payload["number"])
            with unit_of_work():
                finish_job(claim, now=now)
        return mine

    numbers = [number for mine in all_at_once(work, times=16) for number in mine]
    assert sorted(numbers) == list(range(100))
    assert set(session.scalars(select(Job.state))) == {JobState.DONE}


def test_a_finished_job_keeps_its_result(session, now):
    ask(now)
    claim = take(now)
    with unit_of_work():
        finish_job(claim, now=now + MINUTE, result={"rows": 3})
    row = read(claim)
    assert (row.state, row.result, row.finished_at, row.lease_until) == (
        JobState.DONE,
        {"rows": 3},
        now + MINUTE,
        None,
    )


def test_pauses_grow_until_the_job_has_failed_for_good(session, now):
    ask(now)
    pauses = []
    for attempt in (1, 2, 3):
        claim = take(now)
        assert claim.attempt == attempt
        with unit_of_work():
            next_at = fail_job(claim, "the server is down", policy=POLICY, now=now)
        if next_at is not None:
            assert take(next_at - dt.timedelta(seconds=1)) is None
            pauses.append(next_at - now)
            now = next_at
    assert pauses == [dt.timedelta(seconds=10), dt.timedelta(seconds=30)]
    row = read(claim)
    assert (row.state, row.error, row.attempts) == (JobState.FAILED, "the server is down", 3)
    assert take(now + dt.timedelta(days=1)) is None


def test_an_attempt_may_fail_for_good_or_choose_its_own_pause(session, now):
    ask(now)
    ask(now)
    first, second = take(now), take(now)
    with unit_of_work():
        assert fail_job(first, "no such address", policy=POLICY, now=now, for_good=True) is None
        assert fail_job(second, "come back at noon", policy=POLICY, now=now, pause=MINUTE * 60) == now + MINUTE * 60
    assert (read(first).state, read(second).state) == (JobState.FAILED, JobState.WAITING)


def test_a_text_no_database_can_keep_is_made_readable(session, now):
    ask(now)
    claim = take(now)
    with unit_of_work():
        fail_job(claim, "a\x00b\udc80c" + "x" * 9000, policy=POLICY, now=now)
    assert read(claim).error.startswith("ab?cxxx")
    assert len(read(claim).error) == 4000


def test_a_job_given_back_is_due_at_once_and_loses_no_attempt(session, now):
    ask(now)
    claim = take(now)
    with unit_of_work():
        give_back(claim, now=now)
    again = take(now, "b")
    assert (again.job_id, again.attempt) == (claim.job_id, 1)


def test_an_extended_lease_is_not_swept(session, now):
    ask(now)
    claim = take(now)
    with unit_of_work():
        extend_lease(claim, until=now + 3 * MINUTE, done=4, total=9)
    with unit_of_work():
        assert sweep_expired_leases(policy_of=lambda _kind: POLICY, now=now + 2 * MINUTE) == 0
    assert (read(claim).progress_done, read(claim).progress_total) == (4, 9)


def test_an_expired_lease_lets_another_runner_take_the_job(session, now):
    ask(now)
    take(now)
    later = now + 2 * MINUTE
    assert take(later, "b") is None
    with unit_of_work():
        assert sweep_expired_leases(policy_of=lambda _kind: POLICY, now=later) == 1
    again = take(later, "b")
    assert again.attempt == 2
    assert "The runner stopped in the middle of attempt 1 (a)." in read(again).error


def test_a_job_whose_runner_dies_every_time_fails_in_the_end(session, now):
    ask(now)
    for _ in range(3):
        assert take(now) is not None
        now += 2 * MINUTE
        with unit_of_work():
            sweep_expired_leases(policy_of=lambda _kind: POLICY, now=now)
    row = session.scalars(select(Job)).one()
    assert (row.state, row.attempts) == (JobState.FAILED, 3)
    assert "attempt 3" in row.error


@pytest.mark.parametrize(
    "write",
    [
        lambda claim, now: finish_job(claim, now=now, result={"by": "the slow one"}),
        lambda claim, now: fail_job(claim, "too slow", policy=POLICY, now=now),
        lambda claim, now: give_back(claim, now=now),
        lambda claim, now: extend_lease(claim, until=now + MINUTE, done=1),
    ],
    ids=["finish", "fail", "give back", "extend"],
)
@pytest.mark.parametrize("taken_again", [True, False], ids=["taken again", "waiting again"])
def test_a_runner_that_lost_its_lease_writes_nothing(session, now, write, taken_again):
    ask(now)
    slow = take(now, "same name")
    later = now + 2 * MINUTE
    with unit_of_work():
        sweep_expired_leases(policy_of=lambda _kind: POLICY, now=later)
    if taken_again:
        take(later, "same name")
    before = {column.key: getattr(read(slow), column.key) for column in Job.__table__.columns}
    with pytest.raises(LeaseLost), unit_of_work():
        write(slow, later)
    assert {column.key: getattr(read(slow), column.key) for column in Job.__table__.columns} == before


def test_what_is_sent_to_the_broker_is_sent_again_only_after_a_while(session, now):
    due, _future = ask(now), ask(now, run_at=now + MINUTE * 60)

    def sent(at):
        with unit_of_work():
            return list(take_for_sending(due_before=at, again_after=MINUTE, limit=10, now=at))

    assert sent(now) == [due.public_id]
    assert sent(now + MINUTE / 2) == []
    assert sent(now + 2 * MINUTE) == [due.public_id]
    assert take(now + 2 * MINUTE).job_id == due.id
    assert sent(now + 20 * MINUTE) == []
