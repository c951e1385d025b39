"""Clocks that run in business hours only: when a promise ends, and how much of it a pause took.

Times of the day are those of a place, so an hour that summer time takes away or gives back is not promised twice. A
week without any hours would never end a promise: clocks then run around the clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_DAY: Final = dt.timedelta(days=1)
_MINUTE: Final = dt.timedelta(minutes=1)
_LONGEST_SEARCH: Final = 366 * 10  # days; a promise that ends later is one nobody made on purpose


class HoursNotReadable(ValueError):
    """A week or a holiday that is no such thing."""


def _moment(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """A time of a day in a place. One that summer time skips is the moment at which the clocks are put forward."""
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)


def _time(text: str) -> dt.time:
    return dt.time(0) if text == "24:00" else dt.time.fromisoformat(text)


def _minute_of(time: dt.time) -> int:
    return time.hour * 60 + time.minute


Span = tuple[dt.time, dt.time]


@dataclass(frozen=True, slots=True)
class BusinessWeek:
    """The hours of each day, Monday first, in one place. A time of 00:00 at the end is the end of the day."""

    days: Sequence[Sequence[Span]]
    zone: dt.tzinfo = dt.UTC
    holidays: Collection[dt.date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise HoursNotReadable("a week has seven days")
        for spans in self.days:
            ends = [_minute_of(end) or 24 * 60 for _start, end in spans]
            starts = [_minute_of(start) for start, _end in spans]
            if any(start >= end for start, end in zip(starts, ends, strict=True)):
                raise HoursNotReadable("hours end after they begin")
            if any(start < end for start, end in zip(starts[1:], ends, strict=False)):
                raise HoursNotReadable("hours of a day stand one after the other")

    @property
    def never_opens(self) -> bool:
        return not any(self.days)

    def spans(self, first: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Each stretch of business from this day on, as moments in UTC, in their order."""
        for number in range(_LONGEST_SEARCH):
            day = first + number * _DAY
            if day in self.holidays:
                continue
            for start, end in self.days[day.weekday()]:
                begins = _moment(day, start, self.zone)
                ends = _moment(day if _minute_of(end) else day + _DAY, end, self.zone)
                if begins < ends:
                    yield begins, ends


AROUND_THE_CLOCK: Final = BusinessWeek(days=[[(dt.time(0), dt.time(0))]] * 7)


def read_week(week: Sequence[Any], *, zone: dt.tzinfo, holidays: Sequence[str] = ()) -> BusinessWeek:
    """Read a week as it is kept: seven lists of [from, until] as "HH:MM" ("24:00" ends the day), holidays as dates."""
    try:
        days = [[(_time(start), _time(end)) for start, end in spans] for spans in week]
        return BusinessWeek(days or [[]] * 7, zone, frozenset(dt.date.fromisoformat(day) for day in holidays))
    except (TypeError, ValueError) as mistake:
        raise HoursNotReadable(str(mistake)) from None


def due_after(start: dt.datetime, minutes: int, hours: BusinessWeek | None = None) -> dt.datetime:
    """The moment at which so many minutes of business have passed since the start, in UTC."""
    week = AROUND_THE_CLOCK if hours is None or hours.never_opens else hours
    left, since = minutes * _MINUTE, start.astimezone(dt.UTC)
    for begins, ends in week.spans(since.astimezone(week.zone).date() - _DAY):
        running = ends - max(begins, since)
        if running <= dt.timedelta(0):
            continue
        if left <= running:
            return max(begins, since) + left
        left -= running
    raise HoursNotReadable("these hours never come to an end of the promise")


def minutes_between(start: dt.datetime, end: dt.datetime, hours: BusinessWeek | None = None) -> int:
    """How many whole minutes of business lie between two moments; none if the end comes first."""
    week = AROUND_THE_CLOCK if hours is None or hours.never_opens else hours
    since, until = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    total = dt.timedelta(0)
    for begins, ends in week.spans(since.astimezone(week.zone).date() - _DAY):
        if begins >= until:
            break
        total += max(min(ends, until) - max(begins, since), dt.timedelta(0))
    return int(total / _MINUTE)
