"""Slots of the clock: any machine may try to take one, one wins and does the work."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from extensions import db
from models.job import ClockSlot

KEPT_FOR: Final = dt.timedelta(days=32)
"""Longer than the longest beat (31 days, jobs/registry.py): a slot that is forgotten too early would be taken twice."""

_AT_ONCE: Final = 1000


def take_slot(name: str, slot: dt.datetime, *, taken_by: str, now: dt.datetime) -> bool:
    """Take a slot in this transaction, and say whether it was free. Who asks at the same moment waits for the end."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"name": name, "slot": slot, "taken_at": now, "taken_by": taken_by[:80]}
    insert = dialect.insert(ClockSlot).values(row).on_conflict_do_nothing(index_elements=["name", "slot"])
    return db.session.scalar(insert.returning(ClockSlot.id)) is not None


def newest_slot(name: str) -> dt.datetime | None:
    """When a clock was last seen to run."""
    newest = select(ClockSlot.slot).where(ClockSlot.name == name).order_by(ClockSlot.slot.desc()).limit(1)
    return db.session.scalar(newest)


def forget_old_slots(*, now: dt.datetime) -> int:
    """Delete slots of long ago, at most a thousand at once; give their number."""
    old = select(ClockSlot.id).where(ClockSlot.slot < now - KEPT_FOR).limit(_AT_ONCE).with_for_update(skip_locked=True)
    ids = db.session.scalars(old).all()
    if ids:
        db.session.execute(delete(ClockSlot).where(ClockSlot.id.in_(ids)))
    return len(ids)
