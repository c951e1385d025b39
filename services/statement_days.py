"""The statement of some days: its lines in the order of their days, with the balances before, after each, at the end.

The balance that a line keeps follows the order of writing (services/statements.py). What an import brings is written
document kind by document kind with the days of the older system, so of some days only the amounts can be added up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from sqlalchemy import func, select

from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.statement_line import StatementLine

MOST_LINES: Final = 5_000


class StatementTooLong(Refusal):
    message = Sentence("A statement holds at most %(most_lines)s lines. Choose fewer days.", most_lines=MOST_LINES)


class DaysReversed(Refusal):
    message = "The first day lies after the last one. Exchange them."


@dataclass(frozen=True, slots=True)
class StatementDays:
    """From the first to the last day, both included. ``opening`` is the balance before the first line, minor units."""

    first: dt.date
    last: dt.date
    opening: int
    lines: Sequence[StatementLine]

    @property
    def balances(self) -> list[int]:
        """The balance after each line, in the order of the lines."""
        return list(accumulate((line.amount for line in self.lines), initial=self.opening))[1:]

    @property
    def moved(self) -> int:
        """All lines together."""
        return sum(line.amount for line in self.lines)

    @property
    def closing(self) -> int:
        return self.opening + self.moved


def days_of(account: Account, first: dt.date, last: dt.date) -> StatementDays:
    """Read the statement of some days. Refused: DaysReversed, StatementTooLong."""
    if first > last:
        raise DaysReversed
    of_account = select(StatementLine).where(StatementLine.account_id == account.id)
    in_days = of_account.where(StatementLine.booked_on >= first, StatementLine.booked_on <= last)
    ordered = in_days.order_by(StatementLine.booked_on, StatementLine.sequence)
    lines = db.session.scalars(ordered.limit(MOST_LINES + 1)).all()
    if len(lines) > MOST_LINES:
        raise StatementTooLong
    before = select(func.sum(StatementLine.amount)).where(
        StatementLine.account_id == account.id, StatementLine.booked_on < first
    )
    return StatementDays(first, last, int(db.session.scalar(before) or 0), lines)


def kept_balance_at_end_of(account: Account, last: dt.date) -> int:
    """The balance at the end of a day as the lines keep it: the newest one, less what was booked on later days.

    Nothing of it comes from the days themselves, so their closing balance is checked by it. One query: what is
    written meanwhile is in both of its parts or in none.
    """
    newest = (
        select(StatementLine.balance_after)
        .where(StatementLine.account_id == account.id)
        .order_by(StatementLine.sequence.desc())
        .limit(1)
    )
    later = select(func.sum(StatementLine.amount)).where(
        StatementLine.account_id == account.id, StatementLine.booked_on > last
    )
    kept, moved = db.session.execute(select(newest.scalar_subquery(), later.scalar_subquery())).one()
    return int(kept or 0) - int(moved or 0)
