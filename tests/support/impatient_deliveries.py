"""For runners under test: a failed try is repeated after a second, many times, so that a test sees the end of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from domain import deliveries
from domain.jobs import RetryPolicy

_SECOND = dt.timedelta(seconds=1)

deliveries.PAUSES = (_SECOND,) * 200


def _soon(self: RetryPolicy, attempt: int, **_named: Any) -> dt.timedelta:
    """A job whose runner was killed three times would rest for two minutes."""
    return _SECOND


RetryPolicy.pause_after = _soon  # type: ignore[method-assign]
