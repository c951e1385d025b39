"""Numbers of documents, accounts and tickets: without gaps and without twins, also when many are given at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.numbering import format_number
from extensions import db
from models.number_series import NumberedKind, NumberSeries


@dataclass(frozen=True, slots=True)
class SeriesPolicy:
    """How a series begins when there is none yet. Staff may change prefix and digits of the row afterwards."""

    prefix: str
    digits: int = 4
    yearly: bool = True
    first: int = 1


POLICIES: Final = MappingProxyType(
    {
        NumberedKind.ACCOUNT: SeriesPolicy("", digits=5, yearly=False, first=10001),
        NumberedKind.ORDER: SeriesPolicy("ORD"),
        NumberedKind.INVOICE: SeriesPolicy("INV"),
        NumberedKind.CREDIT_NOTE: SeriesPolicy("CN"),
        NumberedKind.PAYMENT: SeriesPolicy("PAY"),
        NumberedKind.REFUND: SeriesPolicy("REF"),
        NumberedKind.SUBSCRIPTION: SeriesPolicy("SUB", digits=6, yearly=False),
        NumberedKind.TICKET: SeriesPolicy("T", digits=6, yearly=False),
    }
)


def next_number(kind: NumberedKind, *, now: dt.datetime) -> str:
    """Take the next number. It is given back when the unit of work is rolled back, so that no number is missing."""
    return next_numbers(kind, 1, now=now)[0]


def next_numbers(kind: NumberedKind, count: int, *, now: dt.datetime) -> list[str]:
    """Take so many numbers in a row. Others who want one of this series wait until the unit of work ends."""
    if count < 1:
        return []
    year = now.astimezone(dt.UTC).year if POLICIES[kind].yearly else None
    taken = _take(kind, year, count)
    if taken is None:
        _begin_series(kind, year)
        taken = _take(kind, year, count)
    if taken is None:
        raise LookupError(f"the number series of {kind.value} is gone")
    prefix, digits, following = taken
    first = following - count
    return [format_number(prefix, number, year=year, digits=digits) for number in range(first, following)]


def _take(kind: NumberedKind, year: int | None, count: int) -> tuple[str, int, int] | None:
    """Move the counter on, and give prefix, digits and where it stands now. The row stays locked."""
    row = db.session.execute(
        update(NumberSeries)
        .where(NumberSeries.kind == kind, NumberSeries.year == year)
        .values(next_number=NumberSeries.next_number + count)
        .returning(NumberSeries.prefix, NumberSeries.digits, NumberSeries.next_number)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else (row.prefix, row.digits, row.next_number)


def _begin_series(kind: NumberedKind, year: int | None) -> None:
    """Make the series, written as the one of the year before; of several who try at once, one makes it."""
    policy, last = POLICIES[kind], None
    if year is not None:
        last = db.session.execute(
            select(NumberSeries.prefix, NumberSeries.digits)
            .where(NumberSeries.kind == kind, NumberSeries.year < year)
            .order_by(NumberSeries.year.desc())
            .limit(1)
        ).one_or_none()
    prefix, digits = (last.prefix, last.digits) if last is not None else (policy.prefix, policy.digits)
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    db.session.execute(
        dialect.insert(NumberSeries)
        .values(kind=kind, year=year, prefix=prefix, digits=digits, next_number=policy.first)
        .on_conflict_do_nothing()
    )
