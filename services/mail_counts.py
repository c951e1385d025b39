"""How many mails came in and how they ended: counted in the transaction that ends them, so it always adds up (F3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from extensions import db
from models.support_desk import InboundDay, InboundMail, InboundOutcome
from services.locks import guarded

_COLUMNS = {
    InboundOutcome.REPLY: "replies",
    InboundOutcome.NEW_TICKET: "new_tickets",
    InboundOutcome.HELD: "held",
    InboundOutcome.REJECTED: "rejected",
}


@dataclass(frozen=True, slots=True)
class MailCounts:
    """received = replies + new tickets + held + rejected."""

    received: int
    replies: int
    new_tickets: int
    held: int
    rejected: int


def count_mail(mail: InboundMail) -> None:
    """Count a mail that has just come in. The day's row stays locked until this transaction ends."""
    day = _day_of(mail)
    more = {"received": InboundDay.received + 1, **_by(mail.outcome, 1)}
    counted = update(InboundDay).where(InboundDay.day == day).values(**more)
    if guarded(counted):
        return
    try:
        with db.session.begin_nested():
            db.session.add(InboundDay(day=day, received=1, **{_COLUMNS[mail.outcome]: 1}))
    except IntegrityError:  # another one began the day meanwhile
        guarded(counted)


def recount_mail(mail: InboundMail, before: InboundOutcome) -> None:
    """Count a mail under its new outcome instead of the one before."""
    moved = {**_by(before, -1), **_by(mail.outcome, 1)}
    if not guarded(update(InboundDay).where(InboundDay.day == _day_of(mail)).values(**moved)):
        raise RuntimeError("each mail is counted on its day")


def mail_counts(*, since: dt.date) -> MailCounts:
    """The mails that came in on this day and after it, as they ended by now."""
    asked = (InboundDay.received, InboundDay.replies, InboundDay.new_tickets, InboundDay.held, InboundDay.rejected)
    row = db.session.execute(select(*(func.sum(column) for column in asked)).where(InboundDay.day >= since)).one()
    return MailCounts(*(int(number or 0) for number in row))


def _day_of(mail: InboundMail) -> dt.date:
    return mail.received_at.astimezone(dt.UTC).date()


def _by(outcome: InboundOutcome, step: int) -> dict[str, object]:
    name = _COLUMNS[outcome]
    return {name: getattr(InboundDay, name) + step}
