"""Exports: exactly the rows and columns of the list, streamed in constant memory as CSV or XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Engine
from xlsxwriter import Workbook

from panel import scope as scopes
from panel.kinds import Export, Moment, Money
from panel.mounted import Mounted
from panel.realm import Visit
from panel.scope import Scope
from panel.selection import Cell, Table
from panel.words import gettext, translated

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 64 * 1024
ROWS_PER_SHEET = 1_048_575
LONGEST_CELL = 32_767
LARGEST_EXACT_NUMBER = 2**53
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something older


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    title: str
    cell: Cell
    export: Export
    currency: bool = False

    def values(self, rows: Sequence[Any]) -> list[Any]:
        if self.currency:
            return [row[self.cell.currency_at] for row in rows]
        return self.export(self.cell.values(rows))


class RowStream:
    """Rows of a table as they are written: read with a cursor on the server, formatted column by column."""

    def __init__(self, mounted: Mounted, visit: Visit, table: Table, statements: Sequence[Select[Any]]) -> None:
        self.columns = _columns(table.cells, mounted, visit)
        self.scope: Scope | None = mounted.scope(visit)
        self.engine: Engine = mounted.hooks.engine()
        self.statements = statements

    @property
    def titles(self) -> list[str]:
        return [column.title for column in self.columns]

    def parts(self) -> Iterator[Iterator[tuple[Any, ...]]]:
        """The rows, some thousands at a time."""
        with self._connect() as connection:
            for statement in self.statements:
                narrowed = scopes.guarded(statement, self.scope)
                result = connection.execute(narrowed, execution_options={"yield_per": ROWS_AT_ONCE})
                try:
                    for rows in result.partitions():
                        yield zip(*(column.values(rows) for column in self.columns), strict=True)
                finally:
                    result.close()

    def _connect(self) -> Connection:
        """A connection of the export's own: it outlives the request. Without a session rows take half the time."""
        connection = self.engine.connect()
        if self.engine.dialect.name == "postgresql":
            # Two statements may make one list (values, then rows without one): both must see the same moment.
            connection.execution_options(isolation_level="REPEATABLE READ")
        return connection


def _columns(cells: Sequence[Cell], mounted: Mounted, visit: Visit) -> list[_Column]:
    """The list's columns. An amount is a number, so its currency follows in a column of its own, unless it is shown."""
    told = {cell.at for cell in cells}
    found = []
    for cell in cells:
        label = translated(cell.label)
        title = f"{label} ({visit.time_zone})" if isinstance(cell.kind, Moment) else label
        export = cell.kind.export(visit, mounted.hooks)
        found.append(_Column(title, cell, export))
        if isinstance(cell.kind, Money) and cell.currency_at >= 0 and cell.currency_at not in told:
            told.add(cell.currency_at)
            found.append(_Column(gettext("Currency"), cell, export, currency=True))
    return found


def csv_stream(stream: RowStream) -> Iterator[str]:
    """The file, piece by piece."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(stream.titles)
    for part in stream.parts():
        writer.writerows(part)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue()


def xlsx_stream(stream: RowStream) -> Iterator[bytes]:
    """The file, piece by piece, when it is whole: it is written to disk first, row by row."""
    with tempfile.TemporaryFile() as file:
        with Workbook(
            file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as workbook:
            _write_sheets(workbook, stream)
        file.seek(0)
        while piece := file.read(BYTES_AT_ONCE):
            yield piece


def _write_sheets(workbook: Any, stream: RowStream) -> None:
    bold = workbook.add_format({"bold": True})
    days = workbook.add_format({"num_format": "yyyy-mm-dd"})
    moments = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet, line = None, ROWS_PER_SHEET + 1
    for part in stream.parts():
        for values in part:
            if sheet is None or line > ROWS_PER_SHEET:
                sheet, line = workbook.add_worksheet(), 1
                sheet.write_row(0, 0, stream.titles, bold)
            _write_row(sheet, line, values, days, moments)
            line += 1
    if sheet is None:
        workbook.add_worksheet().write_row(0, 0, stream.titles, bold)


def _write_row(sheet: Any, line: int, values: Sequence[Any], days: Any, moments: Any) -> None:
    for place, value in enumerate(values):
        if value is None or value == "":
            continue
        if isinstance(value, dt.datetime):
            sheet.write_datetime(line, place, value, moments)
        elif isinstance(value, dt.date):
            sheet.write_datetime(line, place, dt.datetime.combine(value, dt.time()), days)
        elif isinstance(value, (int, Decimal)) and -LARGEST_EXACT_NUMBER < value < LARGEST_EXACT_NUMBER:
            sheet.write_number(line, place, value)
        else:
            sheet.write_string(line, place, str(value)[:LONGEST_CELL])
