"""When a seat was last used: noted at most every five minutes, and never by staff who are logged in as the member."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import update

from models.member import Member
from services.locks import rows_changed

NOTED_EVERY: Final = dt.timedelta(minutes=5)


def seat_needs_note(last_seen_at: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Whether the last note is old enough for another one."""
    return last_seen_at is None or now - last_seen_at >= NOTED_EVERY


def note_seat(member_id: int, *, now: dt.datetime) -> None:
    """Write down that the member is here. No version is counted: it is nobody's edit."""
    rows_changed(update(Member).where(Member.id == member_id).values(last_seen_at=now))
