"""Answers those who asked for a link to a new password, unless nobody has that address."""

from __future__ import annotations

from jobs.registry import JobContext, handler
from services.reset_requests import JOB, answer_reset_request
from services.unit_of_work import unit_of_work


@handler(JOB)
def send_link(job: JobContext) -> None:
    """Nothing is given as the result: whether there was such a person is not kept."""
    with unit_of_work():
        answer_reset_request(job.job_id, now=job.now)
