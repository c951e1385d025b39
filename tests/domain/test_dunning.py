"""The schedule of what is done about an unpaid invoice."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dunning import (
    MESSAGES,
    DaysNotReadable,
    DunningPolicy,
    StepKind,
    parse_days,
    policy_of,
    schedule,
    steps_today,
)

DUE = dt.date(2026, 5, 1)
DAYS = st.lists(st.integers(1, 60), max_size=5, unique=True).map(lambda days: tuple(sorted(days)))
POLICIES = st.builds(DunningPolicy, DAYS, DAYS, st.integers(0, 60), st.integers(0, 90))


def days_after(number: int) -> dt.date:
    return DUE + dt.timedelta(days=number)


def test_the_usual_schedule_in_its_order():
    names = [(step.name, (step.on - DUE).days) for step in schedule(DUE, DunningPolicy())]
    assert names == [
        ("charge", 0),
        ("retry_1", 1),
        ("reminder_1", 1),
        ("retry_2", 3),
        ("retry_3", 7),
        ("reminder_2", 7),
        ("reminder_3", 14),
        ("final_warning", 21),
        ("suspension", 28),
    ]


def run(policy, looks):
    """Look at an invoice on these days; give (day, step) of what was taken, and the names skipped."""
    taken, ended, skipped, warned_on = [], set(), set(), None
    for number in looks:
        today = steps_today(DUE, policy, today=days_after(number), ended=ended, warned_on=warned_on)
        for step in today.take:
            taken.append((number, step))
            ended.add(step.name)
            if step.kind is StepKind.FINAL_WARNING:
                warned_on = days_after(number)
        skipped |= {step.name for step in today.skip}
        ended |= skipped
    return taken, skipped


@given(POLICIES, st.lists(st.integers(0, 120), max_size=60).map(sorted))
def test_each_step_is_taken_at_most_once_never_early_and_messages_never_in_a_bunch(policy, looks):
    taken, skipped = run(policy, looks)
    names = [step.name for _day, step in taken]
    assert len(names) == len(set(names))
    assert not set(names) & skipped
    assert all(days_after(day) >= step.on for day, step in taken)
    for day in looks:
        assert sum(step.kind in MESSAGES for on, step in taken if on == day) <= (looks.count(day))


@given(POLICIES, st.lists(st.integers(0, 120), max_size=60).map(sorted))
def test_nobody_is_suspended_without_a_warning_and_the_days_in_between(policy, looks):
    taken, _skipped = run(policy, looks)
    days = {step.kind: day for day, step in taken}
    if policy.warning_days and StepKind.SUSPENSION in days:
        assert days[StepKind.SUSPENSION] - days[StepKind.FINAL_WARNING] >= max(
            1, policy.suspension_days - policy.warning_days
        )


@settings(deadline=None)  # one case walks through a year of days
@given(POLICIES)
def test_who_looks_every_day_takes_every_step_on_its_day_but_a_suspension_that_waits_for_its_warning(policy):
    taken, skipped = run(policy, range(200))
    planned = schedule(DUE, policy)
    assert {step.name for _day, step in taken} | skipped == {step.name for step in planned}
    for day, step in taken:
        if step.kind is not StepKind.SUSPENSION:
            assert days_after(day) == step.on


def test_after_a_pause_only_the_newest_message_is_sent():
    taken, skipped = run(DunningPolicy(), [40])
    assert [step.name for _day, step in taken] == ["retry_3", "final_warning"]
    assert skipped == {"charge", "retry_1", "retry_2", "reminder_1", "reminder_2", "reminder_3"}


def test_what_is_put_into_the_schedule_before_a_step_that_has_ended_is_passed_over():
    found = steps_today(
        DUE, DunningPolicy(), today=days_after(6), ended={"retry_1", "retry_2", "reminder_1"}, warned_on=None
    )
    assert ([step.name for step in found.take], [step.name for step in found.skip]) == ([], ["charge"])


def test_on_the_due_day_a_stored_method_pays_and_nobody_is_reminded():
    taken, skipped = run(DunningPolicy(), [0])
    assert ([(day, step.name) for day, step in taken], skipped) == ([(0, "charge")], set())
    assert run(DunningPolicy(retry_days=(1, 3)), [0]) == ([], set())


@pytest.mark.parametrize(("text", "days"), [("", ()), ("1", (1,)), (" 1, 7 14 ", (1, 7, 14))])
def test_days_are_read_as_people_type_them(text, days):
    assert parse_days(text) == days


def test_only_charges_may_be_on_the_due_day():
    assert parse_days("0, 1", least=0) == (0, 1)
    assert policy_of({"retry_days": "0", "reminder_days": "1", "warning_days": 0, "suspension_days": 0}).retry_days == (
        0,
    )
    with pytest.raises(DaysNotReadable):
        policy_of({"retry_days": "0", "reminder_days": "0", "warning_days": 0, "suspension_days": 0})


@pytest.mark.parametrize("text", ["0", "-1", "x", "7, 1", "1, 1", "1.5", "366", "1000", ",".join("123456789012345")])
def test_days_that_make_no_schedule_are_refused(text):
    with pytest.raises(DaysNotReadable):
        parse_days(text)
