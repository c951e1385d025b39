"""The post between the product and people: due jobs run as the runner runs them, and mails arrive over real SMTP.

post.delivers()                       # everything that is due, mails too
letter = post.letter_to("ida@fjord.example")
ida.goes(link_in(letter, "/invitations/"))
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from extensions import db
from integrations.mail_catcher import CaughtMail, MailCatcher, caught_mail
from jobs.attempt import Attempts
from jobs.clock import ClockWork
from jobs.registry import load_handlers
from jobs.senders import outgoing_of, send_to_catcher
from models.notification import NotificationChannel

_MOST_JOBS = 500


class PostOffice:
    """Runs what is due, and gives out the mails that the catcher has received."""

    def __init__(self, app: Flask, folder: Path) -> None:
        load_handlers()
        self._folder = folder
        self._attempts = Attempts(app, lease=dt.timedelta(minutes=5))
        self._clock = ClockWork(app, taken_by="post office")

    def delivers(self) -> None:
        """Run every job that is due, until none is left."""
        self._apart(self._run_due)

    def clock_strikes(self) -> None:
        """Let the clock ask for what has become due by now, and run it."""
        self._apart(lambda: self._clock.tick(now=self._attempts.clock()))
        self.delivers()

    def letters_to(self, address: str) -> list[CaughtMail]:
        """The mails that somebody has received, the oldest first."""
        self.delivers()
        mails = [caught_mail(self._folder, file.stem) for file in self._folder.glob("*.eml")]
        return sorted((mail for mail in mails if mail is not None and mail.to == address), key=_order)

    def letter_to(self, address: str, about: str = "") -> CaughtMail:
        """The newest mail to somebody whose subject says ``about``."""
        letters = self.letters_to(address)
        found = [letter for letter in letters if about in letter.subject]
        assert found, f"no mail about {about!r} to {address}, but {[letter.subject for letter in letters]}"
        return found[-1]

    def header_of(self, letter: CaughtMail, name: str) -> str:
        """A header of a mail that was received, as a mail program reads it."""
        content = (self._folder / f"{letter.name}.eml").read_bytes()
        return str(message_from_bytes(content, policy=policy.default)[name] or "")

    def _run_due(self) -> None:
        for _turn in range(_MOST_JOBS):
            if not self._attempts.run_next():
                return
        raise AssertionError(f"more than {_MOST_JOBS} jobs are due at once")

    def _apart(self, act: Callable[[], Any]) -> None:
        """In a context of its own, as in another process: nothing of the test's session is in it."""
        db.session.commit()
        Context().run(act)
        db.session.expire_all()


@contextmanager
def post_office(app: Flask, folder: Path) -> Iterator[PostOffice]:
    """A catcher on a free port of this machine, to which the app's mails go meanwhile."""
    catcher, senders = MailCatcher(folder), outgoing_of(app).senders
    before = senders.get(NotificationChannel.EMAIL)
    catcher.start()
    try:
        send_to_catcher(app, app.extensions["settings"], catcher.port)
        yield PostOffice(app, folder)
    finally:
        catcher.stop()
        del senders[NotificationChannel.EMAIL]
        if before is not None:
            senders[NotificationChannel.EMAIL] = before


def link_in(letter: CaughtMail, piece: str) -> str:
    """The path of the one link with this piece in its address, the same in the text and in the HTML of the mail."""
    in_text = set(re.findall(r"https?://\S+", letter.text))
    in_html = {html.unescape(address) for address in re.findall(r'href="(https?://[^"]+)"', letter.html)}
    found = {address for address in in_text if piece in address}
    assert len(found) == 1, f"{sorted(found)} in {letter.text}"
    address = found.pop()
    assert address in in_html, f"{address} is not in the HTML of the mail: {sorted(in_html)}"
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _order(mail: CaughtMail) -> tuple[dt.datetime, int]:
    return mail.at, int(mail.name.rsplit("-", 1)[1])
