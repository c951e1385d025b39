"""The months of the business for the staff's first page: counted by a job, since they read every booking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import case, extract, func, select

from domain.business_figures import MONTHS, Booked, BusinessFigures, Figures, fold, months_until
from extensions import db
from models.job import JobState
from models.statement_line import StatementKind, StatementLine
from services.jobs import newest_job

FIGURES_JOB: Final = "count_business"
_INVOICED: Final = (StatementKind.INVOICE, StatementKind.INVOICE_VOIDED, StatementKind.CREDIT_NOTE)
_RECEIVED: Final = (StatementKind.PAYMENT, StatementKind.REFUND)
_AT_ONCE: Final = 5_000


def count_business(*, now: dt.datetime) -> dict[str, Any]:
    """The last twelve months, as the job keeps them: ``counted_at`` (ISO 8601), ``months``, and for each currency its
    name and the lists ``invoiced``, ``received`` and ``owed`` in minor units; a list, as JSONB keeps no order of keys.
    """
    figures = fold(_booked(), months_until(now.date(), MONTHS))
    return {
        "counted_at": now.isoformat(),
        "months": list(figures.months),
        "currencies": [
            {"currency": currency, "invoiced": each.invoiced, "received": each.received, "owed": each.owed}
            for currency, each in figures.currencies.items()
        ],
    }


def last_business_figures() -> tuple[dt.datetime, BusinessFigures] | None:
    """When they were counted last, and what was found; None: never yet."""
    job = newest_job([FIGURES_JOB], [JobState.DONE])
    kept = job.result if job is not None else None
    if not kept:
        return None
    currencies = {
        each["currency"]: Figures(each["invoiced"], each["received"], each["owed"]) for each in kept["currencies"]
    }
    return dt.datetime.fromisoformat(kept["counted_at"]), BusinessFigures(kept["months"], currencies)


def _booked() -> Iterator[Booked]:
    """What was booked by account, currency and month, in that order; never more than some thousand rows in memory."""
    year, month = extract("year", StatementLine.booked_on), extract("month", StatementLine.booked_on)
    key = (StatementLine.account_id, StatementLine.currency, year, month)

    def of(*kinds: StatementKind) -> Any:
        return func.sum(case((StatementLine.kind.in_(kinds), StatementLine.amount), else_=0))

    statement = (
        select(*key, of(*_INVOICED), of(*_RECEIVED), func.sum(StatementLine.amount)).group_by(*key).order_by(*key)
    )
    rows = db.session.execute(statement.execution_options(yield_per=_AT_ONCE))
    for account_id, currency, in_year, in_month, invoiced, received, balance in rows:
        named = f"{int(in_year):04d}-{int(in_month):02d}"
        yield Booked(account_id, currency, named, -int(invoiced), int(received), int(balance))
