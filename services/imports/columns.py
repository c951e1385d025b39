"""Columns: what stands in each, whether it must be filled, and how a whole row of them is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.refusals import Refusal
from services.imports.problems import Problem
from services.imports.reading import Header, RawRow, shown

# Takes the text of a cell and the values read so far in its row (an amount needs the currency); raises a Refusal.
Reader = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file. A blank cell is ``default``; one that is ``filled`` may not be blank.

    ``needed`` columns must stand in the header; those that must be filled always do.
    """

    name: str
    read: Reader
    about: str  # what docs/importing.md says of it
    filled: bool = False
    default: Any = None
    needed: bool = False


def header_of(columns: Sequence[Column]) -> Header:
    return Header(
        known=[column.name for column in columns],
        needed=[column.name for column in columns if column.filled or column.needed],
    )


def read_values(columns: Sequence[Column], row: RawRow, problems: list[Problem]) -> dict[str, Any] | None:
    """The values of a row by their columns, or None when a cell cannot be read (and ``problems`` says which)."""
    values: dict[str, Any] = {}
    for column in columns:
        text = row.cells.get(column.name, "")
        try:
            if text:
                values[column.name] = column.read(text, values)
            elif column.filled:
                problems.append(Problem(row.line, column.name, "this cell is empty. Fill it in."))
            else:
                values[column.name] = column.default
        except Refusal as refusal:
            problems.append(Problem(row.line, column.name, f"“{shown(text)}” does not fit. {refusal.message}"))
    return values if len(values) == len(columns) else None


def table_of(columns: Sequence[Column]) -> str:
    """The columns as the table of docs/importing.md."""
    rows = [f"| `{column.name}` | {'yes' if column.filled else ''} | {column.about} |" for column in columns]
    return "\n".join(["| column | filled | what it holds |", "|---|---|---|", *rows])
