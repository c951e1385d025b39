"""What happened to a person's sign-in, for their own eyes: out of the audit, the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, or_, select

from extensions import db
from models.audit import AuditEvent
from models.member import Member
from models.person import Person
from services.audit import write_waiting_events

LENGTH: Final = 20
_PLAIN_SAVES: Final = ("person.created", "person.edited", "person.imported")
_ON_SEATS: Final = (
    "member.password_reset",
    "member.two_step_reset",
    "member.invitation_accepted",
    "member.enabled",
    "member.disabled",
    "member.roles_changed",
)


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One line. ``who`` is empty for what the person did; only then address and device are known and shown."""

    at: dt.datetime
    event: str
    who: str
    ip: str
    device: str


def security_log(person: Person, *, limit: int = LENGTH) -> Sequence[SecurityEvent]:
    """The latest sign-ins, changes of password, factors, address and networks, and what others did to them."""
    write_waiting_events()
    seats = db.session.scalars(select(Member.public_id).where(Member.person_id == person.id)).all()
    on_person = and_(
        AuditEvent.target_type == "person",
        AuditEvent.target_key == person.public_id,
        AuditEvent.event.not_in(_PLAIN_SAVES),
    )
    on_seats = and_(
        AuditEvent.target_type == "member", AuditEvent.target_key.in_(seats), AuditEvent.event.in_(_ON_SEATS)
    )
    found = db.session.execute(
        select(AuditEvent, Person)
        .outerjoin(Person, Person.id == AuditEvent.actor_person_id)
        .where(or_(on_person, on_seats))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(limit)
    )
    return [_line(event, actor, person) for event, actor in found]


def _line(event: AuditEvent, actor: Person | None, person: Person) -> SecurityEvent:
    by_self = actor is not None and actor.id == person.id
    return SecurityEvent(
        at=event.at,
        event=event.event,
        who="" if by_self else str(actor or event.actor_name),
        ip=(event.ip or "") if by_self else "",
        device=str((event.after or {}).get("device", "")) if by_self else "",
    )
