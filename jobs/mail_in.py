"""Mails that come in: taken at the door, or fetched from a mailbox by the clock."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from config import Settings
from integrations.imap import Mailbox, MailboxNotReachable, fetch_unseen
from integrations.mail_door import MailDoor
from jobs.registry import JobContext, clock
from services.incoming import chief_recipient, hold_mail, receive_mail
from services.unit_of_work import unit_of_work

MOST_AT_ONCE: Final = 50
_TOO_LARGE: Final = "It is too large to be fetched: these are its headers, and the mailbox has all of it."

log = logging.getLogger("foyer.mail")


class MailInDoor:
    """Stands beside `flask serve` and `flask jobs`: listens where a port is set, and does nothing otherwise."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._door: MailDoor | None = None

    def start(self) -> None:
        """Listen. Where the port is taken, the mail server in front keeps the mails until it is free."""
        if not self._settings.mail_in_port:
            return
        door = MailDoor(self._take, port=self._settings.mail_in_port, lmtp=self._settings.mail_in_protocol == "lmtp")
        try:
            door.start()
        except (OSError, TimeoutError) as error:
            log.error("No mails come in: port %d cannot be used (%s).", self._settings.mail_in_port, error)
            return
        self._door = door
        log.info("mails are taken in by %s on port %d", self._settings.mail_in_protocol.upper(), door.port)

    def stop(self) -> None:
        if self._door is not None:
            self._door.stop()

    def _take(self, content: bytes, recipients: Sequence[str], sender: str) -> None:
        with self._app.app_context():
            take_in(content, recipients=recipients, sender=sender, now=dt.datetime.now(dt.UTC))


def take_in(content: bytes, *, recipients: Sequence[str], sender: str | None, now: dt.datetime) -> None:
    """Keep a mail in a transaction of its own; when this comes back, it is committed.

    A mail that something here stumbles over is held as it came, so that it is not handed over again for ever. Where the
    database or the store of files is away the error passes on: then nobody has it but who hands it over.
    """
    recipient = chief_recipient(recipients)
    try:
        with unit_of_work():
            receive_mail(content, recipient=recipient, sender=sender, now=now)
    except (OSError, PoolTimeoutError):
        raise
    except DBAPIError as error:
        if not isinstance(error, IntegrityError):
            raise
        _hold(content, recipient, sender, error, now)
    except Exception as error:  # noqa: BLE001  see above
        _hold(content, recipient, sender, error, now)


def _hold(content: bytes, recipient: str, sender: str | None, error: Exception, now: dt.datetime) -> None:
    log.error("a mail could not be handled and is held", exc_info=error)
    with unit_of_work():
        reason = f"It could not be handled ({type(error).__name__})."
        hold_mail(content, recipient=recipient, sender=sender, reason=reason, now=now)


@clock("fetch_mails", every=dt.timedelta(minutes=1))
def fetch_mails(job: JobContext) -> Mapping[str, Any]:
    """Fetch what is unseen in the mailbox of the settings. One that is out of reach is tried with the next slot."""
    settings: Settings = current_app.extensions["settings"]
    mailbox = mailbox_of(settings)
    if mailbox is None:
        return {}

    def keep(content: bytes, whole: bool) -> None:
        if whole:
            take_in(content, recipients=(), sender=None, now=job.now)
            return
        with unit_of_work():
            hold_mail(content, recipient="", sender=None, reason=_TOO_LARGE, now=job.now)

    try:
        return {"fetched": fetch_unseen(mailbox, keep, most=MOST_AT_ONCE)}
    except MailboxNotReachable as error:
        log.warning("the mailbox is out of reach: %s", error)
        return {"fetched": 0, "error": str(error)}


def mailbox_of(settings: Settings) -> Mailbox | None:
    """The mailbox that mails are fetched from; None without one."""
    if not settings.mail_in_imap_server:
        return None
    return Mailbox(
        host=settings.mail_in_imap_server,
        port=settings.mail_in_imap_port,
        username=settings.mail_in_imap_username,
        password=settings.mail_in_imap_password.get_secret_value(),
        folder=settings.mail_in_imap_folder,
        use_ssl=settings.mail_in_imap_use_ssl,
    )
