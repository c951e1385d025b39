"""Reading a CSV file row by row: its header checked, its rows whole, and a place for everything that is wrong."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from services.imports.problems import ImportRefused, Problem

NOT_UTF_8: Final = "this is not UTF-8 text. Save the file as “CSV UTF-8”, then import it again."
_NOT_CSV: Final = (
    "this cannot be read as CSV. Look for a quotation mark that is not closed, or that stands inside a cell without"
    " being doubled."
)
_LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class RawRow:
    """The cells of one row by their columns, without the blanks around them. ``line`` is where it begins."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """Which columns a file may have, and which it must have. Their order is free."""

    known: Sequence[str]
    needed: Sequence[str]


def read_rows(stream: BinaryIO, header: Header, problems: list[Problem]) -> Iterator[RawRow]:
    """Read a file from its beginning; can be called again. What is wrong goes into ``problems``, without its row.

    UTF-8 with or without a byte order mark, any line ends, commas between cells. Refused at once: ImportRefused, for a
    header that is not the expected one, because then no row can be understood.
    """
    stream.seek(0)
    # What is not UTF-8 becomes a surrogate, so that its place can be told.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _rows(csv.reader(text, strict=True, skipinitialspace=True), header, problems)
    finally:
        text.detach()


def shown(text: str) -> str:
    """A text of the file as a message may quote it: short, and without what cannot be printed."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return printable if len(printable) <= _LONGEST_SHOWN else f"{printable[:_LONGEST_SHOWN]}…"


def _rows(reader: Iterator[list[str]], header: Header, problems: list[Problem]) -> Iterator[RawRow]:
    columns: list[str] = []
    for line, cells in _lines(reader, problems):
        if not columns:
            columns = _checked_header([cell.strip() for cell in cells], line, header)
            continue
        found = _problems_of(line, cells, columns)
        problems += found
        if not found:
            yield RawRow(line, {column: cell.strip() for column, cell in zip(columns, cells, strict=True)})
    if not columns and not problems:
        raise ImportRefused(
            [Problem(1, "", f"the file is empty. Its first line names the columns: {_listed(header.known)}.")]
        )


def _lines(reader: Iterator[list[str]], problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins in; empty lines are passed over."""
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error:
        problems.append(Problem(line, "", _NOT_CSV))


def _checked_header(columns: list[str], line: int, header: Header) -> list[str]:
    if any(_fault_of(column) for column in columns):
        raise ImportRefused([Problem(line, "", NOT_UTF_8)])
    unknown = [column for column in dict.fromkeys(columns) if column not in header.known]
    found = [Problem(line, shown(column) or "without a name", "this column is not known.") for column in unknown]
    found += [
        Problem(line, column, "this column stands twice. Keep one of them.")
        for column in header.known
        if columns.count(column) > 1
    ]
    found += [Problem(line, column, "this column is missing.") for column in header.needed if column not in columns]
    if found and len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        found = [Problem(line, "", "the columns are not separated by commas. Save the file as CSV with commas.")]
    elif unknown:
        found.append(Problem(line, "", f"the known columns are {_listed(header.known)}."))
    if found:
        raise ImportRefused(found)
    return columns


def _problems_of(line: int, cells: list[str], columns: list[str]) -> list[Problem]:
    if len(cells) < len(columns):
        return [Problem(line, columns[len(cells)], f"the row ends before this column: {_count(cells, columns)}.")]
    if len(cells) > len(columns):
        return [Problem(line, str(len(columns) + 1), f"the row goes beyond the header: {_count(cells, columns)}.")]
    return [
        Problem(line, column, fault) for column, cell in zip(columns, cells, strict=True) if (fault := _fault_of(cell))
    ]


def _fault_of(cell: str) -> str:
    """What no cell may hold. A database would refuse some of it, and people could not see the rest."""
    if cell.isprintable():
        return ""
    if any("\udc80" <= letter <= "\udcff" for letter in cell):
        return NOT_UTF_8
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in cell.strip()):
        return "this cell holds a line break, a NUL or another character that cannot be seen. Remove it."
    return ""


def _count(cells: list[str], columns: list[str]) -> str:
    return f"it has {len(cells)} cells, and there are {len(columns)} columns"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
