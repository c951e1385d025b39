"""How often a job is tried, and how long it rests in between."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.jobs import RetryPolicy, slot_of

SECOND = dt.timedelta(seconds=1)


def test_pauses_grow_by_their_factor_up_to_the_longest():
    policy = RetryPolicy(first_pause=10 * SECOND, growth=3, longest_pause=100 * SECOND, jitter=0)
    assert [policy.pause_after(attempt, job="j") // SECOND for attempt in range(1, 6)] == [10, 30, 90, 100, 100]


@given(job=some.text(max_size=16), attempt=some.integers(1, 1000))
def test_the_extra_is_small_and_always_the_same_for_a_job_and_attempt(job, attempt):
    plain, extra = RetryPolicy(jitter=0), RetryPolicy(jitter=200)
    pause = extra.pause_after(attempt, job=job)
    assert plain.pause_after(attempt, job=job) <= pause <= plain.pause_after(attempt, job=job) * 1.2
    assert pause == extra.pause_after(attempt, job=job)


def test_jobs_that_fail_together_do_not_return_together():
    assert len({RetryPolicy().pause_after(3, job=f"job {number}") for number in range(50)}) > 40


def test_the_last_attempt_is_the_last():
    policy = RetryPolicy(most_attempts=3)
    assert [policy.is_last(attempt) for attempt in (1, 2, 3, 4)] == [False, False, True, True]


@pytest.mark.parametrize("wrong", [{"most_attempts": 0}, {"growth": 0}, {"jitter": -1}, {"first_pause": -SECOND}])
def test_a_policy_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="retry policy"):
        RetryPolicy(**wrong)


def test_moments_of_one_stretch_have_one_slot():
    day = dt.timedelta(days=1)
    midnight = dt.datetime(2026, 5, 15, tzinfo=dt.UTC)
    assert slot_of(midnight, day) == slot_of(midnight + day - SECOND, day) == midnight
    assert slot_of(midnight - SECOND, day) == midnight - day
