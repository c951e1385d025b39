"""Lists of 500,000 licenses: their growth from a small table, their statements, and their export against ``\\copy``.

Part of `make bench`; alone: ``python -m bench.licenses [--small N] [--large N]``. There is no page by hand of them: how
generated pages compare with such is measured on invoices (bench/timing.py).
"""

from __future__ import annotations

import argparse
import gc
import html
import re
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.databases import scratch_database
from bench.exports import Exports, compare_exports, psql_missing
from bench.filling import BIG_CLIENT_ID, LAST_DAY
from bench.filling_licenses import fill_licenses
from bench.report import EXPORTS, MOST_GROWTH, MOST_STATEMENTS, export_misses, exports_table, ms, table
from bench.serving import Environ, Stand, count_statements, stand_on
from bench.timing import REPETITIONS, WARM_UP, Measured

SMALL, LARGE = 20_000, 500_000
PAGE_SIZE = 50

SAME_SELECT = """
SELECT l.code, a.name, l.kind, p.name, l.status, l.duration, l.reference, l.expires_on, l.created_at
FROM license l LEFT JOIN account a ON a.id = l.account_id LEFT JOIN package p ON p.id = l.package_id
ORDER BY l.created_at DESC, l.id DESC
"""
_CODE = re.compile(r'data-label="Code"[^>]*>\s*<a [^>]*>([^<]+)</a>')


@dataclass(frozen=True, slots=True)
class Case:
    """A page of the back office or of the big account, full at both sizes: more rows of HTML are no growth."""

    name: str
    path: str

    @property
    def realm(self) -> str:
        return "staff" if self.path.startswith("/staff/") else "portal"


_PORTAL = f"/portal/{BIG_CLIENT_ID}"
CASES = (
    Case("staff: first page", "/staff/licenses/"),
    Case("staff: of a package", "/staff/licenses/?package=package-3"),
    Case("staff: of a rare package", "/staff/licenses/?package=package-16"),
    Case("staff: of a status", "/staff/licenses/?status=suspended"),
    Case("staff: of a package and a status", "/staff/licenses/?package=package-3&status=suspended"),
    Case("staff: of a package and a status, last page", "/staff/licenses/?package=package-3&status=active&after=last"),
    Case("staff: of a duration", "/staff/licenses/?duration=perpetual"),
    Case("staff: last page", "/staff/licenses/?after=last"),
    Case("portal: first page", f"{_PORTAL}/licenses/"),
    Case("portal: of a package and a status", f"{_PORTAL}/licenses/?package=package-3&status=active"),
    Case("reseller of 1,000: first page", f"{_PORTAL}/customer-licenses/"),
    Case("reseller of 1,000: of a status", f"{_PORTAL}/customer-licenses/?status=active"),
    Case("reseller of 1,000: of a package", f"{_PORTAL}/customer-licenses/?package=package-12"),
    Case("reseller of 1,000: last page", f"{_PORTAL}/customer-licenses/?after=last"),
    Case("reseller of 1,000: of a customer", f"{_PORTAL}/customer-licenses/?account=10002"),
)

Key = tuple[str, int]  # case, licenses


def main() -> int:
    """Fill two databases, measure, print, drop them."""
    parser = argparse.ArgumentParser(prog="python -m bench.licenses", description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    options = parser.parse_args()
    told, missed = run(options.small, options.large, options.repetitions)
    print("\n\n".join([*told, *(f"Missed: {miss}" for miss in missed)]))
    return 1 if missed else 0


def run(small: int = SMALL, large: int = LARGE, repetitions: int = REPETITIONS) -> tuple[list[str], list[str]]:
    """The parts of the report, and what is slower than it may be."""
    with ExitStack() as stack:
        stands = [(size, stack.enter_context(stand_on(_database(stack, size)))) for size in (small, large)]
        found = measure_licenses(stands, repetitions)
        exports = None if psql_missing() else compare_exports(stands[-1][1].url, "licenses", "", SAME_SELECT)
    return parts_of(found, small, large, exports), misses(found, small, large, exports)


def _database(stack: ExitStack, licenses: int) -> str:
    url = stack.enter_context(scratch_database(f"licenses_{licenses}"))
    fill_licenses(url, licenses)
    return url


def measure_licenses(stands: Sequence[tuple[int, Stand]], repetitions: int) -> dict[Key, Measured]:
    """Open every page at every size in turn, so that what else the machine does meets all alike."""
    found: dict[Key, Measured] = {}
    requests: list[tuple[Key, Stand, Environ]] = []
    for size, stand in stands:
        for case in CASES:
            environ = stand.environ(case.path, case.realm)
            body = stand.generated.answer(environ)
            found[case.name, size] = Measured(size, count_statements(stand.generated, environ), len(body))
            requests.append(((case.name, size), stand, environ))
    for turn in range(WARM_UP + repetitions):
        if turn == WARM_UP:
            gc.collect()
        for key, stand, environ in requests if turn % 2 else reversed(requests):
            start = time.perf_counter()
            stand.generated.answer(environ)
            if turn >= WARM_UP:
                found[key].seconds.append(time.perf_counter() - start)
    return found


def codes_on(body: bytes) -> list[str]:
    """The codes of a list, from top to bottom."""
    return [html.unescape(code) for code in _CODE.findall(body.decode())]


def misses(found: Mapping[Key, Measured], small: int, large: int, exports: Exports | None) -> list[str]:
    """What misses the figures of the other big lists."""
    told = []
    for case in CASES:
        before, after = found[case.name, small], found[case.name, large]
        statements = max(before.statements, after.statements)
        if statements > MOST_STATEMENTS:
            told.append(f"licenses, {case.name}: {statements} SQL statements")
        if after.median / before.median >= MOST_GROWTH:
            told.append(f"licenses, {case.name}: grows {after.median / before.median:.2f} times")
    return told + [f"licenses, {miss}" for miss in (export_misses(exports) if exports is not None else [])]


def parts_of(found: Mapping[Key, Measured], small: int, large: int, exports: Exports | None) -> list[str]:
    """The parts of the report."""
    rows = []
    for case in CASES:
        before, after = found[case.name, small], found[case.name, large]
        growth = after.median / before.median
        rows.append([case.name, ms(before.median), ms(after.median), f"{growth:.2f}", str(after.statements)])
    tries = len(found[CASES[0].name, small].seconds)
    held = f"To hold: at most {MOST_STATEMENTS} SQL statements, growth below {MOST_GROWTH}."
    parts = [
        "## Lists of licenses",
        f"Medians of {tries} tries. Licenses until {LAST_DAY}, one of ten of the account in the portal. {held}",
        table(["page", f"{small:,}", f"{large:,}", "grows", "SQL"], rows),
    ]
    if exports is not None:
        parts += [EXPORTS.format(turns=len(exports.export)), exports_table(exports)]
    return parts


if __name__ == "__main__":
    sys.exit(main())
