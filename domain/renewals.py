"""When a subscription renews, and for which days (SPEC E3)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from domain.periods import Period, PricedPeriod, aligned_renewal, nth_period, period_on

BILLED_BEFORE: Final = dt.timedelta(days=7)
"""So long before its first day the next period is billed."""
_ONE_DAY: Final = dt.timedelta(days=1)


def billed_on(renews_on: dt.date, *, trial_ends_on: dt.date | None = None) -> dt.date:
    """The day on which the period that begins on ``renews_on`` is billed: not before a trial ends."""
    usual = renews_on - BILLED_BEFORE
    return usual if trial_ends_on is None else max(usual, trial_ends_on)


def renewal_due_on(first: dt.date, *, today: dt.date) -> dt.date:
    """The day on which the invoice over the period that begins on ``first`` is due: then, or at once if late."""
    return max(today, first)


def is_over_for_good(last: dt.date, *, grace: dt.timedelta, today: dt.date) -> bool:
    """Whether a subscription whose paid days ended on ``last`` can be had back no more: it is terminated."""
    return last < today - grace


def following_period(current: Period, *, anchor: dt.date, months: int, aligns: bool) -> PricedPeriod:
    """The period after the current one, of a service that began on ``anchor``.

    Whoever aligns comes to calendar months with it. A service that once left the count of its anchor goes on from
    where it is.
    """
    first = current.last + _ONE_DAY
    if aligns:
        return aligned_renewal(first, months)
    counted = period_on(anchor, months, first)
    return PricedPeriod(counted if counted.first == first else nth_period(first, months, 0))
