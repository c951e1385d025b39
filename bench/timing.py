"""Times of pages: both programs and both sizes in turn, warm, many times over; the median counts."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.filling import BIG_CLIENT_ID, LAST_DAY, Size
from bench.serving import Environ, Served, Stand, count_statements, next_cursor, numbers_on

WARM_UP = 15
REPETITIONS = 200
HEALTH = "process lives (/healthz)"


@dataclass(frozen=True, slots=True)
class Case:
    """A page to open. ``middle``: its cursor is that of the day in the middle of all.

    Whether growth counts: a search reads the lists of every trigram of the number, which grow with the table.
    """

    name: str
    realm: str
    query: str = ""
    middle: bool = False
    growth_counts: bool = True

    @property
    def path(self) -> str:
        return "/staff/invoices/" if self.realm == "staff" else f"/portal/{BIG_CLIENT_ID}/invoices/"


CASES = (
    Case("staff: first page", "staff"),
    Case("staff: unpaid of a quarter", "staff", "status=unpaid&issued_on.from=2026-01-01&issued_on.to=2026-03-31"),
    Case("staff: page in the middle", "staff", middle=True),
    Case("staff: last page", "staff", "after=last"),
    Case("staff: search by number", "staff", "q=INV-2026-000012", growth_counts=False),
    Case("portal: first page", "portal"),
    Case("portal: last page", "portal", "after=last"),
)


@dataclass(slots=True)
class Measured:
    """What was measured of one page of one program at one size."""

    invoices: int
    statements: int
    size: int
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def fastest(self) -> float:
        """The time that a tenth of all tries stayed below."""
        return sorted(self.seconds)[len(self.seconds) // 10]


Key = tuple[str, str, int]  # case, program, invoices


def measure(stands: Sequence[tuple[Size, Stand]], *, repetitions: int = REPETITIONS) -> dict[Key, Measured]:
    """Open every page of both programs at every size, in turn, so that what else the machine does meets all alike."""
    requests: list[tuple[Key, Served, Environ]] = []
    found: dict[Key, Measured] = {}
    for size, stand in stands:
        for case in CASES:
            opened = {}
            for served in stand.both:
                environ = stand.environ(address_of(case, size, stand, served), case.realm)
                key = (case.name, served.name, size.invoices)
                body = served.answer(environ)
                opened[served.name] = numbers_on(body)
                found[key] = Measured(size.invoices, count_statements(served, environ), len(body))
                requests.append((key, served, environ))
            _same_rows(case, opened)
        for served in stand.both:
            key = (HEALTH, served.name, size.invoices)
            environ = stand.environ("/healthz", "staff")
            found[key] = Measured(size.invoices, count_statements(served, environ), len(served.answer(environ)))
            requests.append((key, served, environ))
    for turn in range(WARM_UP + repetitions):
        if turn == WARM_UP:
            gc.collect()
        for key, served, environ in requests if turn % 2 else reversed(requests):
            start = time.perf_counter()
            served.answer(environ)
            if turn >= WARM_UP:
                found[key].seconds.append(time.perf_counter() - start)
    return found


def address_of(case: Case, size: Size, stand: Stand, served: Served) -> str:
    """Where a page stands: the cursor of the middle is each program's own."""
    query = case.query
    if case.middle:
        day = size.first_day + (LAST_DAY - size.first_day) / 2
        first = stand.environ(f"{case.path}?issued_on.to={day}", case.realm)
        query = f"after={next_cursor(served.answer(first))}"
    return f"{case.path}?{query}" if query else case.path


def _same_rows(case: Case, opened: dict[str, list[str]]) -> None:
    first, *others = opened.values()
    if not first or any(other != first for other in others):
        raise AssertionError(f"{case.name}: the programs show different rows, so their times say nothing")
