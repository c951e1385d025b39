"""Reading what one was told: which notices somebody sees, which of them are new, and what they have read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.actor import Actor
from extensions import db
from models.notification import Notification, NotificationRead

MOST_COUNTED: Final = 100
NEW_FOR: Final = dt.timedelta(days=90)
_MARKED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and where: in an account with these grants, or (without an account) what is their own.

    ``person_id`` is None for staff who use somebody's seat: what was told to that person alone is not theirs to read.
    """

    person_id: int | None
    account_id: int | None
    grants: Collection[str] = ()


def told_to(reader: Reader) -> ColumnElement[bool]:
    """The notices that were told to the reader, or to everybody whose roles grant what the reader holds.

    In whichever account: whoever has not narrowed the rows to one asks for `seen_by`.
    """
    own = Notification.person_id == reader.person_id if reader.person_id is not None else false()
    covered = and_(Notification.person_id.is_(None), Notification.permission.in_(sorted(reader.grants)))
    return or_(own, covered)


def seen_by(reader: Reader) -> ColumnElement[bool]:
    """The same within the reader's account; without an account, what is their own and stands in none."""
    return and_(
        told_to(reader),
        Notification.account_id.is_(None)
        if reader.account_id is None
        else Notification.account_id == reader.account_id,
    )


def latest_notices(reader: Reader, *, limit: int, now: dt.datetime) -> Sequence[tuple[Notification, bool]]:
    """The newest notices, and whether each is still new to the reader."""
    read = select(NotificationRead.id).where(
        NotificationRead.notification_id == Notification.id, NotificationRead.person_id == reader.person_id
    )
    notices = select(Notification, read.exists()).where(seen_by(reader))
    rows = db.session.execute(notices.order_by(Notification.created_at.desc(), Notification.id.desc()).limit(limit))
    own = reader.person_id is not None
    return [(notice, own and not was_read and notice.created_at > now - NEW_FOR) for notice, was_read in rows]


def find_notice(reader: Reader, public_id: str) -> Notification | None:
    """One notice by the key in its address, if the reader may see it."""
    return db.session.scalar(select(Notification).where(Notification.public_id == public_id, seen_by(reader)))


def mark_read(notices: Sequence[int], *, actor: Actor, now: dt.datetime) -> None:
    """Remember that the actor has read these, by their row numbers. Twice is once."""
    if not notices or actor.person_id is None:
        return
    rows = [{"notification_id": notice, "person_id": actor.person_id, "read_at": now} for notice in notices]
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    same = ["notification_id", "person_id"]
    db.session.execute(dialect.insert(NotificationRead).values(rows).on_conflict_do_nothing(index_elements=same))


def mark_all_read(reader: Reader, *, actor: Actor, now: dt.datetime) -> int:
    """Remember of everything that is new to the reader that they have read it; give how many those were."""
    found = _unread(reader, _MARKED_AT_ONCE, now)
    mark_read(found, actor=actor, now=now)
    return len(found)


def _unread(reader: Reader, limit: int, now: dt.datetime) -> Sequence[int]:
    if reader.person_id is None:
        return []
    return db.session.scalars(new_to_reader(reader.account_id is not None, limit), asked_of(reader, now=now)).all()


def asked_of(reader: Reader, *, now: dt.datetime) -> dict[str, Any]:
    """What `new_to_reader` asks with, for a reader with a person."""
    asked = {"person_id": reader.person_id, "grants": sorted(reader.grants), "new_since": now - NEW_FOR}
    return asked if reader.account_id is None else {**asked, "account_id": reader.account_id}


@cache
def new_to_reader(in_account: bool, limit: int) -> Select[int]:
    """The notices that are new, by row number: a part of what every page asks for its bell (services/counters.py).

    Putting the statement together costs more than asking, so it is done once.

    The same as `seen_by` says of a reader with a person.
    """
    own = Notification.person_id == bindparam("person_id")
    covered = and_(Notification.person_id.is_(None), Notification.permission.in_(bindparam("grants", expanding=True)))
    here = Notification.account_id == bindparam("account_id") if in_account else Notification.account_id.is_(None)
    read = select(NotificationRead.notification_id).where(NotificationRead.person_id == bindparam("person_id"))
    return (
        select(Notification.id)
        .where(
            or_(own, covered),
            here,
            Notification.created_at > bindparam("new_since"),
            Notification.id.not_in(read),
        )
        .limit(limit)
    )
