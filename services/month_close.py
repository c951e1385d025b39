"""Closing a month: in order, once, and only while every invariant of the books holds (SPEC D15)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import func, select

from domain.actor import Actor
from domain.periods import month_named
from domain.refusals import Refusal
from domain.sentences import Sentence, counted
from extensions import db
from models.month_close import MonthClose
from models.payment import UNDER_WAY, Payment
from models.statement_line import StatementLine
from services.audit import record_event
from services.books import check_books
from services.closed_months import last_closed_month
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse

_ONE_DAY: Final = dt.timedelta(days=1)


class MonthNotOver(Refusal):
    message = "This month is not over yet. Close it once the next one has begun."


class MonthNotReadable(Refusal):
    message = "Enter a month like 2026-01."


class MonthOutOfOrder(Refusal):
    """Months are closed one after the other."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            Sentence(
                "Months are closed one after the other, each once. The next one to close is %(wanted)s.", wanted=wanted
            )
        )


class BooksBroken(Refusal):
    """An invariant does not hold."""

    def __init__(self, invariant: str, number: int) -> None:
        broken = Sentence(invariant)
        if number > 1:
            broken = counted("%(first)s and %(count)s more", "%(first)s and %(count)s more", number - 1, first=broken)
        text = "The books are not right: %(invariant)s. Repair what the books page shows, then close."
        super().__init__(Sentence(text, invariant=broken))


class PaymentsBeingChecked(Refusal):
    message = "Payments of this month are still under way or being checked. Close it once they are done."


def close_month(month: str, *, actor: Actor, now: dt.datetime) -> MonthClose:
    """Close the books of a month like "2026-01", with its totals as they are now. Nothing is booked into it afterwards.

    Refused: NotWhileLoggedInAs, MonthNotReadable, MonthNotOver, MonthOutOfOrder, PaymentsBeingChecked, BooksBroken.
    """
    refuse_while_logged_in_as(actor)
    days = month_named(month)
    if days is None:
        raise MonthNotReadable
    if month >= f"{now:%Y-%m}":
        raise MonthNotOver
    wanted = next_month_to_close(now=now)
    if wanted != month:
        raise MonthOutOfOrder(wanted or f"{now:%Y-%m}")
    first, after = days.first, days.last + _ONE_DAY
    waiting = select(Payment.id).where(
        Payment.status.in_(UNDER_WAY),
        Payment.received_on >= first,
        Payment.received_on < after,
    )
    if db.session.scalar(waiting.limit(1)) is not None:
        raise PaymentsBeingChecked
    found = check_books()
    if found:
        raise BooksBroken(found[0].invariant, len({finding.invariant for finding in found}))
    closed = MonthClose(month=month, closed_at=now, closed_by_id=actor.person_id, totals=totals_of(first, after))
    db.session.add(closed)
    flush_or_refuse()
    record_event("books.closed", closed, actor=actor, now=now, after={"month": month})
    return closed


def next_month_to_close(*, now: dt.datetime) -> str | None:
    """The month after the last closed one, else that of the first booking; None while it is not over."""
    last = month_named(last_closed_month() or "")
    if last is not None:
        wanted = f"{last.last + _ONE_DAY:%Y-%m}"
    else:
        first = db.session.scalar(select(func.min(StatementLine.booked_on)))
        wanted = f"{first:%Y-%m}" if first is not None else ""
    return wanted if wanted and wanted < f"{now:%Y-%m}" else None


def totals_of(first: dt.date, after: dt.date) -> dict[str, dict[str, int]]:
    """What was booked in these days by currency and kind of document, in minor units."""
    found = (
        select(StatementLine.currency, StatementLine.kind, func.sum(StatementLine.amount))
        .where(StatementLine.booked_on >= first, StatementLine.booked_on < after)
        .group_by(StatementLine.currency, StatementLine.kind)
        .order_by(StatementLine.currency, StatementLine.kind)
    )
    totals: dict[str, dict[str, int]] = {}
    for currency, kind, amount in db.session.execute(found):
        totals.setdefault(currency, {})[kind.value] = int(amount)
    return totals


def closed_months(*, limit: int = 36) -> list[MonthClose]:
    """The newest first."""
    return list(db.session.scalars(select(MonthClose).order_by(MonthClose.month.desc()).limit(limit)))
