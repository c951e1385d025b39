"""When subscriptions renew and for which days; which days a rehearsal is held against; top-ups and money in order."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoices import pay_in_order
from domain.month_views import month_views
from domain.periods import Period, nth_period
from domain.renewals import billed_on, following_period, is_over_for_good, renewal_due_on
from domain.sheets import harmless
from domain.top_ups import PAUSE, gives_up, is_due
from panel.kinds import harmless as harmless_in_exports

ANCHORS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_a_period_is_billed_seven_days_before_it_begins():
    assert billed_on(day("2026-06-01")) == day("2026-05-25")


def test_a_renewal_is_due_on_the_first_day_of_its_period_or_at_once_when_that_is_past():
    first = day("2026-06-01")
    assert renewal_due_on(first, today=day("2026-05-25")) == first
    assert renewal_due_on(first, today=first) == first
    assert renewal_due_on(first, today=day("2026-06-20")) == day("2026-06-20")


@pytest.mark.parametrize(("today", "over"), [("2026-05-31", False), ("2026-06-28", False), ("2026-06-29", True)])
def test_a_subscription_is_over_for_good_on_the_day_after_its_days_of_grace(today, over):
    assert is_over_for_good(day("2026-05-31"), grace=dt.timedelta(days=28), today=day(today)) is over


@given(ANCHORS, st.sampled_from([1, 3, 12, 24]), st.integers(0, 20))
def test_periods_follow_each_other_as_they_are_counted_from_the_first_day(anchor, months, number):
    current = nth_period(anchor, months, number)
    priced = following_period(current, anchor=anchor, months=months, aligns=False)
    assert (priced.period, priced.numerator) == (nth_period(anchor, months, number + 1), 1)


@given(ANCHORS, st.sampled_from([1, 3, 12]))
def test_an_aligned_service_comes_to_calendar_months_and_stays_there(anchor, months):
    period = nth_period(anchor, months, 0)
    for _time in range(2):
        priced = following_period(period, anchor=anchor, months=months, aligns=True)
        assert priced.period.first == period.last + dt.timedelta(days=1)
        period = priced.period
    assert period.first.day == 1
    assert (period.last + dt.timedelta(days=1)).day == 1


def test_a_service_that_left_its_count_goes_on_from_where_it_is():
    priced = following_period(
        Period(day("2026-05-11"), day("2026-06-09")), anchor=day("2026-01-01"), months=1, aligns=False
    )
    assert priced.period == Period(day("2026-06-10"), day("2026-07-09"))


def test_whole_months_are_held_against_all_of_last_month_and_a_part_against_as_many_days():
    june, july, august = month_views(day("2026-06-15"), day("2026-08-10"))
    assert (june.name, june.past, june.last_month) == (
        "2026-06",
        Period(day("2026-06-01"), day("2026-06-15")),
        Period(day("2026-05-01"), day("2026-05-31")),
    )
    assert (july.past, july.is_whole, july.last_month.last) == (None, True, day("2026-05-31"))
    assert (august.days.last, august.is_whole, august.last_month.last) == (
        day("2026-08-10"),
        False,
        day("2026-05-10"),
    )


def test_a_part_longer_than_last_month_is_held_against_all_of_it():
    (*_rest, last) = month_views(day("2026-03-05"), day("2026-03-30"))
    assert last.last_month == Period(day("2026-02-01"), day("2026-02-28"))


def test_looking_back_is_a_mistake():
    with pytest.raises(ValueError, match="looks ahead"):
        month_views(day("2026-03-05"), day("2026-03-04"))


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({}, True),
        ({"funds": 5_000}, False),
        ({"under_way": True}, False),
        ({"last_run_at": NOW - PAUSE}, True),
        ({"last_run_at": NOW - PAUSE + dt.timedelta(seconds=1)}, False),
    ],
)
def test_a_top_up_is_due_below_the_threshold_after_its_pause(values, due):
    usual = {"threshold": 5_000, "funds": 4_999, "last_run_at": None, "under_way": False, "now": NOW}
    assert is_due(**{**usual, **values}) is due


@pytest.mark.parametrize(
    ("failed", "given_up"),
    [([True, True], False), ([True, True, True], True), ([False, True, True, True], False), ([True] * 4, True)],
)
def test_three_failures_in_a_row_switch_a_rule_off(failed, given_up):
    assert gives_up(failed) is given_up


@given(st.integers(0, 1_000), st.lists(st.integers(0, 500)))
def test_money_pays_one_after_the_other_and_never_more_than_is_due(money, dues):
    parts = pay_in_order(money, dues)
    assert sum(parts) == min(money, sum(dues))
    assert all(0 <= part <= due for part, due in zip(parts, dues, strict=True))
    unpaid = [number for number, (part, due) in enumerate(zip(parts, dues, strict=True)) if part < due]
    assert not unpaid or all(part == 0 for part in parts[unpaid[0] + 1 :])


@given(st.text(max_size=20))
def test_both_kinds_of_sheets_make_texts_harmless_in_the_same_way(text):
    assert harmless(text) == harmless_in_exports(text)
