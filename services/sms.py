"""Text messages: their words (templates/sms/<event>.txt), their row in the outbox, and what sends them."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from extensions import db
from integrations.mail import Answer, Outcome
from integrations.sms import Sms, SmsGateway, SmsNotSafe
from models.notification import NotificationChannel, NotificationDelivery
from models.person import Person
from services.catalogs import catalog
from services.deliveries import queue_delivery
from services.mail_texts import mail_texts, said_values, speak
from services.outgoing import Outgoing
from services.seats import home_account_id

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates" / "sms"
NOT_AFTER: Final = "not-after"

# Plain text for telephones: nothing is escaped.
_words = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False)  # noqa: S701
speak(_words)


class SmsSender:
    """Sends over the SMS channel."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def send(self, outgoing: Outgoing) -> Outcome:
        ends = outgoing.headers.get(NOT_AFTER)
        try:
            not_after = dt.datetime.fromisoformat(ends) if ends else None
            sms = Sms(outgoing.address, outgoing.text, not_after)
        except (SmsNotSafe, ValueError) as error:
            return Outcome(Answer.NEVER, str(error))
        return self._gateway.send(sms)


def queue_sms(
    person: Person,
    number: str,
    event: str,
    *,
    now: dt.datetime,
    not_after: dt.datetime | None = None,
    secret: bool = False,
    **values: Any,
) -> NotificationDelivery:
    """Put a text into the outbox, by the event's template in the person's language. Not sent after ``not_after``."""
    host = urlsplit(mail_texts.base_url).hostname or "localhost"
    speaker = catalog(person.language)
    values = {**said_values(values, speaker), "brand_name": mail_texts.brand_name, "host": host, "speaker": speaker}
    text = _words.get_template(f"{event}.txt").render(values)
    delivery = NotificationDelivery(
        account_id=home_account_id(person),
        person_id=person.id,
        event=event,
        channel=NotificationChannel.SMS,
        address=number,
        subject=event.replace("_", " ").capitalize(),
        text=text.strip(),
        message_id=f"<{uuid.uuid4().hex}@{mail_texts.host}>",
        headers={NOT_AFTER: not_after.isoformat()} if not_after is not None else {},
        secret=secret,
        next_try_at=now,
        created_at=now,
    )
    db.session.add(delivery)
    db.session.flush()
    queue_delivery(delivery, now=now)
    return delivery
