"""Whether the payment providers can be worked with: asked for by staff, carried out by a job, kept as its result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from extensions import db
from gateways.port import Gateway, Health
from models.job import Job, JobState
from services.audit import Target, record_event
from services.jobs import AT_WORK, enqueue

CHECK_JOB: Final = "check_gateway"
_LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True)
class GatewayCheck:
    """The newest check of a gateway; ``health`` is None while it is still asked, or where the asking itself failed."""

    gateway: str
    asked_at: dt.datetime
    is_running: bool
    health: Health | None


def ask_for_check(gateway: Gateway, *, actor: Actor, now: dt.datetime) -> Job:
    """Ask a gateway soon whether it answers and takes our keys: once a minute, however often this is called."""
    minute = now.astimezone(dt.UTC).strftime("%Y%m%d%H%M")
    job = enqueue(CHECK_JOB, {"gateway": gateway.name}, unique_key=f"{CHECK_JOB}:{gateway.name}:{minute}", now=now)
    record_event(AuditEvent.GATEWAY_TESTED, Target("gateway", gateway.name), actor=actor, now=now)
    return job


def check_gateway(gateway: Gateway) -> Mapping[str, Any]:
    """Ask it now, with no transaction open; as the job keeps it."""
    return {"health": gateway.check().value}


def newest_checks() -> dict[str, GatewayCheck]:
    """By the name of the gateway; without those that were never checked, or long ago."""
    asked = select(Job).where(Job.kind == CHECK_JOB).order_by(Job.id.desc()).limit(_LOOKED_AT)
    found: dict[str, GatewayCheck] = {}
    for job in db.session.scalars(asked):
        name = str(job.payload["gateway"])
        health = (job.result or {}).get("health") if job.state is JobState.DONE else None
        is_running = job.state in AT_WORK
        found.setdefault(name, GatewayCheck(name, job.created_at, is_running, Health(health) if health else None))
    return found
