"""The export of a million rows: against psql's ``\\copy`` of the same select in time, alone in memory."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from bench.filling import LAST_DAY, Size

ROWS = 1_000_000
TURNS = 3
ROOT = Path(__file__).resolve().parent.parent

SAME_SELECT = """
SELECT i.number, a.name, i.issued_on, i.due_on, i.description, o.number, i.status, i.total, i.currency, i.amount_due
FROM invoice i LEFT JOIN account a ON a.id = i.account_id LEFT JOIN customer_order o ON o.id = i.order_id
WHERE i.issued_on >= '{first}' AND i.issued_on <= '{last}' ORDER BY i.issued_on DESC, i.id DESC
"""


@dataclass(slots=True)
class Exports:
    """Seconds of each turn, and the megabytes above the idle process of each export."""

    rows: int
    export: list[float] = field(default_factory=list)
    copy: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    file_megabytes: float = 0.0

    @property
    def ratio(self) -> float:
        return statistics.median(self.export) / statistics.median(self.copy)


def psql_missing() -> bool:
    return shutil.which("psql") is None


def measure_exports(url: str, size: Size, *, rows: int = ROWS, turns: int = TURNS) -> Exports:
    """Export the newest days that hold this many invoices, and copy them by psql, in turn."""
    days = -(-rows // size.per_day)
    first = LAST_DAY.fromordinal(LAST_DAY.toordinal() - days + 1)
    query = f"issued_on.from={first}&issued_on.to={LAST_DAY}"
    return compare_exports(url, "invoices", query, SAME_SELECT.format(first=first, last=LAST_DAY), turns=turns)


def compare_exports(url: str, slug: str, query: str, same_select: str, *, turns: int = TURNS) -> Exports:
    """Export a list of the back office, and copy the same rows by psql, in turn."""
    found = Exports(rows=0)
    with tempfile.TemporaryDirectory() as folder:
        exported, copied = Path(folder) / "export.csv", Path(folder) / "copy.csv"
        for _turn in range(turns):
            told = _export(url, slug, query, exported)
            found.export.append(told["seconds"])
            found.megabytes.append(told["megabytes"])
            found.copy.append(_copy(url, same_select, copied))
        found.rows = _lines(exported) - 1
        found.file_megabytes = exported.stat().st_size / 1e6
        if found.rows != _lines(copied) - 1:
            raise AssertionError("the export and the copy hold different rows, so their times say nothing")
    return found


def _export(url: str, slug: str, query: str, file: Path) -> dict[str, float]:
    """Run the export in a process of its own (bench/export_alone.py), and read what it measured."""
    told = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "bench.export_alone", url, slug, query, str(file)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answer: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return answer


def _copy(url: str, select: str, file: Path) -> float:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = f"\\copy ({' '.join(select.split())}) TO '{file}' WITH (FORMAT csv, HEADER)"
    start = time.perf_counter()
    subprocess.run(["psql", "-X", "-q", "-d", address, "-c", command], check=True)  # noqa: S603, S607  psql of the PATH
    return time.perf_counter() - start


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _line in lines)
