"""Checks the books and closes months: both read every row of the books, so nobody waits for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from domain.refusals import Refusal
from domain.sentences import Sentence
from jobs.registry import JobContext, clock, handler
from services.books_checks import CHECK_JOB, CLOSE_JOB, result_of_check
from services.month_close import close_month
from services.unit_of_work import unit_of_work


@clock("check_books_daily", every=dt.timedelta(days=1))
def check_daily(_job: JobContext) -> Mapping[str, Any]:
    """Once a day without being asked."""
    with unit_of_work():
        return result_of_check()


@handler(CHECK_JOB)
def check(job: JobContext) -> Mapping[str, Any]:
    """Because somebody asked."""
    job.step("One rule of the books after the other is checked.")
    with unit_of_work():
        return result_of_check(job.progress)


@handler(CLOSE_JOB)
def close(job: JobContext) -> Mapping[str, Any]:
    """Close the month that was asked for; a refusal is the result and is not tried again."""
    month = str(job.payload["month"])
    job.step(Sentence("The books of %(month)s are checked and closed.", month=month))
    try:
        with unit_of_work():
            close_month(month, actor=dataclasses.replace(job.actor, person_id=job.requested_by_id), now=job.now)
    except Refusal as refusal:
        return {"month": month, "refused": refusal.message}
    return {"month": month, "refused": ""}
