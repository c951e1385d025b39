"""``python -m bench``: make the databases, measure, print the tables, write RESULTS.md, drop the databases."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy.exc import OperationalError

from bench import machine, report
from bench.commands import CommandRun, measure_commands
from bench.dashboards import run as run_dashboards
from bench.databases import drop_stale_databases, scratch_database, server_version
from bench.exports import ROWS, TURNS, Exports, measure_exports, psql_missing
from bench.filling import Size, fill
from bench.filling_tickets import TicketSize
from bench.licenses import LARGE as LARGE_LICENSES
from bench.licenses import run as run_licenses
from bench.serving import Stand, stand_on
from bench.tickets import LARGE as LARGE_TICKETS
from bench.tickets import run as run_tickets
from bench.timing import REPETITIONS, Key, Measured, measure

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
SMALL, LARGE = Size(20_000), Size(2_000_000)


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the databases are dropped then too
    logging.disable(logging.INFO)
    try:
        server_version()
    except OperationalError as error:
        print(f"The bench needs PostgreSQL, and none answers: {str(error).splitlines()[0]}")
        print("Say where it is with BENCH_POSTGRES_URL (default postgresql+psycopg:///postgres).")
        return 2
    drop_stale_databases()
    small, large = Size(options.small), Size(options.large)
    loads: list[float] = []
    with ExitStack() as stack:
        stands = [(size, stack.enter_context(stand_on(_database(stack, size)))) for size in (small, large)]
        found = _pages(stands, options.repetitions, loads)
        exports = _exports(stands[-1][1].url, large, options, loads)
        commands = _commands(stands[0][1])
    licenses, slow_licenses = run_licenses(large=options.licenses, repetitions=options.repetitions)
    tickets, slow_tickets = run_tickets(TicketSize(options.tickets, options.tickets * 20 // 3))
    dashboards, slow_dashboards = run_dashboards(options.repetitions)
    lines = report.lines_of(found, small.invoices, large.invoices)
    missed = [*report.misses(lines, exports), *slow_licenses, *slow_tickets, *slow_dashboards]
    text = report.text(_facts(loads), lines, exports, commands, missed, [*licenses, *tickets, *dashboards])
    print(f"\n{text}")
    if not options.no_file:
        RESULTS.write_text(text, encoding="utf-8")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL.invoices, help="invoices of the small database")
    parser.add_argument("--large", type=int, default=LARGE.invoices, help="invoices of the large database")
    parser.add_argument("--licenses", type=int, default=LARGE_LICENSES, help="licenses of their large database")
    parser.add_argument("--tickets", type=int, default=LARGE_TICKETS.tickets, help="tickets of their large database")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help="how often each page is opened")
    parser.add_argument("--export-rows", type=int, default=ROWS, help="rows of the export")
    parser.add_argument("--turns", type=int, default=TURNS, help="how often the export runs")
    parser.add_argument("--no-file", action="store_true", help="leave bench/RESULTS.md as it is")
    return parser.parse_args()


def _database(stack: ExitStack, size: Size) -> str:
    start = time.perf_counter()
    print(f"Filling a database with {size.invoices:,} invoices", end=" ... ", flush=True)
    url = stack.enter_context(scratch_database(str(size.invoices)))
    fill(url, size)
    print(f"{time.perf_counter() - start:.0f} s")
    return url


def _pages(stands: list[tuple[Size, Stand]], repetitions: int, loads: list[float]) -> dict[Key, Measured]:
    print(f"Opening every page {repetitions} times", flush=True)
    loads.append(machine.load())
    found = measure(stands, repetitions=repetitions)
    loads.append(machine.load())
    return found


def _exports(url: str, size: Size, options: argparse.Namespace, loads: list[float]) -> Exports | None:
    if psql_missing():
        print("psql was not found, so the export is not measured against it")
        return None
    print(f"Exporting {options.export_rows:,} rows {options.turns} times", flush=True)
    found = measure_exports(url, size, rows=options.export_rows, turns=options.turns)
    loads.append(machine.load())
    return found


def _commands(stand: Stand) -> list[CommandRun]:
    print("Running the commands", flush=True)
    return measure_commands(stand.generated.app)


def _facts(loads: list[float]) -> list[str]:
    return [*machine.facts(), machine.load_line(loads)]


if __name__ == "__main__":
    sys.exit(main())
