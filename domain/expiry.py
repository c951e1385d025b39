"""When people are warned that what they stored to pay with expires: each step once, and only the newest that is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection


def warning_due(expires_on: dt.date, days: Collection[int], *, today: dt.date, warned: int | None) -> int | None:
    """How many days before the last day the warning stands that is due today; None: there is none.

    ``days`` are the steps, ``warned`` the last one taken. After a pause the steps that were missed are passed over.
    """
    if today > expires_on:
        return None
    step = min((day for day in days if expires_on - dt.timedelta(days=day) <= today), default=None)
    return step if step is not None and (warned is None or step < warned) else None


def has_expired(expires_on: dt.date | None, *, today: dt.date) -> bool:
    """Whether the last day on which it works is over."""
    return expires_on is not None and expires_on < today
