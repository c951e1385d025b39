"""A rehearsal of all accounts: every event in a file ordered by day and account, and what a page shows of it."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from domain.month_views import MonthView, month_views
from domain.refusals import Refusal
from domain.rehearsal import Foretold, House, Kind, foretell
from domain.sentences import Sentence
from gateways.registry import Gateways
from models.account import Account
from services.dunning import dunning_policy
from services.invoices import PAYMENT_TERM
from services.rehearsing.past import COUNTED, MONEY, Tally, happened, invoiced
from services.rehearsing.positions import positions
from services.rehearsing.renewals import Troubles
from services.subscriptions.periods import ONE_DAY
from services.subscriptions.standing import reactivation_days
from services.unit_of_work import reading_only

MOST_ROWS: Final = 200_000
LONGEST_LOOK: Final = dt.timedelta(days=366)
_MOST_ACCOUNTS: Final = 20


class TooMuchToForetell(Refusal):
    message = Sentence(
        "More than %(most_rows)s things would happen until then. Choose an earlier day.", most_rows=MOST_ROWS
    )


class DayNotAhead(Refusal):
    message = "Choose a day after today, at most 366 days ahead."


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be foretold, and under which assumptions."""

    until: dt.date
    charges_succeed: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One event with the account it happens to."""

    client_id: str
    account: str
    currency: str
    event: Foretold


@dataclass(frozen=True, slots=True)
class Compared:
    """A kind in a currency within a month: (how often, how much) last month, so far in this one, and foretold."""

    kind: Kind
    currency: str
    last_month: tuple[int, int]
    so_far: tuple[int, int]
    foretold: tuple[int, int]


@dataclass(frozen=True, slots=True)
class AccountCompared:
    """What is invoiced to an account in the month of the last day, against the same days of last month."""

    client_id: str
    currency: str
    last_month: int
    this_month: int


@dataclass(slots=True)
class Report:
    """Everything foretold, the rows in their order, held against last month."""

    rows: list[Row] = field(default_factory=list)
    months: list[tuple[MonthView, list[Compared]]] = field(default_factory=list)
    accounts: list[AccountCompared] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)


def refuse_day(until: dt.date, *, today: dt.date) -> None:
    """Refused: DayNotAhead."""
    if not today < until <= today + LONGEST_LOOK:
        raise DayNotAhead


def rehearse(
    asked: Asked, gateways: Gateways, *, now: dt.datetime, tell: Callable[[int], None] = lambda _done: None
) -> Report:
    """Foretell everything until the end of a day. The database is read at one moment and refuses every write meanwhile.

    ``tell`` hears how many accounts are done. Refused: DayNotAhead, TooMuchToForetell.
    """
    refuse_day(asked.until, today=now.date())
    with reading_only():
        return _rehearse(asked, gateways, now, tell)


def _rehearse(asked: Asked, gateways: Gateways, now: dt.datetime, tell: Callable[[int], None]) -> Report:
    house = House(dunning_policy(), PAYMENT_TERM, reactivation_days() * ONE_DAY, asked.charges_succeed)
    views = month_views(now.date(), asked.until)
    report, done = Report(), 0
    changes: list[tuple[int, AccountCompared]] = []
    for some in positions(gateways, now=now, until=asked.until, troubles=report.troubles):
        found = {}
        for account, position in some:
            found[account.id] = list(foretell(position, house, now=now, until=asked.until))
            report.rows += (
                Row(account.client_id, account.name, account.currency, event) for event in found[account.id]
            )
        if len(report.rows) > MOST_ROWS:
            raise TooMuchToForetell
        changes += _changes([account for account, _position in some], found, views[-1])
        changes = heapq.nlargest(_MOST_ACCOUNTS, changes, key=lambda each: each[0])
        done += len(some)
        tell(done)
    report.rows.sort(key=lambda row: (row.event.day, row.client_id))  # a stable sort: each account's stay in order
    report.accounts = [each for _size, each in changes]
    report.months = [(view, _compare(view, report.rows)) for view in views]
    return report


def _changes(
    accounts: list[Account], found: dict[int, list[Foretold]], view: MonthView
) -> list[tuple[int, AccountCompared]]:
    ids = [account.id for account in accounts]
    before = invoiced(ids, view.last_month)
    past = invoiced(ids, view.past) if view.past is not None else {}
    changes = []
    for account in accounts:
        coming = sum(each.amount for each in found[account.id] if each.kind is Kind.INVOICE and each.day in view.days)
        each = AccountCompared(
            account.client_id, account.currency, before.get(account.id, 0), past.get(account.id, 0) + coming
        )
        if each.last_month != each.this_month:
            changes.append((abs(each.this_month - each.last_month), each))
    return changes


def _compare(view: MonthView, rows: list[Row]) -> list[Compared]:
    before, past = happened(view.last_month), happened(view.past) if view.past is not None else Tally()
    number: Counter[tuple[Kind, str]] = Counter()
    amount: Counter[tuple[Kind, str]] = Counter()
    for event, currency in ((row.event, row.currency) for row in rows if row.event.day in view.days):
        if event.kind in COUNTED:
            number[event.kind, currency] += 1
            amount[event.kind, currency] += event.amount if event.kind in MONEY else 0
    order = list(Kind)
    keys = sorted({*before, *past, *number}, key=lambda key: (order.index(key[0]), key[1]))
    return [Compared(*key, before.get(key, (0, 0)), past.get(key, (0, 0)), (number[key], amount[key])) for key in keys]


def kept(report: Report, offsets: dict[dt.date, tuple[int, int]]) -> dict[str, Any]:
    """What a page needs beside the file, as a job keeps it: no names of people or accounts.

    Of a day: where it begins in the file, how many rows it has, and by kind and currency how often and how much.
    """
    totals: dict[dt.date, dict[tuple[Kind, str], list[int]]] = {}
    for row in report.rows:
        total = totals.setdefault(row.event.day, {}).setdefault((row.event.kind, row.currency), [0, 0])
        total[0] += 1
        total[1] += row.event.amount
    return {
        "days": [
            [day.isoformat(), start, number, [[*key, *total] for key, total in sorted(totals[day].items())]]
            for day, (start, number) in offsets.items()
        ],
        "months": [
            {
                "name": view.name,
                "last": view.days.last.isoformat(),
                "against": [view.last_month.first.isoformat(), view.last_month.last.isoformat()],
                "rows": [[each.kind, each.currency, each.last_month, each.so_far, each.foretold] for each in compared],
            }
            for view, compared in report.months
        ],
        "accounts": [[each.client_id, each.currency, each.last_month, each.this_month] for each in report.accounts],
        "rows": len(report.rows),
        "run_out": report.troubles.run_out,
        "unpriced": report.troubles.unpriced,
    }
