"""Warnings of expiry: each step once, never after the last day, and one at a time after a pause."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from domain.expiry import has_expired, warning_due

LAST = dt.date(2026, 8, 31)
STEPS = st.sets(st.integers(1, 60), max_size=5)
LOOKS = st.lists(st.integers(-90, 10), max_size=60).map(sorted)


def on(day: int) -> dt.date:
    """So many days after the last day."""
    return LAST + dt.timedelta(days=day)


def warnings(steps: set[int], looks: list[int]) -> list[tuple[int, int]]:
    """Look on these days; give (day, step) of what was told."""
    told: list[tuple[int, int]] = []
    warned = None
    for day in looks:
        step = warning_due(LAST, steps, today=on(day), warned=warned)
        if step is not None:
            told.append((day, step))
            warned = step
    return told


@given(STEPS, LOOKS)
def test_each_step_is_taken_once_in_falling_order_and_never_early_or_late(steps, looks):
    told = warnings(steps, looks)
    taken = [step for _day, step in told]
    assert taken == sorted(set(taken), reverse=True)
    assert set(taken) <= steps
    assert all(-step <= day <= 0 for day, step in told)


@given(STEPS)
def test_who_looks_every_day_takes_every_step_on_its_day(steps):
    assert warnings(steps, list(range(-90, 10))) == [(-step, step) for step in sorted(steps, reverse=True)]


@given(STEPS.filter(bool), st.integers(-90, 0))
def test_after_a_pause_only_the_newest_step_is_taken(steps, day):
    due = [step for step in steps if step >= -day]
    assert warnings(steps, [day, day]) == ([(day, min(due))] if due else [])


def test_the_last_day_still_works():
    assert not has_expired(LAST, today=LAST)
    assert has_expired(LAST, today=on(1))
    assert not has_expired(None, today=on(1))
