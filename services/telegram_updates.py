"""Updates of the bot: who fetches them, and which were taken. Each is handled once, in the transaction that says so."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from extensions import db
from models.telegram import TelegramPoller, TelegramUpdate
from services.locks import guarded

LEASE: Final = dt.timedelta(seconds=60)
NUMBERS_GO_ON: Final = dt.timedelta(days=6)
"""Telegram begins anywhere after a week without an update: then nothing may be skipped by number."""
KEPT_FOR: Final = dt.timedelta(days=30)
_AT_ONCE: Final = 1000


def take_poll(bot: str, holder: str, *, now: dt.datetime) -> bool:
    """Whether this holder fetches for the bot now. Its hold is renewed by asking, and ends when it asks no more."""
    _make_row(bot)
    return guarded(
        update(TelegramPoller)
        .where(
            TelegramPoller.bot == bot,
            or_(TelegramPoller.held_by == holder, TelegramPoller.held_by.is_(None), TelegramPoller.held_until <= now),
        )
        .values(held_by=holder, held_until=now + LEASE)
    )


def give_back_poll(bot: str, holder: str) -> None:
    """Let another fetch at once."""
    guarded(
        update(TelegramPoller)
        .where(TelegramPoller.bot == bot, TelegramPoller.held_by == holder)
        .values(held_by=None, held_until=None)
    )


def next_update(bot: str, *, now: dt.datetime) -> int | None:
    """The number from which on to fetch; None while nothing may be skipped."""
    newest = select(func.max(TelegramUpdate.update_id)).where(
        TelegramUpdate.bot == bot, TelegramUpdate.taken_at > now - NUMBERS_GO_ON
    )
    found = db.session.scalar(newest)
    return None if found is None else found + 1


def is_taken(bot: str, update_id: int) -> bool:
    """Whether an update was handled."""
    taken = select(TelegramUpdate.id).where(TelegramUpdate.bot == bot, TelegramUpdate.update_id == update_id)
    return db.session.scalar(taken) is not None


def take_update(bot: str, update_id: int, *, now: dt.datetime) -> bool:
    """Note in this transaction that an update is handled by it; False when it was by another."""
    if is_taken(bot, update_id):
        return False
    try:
        with db.session.begin_nested():
            db.session.add(TelegramUpdate(bot=bot, update_id=update_id, taken_at=now))
    except IntegrityError:
        return False
    return True


def forget_old_updates(*, now: dt.datetime) -> int:
    """Delete what is too old to come again; give the number of rows."""
    old = select(TelegramUpdate.id).where(TelegramUpdate.taken_at < now - KEPT_FOR).limit(_AT_ONCE)
    ids = db.session.scalars(old.with_for_update(skip_locked=True)).all()
    if ids:
        db.session.execute(delete(TelegramUpdate).where(TelegramUpdate.id.in_(ids)))
    return len(ids)


def _make_row(bot: str) -> None:
    if db.session.scalar(select(TelegramPoller.id).where(TelegramPoller.bot == bot)) is not None:
        return
    try:
        with db.session.begin_nested():
            db.session.add(TelegramPoller(bot=bot))
    except IntegrityError:
        return  # another made it just now
