"""What the bot says in chats: rows of the outbox, so that nothing is lost while Telegram is away, and their sender."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from sqlalchemy import select

from domain.languages import ENGLISH
from extensions import db
from integrations.mail import Answer, Outcome
from integrations.telegram import ChatGateway
from models.discussion import Discussion
from models.notification import NotificationChannel, NotificationDelivery
from models.person import Person
from services.catalogs import catalog
from services.deliveries import queue_delivery
from services.mail_texts import mail_texts
from services.notifications import DISCUSSION
from services.outgoing import Outgoing
from services.seats import home_account_id

EVENT: Final = "telegram_reply"


class ChatSender:
    """Sends over the Telegram channel."""

    def __init__(self, gateway: ChatGateway) -> None:
        self._gateway = gateway

    def send(self, outgoing: Outgoing) -> Outcome:
        try:
            chat_id = int(outgoing.address)
        except ValueError:
            return Outcome(Answer.NEVER, "the address is no chat")
        if not outgoing.text.strip():
            return Outcome(Answer.NEVER, "there is nothing to say")
        return self._gateway.send(chat_id, outgoing.text)


def say(
    chat_id: int,
    text: str,
    *,
    now: dt.datetime,
    person: Person | None = None,
    discussion: Discussion | None = None,
    unique_key: str | None = None,
    language: str = ENGLISH.code,
) -> None:
    """Answer in a chat, once for each ``unique_key``. What answers this goes into the ``discussion``.

    It is said in the language of the ``person``; without one in this ``language``.
    """
    if unique_key is not None:
        said = select(NotificationDelivery.id).where(NotificationDelivery.unique_key == unique_key)
        if db.session.scalar(said) is not None:
            return
    account_id = home_account_id(person) if person is not None else None
    delivery = NotificationDelivery(
        account_id=discussion.account_id if discussion is not None else account_id,
        person_id=person.id if person is not None else None,
        event=EVENT,
        channel=NotificationChannel.TELEGRAM,
        address=str(chat_id),
        subject="Answer in a Telegram chat",
        text=catalog(person.language if person is not None else language).say(text),
        message_id=f"<{uuid.uuid4().hex}@{mail_texts.host}>",
        headers={DISCUSSION: discussion.public_id} if discussion is not None else {},
        unique_key=unique_key,
        next_try_at=now,
        created_at=now,
    )
    db.session.add(delivery)
    db.session.flush()
    queue_delivery(delivery, now=now)
