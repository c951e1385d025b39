"""The outbox: each message is claimed, sent with no transaction open, and what came of it is written down.

Whoever claims a delivery holds it for a while (``lease``); a runner that dies in between leaves it to be sent again,
with the same Message-ID. The row is the truth, the job only says when to look at it.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from domain.actor import Actor
from domain.deliveries import pause_after
from domain.refusals import Refusal
from extensions import db
from integrations.mail import Answer, Letter, LetterNotSafe, Mailer, Outcome
from models.notification import DeliveryState, NotificationChannel, NotificationDelivery
from services.audit import record_event
from services.jobs import enqueue
from services.locks import guarded, reread, rows_changed
from services.unit_of_work import unit_of_work

JOB: Final = "deliver"
LEASE: Final = dt.timedelta(minutes=5)
NO_SENDER: Final = "Nothing is set up here that could send it. It waits."
_LATE: Final = dt.timedelta(minutes=2)
_SWEPT_AT_ONCE: Final = 200
_ENDED: Final = "It was not needed any more."


class DeliveryNotRetryable(Refusal):
    message = "Only what failed or was cancelled can be sent again. Reload the page to see this one as it is."


class TextIsGone(Refusal):
    message = "The text held a link or password and was removed. Let it be asked for again, which sends a new one."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message, as plain data. ``attempt`` is the number of this try, the first has 1."""

    delivery_id: int
    attempt: int
    channel: NotificationChannel
    address: str
    subject: str
    text: str
    html: str | None
    message_id: str
    date: dt.datetime
    reply_to: str | None = None
    in_reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Sender(Protocol):
    """What sends over one channel. It never raises for what the world outside does."""

    def send(self, outgoing: Outgoing) -> Outcome: ...


Senders = Mapping[NotificationChannel, Sender]


