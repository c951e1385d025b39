"""How the values that the audit keeps are told: by the column they stood in, as lists show the same column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Date, Enum
from sqlalchemy.types import TypeEngine

from domain.sentences import Sentence
from extensions import Base
from models.base import UtcDateTime
from panel import Visit
from panel.kinds import date_text
from views.locale import chosen, said
from views.moments import moment_text


def told_value(visit: Visit, table: str, field: str, value: Any) -> str:
    """A choice by its word, a day and a moment in the reader's way, anything else as it was kept; None as nothing.

    What stood in no column of that table, or was another kind of column at the time, is told as it was kept.
    """
    kind = _columns().get((table, field))
    if isinstance(value, str):
        try:
            if isinstance(kind, Enum) and kind.enum_class is not None:
                return chosen(kind.enum_class(value))
            if isinstance(kind, Date):
                return date_text(dt.date.fromisoformat(value), visit.locale)
            if isinstance(kind, UtcDateTime):
                return moment_text(visit, dt.datetime.fromisoformat(value))
        except ValueError:
            return value
    return plain_value(value)


def plain_value(value: Any) -> str:
    """A value of which no column is known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return said(Sentence("yes") if value else Sentence("no"))
    if isinstance(value, (list, tuple)):
        return ", ".join(plain_value(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {plain_value(part)}" for name, part in value.items())
    return str(value)


@cache
def _columns() -> Mapping[tuple[str, str], TypeEngine[Any]]:
    return {
        (table.name, column.name): column.type for table in Base.metadata.tables.values() for column in table.columns
    }
