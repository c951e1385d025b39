"""The outbox: each message is claimed, sent with no transaction open, and what came of it is written down.

Whoever claims a delivery holds it for a while (``lease``); a runner that dies in between leaves it to be sent again,
with the same Message-ID. The row is the truth, the job only says when to look at it. A document that goes with a mail
is made ready before the claim: setting one may take longer than a lease.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import aliased

from domain.actor import Actor
from domain.deliveries import pause_after
from domain.refusals import Refusal
from extensions import db
from integrations.mail import Answer, Attachment, Outcome
from models.document_file import DocumentKind
from models.notification import DeliveryState, NotificationChannel, NotificationDelivery
from services.audit import record_event
from services.jobs import enqueue
from services.locks import guarded, reread, rows_changed
from services.outgoing import Documents, Learns, Outgoing, Senders, learn_nothing, no_documents
from services.unit_of_work import unit_of_work

JOB: Final = "deliver"
LEASE: Final = dt.timedelta(minutes=5)
NO_SENDER: Final = "Nothing is set up here that could send it. It waits."
_MOMENT: Final = dt.timedelta(seconds=1)
_LATE: Final = dt.timedelta(minutes=2)
_SWEPT_AT_ONCE: Final = 200
_ENDED: Final = "It was not needed any more."
_Due = Row[NotificationChannel, int | None, DocumentKind | None, str | None]


class DeliveryNotRetryable(Refusal):
    message = "Only what failed or was cancelled can be sent again. Reload the page to see this one as it is."


class TextIsGone(Refusal):
    message = "The text held a link or password and was removed. Let it be asked for again, which sends a new one."


class Step(enum.StrEnum):
    """How far one look at a delivery came."""

    SENT = "sent"
    POSTPONED = "postponed"
    FAILED = "failed"
    HELD = "held"  # somebody else is sending it
    BEHIND = "behind"  # one before it in the same chat goes first; it is looked at again in a moment
    NOTHING = "nothing"  # it is sent, cancelled, or not due
    NO_SENDER = "no_sender"


def queue_delivery(delivery: NotificationDelivery, *, now: dt.datetime) -> None:
    """Let the row be looked at when it is due, once this transaction is committed."""
    payload = {"delivery_id": delivery.id}
    enqueue(JOB, payload, now=now, unique_key=f"{JOB}:{delivery.public_id}", run_at=delivery.next_try_at)


def deliver(
    delivery_id: int,
    senders: Senders,
    *,
    now: dt.datetime,
    lease: dt.timedelta = LEASE,
    documents: Documents = no_documents,
    learns: Learns = learn_nothing,
) -> Step:
    """Send one message of the outbox if it is due. Opens its own units of work, and none while it sends."""
    with unit_of_work():
        due = _look_up(delivery_id, now)
        if due is not None and due.channel not in senders:
            _set(delivery_id, error=NO_SENDER)
            return Step.NO_SENDER
        if due is not None and due.channel is NotificationChannel.TELEGRAM and _is_behind(delivery_id, now):
            enqueue(JOB, {"delivery_id": delivery_id}, now=now, run_at=now + _MOMENT)
            return Step.BEHIND
        with_document = due is not None and due.document_kind is not None
        outgoing = _claim(delivery_id, now, lease) if due is not None and not with_document else None
    ready: Attachment | Refusal | None = None
    if due is not None and with_document:
        ready = _document_of(due, documents, now)
        with unit_of_work():
            outgoing = _claim(delivery_id, now, lease)
    if outgoing is None:
        return Step.HELD if held_until(delivery_id) is not None else Step.NOTHING
    if isinstance(ready, Refusal):
        outcome = Outcome(Answer.LATER, ready.message)
    else:
        outgoing = replace(outgoing, attachments=() if ready is None else (ready,))
        outcome = senders[outgoing.channel].send(outgoing)
    with unit_of_work():
        if outcome.gone or outcome.moved_to:
            learns(outgoing, outcome, now=now)
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


def _is_behind(delivery_id: int, now: dt.datetime) -> bool:
    """Whether an older message of the same chat is due or being sent: people read a chat in its order.

    One that has to wait (Telegram refused it for now) holds nobody up.
    """
    mine = aliased(NotificationDelivery)
    being_sent = and_(NotificationDelivery.state == DeliveryState.SENDING, NotificationDelivery.lease_until > now)
    older = (
        select(NotificationDelivery.id)
        .join(mine, mine.address == NotificationDelivery.address)
        .where(
            mine.id == delivery_id,
            NotificationDelivery.id < delivery_id,
            NotificationDelivery.channel == NotificationChannel.TELEGRAM,
            or_(_due(now), being_sent),
        )
    )
    return db.session.scalar(older.limit(1)) is not None


def _look_up(delivery_id: int, now: dt.datetime) -> _Due | None:
    """The channel of what is due, and the document that goes with it."""
    asked = select(
        NotificationDelivery.channel,
        NotificationDelivery.account_id,
        NotificationDelivery.document_kind,
        NotificationDelivery.document_number,
    )
    return db.session.execute(asked.where(NotificationDelivery.id == delivery_id, _due(now))).one_or_none()


def _document_of(due: _Due, documents: Documents, now: dt.datetime) -> Attachment | Refusal:
    if due.account_id is None or due.document_kind is None or due.document_number is None:
        raise RuntimeError("the database holds them together")
    try:
        return documents(due.account_id, due.document_kind, due.document_number, now=now)
    except Refusal as refusal:
        return refusal


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
    if pause is not None and outcome.pause is not None:
        pause = outcome.pause
    if outcome.answer is Answer.TAKEN:
        step = Step.SENT
        values: dict[str, Any] = {"state": DeliveryState.SENT, "sent_at": now, "next_try_at": None, "error": None}
        values["remote_id"] = outcome.remote_id or None
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
