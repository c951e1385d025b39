"""What people want to be told, and how: their choices by kind and channel, and their quiet hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from domain.quiet_hours import end_of_quiet
from extensions import db
from models.identity import TelegramBinding
from models.notification import NotificationChannel, NotificationKind, NotificationPreference
from models.person import Person, PhoneState

# Whoever made no choice gets these by mail; a newsletter wants a yes. The portal shows everything always.
MAILED_WITHOUT_CHOICE: Final = frozenset(NotificationKind) - {NotificationKind.NEWSLETTERS}
# Who connects a chat does it to talk about tickets there.
CHATTED_WITHOUT_CHOICE: Final = frozenset({NotificationKind.TICKET_REPLIES})
# Not sent to whoever had the use of their data restricted, whatever they chose before.
MARKETING: Final = frozenset({NotificationKind.NEWSLETTERS})
ALWAYS_ON: Final = frozenset({NotificationKind.SECURITY})

Choices = Mapping[tuple[NotificationKind, NotificationChannel], bool]

_DEFAULTS: Final[Choices] = MappingProxyType(
    {
        (kind, channel): channel is NotificationChannel.PORTAL
        or (channel is NotificationChannel.EMAIL and kind in MAILED_WITHOUT_CHOICE)
        or (channel is NotificationChannel.TELEGRAM and kind in CHATTED_WITHOUT_CHOICE)
        for kind in NotificationKind
        for channel in NotificationChannel
    }
)


def choices_of(person_id: int) -> Choices:
    """Every kind over every channel: what the person chose, else what holds without a choice."""
    return choices_of_many([person_id])[person_id]


def choices_of_many(person_ids: Iterable[int]) -> dict[int, Choices]:
    """The same for many people, in one statement."""
    found = {person_id: dict(_DEFAULTS) for person_id in person_ids}
    rows = select(NotificationPreference).where(NotificationPreference.person_id.in_(list(found)))
    for row in db.session.scalars(rows):
        if row.channel is not NotificationChannel.PORTAL and may_be_switched_off(row.kind, row.channel):
            found[row.person_id][row.kind, row.channel] = row.enabled
    return dict(found)


def may_be_switched_off(kind: NotificationKind, channel: NotificationChannel) -> bool:
    """Not what concerns the safety of a sign-in, nor the list in the portal."""
    if channel is NotificationChannel.PORTAL:
        return False
    return kind not in ALWAYS_ON or channel is not NotificationChannel.EMAIL


def chats_of(person_ids: Iterable[int]) -> Mapping[int, int]:
    """The Telegram chats of those who have connected one, in one statement."""
    bound = select(TelegramBinding.person_id, TelegramBinding.chat_id)
    bound = bound.where(TelegramBinding.person_id.in_(list(person_ids)), TelegramBinding.chat_id.is_not(None))
    return {row.person_id: row.chat_id for row in db.session.execute(bound)}


def address_of(person: Person, channel: NotificationChannel, chats: Mapping[int, int]) -> str | None:
    """Where a person is reached over a channel, ``chats`` being those of `chats_of`; None when they are not."""
    if channel is NotificationChannel.EMAIL:
        return person.email
    if channel is NotificationChannel.SMS and person.phone_state is PhoneState.VERIFIED:
        return person.phone
    if channel is NotificationChannel.TELEGRAM and person.id in chats:
        return str(chats[person.id])
    return None


def first_try_at(person: Person, kind: NotificationKind, now: dt.datetime) -> dt.datetime:
    """Now, or when the person's quiet hours end. What concerns the safety of a sign-in never waits."""
    if kind in ALWAYS_ON:
        return now
    return end_of_quiet(now, person.quiet_from, person.quiet_until, zone_of(person)) or now


def zone_of(person: Person) -> dt.tzinfo:
    """The time zone of the person's clock; UTC where they chose none."""
    try:
        return ZoneInfo(person.time_zone) if person.time_zone else dt.UTC
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC
