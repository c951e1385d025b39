"""The first pages of both realms on the demo: against their own queries, sent bare.

Part of `make bench`; alone: ``python -m bench.dashboards``. *Bare* are the very statements that the page sends, with
the same values, through the driver on one connection, their rows fetched and thrown away: nobody is asked who they are,
nothing is rendered. What is above it is what Foyer itself takes.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, select

from bench.databases import scratch_database
from bench.report import MOST_TIMES_BY_HAND, ms, table
from bench.serving import GENERATED, Environ, Served, cookie_of, environ_of, start_program
from bench.timing import REPETITIONS, WARM_UP, Measured
from commands.demo import load_and_tell
from extensions import db
from models import Account, Member, Person

MOST_STATEMENTS = 12
STAFF, OWNER = "admin@foyer.example", "owner@acme.example"
PAGES = """
Medians of {tries} tries, the page and its queries in turn, on the demo with its three years of business. *Bare* are the
same statements with the same values through the driver, their rows fetched. To hold: at most {most} times the bare
queries, at most {statements} SQL statements. Alone: `python -m bench.dashboards`.
""".strip()

Sent = list[tuple[str, Any]]


@dataclass(slots=True)
class FirstPage:
    """What was measured of one page; ``bare`` are the seconds of its queries alone."""

    name: str
    page: Measured
    bare: list[float] = field(default_factory=list)

    @property
    def queries(self) -> Measured:
        return Measured(0, self.page.statements, 0, self.bare)

    @property
    def ratio(self) -> float:
        return self.page.median / self.queries.median

    @property
    def quiet_ratio(self) -> float:
        return self.page.fastest / self.queries.fastest


def main() -> int:
    """Load the demo, measure, print, drop."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboards", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    told, missed = run(parser.parse_args().repetitions)
    print("\n\n".join([*told, *(f"Missed: {miss}" for miss in missed)]))
    return 1 if missed else 0


def run(repetitions: int = REPETITIONS) -> tuple[list[str], list[str]]:
    """The parts of the report, and what is slower than it may be."""
    with scratch_database("dashboards") as url, tempfile.TemporaryDirectory() as folder:
        app = start_program(url, folder)
        with app.app_context():
            load_and_tell(app.extensions["settings"])
            served = Served(GENERATED, app, db.engine)
            requests = first_pages()
        try:
            found = measure_first_pages(served, requests, repetitions)
        finally:
            served.engine.dispose()
    return parts_of(found), misses(found)


def first_pages() -> dict[str, Environ]:
    """The requests of an administrator and of an owner, by the name of their page; needs the program's context."""
    people = {
        email: db.session.scalars(select(Person).where(Person.email == email)).one().id for email in (STAFF, OWNER)
    }
    account = db.session.scalars(select(Account).join(Member).where(Member.person_id == people[OWNER])).one()
    addresses = {STAFF: "/staff/", OWNER: f"/portal/{account.client_id}/"}
    names = {STAFF: "staff: home", OWNER: "portal: dashboard"}
    return {names[email]: environ_of(addresses[email], cookie_of(people[email])) for email in people}


def measure_first_pages(served: Served, requests: dict[str, Environ], repetitions: int) -> list[FirstPage]:
    """Open each page and send its queries in turn, so that what else the machine does meets both alike."""
    found, sent = [], {}
    for name, environ in requests.items():
        served.answer(environ)
        with statements_of(served) as sent[name]:
            body = served.answer(environ)
        found.append(FirstPage(name, Measured(0, len(sent[name]), len(body))))
    for turn in range(WARM_UP + repetitions):
        if turn == WARM_UP:
            gc.collect()
        for each in found:
            begun = time.perf_counter()
            served.answer(requests[each.name])
            answered = time.perf_counter()
            send_bare(served, sent[each.name])
            if turn >= WARM_UP:
                each.page.seconds.append(answered - begun)
                each.bare.append(time.perf_counter() - answered)
    return found


@contextmanager
def statements_of(served: Served) -> Iterator[Sent]:
    """What the program sends meanwhile, with its values as the driver gets them."""
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        sent.append((statement, values))

    event.listen(served.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(served.engine, "before_cursor_execute", note)


def send_bare(served: Served, sent: Sent) -> int:
    """Send these statements on one connection of the pool and fetch their rows; how many there were."""
    connection = served.engine.raw_connection()
    try:
        cursor = connection.cursor()
        rows = 0
        for statement, values in sent:
            cursor.execute(statement, values)
            rows += len(cursor.fetchall()) if cursor.description else 0
        return rows
    finally:
        connection.close()


def misses(found: list[FirstPage]) -> list[str]:
    """What is slower than it may be."""
    told = []
    for each in found:
        if each.ratio > MOST_TIMES_BY_HAND:
            told.append(f"{each.name}: {each.ratio:.2f} times its bare queries")
        if each.page.statements > MOST_STATEMENTS:
            told.append(f"{each.name}: {each.page.statements} SQL statements")
    return told


def parts_of(found: list[FirstPage]) -> list[str]:
    """The part of the report."""
    head = ["page", "page", "bare queries", "times bare", "of the fastest tenth", "SQL", "kB"]
    rows = [
        [
            each.name,
            ms(each.page.median),
            ms(each.queries.median),
            f"**{each.ratio:.2f}**",
            f"{each.quiet_ratio:.2f}",
            f"{each.page.statements}",
            f"{each.page.size / 1000:.0f}",
        ]
        for each in found
    ]
    held = PAGES.format(tries=len(found[0].bare), most=MOST_TIMES_BY_HAND, statements=MOST_STATEMENTS)
    return ["## First pages", held, table(head, rows)]


if __name__ == "__main__":
    sys.exit(main())
