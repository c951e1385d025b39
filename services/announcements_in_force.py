"""What announcements do while they are in force: emergencies are shown, and new tickets of a type are held back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from extensions import db
from models.support_desk import Announcement, AnnouncementAccount
from models.ticket_type import TicketType

MOST_SHOWN: Final = 3


def holding_back(ticket_type_id: int, account_id: int, *, now: dt.datetime) -> Announcement | None:
    """The announcement that holds back new tickets of this type of an account just now; the one that lasts longest."""
    found = select(Announcement).where(
        Announcement.blocked_ticket_type_id == ticket_type_id, _in_force(now), _is_for(account_id)
    )
    return db.session.scalar(found.order_by(Announcement.ends_at.desc(), Announcement.id).limit(1))


def is_held_back(account_id: int, *, now: dt.datetime) -> ColumnElement[bool]:
    """Whether new tickets of a type (TicketType of the enclosing statement) are held back for an account just now."""
    found = select(Announcement.id).where(
        Announcement.blocked_ticket_type_id == TicketType.id, _in_force(now), _is_for(account_id)
    )
    return found.correlate(TicketType).exists()


def emergencies(account_id: int | None, *, now: dt.datetime) -> Sequence[Announcement]:
    """The emergencies in force for an account, the newest first; without one, for any. At most MOST_SHOWN."""
    found = select(Announcement).where(Announcement.emergency, _in_force(now))
    if account_id is not None:
        found = found.where(_is_for(account_id))
    return db.session.scalars(
        found.order_by(Announcement.starts_at.desc(), Announcement.id.desc()).limit(MOST_SHOWN)
    ).all()


def emergency_in_force(account_id: ColumnElement[int] | None = None) -> ColumnElement[bool]:
    """Whether an emergency is in force, in a statement that binds ``now``: for its account, without one for any."""
    found = select(Announcement.id).where(Announcement.emergency, _in_force(bindparam("now")))
    if account_id is None:
        return found.exists()
    return found.where(_is_for(account_id)).exists()


def _in_force(now: Any) -> ColumnElement[bool]:
    return and_(Announcement.starts_at <= now, or_(Announcement.ends_at.is_(None), Announcement.ends_at > now))


def _is_for(account_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    named = select(AnnouncementAccount.account_id).where(
        AnnouncementAccount.announcement_id == Announcement.id, AnnouncementAccount.account_id == account_id
    )
    return or_(Announcement.for_all, named.exists())
