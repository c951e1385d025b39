"""What every kind of import has in common: columns, a row, a plan against the database, and a bulk write."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from domain.actor import Actor
from services.imports.columns import Column
from services.imports.problems import Problem

R = TypeVar("R")  # a row as it was read
N = TypeVar("N")  # a row that is to be written, with the rows it refers to


@dataclass
class Plan(Generic[N]):
    """What is to be done with some rows: write the new ones, pass over those already there, or refuse."""

    new: list[N] = field(default_factory=list)
    there: int = 0
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int, column: str, message: str) -> None:
        self.problems.append(Problem(line, column, message))


class ImportKind(ABC, Generic[R, N]):
    """One kind of file. An instance serves one walk through one file, in its order, and may remember what it saw."""

    name: ClassVar[str]
    about: ClassVar[str]  # one sentence for docs/importing.md and the help of the command
    columns: ClassVar[Sequence[Column]]

    def __init__(self, *, now: dt.datetime) -> None:
        self.now = now

    def remember(self, checked: ImportKind[R, N]) -> None:
        """Take over what the check of the same file saw, when writing needs to know what comes further down."""

    @abstractmethod
    def row(self, line: int, values: dict[str, Any]) -> R:
        """Make a row of the values of its columns."""

    def faults(self, row: R) -> Iterator[Problem]:
        """What is wrong between the cells of one row, without a look at anything else."""
        yield from ()

    @abstractmethod
    def plan(self, rows: Sequence[R]) -> Plan[N]:
        """Look up what the rows refer to, and whether they are there already. Writes nothing."""

    @abstractmethod
    def line_of(self, new: N) -> int:
        """The line a new row stands in."""

    @abstractmethod
    def identities(self, new: N) -> Iterator[tuple[str, Hashable]]:
        """What no other row of the file may share with a new one, each with the column it comes from."""

    @abstractmethod
    def write(self, new: Sequence[N], *, actor: Actor) -> Counter[str]:
        """Write new rows in few statements; give how many records of each noun were made."""


def differences(there: dict[str, Any], wanted: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Column, value here and value of the file, where a record differs from a row. A blank cell says nothing."""
    for column, value in wanted.items():
        if value is not None and there[column] != value:
            yield column, there[column], value


def refuse_differences(
    plan: Plan[Any], line: int, there: dict[str, Any], wanted: dict[str, Any], what: str = "record"
) -> None:
    """A row that is there already is passed over when it is the same; what differs is refused, never overwritten."""
    found = list(differences(there, wanted))
    for column, here, value in found:
        plan.refuse(
            line,
            column,
            f"the {what} was imported before, and here it has “{said(here)}”, not “{said(value)}”."
            " Change it in the back office, or take the row out of the file.",
        )
    if not found:
        plan.there += 1


def said(value: Any) -> str:
    """A value as a message shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "; ".join(sorted(said(each) for each in value))
    return str(value)
