"""What the demo mailed: the outbox, side by side with what the demo's own mail server really received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from integrations.mail_catcher import CaughtMail, caught_mail, caught_mails
from models.notification import NotificationDelivery
from services.notifications import latest_mails


@dataclass(frozen=True, slots=True)
class DemoMail:
    """A mail as it was queued, and each time it arrived (repeats have one Message-ID). Either may be missing."""

    queued: NotificationDelivery | None
    received: Sequence[CaughtMail]


def demo_mails(folder: Path, *, limit: int) -> list[DemoMail]:
    """The newest mails of the outbox with what arrived of them, then what arrived besides."""
    arrived: dict[str, list[CaughtMail]] = {}
    for mail in caught_mails(folder, limit=limit):
        arrived.setdefault(mail.message_id, []).append(mail)
    queued = [DemoMail(mail, arrived.pop(mail.message_id, [])) for mail in latest_mails(limit)]
    return [*queued, *(DemoMail(None, mails) for mails in arrived.values())]


def received_mail(folder: Path, name: str) -> CaughtMail | None:
    """One mail that arrived, by its name; None when there is none."""
    return caught_mail(folder, name)
