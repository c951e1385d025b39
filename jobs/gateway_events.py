"""Works off what gateways told: one job an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.registry import JobContext, handler
from services.paying.events import JOB
from services.paying.events import work_off_event as work_off
from services.unit_of_work import unit_of_work


@handler(JOB)
def work_off_event(job: JobContext) -> Mapping[str, Any]:
    """Bring the payment to what the event tells."""
    with unit_of_work():
        return {"status": work_off(int(job.payload["event_id"]), actor=job.actor, now=job.now).value}
