"""What the simulated providers know, in one file that outlives their program."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS thing (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS answer (
    provider TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (provider, key)
);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY, provider TEXT NOT NULL, body TEXT NOT NULL, due REAL NOT NULL,
    forged INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS fault (
    seq INTEGER PRIMARY KEY, provider TEXT NOT NULL, name TEXT NOT NULL, left_over INTEGER NOT NULL
);
"""


class Ledger:
    """One file, many threads. Everything inside ``transaction()`` happens as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection().executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take the write lock; nested ones belong to the outer one."""
        connection = self._connection()
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def add(self, provider: str, kind: str, body: dict[str, Any]) -> None:
        self._connection().execute(
            "INSERT INTO thing (id, provider, kind, body) VALUES (?, ?, ?, ?)",
            (body["id"], provider, kind, json.dumps(body)),
        )

    def save(self, body: dict[str, Any]) -> None:
        self._connection().execute("UPDATE thing SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))

    def find(self, thing_id: str) -> dict[str, Any] | None:
        row = self._connection().execute("SELECT body FROM thing WHERE id = ?", (thing_id,)).fetchone()
        return json.loads(row[0]) if row else None

    def all_of(self, provider: str, kind: str) -> list[dict[str, Any]]:
        """The newest first."""
        rows = self._connection().execute(
            "SELECT body FROM thing WHERE provider = ? AND kind = ? ORDER BY seq DESC", (provider, kind)
        )
        return [json.loads(body) for (body,) in rows]

    def answer_of(self, provider: str, key: str) -> tuple[str, int, str] | None:
        """What was asked under this key before, and what was answered."""
        found: tuple[str, int, str] | None = (
            self._connection()
            .execute("SELECT asked, status, body FROM answer WHERE provider = ? AND key = ?", (provider, key))
            .fetchone()
        )
        return found

    def keep_answer(self, provider: str, key: str, asked: str, status: int, body: str) -> None:
        self._connection().execute("INSERT INTO answer VALUES (?, ?, ?, ?, ?)", (provider, key, asked, status, body))

    def tell(self, provider: str, body: str, *, due: float | None = None, forged: bool = False) -> None:
        """Put an event into the queue of those to deliver."""
        self._connection().execute(
            "INSERT INTO event (provider, body, due, forged) VALUES (?, ?, ?, ?)",
            (provider, body, time.time() if due is None else due, int(forged)),
        )

    def events_due(self, *, limit: int = 50) -> list[tuple[int, str, str, bool]]:
        """Those not delivered yet whose moment has come, in the order they are due."""
        rows = self._connection().execute(
            "SELECT seq, provider, body, forged FROM event WHERE delivered = 0 AND due <= ? ORDER BY due, seq LIMIT ?",
            (time.time(), limit),
        )
        return [(seq, provider, body, bool(forged)) for seq, provider, body, forged in rows]

    def event_sent(self, seq: int, *, arrived: bool) -> None:
        """Tick an event off, or try it again a little later."""
        self._connection().execute(
            "UPDATE event SET delivered = ?, tries = tries + 1, due = due + 2 * (tries + 1) WHERE seq = ?",
            (int(arrived), seq),
        )

    def all_events(self, provider: str) -> list[str]:
        rows = self._connection().execute("SELECT body FROM event WHERE provider = ? ORDER BY seq", (provider,))
        return [body for (body,) in rows]

    def command_fault(self, provider: str, name: str, times: int = 1) -> None:
        self._connection().execute(
            "INSERT INTO fault (provider, name, left_over) VALUES (?, ?, ?)", (provider, name, times)
        )

    def fault(self, provider: str, *names: str) -> str:
        """Use up one of the faults commanded under these names; empty when there is none."""
        marks = ", ".join("?" for _ in names)
        with self.transaction():
            row = (
                self._connection()
                .execute(
                    f"SELECT seq, name FROM fault WHERE provider = ? AND left_over > 0 AND name IN ({marks})"
                    " ORDER BY seq LIMIT 1",
                    (provider, *names),
                )
                .fetchone()
            )
            if row is None:
                return ""
            self._connection().execute("UPDATE fault SET left_over = left_over - 1 WHERE seq = ?", (row[0],))
            return str(row[1])

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=15, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            self._local.connection = connection
        return connection


def new_id(prefix: str) -> str:
    """A name like those of the providers: unguessable."""
    return f"{prefix}{secrets.token_hex(12)}"
