"""The file of a rehearsal: a CSV ordered by day and account, of which a page reads one day at a time."""

from __future__ import annotations

import csv
import datetime as dt
import io
from itertools import islice
from typing import BinaryIO, Final

from domain.money import minor_to_text
from domain.rehearsal import Kind
from domain.sheets import harmless
from services.rehearsing.report import Row

BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel takes UTF-8 for something older
TITLES: Final = ("Day", "Client ID", "Account", "What", "About", "Amount", "Currency", "Follows from a renewal")
WORDS: Final = {
    Kind.INVOICE: "Invoice",
    Kind.BALANCE: "Paid from the balance",
    Kind.CHARGE: "Charge",
    Kind.CHARGE_FAILED: "Charge that fails",
    Kind.TOP_UP: "Auto top-up",
    Kind.TOP_UP_FAILED: "Auto top-up that fails",
    Kind.TOP_UP_STOPPED: "Auto top-up switched off",
    Kind.REMINDER: "Reminder",
    Kind.FINAL_WARNING: "Final warning",
    Kind.SUSPENSION: "Suspension",
    Kind.LIFTING: "Suspension lifted",
}


def write_sheet(rows: list[Row]) -> tuple[bytes, dict[dt.date, tuple[int, int]]]:
    """The file, and of each day the byte at which it begins and how many rows it has."""
    out, offsets = io.BytesIO(), dict[dt.date, tuple[int, int]]()
    out.write((BYTE_ORDER_MARK + _line(TITLES)).encode())
    for row in rows:
        start, number = offsets.get(row.event.day, (out.tell(), 0))
        offsets[row.event.day] = start, number + 1
        out.write(_line(_cells(row)).encode())
    return out.getvalue(), offsets


def read_rows(file: BinaryIO, start: int, *, skip: int, most: int) -> list[dict[str, str]]:
    """Some rows from this byte on, by their titles."""
    file.seek(start)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        return [dict(zip(TITLES, cells, strict=True)) for cells in islice(csv.reader(text), skip, skip + most)]
    finally:
        text.detach()


def _cells(row: Row) -> tuple[str, ...]:
    event = row.event
    return (
        event.day.isoformat(),
        row.client_id,
        harmless(row.account),
        WORDS[event.kind],
        f"Renewal of {event.about}" if event.of_renewal else event.about,
        minor_to_text(event.amount, row.currency) if event.amount else "",
        row.currency if event.amount else "",
        "yes" if event.of_renewal else "",
    )


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
