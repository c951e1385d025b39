"""What the clock does for reserved prospects: those whose days are over are free for others."""

from __future__ import annotations

import datetime as dt

from jobs.housekeeping import in_pieces
from jobs.registry import JobContext, clock
from services.prospects import end_lapsed_reservations


@clock("end_reservations", every=dt.timedelta(hours=1))
def end_reservations(job: JobContext) -> dict[str, int]:
    """So that lists say it; a company is free from the day on, whether this has run or not."""
    return {"ended": in_pieces(job, lambda: end_lapsed_reservations(now=job.now))["deleted"]}
