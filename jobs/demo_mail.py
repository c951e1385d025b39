"""The demo's own mail server: a companion of `flask serve` that receives what the outbox sends."""

from __future__ import annotations

import logging

from flask import Flask

from config import Settings
from integrations.mail_catcher import MailCatcher
from jobs.senders import catcher_folder, catches_mail, send_to_catcher

log = logging.getLogger("foyer.mail")


class DemoMail:
    """Catches mails on this machine while the program runs. Where mails have a server to go to, it does nothing."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._catcher: MailCatcher | None = None

    def start(self) -> None:
        """Listen, and let the outbox send here. Where the port is taken, mails wait in the outbox."""
        if not catches_mail(self._settings):
            return
        catcher = MailCatcher(catcher_folder(self._settings), port=self._settings.demo_mail_port)
        try:
            catcher.start()
        except (OSError, TimeoutError) as error:
            log.warning(
                "The demo's catcher of mails cannot listen (%s). Mails wait; set another DEMO_MAIL_PORT.", error
            )
            return
        self._catcher = catcher
        send_to_catcher(self._app, self._settings, catcher.port)

    def stop(self) -> None:
        if self._catcher is not None:
            self._catcher.stop()
