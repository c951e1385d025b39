"""Makes the exports that people ask for of their own data, and takes away those whose links have ended."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from jobs.housekeeping import in_pieces
from jobs.registry import JobContext, clock, handler
from services.data_requests.asking import JOB
from services.data_requests.links import discard_lost_exports, forget_expired_exports
from services.data_requests.making import make_export


@handler(JOB)
def make_data_export(job: JobContext) -> Mapping[str, Any]:
    """Make it once: a second attempt finds the request closed."""
    actor = dataclasses.replace(job.actor, person_id=job.requested_by_id)
    return {"made": make_export(int(job.payload["request_id"]), actor=actor, now=job.now)}


@clock("forget_data_exports", every=dt.timedelta(days=1))
def forget(job: JobContext) -> dict[str, int]:
    """Exports that nobody can open any more."""
    forgotten = in_pieces(job, lambda: forget_expired_exports(now=job.now))
    return {**forgotten, "lost": discard_lost_exports()}
