"""Billing periods: whole days, both ends count, months that end where the calendar says."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

_MONTH: Final = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """From its first day to its last, both counted: one day has first and last the same."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends before it begins")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    def days_left(self, day: dt.date) -> int:
        """The days from ``day`` to the last, both counted; the day must lie in the period."""
        if day not in self:
            raise ValueError(f"{day.isoformat()} lies outside the period")
        return (self.last - day).days + 1


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """A period that costs ``numerator/denominator`` times its regular price."""

    period: Period
    numerator: int = 1
    denominator: int = 1


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day so many months on; the last day of the month where there is no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_of_month(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def month_of(day: dt.date) -> Period:
    """The calendar month in which the day lies."""
    return Period(day.replace(day=1), last_of_month(day))


def month_named(text: str) -> Period | None:
    """The month written like "2026-01"; None for anything else."""
    return month_of(dt.date(int(text[:4]), int(text[5:]), 1)) if _MONTH.fullmatch(text) else None


def nth_period(anchor: dt.date, months: int, number: int) -> Period:
    """The period with this number, 0 being the first, of a service that began on ``anchor``.

    Always counted from the anchor: from 31 January, February ends the 27th or 28th and March is whole again.
    """
    if months < 1:
        raise ValueError("a billing period has at least one month")
    next_first = add_months(anchor, months * (number + 1))
    return Period(add_months(anchor, months * number), next_first - dt.timedelta(days=1))


def period_on(anchor: dt.date, months: int, day: dt.date) -> Period:
    """The period of a service that began on ``anchor`` in which ``day`` lies."""
    if day < anchor:
        raise ValueError("the day lies before the service began")
    number = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    period = nth_period(anchor, months, number)
    return nth_period(anchor, months, number - 1) if day < period.first else period


def aligned_renewal(first: dt.date, months: int) -> PricedPeriod:
    """The renewal that moves a service to calendar months: the rest of the month, and the regular months after it.

    16 April, monthly: to 31 May, for 15/30 + 1 of the price. From the 1st it is a regular period.
    """
    if months < 1:
        raise ValueError("a billing period has at least one month")
    if first.day == 1:
        return PricedPeriod(nth_period(first, months, 0))
    end_of_month = last_of_month(first)
    rest = Period(first, end_of_month).days
    whole = end_of_month.day * months
    period = Period(first, last_of_month(add_months(end_of_month.replace(day=1), months)))
    return PricedPeriod(period, rest + whole, whole)
