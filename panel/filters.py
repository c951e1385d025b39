"""The filters a Resource may declare. What an address says is parsed in panel/filtering.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from panel.realm import BOTH


@dataclass(frozen=True)
class Filter:
    """One filter. ``name`` is a column, hybrid property or reference; ``param`` its name in addresses, if another."""

    name: str
    label: str = ""
    realms: frozenset[str] | set[str] = BOTH
    param: str = ""
    kind: ClassVar[str] = ""

    @property
    def address(self) -> str:
        return self.param or self.name


@dataclass(frozen=True)
class Text(Filter):
    """Contains the text typed, without regard to case; with ``exact`` it is the text."""

    exact: bool = False
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Choice(Filter):
    """Is one of the choices ticked. ``choices`` where the column does not tell them: an enum, or values."""

    choices: Iterable[Any] = ()
    kind: ClassVar[str] = "choice"


@dataclass(frozen=True)
class Lookup(Filter):
    """Refers to the record chosen. ``reverse`` is what that record's View menu calls these rows, if not their title."""

    reverse: str = ""

    kind: ClassVar[str] = "lookup"


@dataclass(frozen=True)
class DateRange(Filter):
    """From a day to a day, both included; moments by the days of the reader's time zone."""

    kind: ClassVar[str] = "dates"


@dataclass(frozen=True)
class MoneyRange(Filter):
    """From an amount to an amount, both included."""

    kind: ClassVar[str] = "money"


@dataclass(frozen=True)
class YesNo(Filter):
    """Yes or no; for a column that is not boolean: whether it holds a value."""

    kind: ClassVar[str] = "boolean"


@dataclass(frozen=True)
class Passed(YesNo):
    """Whether a moment has passed; one that is not set has not."""