class MailSender:
    """Sends over the e-mail channel."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, outgoing: Outgoing) -> Outcome:
        try:
            letter = Letter(
                to=outgoing.address,
                subject=outgoing.subject,
                text=outgoing.text,
                html=outgoing.html,
                message_id=outgoing.message_id,
                date=outgoing.date,
                reply_to=outgoing.reply_to,
                in_reply_to=outgoing.in_reply_to,
                headers=outgoing.headers,
            )
        except LetterNotSafe as error:
            return Outcome(Answer.NEVER, str(error))
        return self._mailer.send(letter)


class Step(enum.StrEnum):
    """How far one look at a delivery came."""

    SENT = "sent"
    POSTPONED = "postponed"
    FAILED = "failed"
    HELD = "held"  # somebody else is sending it
    NOTHING = "nothing"  # it is sent, cancelled, or not due
    NO_SENDER = "no_sender"


def queue_delivery(delivery: NotificationDelivery, *, now: dt.datetime) -> None:
    """Let the row be looked at when it is due, once this transaction is committed."""
    payload = {"delivery_id": delivery.id}
    enqueue(JOB, payload, now=now, unique_key=f"{JOB}:{delivery.public_id}", run_at=delivery.next_try_at)


def deliver(delivery_id: int, senders: Senders, *, now: dt.datetime, lease: dt.timedelta = LEASE) -> Step:
    """Send one message of the outbox if it is due. Opens its own units of work, and none while it sends."""
    with unit_of_work():
        channel = db.session.scalar(
            select(NotificationDelivery.channel).where(NotificationDelivery.id == delivery_id, _due(now))
        )
        if channel is not None and channel not in senders:
            _set(delivery_id, error=NO_SENDER)
            return Step.NO_SENDER
        outgoing = _claim(delivery_id, now, lease) if channel is not None else None
    if outgoing is None:
        return Step.HELD if held_until(delivery_id) is not None else Step.NOTHING
    outcome = senders[outgoing.channel].send(outgoing)
    with unit_of_work():
        return _record(outgoing, outcome, now)


def held_until(delivery_id: int) -> dt.datetime | None:
    """Until when somebody else holds it for sending."""
    held = select(NotificationDelivery.lease_until).where(
        NotificationDelivery.id == delivery_id, NotificationDelivery.state == DeliveryState.SENDING
    )
    return db.session.scalar(held)


def enqueue_late_deliveries(channels: Iterable[NotificationChannel], *, now: dt.datetime) -> int:
    """Ask again for what is due for a while: its job was lost, or there was no sender until now. Give their number."""
    hour = now.strftime("%Y%m%dT%H")
    late = (
        select(NotificationDelivery.id, NotificationDelivery.public_id)
        .where(NotificationDelivery.channel.in_(list(channels)), _due(now - _LATE))
        .order_by(NotificationDelivery.next_try_at, NotificationDelivery.id)
        .limit(_SWEPT_AT_ONCE)
    )
    found = db.session.execute(late).all()
    for delivery_id, public_id in found:
        enqueue(JOB, {"delivery_id": delivery_id}, now=now, unique_key=f"{JOB}:{public_id}:{hour}")
    return len(found)


def cancel_deliveries(events: Iterable[str], *, person_id: int, now: dt.datetime, account_id: int | None = None) -> int:
    """Never send what waits for this person of these events: it was replaced or withdrawn. Give how many those were.

    What is being sent at this moment goes out.
    """
    waiting = [
        NotificationDelivery.person_id == person_id,
        NotificationDelivery.event.in_(list(events)),
        NotificationDelivery.state == DeliveryState.WAITING,
    ]
    if account_id is not None:
        waiting.append(NotificationDelivery.account_id == account_id)
    ended: dict[str, Any] = {"state": DeliveryState.CANCELLED, "next_try_at": None, "error": _ENDED}
    secret = [*waiting, NotificationDelivery.secret]
    db.session.flush()
    blanked = rows_changed(update(NotificationDelivery).where(*secret).values(text="", html=None, **ended))
    return blanked + rows_changed(update(NotificationDelivery).where(*waiting).values(**ended))


def count_deliveries(*, since: dt.datetime) -> dict[tuple[str, str], int]:
    """How many messages that were written since then stand where, by channel and state, for those who watch."""
    kept = (NotificationDelivery.channel, NotificationDelivery.state)
    rows = db.session.execute(
        select(*kept, func.count()).where(NotificationDelivery.created_at >= since).group_by(*kept)
    )
    return {(str(channel), str(state)): number for channel, state, number in rows}


def retry_delivery(delivery: NotificationDelivery, *, actor: Actor, now: dt.datetime) -> NotificationDelivery:
    """Send what failed or was cancelled once more, with all its tries. Refused: DeliveryNotRetryable, TextIsGone."""
    if delivery.can_retry and not delivery.text:
        raise TextIsGone
    before = {"state": delivery.state, "attempts": delivery.attempts, "error": delivery.error}
    changed = guarded(
        update(NotificationDelivery)
        .where(NotificationDelivery.id == delivery.id, NotificationDelivery.can_retry)
        .values(state=DeliveryState.WAITING, attempts=0, next_try_at=now, lease_until=None, error=None)
    )
    if not changed:
        raise DeliveryNotRetryable
    reread(delivery)
    after = {"state": delivery.state, "attempts": 0, "error": None}
    record_event("notification_delivery.retried", delivery, actor=actor, now=now, before=before, after=after)
    enqueue(JOB, {"delivery_id": delivery.id}, now=now)
    return delivery


def _due(now: dt.datetime) -> ColumnElement[bool]:
    waits = and_(NotificationDelivery.state == DeliveryState.WAITING, NotificationDelivery.next_try_at <= now)
    left = and_(NotificationDelivery.state == DeliveryState.SENDING, NotificationDelivery.lease_until <= now)
    return or_(waits, left)


def _claim(delivery_id: int, now: dt.datetime, lease: dt.timedelta) -> Outgoing | None:
    taken = (
        update(NotificationDelivery)
        .where(NotificationDelivery.id == delivery_id, _due(now))
        .values(state=DeliveryState.SENDING, attempts=NotificationDelivery.attempts + 1, lease_until=now + lease)
    )
    if not guarded(taken):
        return None
    row = db.session.get_one(NotificationDelivery, delivery_id, populate_existing=True)
    return Outgoing(
        delivery_id=row.id,
        attempt=row.attempts,
        channel=row.channel,
        address=row.address,
        subject=row.subject,
        text=row.text,
        html=row.html,
        message_id=row.message_id,
        date=row.created_at,
        reply_to=row.reply_to,
        in_reply_to=row.in_reply_to,
        headers={name: str(value) for name, value in row.headers.items()},
    )


def _record(outgoing: Outgoing, outcome: Outcome, now: dt.datetime) -> Step:
    """Write down what came of a try, unless another has taken over meanwhile."""
    pause = pause_after(outgoing.attempt)
    if outcome.answer is Answer.TAKEN:
        step = Step.SENT
        values: dict[str, Any] = {"state": DeliveryState.SENT, "sent_at": now, "next_try_at": None, "error": None}
    elif outcome.answer is Answer.NEVER or pause is None:
        step, values = Step.FAILED, {"state": DeliveryState.FAILED, "next_try_at": None, "error": outcome.words}
    else:
        values = {"state": DeliveryState.WAITING, "next_try_at": now + pause, "error": outcome.words}
        step = Step.POSTPONED
    if not _set(outgoing.delivery_id, attempt=outgoing.attempt, lease_until=None, **values):
        return Step.HELD
    if step is Step.SENT:
        _set(outgoing.delivery_id, secret=True, text="", html=None)
    if step is Step.POSTPONED and pause is not None:
        enqueue(JOB, {"delivery_id": outgoing.delivery_id}, now=now, run_at=now + pause)
    return step


def _set(delivery_id: int, *, attempt: int | None = None, secret: bool = False, **values: object) -> bool:
    """Change the row; with ``attempt`` only while it is that try's, with ``secret`` only if its text is one."""
    mine: list[ColumnElement[bool]] = [NotificationDelivery.id == delivery_id]
    if attempt is not None:
        mine += [NotificationDelivery.state == DeliveryState.SENDING, NotificationDelivery.attempts == attempt]
    if secret:
        mine.append(NotificationDelivery.secret.is_(True))
    return guarded(update(NotificationDelivery).where(*mine).values(**values))
