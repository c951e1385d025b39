"""Rules of deliveries: how long a message rests after a failed try, and when trying ends."""

from __future__ import annotations

import datetime as dt
from typing import Final

_MINUTE: Final = dt.timedelta(minutes=1)

# Soon at first, for a server that restarts; then patiently, for one that is down for long. Two days in all.
PAUSES: Final = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 60 * _MINUTE, *([240 * _MINUTE] * 11))


def pause_after(attempt: int) -> dt.timedelta | None:
    """How long to rest after this failed try (the first has number 1); None when it was the last."""
    return PAUSES[attempt - 1] if attempt <= len(PAUSES) else None
