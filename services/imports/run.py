"""Walking through a file: once to find everything that is wrong, then again to write it, in one unit of work."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy.exc import IntegrityError, OperationalError

from domain.actor import Actor
from services.audit import Target, record_event, write_waiting_events
from services.imports.columns import header_of, read_values
from services.imports.kind import ImportKind, Plan
from services.imports.problems import ImportRefused, Problem
from services.imports.reading import read_rows, shown
from services.locks import CHUNK

AnyKind = ImportKind[Any, Any]


@dataclass
class ImportReport:
    """What an import did, or would do. ``made`` counts the records written by their nouns."""

    rows: int = 0
    new: int = 0
    there: int = 0
    made: Counter[str] = field(default_factory=Counter)


def check_import(kind: type[AnyKind], stream: BinaryIO, *, now: dt.datetime) -> ImportReport:
    """Read the whole file and look everything up, and write nothing. Refused: ImportRefused, with all that is wrong."""
    return _check(kind(now=now), stream)


def _check(walk: AnyKind, stream: BinaryIO) -> ImportReport:
    report, problems, seen = ImportReport(), list[Problem](), dict[tuple[str, Hashable], int]()
    for plan in _plans(walk, stream, problems, report):
        problems += plan.problems
        for new in plan.new:
            line = walk.line_of(new)
            for column, value in walk.identities(new):
                first = seen.setdefault((column, value), line)
                if first != line:
                    again = f"the same stands in line {first} already. Take one of the two out."
                    problems.append(Problem(line, column, again))
    if problems:
        raise ImportRefused(problems)
    return report


def run_import(
    kind: type[AnyKind], stream: BinaryIO, *, file_name: str, actor: Actor, now: dt.datetime
) -> ImportReport:
    """Write what is new in the file; a file that is here already changes nothing. Refused: ImportRefused.

    Checks everything first, so that all problems are told at once. Written in chunks, of which none stays in memory.
    """
    try:
        return _run(kind, stream, file_name, actor, now)
    # Without the texts of the errors: they hold SQL and values of other records.
    except IntegrityError:
        words = "the database refused these rows: somebody else wrote the same at this moment. Import the file again."
    except OperationalError:
        words = "the database is busy with other work. Import the file again when nobody else is writing much."
    raise ImportRefused([Problem(1, "", words)])


def _run(kind: type[AnyKind], stream: BinaryIO, file_name: str, actor: Actor, now: dt.datetime) -> ImportReport:
    checked, walk = kind(now=now), kind(now=now)
    _check(checked, stream)
    walk.remember(checked)
    report, problems = ImportReport(), list[Problem]()
    for plan in _plans(walk, stream, problems, report):
        if problems or plan.problems:
            raise ImportRefused([*problems, *plan.problems])  # the file or the database changed meanwhile
        if plan.new:
            report.made += walk.write(plan.new, actor=actor)
            write_waiting_events()
    if problems:
        raise ImportRefused(problems)
    if report.new:
        after = {"file": shown(file_name), "rows": report.rows, "new": report.new, **report.made}
        record_event("data.imported", Target("import", kind.name), actor=actor, now=now, after=after)
    return report


def _plans(walk: AnyKind, stream: BinaryIO, problems: list[Problem], report: ImportReport) -> Iterator[Plan[Any]]:
    """The plans of the file's rows, chunk by chunk; rows that cannot be read are told and left out."""
    rows = _rows(walk, stream, problems)
    while some := list(islice(rows, CHUNK)):
        plan = walk.plan(some)
        report.rows += len(some)
        report.new += len(plan.new)
        report.there += plan.there
        yield plan


def _rows(walk: AnyKind, stream: BinaryIO, problems: list[Problem]) -> Iterator[Any]:
    for raw in read_rows(stream, header_of(walk.columns), problems):
        values = read_values(walk.columns, raw, problems)
        if values is None:
            continue
        row = walk.row(raw.line, values)
        found = list(walk.faults(row))
        problems += found
        if not found:
            yield row
