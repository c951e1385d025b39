"""Files as the tests of imports make them, and a short way to read them in."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.actor import Actor, Source
from extensions import Base, db
from services.imports import KINDS, ImportRefused, ImportReport, check_import, run_import
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import PackageFactory, ProductFactory

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "docs" / "samples"
CLERK = Actor("Import", Source.IMPORT)

# Packages of the demo that the samples name, with the kind of license they provide.
PACKAGES = {"business-50": "business", "call-center-25": "call_center", "hosted-20": "hosted", "support-contract": None}
PRODUCTS = ("extension", "extension-hosted", "recording", "edition-agent")


def bring_in(kind: str, content: bytes | str, now: dt.datetime) -> ImportReport:
    """Import a file in a unit of work of its own."""
    with unit_of_work():
        return run_import(KINDS[kind], _stream(content), file_name=f"{kind}.csv", actor=CLERK, now=now)


def look_at(kind: str, content: bytes | str, now: dt.datetime) -> ImportReport:
    """Check a file without writing."""
    return check_import(KINDS[kind], _stream(content), now=now)


def problems_of(kind: str, content: bytes | str, now: dt.datetime) -> list[tuple[int, str, str]]:
    """Line, column and message of everything for which the file is refused, which must have left nothing behind."""
    before = count_everything()
    with pytest.raises(ImportRefused) as caught:
        bring_in(kind, content, now)
    assert count_everything() == before
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def places_of(kind: str, content: bytes | str, now: dt.datetime) -> list[tuple[int, str]]:
    """Line and column of everything for which the file is refused."""
    return [(line, column) for line, column, _ in problems_of(kind, content, now)]


def count_everything() -> dict[str, int]:
    """How many rows each table has."""
    tables = Base.metadata.sorted_tables
    return {table.name: db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def sample(kind: str) -> bytes:
    return (SAMPLES / f"{kind}.csv").read_bytes()


def lines_of(kind: str) -> list[str]:
    return sample(kind).decode().splitlines()


def csv_of(header: Sequence[str], *rows: Sequence[str]) -> str:
    return "\n".join(",".join(cells) for cells in (header, *rows)) + "\n"


def changed(kind: str, line: int, old: str, new: str) -> str:
    """The sample with something replaced in one line, counted from 1."""
    lines = lines_of(kind)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


def make_catalogue() -> None:
    """The packages and products that the samples name."""
    for code, kind in PACKAGES.items():
        PackageFactory(code=code, name=code, license_kind=kind)
    for code in PRODUCTS:
        ProductFactory(code=code, name=code)
    db.session.commit()


def bring_in_samples(now: dt.datetime, *kinds: str) -> None:
    for kind in kinds:
        bring_in(kind, sample(kind), now)


def all_of(model: type[Any]) -> list[Any]:
    return list(db.session.scalars(select(model).order_by(model.id)))


def _stream(content: bytes | str) -> io.BytesIO:
    return io.BytesIO(content.encode() if isinstance(content, str) else content)
