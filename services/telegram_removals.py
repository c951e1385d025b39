"""A Telegram chat is disconnected: by the person, by Telegram's word, or with all ways in when somebody resets them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, update

from domain.actor import Actor
from extensions import db
from models.identity import TelegramBinding
from models.notification import DeliveryState, NotificationChannel, NotificationDelivery
from models.person import Person
from services.audit import record_event
from services.locks import rows_changed
from services.telegram_files import forget_dialogue


def disconnect_chat(person: Person, *, actor: Actor, now: dt.datetime, account_id: int | None = None) -> bool:
    """Take the chat away, with codes that wait, what is being written in it and what waits to be sent to it.

    Says whether a chat was connected. The caller tells the person.
    """
    gone = db.session.execute(
        delete(TelegramBinding)
        .where(TelegramBinding.person_id == person.id)
        .returning(TelegramBinding.chat_id)
        .execution_options(synchronize_session="fetch")
    ).all()
    chat_id = gone[0].chat_id if gone else None
    if chat_id is None:
        return False
    forget_dialogue(person.id, now=now)
    _send_no_more(person, chat_id)
    record_event("person.telegram_unbound", person, actor=actor, now=now, account_id=account_id)
    return True


def _send_no_more(person: Person, chat_id: int) -> None:
    """Blanked, so that nobody lets it be sent again to a chat that is not theirs any more."""
    waiting = update(NotificationDelivery).where(
        NotificationDelivery.person_id == person.id,
        NotificationDelivery.channel == NotificationChannel.TELEGRAM,
        NotificationDelivery.address == str(chat_id),
        NotificationDelivery.state == DeliveryState.WAITING,
    )
    rows_changed(
        waiting.values(state=DeliveryState.CANCELLED, text="", next_try_at=None, error="The chat was disconnected.")
    )
