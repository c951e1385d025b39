"""How long the demo and the import of real customers take, on both databases, where they are there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from bench.databases import scratch_database

ROOT = Path(__file__).resolve().parent.parent
TELCO_FILE = Path(os.environ.get("BENCH_TELCO_FILE") or ROOT.parent / "shared" / "data" / "telco-customers.csv")


@dataclass(frozen=True, slots=True)
class CommandRun:
    """What one run of a command took."""

    name: str
    database: str
    seconds: float
    megabytes: float


def measure_commands(app: Flask) -> list[CommandRun]:
    """Run what this program has of the two, each on a database of its own."""
    asked = [("demo", ["demo"])] if "demo" in app.cli.commands else []
    if "import" in app.cli.commands and TELCO_FILE.exists():
        asked.append(("import telco", ["import", "telco", str(TELCO_FILE)]))
    return [_run(name, arguments, database) for name, arguments in asked for database in ("SQLite", "PostgreSQL")]


def _run(name: str, arguments: list[str], database: str) -> CommandRun:
    with _empty(database) as environ:
        told = _alone(arguments, environ)
    return CommandRun(name, database, told["seconds"], told["megabytes"])


@contextmanager
def _empty(database: str) -> Iterator[dict[str, str]]:
    """The environment of a program on an empty, migrated database."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "FOYER_ENV": "demo", "DATA_DIR": folder, "BROKER_URL": ""}
        if database == "SQLite":
            environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
            _alone(["db", "upgrade"], environ)
            yield environ
        else:
            with scratch_database("command") as url:
                yield {**environ, "DATABASE_URL": url}


def _alone(arguments: list[str], environ: dict[str, str]) -> dict[str, float]:
    told = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "bench.commands_alone", *arguments],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )
    answer: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return answer
