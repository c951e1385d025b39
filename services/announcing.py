"""Telling accounts what was announced: each once, in a transaction of its own, by what its members chose (SPEC F7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, select, true

from domain.permissions import P
from extensions import db
from models.account import Account, AccountStatus
from models.notification import Notification, NotificationKind
from models.support_desk import Announcement, AnnouncementAccount, AnnouncementKind
from services.audit import target_of
from services.locks import lock_accounts
from services.notifications import tell_account

KINDS: Final[Mapping[AnnouncementKind, NotificationKind]] = MappingProxyType(
    {
        AnnouncementKind.NOTICE: NotificationKind.SERVICE_STATUS,
        AnnouncementKind.SERVICE_STATUS: NotificationKind.SERVICE_STATUS,
        AnnouncementKind.NEWSLETTER: NotificationKind.NEWSLETTERS,
    }
)
"""By which of their choices people are told of each kind."""
_AT_ONCE: Final = 500


def accounts_to_tell(announcement_id: int, *, after: int = 0) -> Sequence[int]:
    """The next accounts that it is for and that were not told yet, by row number; deleted ones are not told."""
    announcement = db.session.get_one(Announcement, announcement_id)
    found = select(Account.id).where(Account.id > after, *_waits(announcement))
    return db.session.scalars(found.order_by(Account.id).limit(_AT_ONCE)).all()


def tell_of_announcement(announcement_id: int, account_id: int, *, now: dt.datetime) -> bool:
    """Tell the members of an account, and say whether they were told now: whoever comes second tells nobody."""
    lock_accounts([account_id])
    announcement = db.session.get_one(Announcement, announcement_id)
    account = db.session.scalar(select(Account).where(Account.id == account_id, *_waits(announcement)))
    if account is None:
        return False
    tell_account(
        account_id,
        P.NOTIFICATIONS_READ,
        "announcement",
        now=now,
        kind=KINDS[announcement.kind],
        unique_key=f"announcement:{announcement.public_id}:{account_id}",
        target=announcement,
        title=announcement.title,
        text=announcement.body.strip(),
    )
    return True


def _waits(announcement: Announcement) -> Sequence[ColumnElement[bool]]:
    """Whether an account of the enclosing statement is to be told: it is one of those, and was not told."""
    about = target_of(announcement)
    told = select(Notification.id).where(
        Notification.account_id == Account.id,
        Notification.created_at >= announcement.sent_at,
        Notification.target_type == about.type,
        Notification.target_key == about.key,
    )
    return (Account.status != AccountStatus.DELETED, _is_for(announcement), ~told.correlate(Account).exists())


def _is_for(announcement: Announcement) -> ColumnElement[bool]:
    """Whether the announcement is for an account of the enclosing statement."""
    chosen = select(AnnouncementAccount.account_id).where(AnnouncementAccount.announcement_id == announcement.id)
    return true() if announcement.for_all else Account.id.in_(chosen)
