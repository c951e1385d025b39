"""Makes exports of people's own data, takes away old ones, and forgets the address of the last mail to the erased."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from jobs.housekeeping import in_pieces
from jobs.registry import JobContext, clock, handler
from services.data_requests.asking import JOB
from services.data_requests.desk import FORGET_JOB, forget_last_mail
from services.data_requests.links import discard_lost_exports, forget_expired_exports
from services.data_requests.making import make_export
from services.unit_of_work import unit_of_work


@handler(JOB)
def make_data_export(job: JobContext) -> Mapping[str, Any]:
    """Make it once: a second attempt finds the request closed."""
    actor = dataclasses.replace(job.actor, person_id=job.requested_by_id)
    job.step("The data is gathered and packed.")
    return {"made": make_export(int(job.payload["request_id"]), actor=actor, now=job.now)}


@clock("forget_data_exports", every=dt.timedelta(days=1))
def forget(job: JobContext) -> dict[str, int]:
    """Exports that nobody can open any more."""
    forgotten = in_pieces(job, lambda: forget_expired_exports(now=job.now))
    return {**forgotten, "lost": discard_lost_exports()}


@handler(FORGET_JOB)
def forget_mail(job: JobContext) -> Mapping[str, Any]:
    """The mail that told somebody of their erasure holds their address no longer."""
    with unit_of_work():
        return {"forgotten": forget_last_mail(int(job.payload["delivery_id"]))}
