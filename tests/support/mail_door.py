"""Mails handed over as a mail server in front does: over LMTP, at the door of the program under test.

with mail_door(app) as door:
    door.brings(a_mail("max@fjord.example", reply_to, "Re: It", "Yes."), to=reply_to)
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from flask import Flask

from extensions import db
from integrations.mail_door import LOOPBACK, MailDoor
from jobs.mail_in import MailInDoor


class LmtpDoor:
    """One mail server that brings mails. What the test wrote is committed first, and read anew after."""

    def __init__(self, port: int) -> None:
        self._port = port

    def brings(self, mail: EmailMessage | bytes, *, to: str, sender: str | None = None) -> None:
        """Hand a mail over; it is kept when this comes back."""
        content = mail if isinstance(mail, bytes) else mail.as_bytes()
        envelope = sender if sender is not None else str(mail["From"]) if isinstance(mail, EmailMessage) else ""
        db.session.commit()
        with smtplib.LMTP(LOOPBACK, self._port) as client:
            client.sendmail(envelope, [to], content)
        db.session.expire_all()


@contextmanager
def mail_door(app: Flask) -> Iterator[LmtpDoor]:
    """The door of this program, on a free port."""
    take: Any = MailInDoor(app)._take
    door = MailDoor(take, port=0, lmtp=True)
    door.start()
    try:
        yield LmtpDoor(door.port)
    finally:
        door.stop()
