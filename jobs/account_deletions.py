"""What the clock does for accounts that wait for their deletion: it reminds, and carries out what is due."""

from __future__ import annotations

import datetime as dt

from jobs.registry import JobContext, clock
from services.deletions import accounts_due, accounts_to_remind, carry_out_deletion, remind_of_deletion
from services.unit_of_work import unit_of_work

HOUR = dt.timedelta(hours=1)


@clock("remind_of_deletions", every=HOUR)
def remind(job: JobContext) -> dict[str, int]:
    """Tell owners that a week is left, once."""
    waiting = accounts_to_remind(now=job.now)
    for account_id in waiting:
        with unit_of_work():
            remind_of_deletion(account_id, now=job.now)
    return {"reminded": len(waiting)}


@clock("carry_out_deletions", every=HOUR)
def carry_out(job: JobContext) -> dict[str, int]:
    """Replace the personal data of accounts whose day has come. Those with a blocker wait until it is cleared."""
    due, deleted = accounts_due(now=job.now), 0
    for account_id in due:
        with unit_of_work():
            deleted += carry_out_deletion(account_id, actor=job.actor, now=job.now)
    return {"deleted": deleted, "blocked": len(due) - deleted}
