"""The house rules hold in the whole tree, and each checker is seen to notice a breach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import checkers

ROOT = Path(__file__).resolve().parent.parent.parent

Checker = Callable[[Path], list[str]]

# checker, where a breach is planted, the breach
BREACHES: list[tuple[Checker, str, str]] = [
    (checkers.commits_outside_the_unit_of_work, "views/planted.py", "db.session.commit()"),
    (checkers.commits_outside_the_unit_of_work, "services/planted.py", "session.rollback()"),
    (checkers.clock_reads, "services/planted.py", "started = dt.datetime.now(dt.UTC)"),
    (checkers.clock_reads, "domain/planted.py", "day = date.today()"),
    (checkers.clock_reads, "services/planted.py", "row.paid_at = func.now()"),
    (checkers.clock_reads, "domain/planted.py", "seconds = time.monotonic()"),
    (checkers.clock_reads, "domain/planted.py", "from time import time"),
    (checkers.floats_near_money, "services/planted.py", "total = float(amount)"),
    (checkers.floats_near_money, "models/planted.py", "total = mapped_column(Numeric(10, 2))"),
    (checkers.counts_and_offsets, "panel/planted.py", "query.offset(20)"),
    (checkers.counts_and_offsets, "views/planted.py", "select(func.count())"),
    (checkers.hand_written_sql, "views/planted.py", "from sqlalchemy import select, text"),
    (checkers.hand_written_sql, "services/planted.py", "sa.text('DELETE FROM invoice')"),
    (checkers.hand_written_sql, "services/planted.py", "session.execute(Invoice.__table__.delete())"),
    (checkers.hand_written_sql, "views/planted.py", "db.engine.connect()"),
    (checkers.inline_code_in_templates, "templates/planted.html", '<a onclick="go()">Go</a>'),
    (checkers.inline_code_in_templates, "templates/planted.html", "<p style='color: red'>No</p>"),
    (checkers.inline_code_in_templates, "templates/planted.html", "<style>p {}</style>"),
    (checkers.inline_code_in_templates, "templates/planted.html", "<script>go()</script>"),
    (checkers.inline_code_in_templates, "templates/planted.html", '<a href="javascript:go()">Go</a>'),
    (checkers.inline_code_in_templates, "templates/planted.html", "<p>{{ words | safe }}</p>"),
    (checkers.long_modules, "services/planted.py", '"""Long."""\n' + "x = 1\n" * 400),
    (checkers.long_modules, "tests/test_planted.py", '"""Long."""\n' + "x = 1\n" * 600),
    (checkers.modules_without_a_first_line, "jobs/planted.py", "import os"),
    (checkers.things_left_for_later, "gateways/planted.py", "raise NotImplementedError"),
    (checkers.imports_of_the_domain, "domain/planted.py", "import sqlalchemy.orm"),
    (checkers.imports_of_the_domain, "domain/planted.py", "from models import Account"),
    (
        checkers.writers_that_are_not_told_who_and_when,
        "services/planted.py",
        "def void(invoice, actor, now):\n    record_event('invoice.voided', invoice, actor=actor, now=now)",
    ),
    (
        checkers.writers_that_are_not_told_who_and_when,
        "services/planted.py",
        "def void(invoice, *, actor):\n    record_event('invoice.voided', invoice, actor=actor)",
    ),
    (
        checkers.writers_that_are_not_told_who_and_when,
        "services/planted.py",
        "def issue(order, now):\n    db.session.add(order)",
    ),
    (checkers.tests_that_assert_nothing, "tests/test_planted.py", "def test_it():\n    print('fine')"),
]

# What looks alike and is right.
FINE: list[tuple[Checker, str, str]] = [
    (checkers.commits_outside_the_unit_of_work, "services/unit_of_work.py", "session.commit()"),
    (checkers.clock_reads, "services/planted.py", "def issue(order, *, now): order.issued_at = now"),
    (checkers.clock_reads, "commands/planted.py", "now = dt.datetime.now(dt.UTC)"),
    (checkers.counts_and_offsets, "panel/planted.py", "text.count('x')"),
    (checkers.hand_written_sql, "services/planted.py", "from sqlalchemy import select, update"),
    (checkers.inline_code_in_templates, "templates/planted.html", '<script type="module" src="{{ js }}"></script>'),
    (checkers.inline_code_in_templates, "templates/planted.html", "{# an example:\n<p onclick='no'> #}<p>Yes</p>"),
    (checkers.modules_without_a_first_line, "jobs/__init__.py", ""),
    (checkers.imports_of_the_domain, "domain/planted.py", "from domain.money import Money\nimport decimal"),
    (
        checkers.writers_that_are_not_told_who_and_when,
        "services/planted.py",
        "def void(invoice, *, actor, now):\n    record_event('invoice.voided', invoice, actor=actor, now=now)",
    ),
    (
        checkers.tests_that_assert_nothing,
        "tests/test_planted.py",
        "def refused():\n    with pytest.raises(ValueError): go()\n\ndef test_it():\n    refused()",
    ),
]

ALL_CHECKERS = list(dict.fromkeys(checker for checker, _file, _text in BREACHES))


def name_of(value: object) -> str | None:
    return value.__name__ if callable(value) else None


def plant(root: Path, file: str, text: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text + "\n" if text else "")


@pytest.mark.parametrize("checker", ALL_CHECKERS, ids=name_of)
def test_the_rule_holds_everywhere(checker: Checker) -> None:
    assert checker(ROOT) == []


@pytest.mark.parametrize(("checker", "file", "text"), BREACHES, ids=name_of)
def test_a_breach_is_noticed_where_it_stands(tmp_path: Path, checker: Checker, file: str, text: str) -> None:
    plant(tmp_path, file, text)
    found = checker(tmp_path)
    assert found
    assert all(line.startswith(file) for line in found)


@pytest.mark.parametrize(("checker", "file", "text"), FINE, ids=name_of)
def test_what_only_looks_like_a_breach_passes(tmp_path: Path, checker: Checker, file: str, text: str) -> None:
    plant(tmp_path, file, text)
    assert checker(tmp_path) == []


def test_every_checker_is_used() -> None:
    public = {
        value
        for name, value in vars(checkers).items()
        if callable(value) and value.__module__ == checkers.__name__ and not name.startswith("_")
    }
    assert public - {checkers.python_files, checkers.nodes, checkers.calls} == set(ALL_CHECKERS)


def test_the_modules_that_write_sql_by_hand_exist() -> None:
    assert [name for name in checkers.HAND_WRITTEN_SQL if not (ROOT / name).is_file()] == []
