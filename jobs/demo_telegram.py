"""The demo's Telegram: a companion of `flask serve` that is the people's telephones and the house between."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask

from config import Environment, Settings
from integrations.telegram import Bot
from integrations.telegram_stand_in import ShownMessage, TelegramStandIn
from jobs.senders import outgoing_of, talk_by_telegram

__all__ = ["DemoTelegram", "ShownMessage", "TelegramStandIn", "demo_telegram"]

FOLDER: Final = "received-telegram"
PAGE: Final = "/demo/telegram"
_EXTENSION: Final = "demo_telegram"
_TOKEN: Final = "1:the-token-of-the-demo"  # noqa: S105  of a house that takes no other
_USERNAME: Final = "foyer_demo_bot"

log = logging.getLogger("foyer.telegram")


class DemoTelegram:
    """Stands in for Telegram on this machine while the program runs. Where a bot is set up, it does nothing."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._stand_in: TelegramStandIn | None = None

    def start(self) -> None:
        """Listen, and let the bot talk here. Where the port is taken, Telegram is not offered."""
        if self._settings.environment is not Environment.DEMO or outgoing_of(self._app).bot is not None:
            return
        folder, port = self._settings.data_dir / FOLDER, self._settings.demo_telegram_port
        try:
            stand_in = TelegramStandIn(_TOKEN, folder, port=port)
        except (OSError, SystemExit) as error:
            log.warning("The demo's Telegram cannot listen (%s). Set another DEMO_TELEGRAM_PORT.", error)
            return
        stand_in.start()
        self._stand_in = self._app.extensions[_EXTENSION] = stand_in
        link = f"{self._settings.base_url}{PAGE}?start="
        talk_by_telegram(self._app, Bot(_TOKEN, _USERNAME, stand_in.url), link=link)

    def stop(self) -> None:
        if self._stand_in is not None:
            self._stand_in.stop()


def demo_telegram(app: Flask) -> TelegramStandIn | None:
    """The demo's Telegram of this process; None where it does not run."""
    found: TelegramStandIn | None = app.extensions.get(_EXTENSION)
    return found
