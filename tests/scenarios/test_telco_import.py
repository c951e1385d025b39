"""A provider begins: 7,043 customers of the older system come in by one command, and every sum is that of the file.

The file is large, so it is not part of the repository: FOYER_TELCO_CSV names it, or it lies in shared/data beside the
repository. A piece of it is in tests/data and runs everywhere.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from domain.permissions import StaffRole
from extensions import db
from models import Account, Invoice, LedgerAccount, LedgerPosting, Payment, StatementLine, Subscription
from services.books import check_books
from tests.conftest import CHEAP_PASSWORDS
from tests.services.imports.files import count_everything
from tests.support.databases import TestDatabase
from tests.support.door import sign_in_as, staff_who_can_sign_in

ROOT = Path(__file__).resolve().parents[2]
PIECE = ROOT / "tests" / "data" / "telco-sample.csv"
WHOLE = Path(os.environ.get("FOYER_TELCO_CSV") or ROOT.parent / "shared" / "data" / "telco-customers.csv")
STAFF = "finance@provider.example"

MEGABYTES = 300

# A small process between: Linux counts the memory of the forking process, a whole test run here, to its child.
MEASURED = """
import pathlib, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@dataclass
class Run:
    """What a command said, how it ended, and the most memory it held (in megabytes); `make bench` measures its time."""

    said: str
    code: int
    megabytes: float


@dataclass
class Expected:
    """What a file must come to, worked out by plain arithmetic."""

    customers: int
    monthly: Decimal
    documents: int
    total: Decimal

    @classmethod
    def of(cls, file: Path) -> Expected:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
        totals = [Decimal(row["TotalCharges"]) for row in rows if row["TotalCharges"].strip()]
        monthly = sum((Decimal(row["MonthlyCharges"]) for row in rows), Decimal(0))
        return cls(len(rows), monthly, len(totals), sum(totals, Decimal(0)))


def import_telco(database: TestDatabase, folder: Path, file: Path, *options: str) -> Run:
    """Run the command as an operator does, in a process of its own."""
    environ = {
        **os.environ,
        **CHEAP_PASSWORDS,
        "FOYER_ENV": "test",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database.url,
    }
    output, memory = folder / "output.txt", folder / "memory.txt"
    command = [sys.executable, "-m", "flask", "--app", "app", "import", "telco", str(file), *options]
    with output.open("w") as said:
        code = subprocess.call(
            [sys.executable, "-c", MEASURED, str(memory), *command],
            cwd=ROOT,
            env=environ,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    db.session.rollback()  # on SQLite, a transaction that has read goes on seeing what was there before
    return Run(output.read_text(), code, int(memory.read_text()) / 1024)


def assert_sums(expected: Expected) -> None:
    """The rows come to what the file says, and the books are right."""
    assert in_money(Subscription.recurring_price) == expected.monthly
    assert in_money(Invoice.total) == in_money(Payment.amount) == expected.total
    assert in_money(Invoice.amount_due) == in_money(StatementLine.amount) == 0
    assert (count(Account), count(Subscription)) == (expected.customers, expected.customers)
    assert (count(Invoice), count(Payment)) == (expected.documents, expected.documents)
    assert db.session.scalar(select(func.sum(LedgerAccount.balance))) == 0
    assert in_money(LedgerPosting.amount) == 3 * expected.total  # issued, received, allocated
    assert check_books() == []


def assert_exports(client: Any, expected: Expected) -> None:
    """The files that staff download come to the same."""
    staff_who_can_sign_in(STAFF, role=StaffRole.AUDITOR)
    assert sign_in_as(client, STAFF).status_code == 303
    assert len(list(exported(client, "accounts"))) == expected.customers
    subscriptions = list(exported(client, "subscriptions"))
    assert {row["Status"] for row in subscriptions} == {"Active", "Terminated"}
    assert sum(Decimal(row["Price"]) for row in subscriptions) == expected.monthly
    for slug, column in (("invoices", "Total"), ("payments", "Amount")):
        amounts = [Decimal(row[column]) for row in exported(client, slug)]
        assert (len(amounts), sum(amounts)) == (expected.documents, expected.total)


def exported(client: Any, slug: str) -> Iterator[dict[str, str]]:
    answer = client.get(f"/staff/{slug}/export.csv")
    assert answer.status_code == 200
    return csv.DictReader(answer.get_data().decode("utf-8-sig").splitlines())


def in_money(column: Any) -> Decimal:
    return Decimal(db.session.scalar(select(func.sum(column))) or 0) / 100


def count(model: Any) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def break_last_row(file: Path, folder: Path) -> tuple[Path, int]:
    """The file with letters in the last amount, and the line that is in."""
    lines = file.read_text(encoding="utf-8").rstrip("\n").splitlines()
    cells = lines[-1].split(",")
    cells[19] = "plenty"
    broken = folder / "broken.csv"
    broken.write_text("\n".join([*lines[:-1], ",".join(cells)]) + "\n", encoding="utf-8")
    return broken, len(lines)


def test_a_piece_of_the_file_comes_in_by_the_command(
    app: Flask, client: Any, session: Any, database: TestDatabase, tmp_path: Path
) -> None:
    expected = Expected.of(PIECE)
    rehearsed = import_telco(database, tmp_path, PIECE, "--dry-run")
    assert rehearsed.said == "The file is right: 60 of 60 rows are new. Nothing was written.\n"
    assert (rehearsed.code, count(Account)) == (0, 0)
    done = import_telco(database, tmp_path, PIECE)
    assert done.said == "Imported 60 accounts, 60 subscriptions, 57 invoices, 57 payments.\n"
    assert done.code == 0
    assert_sums(expected)
    assert_exports(client, expected)


def test_the_command_tells_what_is_wrong_and_ends_with_an_error(
    session: Any, database: TestDatabase, tmp_path: Path
) -> None:
    broken, line = break_last_row(PIECE, tmp_path)
    for options in ((), ("--dry-run",)):
        refused = import_telco(database, tmp_path, broken, *options)
        assert refused.code == 1
        assert f"Line {line}, column TotalCharges: “plenty” does not fit." in refused.said
        assert "Traceback" not in refused.said
    missing = import_telco(database, tmp_path, tmp_path / "missing.csv")
    assert missing.code == 2
    assert "does not exist" in missing.said


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE.is_file(), reason="the customer file is not here: set FOYER_TELCO_CSV to its path")
def test_all_customers_come_in_whole_fast_and_once(
    app: Flask, client: Any, session: Any, database: TestDatabase, tmp_path: Path
) -> None:
    expected = Expected.of(WHOLE)
    assert (expected.customers, expected.documents) == (7_043, 7_032)
    assert (expected.monthly, expected.total) == (Decimal("456116.60"), Decimal("16056168.70"))
    before = count_everything()

    broken, line = break_last_row(WHOLE, tmp_path)
    refused = import_telco(database, tmp_path, broken)
    assert refused.code == 1
    assert f"Line {line}, column TotalCharges:" in refused.said
    assert count_everything() == before

    done = import_telco(database, tmp_path, WHOLE)
    assert done.said == "Imported 7,043 accounts, 7,043 subscriptions, 7,032 invoices, 7,032 payments.\n"
    assert done.megabytes < MEGABYTES
    assert_sums(expected)

    before = count_everything()
    again = import_telco(database, tmp_path, WHOLE)
    assert again.said == "All 7,043 rows are here already; nothing was changed.\n"
    assert count_everything() == before

    assert_exports(client, expected)
