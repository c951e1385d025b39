"""Makes month packs, and takes away those whose links have expired."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from domain.refusals import Refusal
from jobs.housekeeping import in_pieces
from jobs.registry import JobContext, clock, handler
from services.documents import DocumentNotMade
from services.month_packs.asking import JOB
from services.month_packs.links import discard_lost_packs, forget_expired_packs
from services.month_packs.making import make_pack


@handler(JOB)
def make_month_pack(job: JobContext) -> Mapping[str, Any]:
    """Make it once. A paper that cannot be set just now is tried again; any other refusal is the result."""
    asked = job.payload
    job.step("The documents are gathered and set.")
    try:
        made = make_pack(
            int(asked["account_id"]),
            str(asked["month"]),
            job_id=job.job_id,
            person_id=job.requested_by_id,
            in_portal=bool(asked["in_portal"]),
            actor=dataclasses.replace(job.actor, person_id=job.requested_by_id),
            now=job.now,
            tell_progress=job.progress,
        )
    except DocumentNotMade:
        raise
    except Refusal as refusal:
        return {"refused": refusal.message}
    return {"refused": "", "made": made}


@clock("forget_month_packs", every=dt.timedelta(days=1))
def forget(job: JobContext) -> dict[str, int]:
    """Packs that nobody can open any more."""
    forgotten = in_pieces(job, lambda: forget_expired_packs(now=job.now))
    return {**forgotten, "lost": discard_lost_packs(now=job.now)}
