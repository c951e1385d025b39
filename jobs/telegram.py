"""What people send to the Telegram bot, fetched without end by one process at a time."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import socket
from collections.abc import Callable
from typing import Final

from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from integrations.telegram import TelegramNotReachable
from integrations.telegram_updates import Update
from jobs.periodic import Periodic
from jobs.senders import BotInUse, outgoing_of
from services.telegram_chats import receive_update, stumble_over
from services.telegram_updates import give_back_poll, next_update, take_poll
from services.unit_of_work import unit_of_work

WAIT_SECONDS: Final = 4
"""How long Telegram holds a question while there is nothing: short, so that a stop need not wait."""
SHORTEST_PAUSE: Final = dt.timedelta(seconds=5)
LONGEST_PAUSE: Final = dt.timedelta(minutes=2)
_UNHELD_PAUSE: Final = dt.timedelta(seconds=15)
_PATIENCE: Final = WAIT_SECONDS + 6

log = logging.getLogger("foyer.telegram")


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class ChatPoller:
    """Stands beside `flask serve` and `flask jobs`: fetches where a bot is set up, and does nothing otherwise.

    Telegram answers one at a time, so the processes hand a lease around (services/telegram_updates.py). While Telegram
    is away the pauses grow; nothing is lost, since it keeps for a day what was not fetched.
    """

    def __init__(self, app: Flask, *, clock: Callable[[], dt.datetime] = _clock, wait: int = WAIT_SECONDS) -> None:
        self._app = app
        self._clock = clock
        self._wait = wait
        self._name = f"{socket.gethostname()[:40]}-{secrets.token_hex(6)}"
        self._periodic = Periodic("telegram", 0.2, self.poll)
        self._running = False
        self._failures = 0
        self._not_before: dt.datetime | None = None

    def start(self) -> None:
        if outgoing_of(self._app).bot is not None:
            self._running = True
            self._periodic.start()

    def stop(self) -> None:
        """End after the round under way, and let another process fetch at once."""
        if self._running:
            self._periodic.stop(_PATIENCE)
            self._give_back()

    def poll(self) -> int:
        """One round: ask Telegram, unless another process does or the pause is not over; give how many were taken."""
        bot, now = outgoing_of(self._app).bot, self._clock()
        if bot is None or (self._not_before is not None and now < self._not_before):
            return 0
        with self._app.app_context():
            with unit_of_work():
                held = take_poll(bot.key, self._name, now=now)
                offset = next_update(bot.key, now=now)
            if not held:
                self._not_before = now + _UNHELD_PAUSE
                return 0
            try:
                updates = bot.gateway.updates(offset=offset, wait=self._wait)
            except TelegramNotReachable as error:
                self._rest(error)
                return 0
            self._failures, self._not_before = 0, None
            return sum(self._take(update, bot) for update in updates)

    def _take(self, update: Update, bot: BotInUse) -> bool:
        now = self._clock()
        with unit_of_work():
            held = take_poll(bot.key, self._name, now=now)
        return held and take_in(update, bot, now=now)

    def _rest(self, error: TelegramNotReachable) -> None:
        """Said once, not at each round."""
        self._failures += 1
        pause = min(SHORTEST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        self._not_before = self._clock() + max(pause, error.pause or pause)
        if self._failures == 1:
            log.warning("Telegram is out of reach and is asked again: %s", error)

    def _give_back(self) -> None:
        bot = outgoing_of(self._app).bot
        if bot is not None:
            with self._app.app_context(), unit_of_work():
                give_back_poll(bot.key, self._name)


def take_in(update: Update, bot: BotInUse, *, now: dt.datetime) -> bool:
    """Let an update become what it means; when this comes back, that is committed.

    One that something here stumbles over is taken and said so, so that it does not come again for ever. Where the
    database or the store of files is away the error passes on: then Telegram keeps it.
    """
    try:
        return receive_update(update, bot=bot.key, gateway=bot.gateway, now=now)
    except (OSError, PoolTimeoutError):
        raise
    except DBAPIError as error:
        if not isinstance(error, IntegrityError):
            raise
        _stumble(update, bot, error, now)
    except Exception as error:  # noqa: BLE001  see above
        _stumble(update, bot, error, now)
    return True


def _stumble(update: Update, bot: BotInUse, error: Exception, now: dt.datetime) -> None:
    log.error("an update of the Telegram bot could not be handled", exc_info=error)
    stumble_over(update, bot=bot.key, now=now)
