"""300,000 tickets with 2,000,000 messages: an agent's queue, search by words, and a ticket of 500 messages.

Part of `make bench`; alone: ``python -m bench.tickets [--tickets N] [--messages N] [--sqlite-tickets N]``. Each page is
compared with the one by hand (bench/bare_tickets.py) on the same database in the same run. ``--database`` measures on
a database that was filled before.
"""

from __future__ import annotations

import argparse
import gc
import html
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bench.bare_tickets import create_bare_tickets
from bench.databases import migrate, scratch_database
from bench.filling_tickets import AGENT_ID, COMMON, LONG_TICKET, MEDIUM, OLD, RARE, TicketSize, fill_tickets
from bench.report import MOST_STATEMENTS, MOST_TIMES_BY_HAND, ms, table
from bench.serving import BARE, GENERATED, Environ, Served, Stand, count_statements, numbers_on, stand_on
from bench.timing import Measured
from extensions import db
from models import StaffMember
from services.markdown import kept_html
from services.unit_of_work import prepare_engine

LARGE = TicketSize(300_000, 2_000_000)
ON_SQLITE = TicketSize(30_000, 200_000, accounts=2_000)
REPETITIONS, WARM_UP = 60, 5
PAGES = """
Medians of {tries} tries, both programs in turn, seen by a support agent who works in two of five departments. *By hand*
is `bench/bare_tickets.py`: the same rows by the same queries over the same full-text index, and the same Markdown by
the same function, which keeps for both what it rendered. To hold: at most {most} times by hand, and at most
{statements} SQL statements for a list. Alone: `python -m bench.tickets`.
""".strip()
_MESSAGE = re.compile(r'<article class="message[^>]*id="message-([^"]+)"', re.DOTALL)
_OPEN_ONES = "status=open&status=waiting_for_customer&status=waiting_for_support"


@dataclass(frozen=True, slots=True)
class TicketCase:
    """A page of the agent. ``{agent}`` and ``{ticket}`` stand for the agent's key and the number of the long ticket.

    ``anew``: Markdown is rendered anew by both programs, which else keep what was rendered before.
    """

    name: str
    path: str
    anew: bool = False


