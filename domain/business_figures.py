"""What a provider invoiced, received and is owed, month by month: folded from what was booked on the accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked on one account in one month and currency, in minor units.

    ``month`` is like "2026-01". ``invoiced`` is net of credit notes and voided invoices, ``received`` net of refunds;
    ``balance`` is all that moved the balance, in the customer's favour positive (models/statement_line.py).
    """

    account_id: int
    currency: str
    month: str
    invoiced: int
    received: int
    balance: int


@dataclass(slots=True)
class Figures:
    """One currency: a number for each of the months. ``owed`` is what customers owed when the month was over."""

    invoiced: list[int]
    received: list[int]
    owed: list[int]


@dataclass(frozen=True, slots=True)
class BusinessFigures:
    """The months, the oldest first, and the figures of each currency, that with most invoiced first."""

    months: Sequence[str]
    currencies: dict[str, Figures] = field(default_factory=dict)


def months_until(today: dt.date, number: int = MONTHS) -> list[str]:
    """So many months up to that of ``today``, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(last - number + 1, last + 1)]


def fold(booked: Iterable[Booked], months: Sequence[str]) -> BusinessFigures:
    """The figures of these months (a run without gaps). ``booked`` comes by account and currency, the months in order.

    A debt of one customer is not made smaller by what is held for another: only balances below zero are owed.
    """
    place = {month: number for number, month in enumerate(months)}
    found: dict[str, Figures] = {}
    for (_account, currency), rows in groupby(booked, key=lambda each: (each.account_id, each.currency)):
        figures = found.setdefault(currency, Figures(*([0] * len(months) for _ in range(3))))
        moved = [0] * len(months)
        before = 0
        for row in rows:
            if row.month < months[0]:
                before += row.balance
            elif row.month in place:
                number = place[row.month]
                figures.invoiced[number] += row.invoiced
                figures.received[number] += row.received
                moved[number] += row.balance
        for number, amount in enumerate(moved):
            before += amount
            figures.owed[number] += max(0, -before)
    ordered = sorted(found, key=lambda currency: (-sum(found[currency].invoiced), currency))
    return BusinessFigures(months, {currency: found[currency] for currency in ordered})
