"""A request about one's own data goes from one state to the next: counted, closed where it ends, and audited."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.audit import AuditEvent
from extensions import db
from models.policy import DataRequest, DataRequestStatus
from services.audit import record_event


def move_request(
    request: DataRequest, status: DataRequestStatus, event: AuditEvent, *, actor: Actor, now: dt.datetime
) -> None:
    """Put an open request into this state; where that is none of the open ones, it is closed from now on."""
    before = {"status": request.status}
    request.status = status
    request.closed_at = None if request.is_open else now
    request.version += 1
    db.session.flush()
    record_event(event, request, actor=actor, now=now, before=before, after={"status": status})
