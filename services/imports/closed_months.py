"""Closed months: no document of one is written any more, not by an import either."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from extensions import db
from models.month_close import MonthClose
from services.imports.kind import Plan


def closed_months() -> set[str]:
    """The months whose books are closed, as 2026-05."""
    return set(db.session.scalars(select(MonthClose.month)))


def refuse_closed_month(line: int, column: str, day: dt.date, closed: Collection[str], plan: Plan[Any]) -> None:
    """Refuse in the plan a document of a closed month."""
    month = f"{day:%Y-%m}"
    if month in closed:
        plan.refuse(line, column, f"the books of {month} are closed. Bring it in as a document of an open month.")
