"""When an account's balance is topped up by itself, and when that stops (SPEC D13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

PAUSE: Final = dt.timedelta(hours=1)
"""Between two tries for one account, whatever became of the first."""
MOST_FAILURES: Final = 3


def is_due(*, threshold: int, funds: int, last_run_at: dt.datetime | None, under_way: bool, now: dt.datetime) -> bool:
    """Whether an amount is to be added now: too little is there, nothing is on its way, and the pause is over."""
    rested = last_run_at is None or last_run_at <= now - PAUSE
    return rested and not under_way and funds < threshold


def gives_up(failed: Sequence[bool]) -> bool:
    """Whether the rule is switched off, after tries of which the newest, told first, failed so often in a row."""
    return len(failed) >= MOST_FAILURES and all(failed[:MOST_FAILURES])
