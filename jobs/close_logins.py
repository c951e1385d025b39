"""Closes logins as a member whose time is over, so that the customer is told. Who may look is asked at each request."""

from __future__ import annotations

import datetime as dt

from jobs.registry import JobContext, clock
from services.login_as import close_overdue_logins
from services.unit_of_work import unit_of_work


@clock("close_overdue_logins", every=dt.timedelta(minutes=1))
def close_logins(job: JobContext) -> dict[str, int]:
    """Those that expired, whose browser signed out, or whose staff, member or account may not any more."""
    with unit_of_work():
        return {"closed": close_overdue_logins(actor=job.actor, now=job.now)}
