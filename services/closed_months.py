"""What a closed month forbids: nothing is booked into it any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import func, select

from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.month_close import MonthClose


class MonthClosed(Refusal):
    """The day lies in a month whose books are closed."""

    def __init__(self, month: str) -> None:
        super().__init__(
            Sentence(
                "The books of %(month)s are closed: nothing is booked into them any more. Use a later day.", month=month
            )
        )


def last_closed_month() -> str:
    """The newest closed month like "2026-01"; empty when none is closed."""
    return db.session.scalar(select(func.max(MonthClose.month))) or ""


def refuse_closed(days: Iterable[dt.date]) -> None:
    """Refused: MonthClosed."""
    first = min(days, default=None)
    if first is not None and f"{first:%Y-%m}" <= last_closed_month():
        raise MonthClosed(f"{first:%Y-%m}")
