"""Ownership changes that nobody answered in time are closed."""

from __future__ import annotations

import datetime as dt

from jobs.registry import JobContext, clock
from services.ownership import expire_ownership_changes
from services.unit_of_work import unit_of_work


@clock("expire_ownership_changes", every=dt.timedelta(hours=1))
def expire(job: JobContext) -> dict[str, int]:
    """Close them, and tell both sides."""
    with unit_of_work():
        return {"expired": expire_ownership_changes(actor=job.actor, now=job.now)}
