"""Counts the months of the business once an hour, for the staff's first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from jobs.registry import JobContext, clock
from services.business_figures import FIGURES_JOB, count_business
from services.unit_of_work import unit_of_work


@clock(FIGURES_JOB, every=dt.timedelta(hours=1))
def count(job: JobContext) -> Mapping[str, Any]:
    """Kept as the job's result."""
    with unit_of_work():
        return count_business(now=job.now)
