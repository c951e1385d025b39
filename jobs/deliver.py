"""Sends what waits in the outbox: one job a message, and a clock that looks after what was left behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import current_app

from domain.jobs import RetryPolicy, TryLater
from jobs.registry import JobContext, clock, handler
from jobs.senders import outgoing_of
from services.deliveries import JOB, Step, enqueue_late_deliveries, held_until
from services.deliveries import deliver as deliver_one
from services.documents import attachment_of
from services.telegram_bindings import learn_of_chat
from services.unit_of_work import unit_of_work

_SHORTEST_PAUSE = dt.timedelta(seconds=1)


@handler(JOB, retry=RetryPolicy(most_attempts=50))
def deliver(job: JobContext) -> Mapping[str, Any]:
    """Send the message, if it is due and a sender is set up. A failed try writes its own follow-up."""
    outgoing = outgoing_of(current_app)
    delivery_id = int(job.payload["delivery_id"])
    step = deliver_one(
        delivery_id,
        outgoing.senders,
        now=job.now,
        lease=outgoing.lease,
        documents=attachment_of,
        learns=learn_of_chat,
    )
    if step is Step.HELD:
        until = held_until(delivery_id)
        if until is not None:  # its runner died, or is just sending it
            raise TryLater("it is being sent", pause=max(until - job.now, _SHORTEST_PAUSE))
    return {"step": step.value}


@clock("deliver_late", every=dt.timedelta(minutes=1))
def deliver_late(job: JobContext) -> Mapping[str, Any]:
    """Ask again for what should have gone out minutes ago."""
    with unit_of_work():
        return {"asked": enqueue_late_deliveries(outgoing_of(current_app).senders, now=job.now)}
