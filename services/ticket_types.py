"""Ticket types that pages and jobs of the house open tickets with: internal ones, made when they are first needed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.actor import Actor
from extensions import db
from models.ticket_type import TicketType
from services.audit import record_event


def house_ticket_type(key: str, name: str, *, actor: Actor, now: dt.datetime) -> TicketType:
    """The type with this key, made when there is none; of two who make it, one does."""
    found = select(TicketType).where(TicketType.key == key)
    kind = db.session.scalar(found)
    if kind is None:
        try:
            with db.session.begin_nested():
                kind = TicketType(key=key, name=name, internal=True, created_at=now)
                db.session.add(kind)
            record_event("ticket_type.created", kind, actor=actor, now=now, after={"name": kind.name})
        except IntegrityError:
            kind = db.session.scalars(found).one()
    return kind
