"""Somebody's chat with the bot, without a network: what they send is received, and what the bot says is read.

chat = Chat(7001, now)
chat.connects(mia)
assert "is open" in chat.says("/done")
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from extensions import db
from integrations.mail import Answer, Outcome
from integrations.telegram import TelegramFileNotFetched
from integrations.telegram_updates import SentFile, Update
from models import NotificationChannel, NotificationDelivery, Person
from services.sign_in import person_as_actor
from services.telegram_bindings import begin_binding
from services.telegram_chats import receive_update
from services.telegram_outbox import EVENT
from services.unit_of_work import unit_of_work
from tests.support.door import BROWSER

BOT = "1"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
_numbers = itertools.count(1000)


@dataclass
class KeptFiles:
    """A gateway that gives files by their id, and takes every message."""

    files: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    in_transaction: list[bool] = field(default_factory=list)

    def send(self, chat_id: int, text: str) -> Outcome:
        return Outcome(Answer.TAKEN, remote_id=str(next(_numbers)))

    def updates(self, *, offset: int | None, wait: int) -> Sequence[Update]:
        return []

    def fetch(self, file_id: str) -> bytes:
        self.fetched.append(file_id)
        self.in_transaction.append(bool(db.session().new or db.session().dirty))
        if file_id not in self.files:
            raise TelegramFileNotFetched("400")
        return self.files[file_id]


class Chat:
    """One chat. ``now`` may be moved by the test."""

    def __init__(self, chat_id: int, now: dt.datetime, name: str = "@mia") -> None:
        self.chat_id, self.now, self.name = chat_id, now, name
        self.gateway = KeptFiles()

    def connects(self, person: Person) -> Chat:
        """Send a code that the person was shown."""
        assert "is connected" in self.says(f"/start {code_for(person, now=self.now)}")
        return self

    def says(self, text: str = "", **others: Any) -> str:
        """Send a text, and give what the bot answers: one message, or nothing."""
        before = set(self._replies())
        self.sends(self.update(text, **others))
        new = [text for number, text in self._replies().items() if (number) not in before]
        assert len(new) <= 1, new
        return new[0] if new else ""

    def shows(self, text: str = "", *files: tuple[str, bytes], **others: Any) -> str:
        """Send files with a text below."""
        sent = []
        for name, content in files:
            file_id = f"F{next(_numbers)}"
            self.gateway.files[file_id] = content
            sent.append(SentFile(file_id, name, len(content)))
        return self.says(text, files=tuple(sent), **others)

    def update(self, text: str = "", **others: Any) -> Update:
        values: dict[str, Any] = {"private": True, "name": self.name, "text": text, **others}
        return Update(next(_numbers), self.chat_id, **values)

    def sends(self, update: Update) -> bool:
        """Let an update be received, as the poller does."""
        db.session.commit()
        return receive_update(update, bot=BOT, gateway=self.gateway, now=self.now)

    def told(self) -> list[NotificationDelivery]:
        """What waits to be sent to the chat or was, beside the bot's answers."""
        return list(db.session.scalars(self._to_chat().where(NotificationDelivery.event != EVENT)))

    def _replies(self) -> dict[int, str]:
        found = self._to_chat().where(NotificationDelivery.event == EVENT)
        return {row.id: row.text for row in db.session.scalars(found)}

    def _to_chat(self) -> Any:
        return (
            select(NotificationDelivery)
            .where(
                NotificationDelivery.address == str(self.chat_id),
                NotificationDelivery.channel == NotificationChannel.TELEGRAM,
            )
            .order_by(NotificationDelivery.id)
        )


def code_for(person: Person, *, now: dt.datetime) -> str:
    """A code as the settings of the person show it."""
    db.session.commit()
    with unit_of_work():
        return begin_binding(person, actor=replace(person_as_actor(person, BROWSER), proved_at=now), now=now)
