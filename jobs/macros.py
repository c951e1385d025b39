"""Uses a macro on many tickets, one after the other: a job that was killed goes on where it was."""

from __future__ import annotations

import logging

from jobs.registry import JobContext, handler
from services.macro_runs import JOB, give_up_next, use_on_next
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.jobs")


@handler(JOB)
def use_macro_on_many(job: JobContext) -> dict[str, int]:
    """Each ticket in a transaction of its own; one that fails does not stop the others."""
    job.step("The macro is used on one ticket after the other.")
    done, total = 0, 1
    while done < total:
        try:
            with unit_of_work():
                done, total = use_on_next(job.job_id, now=job.now)
        except Exception:
            log.exception("a ticket is passed over by a macro")
            with unit_of_work():
                done, total = give_up_next(job.job_id)
        job.progress(done, total)
    return {"tickets": total}
