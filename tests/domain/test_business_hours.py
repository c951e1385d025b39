"""Clocks in business hours: holidays, places, summer time, and what always holds whatever the week."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_hours import BusinessWeek, HoursNotReadable, due_after, minutes_between, read_week

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
OFFICE = [[["09:00", "17:00"]]] * 5 + [[], []]


def at(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def office(zone: dt.tzinfo = dt.UTC, holidays: tuple[str, ...] = ()) -> BusinessWeek:
    return read_week(OFFICE, zone=zone, holidays=holidays)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-05-15 10:00", 60, "2026-05-15 11:00"),  # a Friday
        ("2026-05-15 16:30", 60, "2026-05-18 09:30"),  # goes on on Monday
        ("2026-05-15 20:00", 60, "2026-05-18 10:00"),  # after hours
        ("2026-05-16 12:00", 8 * 60, "2026-05-18 17:00"),  # to the end of a day
        ("2026-05-18 03:00", 8 * 60 + 1, "2026-05-19 09:01"),
    ],
)
def test_a_promise_runs_in_business_hours_only(start: str, minutes: int, due: str) -> None:
    assert due_after(at(start), minutes, office()) == at(due)


def test_a_holiday_is_no_business() -> None:
    assert due_after(at("2026-05-15 16:30"), 60, office(holidays=("2026-05-18",))) == at("2026-05-19 09:30")


def test_hours_are_those_of_their_place() -> None:
    assert due_after(at("2026-05-15 06:00"), 60, office(BERLIN)) == at("2026-05-15 10:00", BERLIN)
    assert due_after(at("2026-05-15 06:00"), 60, office(NEW_YORK)) == at("2026-05-15 10:00", NEW_YORK)


def test_the_hours_of_a_place_move_with_its_summer_time() -> None:
    before, after = (
        due_after(at("2026-03-27 00:00"), 1, office(BERLIN)),
        due_after(at("2026-03-30 00:00"), 1, office(BERLIN)),
    )
    assert (before.hour, after.hour) == (8, 7)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_around_the_clock_has_the_hours_that_summer_time_leaves_it(day: str, hours: int) -> None:
    always = read_week([[["00:00", "24:00"]]] * 7, zone=BERLIN)
    start = at(f"{day} 00:00", BERLIN)
    end = dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(0), BERLIN)
    assert minutes_between(start, end, always) == hours * 60


def test_hours_that_summer_time_skips_are_not_counted() -> None:
    night = read_week([[["02:00", "03:00"]]] * 7, zone=BERLIN)
    assert minutes_between(at("2026-03-28 12:00"), at("2026-03-29 12:00"), night) == 0
    assert minutes_between(at("2026-03-27 12:00"), at("2026-03-28 12:00"), night) == 60


def test_without_hours_the_clock_never_stands() -> None:
    assert due_after(at("2026-05-16 23:30"), 60) == at("2026-05-17 00:30")
    assert due_after(at("2026-05-16 23:30"), 60, read_week([], zone=dt.UTC)) == at("2026-05-17 00:30")


def test_nothing_lies_between_an_end_and_its_start() -> None:
    assert minutes_between(at("2026-05-15 12:00"), at("2026-05-15 10:00"), office()) == 0


@pytest.mark.parametrize(
    "week",
    [
        OFFICE[:6],
        [[["17:00", "09:00"]], *OFFICE[1:]],
        [[["09:00", "12:00"], ["11:00", "17:00"]], *OFFICE[1:]],
        [[["nine", "five"]], *OFFICE[1:]],
        [[["09:00"]], *OFFICE[1:]],
        [None, *OFFICE[1:]],
    ],
)
def test_a_week_that_is_none_is_refused(week: list[object]) -> None:
    with pytest.raises(HoursNotReadable):
        read_week(week, zone=dt.UTC)


def test_hours_that_never_come_end_no_promise() -> None:
    holidays = tuple((dt.date(2026, 1, 1) + dt.timedelta(days=day)).isoformat() for day in range(366 * 11))
    with pytest.raises(HoursNotReadable):
        due_after(at("2026-05-15 10:00"), 60, office(holidays=holidays))


# What always holds

ZONES = st.sampled_from([dt.UTC, BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")])
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: at("2025-01-01 00:00") + dt.timedelta(minutes=minutes))


@st.composite
def weeks(draw: st.DrawFn) -> BusinessWeek:
    """Weeks with up to three stretches a day, at least one in all, and some holidays."""
    days = []
    for _day in range(7):
        edges = sorted(draw(st.sets(st.integers(0, 24 * 4), max_size=6)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        days.append([[f"{a // 4:02}:{a % 4 * 15:02}", f"{b // 4:02}:{b % 4 * 15:02}"] for a, b in pairs])
    days[draw(st.integers(0, 6))] = [["09:00", "17:00"]]
    holidays = draw(st.sets(st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)), max_size=5))
    return read_week(days, zone=draw(ZONES), holidays=[day.isoformat() for day in holidays])


@given(weeks(), MOMENTS, st.integers(1, 5_000))
def test_exactly_the_minutes_promised_lie_before_the_due_moment(
    week: BusinessWeek, start: dt.datetime, minutes: int
) -> None:
    due = due_after(start, minutes, week)
    assert due > start
    assert minutes_between(start, due, week) == minutes


@given(weeks(), MOMENTS, st.integers(1, 3_000), st.integers(1, 3_000))
def test_a_promise_can_be_kept_in_two_pieces(week: BusinessWeek, start: dt.datetime, first: int, second: int) -> None:
    assert due_after(due_after(start, first, week), second, week) == due_after(start, first + second, week)


@given(weeks(), MOMENTS, MOMENTS, MOMENTS)
def test_minutes_add_up(week: BusinessWeek, one: dt.datetime, two: dt.datetime, three: dt.datetime) -> None:
    a, b, c = sorted((one, two, three))
    assert minutes_between(a, c, week) == minutes_between(a, b, week) + minutes_between(b, c, week)


@given(weeks(), MOMENTS, st.integers(1, 2_000), st.integers(1, 2_000))
def test_who_promises_more_is_due_later(week: BusinessWeek, start: dt.datetime, minutes: int, more: int) -> None:
    assert due_after(start, minutes, week) < due_after(start, minutes + more, week)
