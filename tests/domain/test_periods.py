"""Billing periods and what changes within them cost: the examples of SPEC E2 and E3 to the cent."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.money import minor_to_text
from domain.periods import (
    Period,
    add_months,
    aligned_renewal,
    last_of_month,
    month_named,
    month_of,
    nth_period,
    period_on,
)
from domain.proration import change_price, change_quantity, price_of, prorate

day = dt.date.fromisoformat
days = st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31))
intervals = st.sampled_from([1, 3, 6, 12, 24])
prices = st.integers(0, 10**8)

YEAR = Period(day("2020-11-16"), day("2021-11-15"))


def test_both_ends_of_a_period_count() -> None:
    assert YEAR.days == 365
    assert Period(YEAR.first, YEAR.first).days == 1
    assert YEAR.first in YEAR
    assert YEAR.last in YEAR
    assert day("2021-11-16") not in YEAR


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Period(YEAR.last, YEAR.first)


@pytest.mark.parametrize("outside", ["2020-11-15", "2021-11-16"])
def test_days_left_are_those_of_a_day_within(outside: str) -> None:
    assert (YEAR.days_left(YEAR.first), YEAR.days_left(YEAR.last)) == (365, 1)
    with pytest.raises(ValueError, match="outside"):
        YEAR.days_left(day(outside))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-03-16", 1, "2026-04-16"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-03-31", -1, "2026-02-28"),
    ],
)
def test_months_end_where_the_calendar_says(start: str, months: int, end: str) -> None:
    assert add_months(day(start), months) == day(end)


def test_a_service_begun_on_the_last_day_finds_back_to_it() -> None:
    firsts = [nth_period(day("2026-01-31"), 1, number).first.isoformat() for number in range(4)]
    assert firsts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


@given(days)
def test_a_month_is_the_calendars_from_its_first_day_to_its_last(day):
    month = month_of(day)
    assert (month.first, month.last) == (day.replace(day=1), last_of_month(day))
    assert day in month


@given(days, intervals, st.integers(0, 40))
def test_periods_follow_each_other_without_gap_or_overlap(anchor: dt.date, months: int, number: int) -> None:
    assert (
        nth_period(anchor, months, number).last + dt.timedelta(days=1) == nth_period(anchor, months, number + 1).first
    )


@given(days, intervals, st.integers(0, 20_000))
def test_every_day_lies_in_the_period_found_for_it(anchor: dt.date, months: int, later: int) -> None:
    wanted = anchor + dt.timedelta(days=later)
    assert wanted in period_on(anchor, months, wanted)


def test_there_is_no_period_before_the_service_began() -> None:
    with pytest.raises(ValueError, match="before the service"):
        period_on(day("2026-01-02"), 1, day("2026-01-01"))


@pytest.mark.parametrize("months", [0, -1])
def test_a_period_has_at_least_a_month(months: int) -> None:
    with pytest.raises(ValueError, match="at least one month"):
        nth_period(day("2026-01-01"), months, 0)
    with pytest.raises(ValueError, match="at least one month"):
        aligned_renewal(day("2026-01-02"), months)


def test_the_renewal_of_spec_e3_runs_to_the_end_of_the_next_month() -> None:
    first = nth_period(day("2026-03-16"), 1, 0)
    assert first == Period(day("2026-03-16"), day("2026-04-15"))
    renewal = aligned_renewal(first.last + dt.timedelta(days=1), 1)
    assert renewal.period == Period(day("2026-04-16"), day("2026-05-31"))
    assert Fraction(renewal.numerator, renewal.denominator) == Fraction(15, 30) + 1
    assert price_of(3000, renewal) == 4500
    third = aligned_renewal(renewal.period.last + dt.timedelta(days=1), 1)
    assert third.period == Period(day("2026-06-01"), day("2026-06-30"))
    assert price_of(3000, third) == 3000


def test_a_yearly_service_aligns_by_the_rest_of_a_month_and_a_year() -> None:
    renewal = aligned_renewal(day("2026-04-16"), 12)
    assert renewal.period == Period(day("2026-04-16"), day("2027-04-30"))
    assert Fraction(renewal.numerator, renewal.denominator) == 1 + Fraction(15, 30) / 12


@given(days, intervals)
def test_an_aligned_renewal_ends_with_a_month_and_costs_what_it_covers(first: dt.date, months: int) -> None:
    renewal = aligned_renewal(first, months)
    assert renewal.period.first == first
    assert renewal.period.last == last_of_month(renewal.period.last)
    share = Fraction(renewal.numerator, renewal.denominator)
    assert 1 <= share < 1 + Fraction(1, months)
    assert (share == 1) == (first.day == 1)


def test_the_example_of_spec_e2_costs_153_00() -> None:
    charge = change_price(36_500, 73_000, YEAR, day("2021-06-16"))
    assert (charge.days_left, charge.days, charge.full) == (153, 365, 36_500)
    assert minor_to_text(charge.amount, "USD") == "153.00"


def test_a_change_on_the_first_day_costs_the_whole_and_on_the_last_one_day() -> None:
    assert prorate(36_500, YEAR, YEAR.first).amount == 36_500
    assert prorate(36_500, YEAR, YEAR.last).amount == 100


def test_going_down_costs_and_pays_nothing_until_renewal() -> None:
    change = change_quantity(1000, paid_quantity=5, new_quantity=2, period=YEAR, changed_on=day("2021-06-16"))
    assert (change.charge.amount, change.paid_quantity, change.renewal_quantity) == (0, 5, 2)
    assert change_price(73_000, 36_500, YEAR, day("2021-06-16")).amount == 0


def test_up_after_down_is_charged_only_above_what_was_paid() -> None:
    change = change_quantity(36_500, paid_quantity=5, new_quantity=6, period=YEAR, changed_on=day("2021-06-16"))
    assert (change.charge.amount, change.paid_quantity) == (15_300, 6)
    again = change_quantity(36_500, paid_quantity=6, new_quantity=6, period=YEAR, changed_on=day("2021-06-17"))
    assert again.charge.amount == 0


@pytest.mark.parametrize(("paid", "new"), [(-1, 1), (1, -1)])
def test_a_quantity_is_not_negative(paid: int, new: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        change_quantity(1, paid_quantity=paid, new_quantity=new, period=YEAR, changed_on=YEAR.first)


@given(prices, days, intervals, st.data())
def test_a_prorated_price_never_exceeds_the_whole_and_falls_with_the_days(
    price: int, anchor: dt.date, months: int, data: st.DataObject
) -> None:
    period = nth_period(anchor, months, 0)
    early = data.draw(st.integers(0, period.days - 1))
    late = data.draw(st.integers(early, period.days - 1))
    first = prorate(price, period, period.first + dt.timedelta(days=early)).amount
    second = prorate(price, period, period.first + dt.timedelta(days=late)).amount
    assert price >= first >= second >= 0


@given(
    st.integers(0, 10**6),
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 364), st.integers(0, 50)), min_size=1, max_size=10),
)
def test_no_order_of_changes_pays_out_or_charges_twice(price: int, start: int, changes: list[tuple[int, int]]) -> None:
    assume(price)
    paid_quantity, charged = start, 0
    for offset, quantity in sorted(changes, key=lambda change: change[0]):
        on = YEAR.first + dt.timedelta(days=offset)
        change = change_quantity(price, paid_quantity=paid_quantity, new_quantity=quantity, period=YEAR, changed_on=on)
        assert change.charge.amount >= 0
        assert change.paid_quantity >= quantity
        paid_quantity, charged = change.paid_quantity, charged + change.charge.amount
    highest = max(start, *(quantity for _, quantity in changes))
    assert paid_quantity == highest
    # Never more than the highest quantity for the whole year, but for half a unit of rounding a change.
    assert 2 * charged <= 2 * price * (highest - start) + len(changes)


@pytest.mark.parametrize(
    ("text", "days"), [("2026-02", ("2026-02-01", "2026-02-28")), ("2024-12", ("2024-12-01", "2024-12-31"))]
)
def test_a_month_is_named_by_its_year_and_number(text, days):
    month = month_named(text)
    assert month is not None
    assert (month.first.isoformat(), month.last.isoformat()) == days


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-00", "2026-13", "2026-1", "26-01", "0000-01", "2026-01-01", " 2026-01"]
)
def test_what_names_no_month_is_none(text):
    assert month_named(text) is None