CASES = (
    TicketCase("all tickets", "/staff/tickets/"),
    TicketCase("the agent's queue", f"/staff/tickets/?{_OPEN_ONES}&assignee={{agent}}"),
    TicketCase("queue by due time", f"/staff/tickets/?{_OPEN_ONES}&sort=due_at"),
    TicketCase("a word in a third of all messages", f"/staff/tickets/?q={COMMON}"),
    TicketCase("a word in one of a hundred", f"/staff/tickets/?q={MEDIUM}"),
    TicketCase("a word in forty messages", f"/staff/tickets/?q={RARE}"),
    TicketCase("a word of the oldest tenth", f"/staff/tickets/?q={OLD}"),
    TicketCase("two common words", f"/staff/tickets/?q={COMMON}+{MEDIUM}"),
    TicketCase("a common and a rare word", f"/staff/tickets/?q={COMMON}+{RARE}"),
    TicketCase("the beginning of a rare word", f"/staff/tickets/?q={RARE[:5]}"),
    TicketCase("a word that nobody wrote", "/staff/tickets/?q=quetzalcoatl"),
    TicketCase(f"a ticket of {LONG_TICKET} messages", "/staff/tickets/{ticket}"),
    TicketCase("the same, Markdown rendered anew", "/staff/tickets/{ticket}", anew=True),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One page of both programs on one database."""

    name: str
    generated: Measured
    bare: Measured

    @property
    def ratio(self) -> float:
        return self.generated.median / self.bare.median

    @property
    def quiet_ratio(self) -> float:
        return self.generated.fastest / self.bare.fastest


@dataclass(slots=True)
class Found:
    """What was measured on one database, and how large it is."""

    database: str
    size: TicketSize
    megabytes: float
    pages: list[Compared] = field(default_factory=list)


def main() -> int:
    """Fill, measure, print, drop."""
    parser = argparse.ArgumentParser(prog="python -m bench.tickets", description=__doc__)
    parser.add_argument("--tickets", type=int, default=LARGE.tickets)
    parser.add_argument("--messages", type=int, default=LARGE.messages)
    parser.add_argument("--sqlite-tickets", type=int, default=ON_SQLITE.tickets, help="0: not on SQLite")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--database", default="", help="a database of --tickets and --messages filled before")
    options = parser.parse_args()
    told, missed = run(
        TicketSize(options.tickets, options.messages),
        sqlite_tickets=options.sqlite_tickets,
        repetitions=options.repetitions,
        database=options.database,
    )
    print("\n\n".join([*told, *(f"Missed: {miss}" for miss in missed)]))
    return 1 if missed else 0


def run(
    size: TicketSize = LARGE,
    *,
    sqlite_tickets: int = ON_SQLITE.tickets,
    repetitions: int = REPETITIONS,
    database: str = "",
) -> tuple[list[str], list[str]]:
    """The parts of the report, and what is slower than it may be."""
    found = []
    with _filled(size, database) as url:
        found.append(measure_on(url, "PostgreSQL", size, repetitions))
    if sqlite_tickets:
        small = TicketSize(sqlite_tickets, sqlite_tickets * 20 // 3, accounts=ON_SQLITE.accounts)
        with sqlite_file() as url:
            fill_tickets(url, small)
            found.append(measure_on(url, "SQLite", small, repetitions))
    return parts_of(found, repetitions), misses(found)


@contextmanager
def _filled(size: TicketSize, database: str) -> Iterator[str]:
    if database:
        yield database
        return
    with scratch_database(f"tickets_{size.tickets}") as url:
        fill_tickets(url, size)
        yield url


@contextmanager
def sqlite_file() -> Iterator[str]:
    """The URL of a migrated, empty file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        engine = create_engine(url, poolclass=NullPool)
        prepare_engine(engine)
        migrate(engine)
        yield url


def measure_on(url: str, name: str, size: TicketSize, repetitions: int) -> Found:
    """Open every page of both programs in turn, so that what else the machine does meets both alike."""
    found = Found(name, size, _megabytes(url))
    with stand_on(url, create_bare_tickets, {"agent": AGENT_ID}) as stand:
        requests: list[tuple[Measured, Served, Environ, TicketCase]] = []
        for case in CASES:
            environ = stand.environ(address_of(case, stand, size), "agent")
            measured = {}
            for served in stand.both:
                body = served.answer(environ)
                measured[served.name] = Measured(size.tickets, count_statements(served, environ), len(body))
                requests.append((measured[served.name], served, environ, case))
            same_rows(case, stand, environ)
            found.pages.append(Compared(case.name, measured[GENERATED], measured[BARE]))
        for turn in range(WARM_UP + repetitions):
            if turn == WARM_UP:
                gc.collect()
            for into, served, environ, case in requests if turn % 2 else reversed(requests):
                if case.anew:
                    kept_html.cache_clear()
                start = time.perf_counter()
                served.answer(environ)
                if turn >= WARM_UP:
                    into.seconds.append(time.perf_counter() - start)
    return found


def address_of(case: TicketCase, stand: Stand, size: TicketSize) -> str:
    with stand.generated.app.app_context():
        agent = db.session.get_one(StaffMember, AGENT_ID).public_id
    return case.path.format(agent=agent, ticket=size.long_ticket)


def same_rows(case: TicketCase, stand: Stand, environ: Environ) -> list[str]:
    """What both programs show: the numbers of a list, or the messages of a ticket; AssertionError where they differ."""
    shown: Callable[[bytes], list[str]] = messages_on if "{ticket}" in case.path else numbers_on
    first, second = (shown(served.answer(environ)) for served in stand.both)
    if first != second:
        raise AssertionError(f"{case.name}: the programs show different rows, so their times say nothing")
    return first


def messages_on(body: bytes) -> list[str]:
    """The public ids of the messages of a ticket, from top to bottom."""
    return [html.unescape(found) for found in _MESSAGE.findall(body.decode())]


def _megabytes(url: str) -> float:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            size = connection.scalar(text("SELECT pg_database_size(current_database())"))
        else:
            size = connection.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
    return float(size or 0) / 1_000_000


def misses(found: Sequence[Found]) -> list[str]:
    """The pages that take more than they may of the time by hand, and lists that ask too often."""
    told = []
    single = {case.name for case in CASES if "{ticket}" in case.path}
    for each in found:
        for page in each.pages:
            where = f"tickets on {each.database}, {page.name}"
            if page.ratio > MOST_TIMES_BY_HAND:
                told.append(f"{where}: {page.ratio:.2f} times the page by hand")
            if page.generated.statements > MOST_STATEMENTS and page.name not in single:
                told.append(f"{where}: {page.generated.statements} SQL statements")
    return told


def parts_of(found: Sequence[Found], repetitions: int) -> list[str]:
    """The parts of the report."""
    parts = ["## Tickets", PAGES.format(tries=repetitions, most=MOST_TIMES_BY_HAND, statements=MOST_STATEMENTS)]
    for each in found:
        size = each.size
        parts.append(
            f"{each.database}, {size.tickets:,} tickets with {size.messages:,} messages, {each.megabytes:,.0f} MB:"
        )
        rows = [
            [
                page.name,
                ms(page.generated.median),
                ms(page.bare.median),
                f"**{page.ratio:.2f}**",
                f"{page.quiet_ratio:.2f}",
                f"{page.generated.statements} / {page.bare.statements}",
                f"{page.generated.size / 1000:.0f} / {page.bare.size / 1000:.0f}",
            ]
            for page in each.pages
        ]
        head = ["page", "generated", "by hand", "times by hand", "of the fastest tenth", "SQL", "kB"]
        parts.append(table(head, rows))
    return parts


if __name__ == "__main__":
    sys.exit(main())
