"""Which days a rehearsal is held against: month by month, the same days of last month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.periods import Period, add_months, last_of_month


@dataclass(frozen=True, slots=True)
class MonthView:
    """A month up to the last day foretold: what is past of it (in the first one), and the days it is held against."""

    days: Period
    past: Period | None
    last_month: Period

    @property
    def name(self) -> str:
        """Like "2026-05"."""
        return f"{self.days.first:%Y-%m}"

    @property
    def is_whole(self) -> bool:
        return self.days.last == last_of_month(self.days.last)


def month_views(today: dt.date, until: dt.date) -> list[MonthView]:
    """The month of today and every one up to the month of ``until``, which may end before its end.

    Last month is the one before today's. A month that is cut short is held against as many of its days.
    """
    if until < today:
        raise ValueError("a rehearsal looks ahead")
    this_month = today.replace(day=1)
    before = add_months(this_month, -1)
    found = []
    first = this_month
    while first <= until:
        last = min(until, last_of_month(first))
        whole = last == last_of_month(first)
        reference = last_of_month(before) if whole else before.replace(day=min(last.day, last_of_month(before).day))
        past = Period(first, today) if first == this_month else None
        found.append(MonthView(Period(first, last), past, Period(before, reference)))
        first = add_months(first, 1)
    return found
