"""Jobs: what waits, runs, was done or failed, and why; retried and cancelled by those who may."""

from __future__ import annotations

from domain.permissions import P
from models import Job
from models.job import JobState
from panel import STAFF, Action, Choice, Column, DateRange, Resource, Text, lead, reading
from panel.addresses import address
from services.jobs import cancel_job, retry_job

STOPS_AT_NEXT_ROW = "It stops before its next row. What it has done by then stays."


def _what_cancelling_does(job: Job) -> str:
    if job.state is JobState.RUNNING:
        return STOPS_AT_NEXT_ROW
    return "What was asked for is not done, unless somebody retries the job."


def said_of_cancelled(job: Job) -> str:
    """What is said to who cancelled a job: a running one may go on for a moment."""
    return "The job is asked to stop." if job.state is JobState.RUNNING else "The job is cancelled."


class JobResource(Resource):
    model, slug, title = Job, "jobs", "Jobs"
    description = "Work done later or by the clock. A failed job stays here with its error until somebody retries it."
    group, icon, label, status = "Administration", "hourglass-split", "kind", "state"
    realms = frozenset({STAFF})
    columns = (
        Column("kind", sort=True, link=True),
        Column("state", sort=True),
        Column("run_at", "Due", sort=True),
        Column("attempts"),
        Column("progress_done", "Done"),
        Column("progress_total", "Of"),
        Column("error"),
        Column("created_at", "Asked for", sort=True),
        Column("started_at", "Last attempt began", list=False),
        Column("finished_at", "Ended", list=False),
        Column("requested_by.email", "Asked for by", list=False),
        Column("payload", "Asked with", list=False, export=False),
        Column("result", list=False, export=False),
        Column("lease_holder", "In the hands of", list=False),
        Column("lease_until", "Until", list=False),
        Column("unique_key", "Once for", list=False),
    )
    filters = (Text("kind", exact=True), Choice("state"), DateRange("created_at", "Asked for"))
    search = ("kind",)
    default_sort = "-created_at"
    grants = reading(P.STAFF_JOBS_READ)
    actions = (
        lead(
            "How it goes",
            lambda job: f"your-jobs/{address(job.public_id)}",
            name="how-it-goes",
            grant=P.STAFF_JOBS_READ,
        ),
        Action(
            retry_job,
            "Retry",
            grant=P.STAFF_JOBS_RETRY,
            when=Job.can_retry,
            confirm="It starts over at once, with all its attempts.",
            done="The job is due now.",
            why_not="Only a job that failed, was cancelled or waits for another attempt can be retried.",
            name="retry",
            bulk=True,
        ),
        Action(
            cancel_job,
            "Cancel",
            grant=P.STAFF_JOBS_RETRY,
            when=Job.can_cancel,
            confirm=_what_cancelling_does,
            done=said_of_cancelled,
            why_not="Only a job that waits or runs can be cancelled, and only once.",
            danger=True,
            name="cancel",
            bulk=True,
        ),
    )
