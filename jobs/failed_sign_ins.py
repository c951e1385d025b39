"""Writes failed tries at the door into the log of the person they were aimed at."""

from __future__ import annotations

from jobs.registry import JobContext, handler
from services.failed_sign_ins import JOB, write_down_failed_tries
from services.unit_of_work import unit_of_work


@handler(JOB)
def write_down(job: JobContext) -> None:
    """Nothing is given as the result: whether there is such a person is not kept."""
    with unit_of_work():
        write_down_failed_tries(job.job_id, actor=job.actor, now=job.now)
