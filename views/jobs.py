"""Jobs: what waits, runs, was done or failed, and why; retried and cancelled by those who may."""

from __future__ import annotations

from domain.permissions import P
from models import Job
from panel import STAFF, Action, Choice, Column, DateRange, Resource, Text, reading
from services.jobs import cancel_job, retry_job


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
            confirm="What was asked for is not done, unless somebody retries the job.",
            done="The job is cancelled.",
            why_not="Only a waiting job can be cancelled: this one has begun or ended already.",
            danger=True,
            name="cancel",
            bulk=True,
        ),
    )
