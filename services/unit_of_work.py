"""The only place that commits and rolls back: one request, job or command is one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from extensions import db

_intends_to_write: ContextVar[bool] = ContextVar("intends_to_write", default=False)


class UnitOfWorkNotClean(RuntimeError):
    """Rows were changed before the unit of work began: a mistake of the caller's, never of the user's."""


@contextmanager
def intend_to_write() -> Iterator[None]:
    """Let transactions that begin inside take the write lock at once (SQLite: BEGIN IMMEDIATE).

    SQLite ignores FOR UPDATE, and a transaction that reads first and writes later can lose the race to another.
    """
    token = _intends_to_write.set(True)
    try:
        yield
    finally:
        _intends_to_write.reset(token)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Run the block in one write transaction: commit at its end, roll back and pass on any error."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise UnitOfWorkNotClean("rows were changed before the unit of work began")
    if session.in_transaction() and not _intends_to_write.get():
        session.commit()  # ends a transaction that only read, so that the write lock is taken before the next read
    with intend_to_write():
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading_only() -> Iterator[None]:
    """Run the block on one unchanging view of the database, which itself refuses every write; nothing is kept."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise UnitOfWorkNotClean("rows were changed before the reading began")
    session.commit()  # ends a transaction that only read
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql(
        "PRAGMA query_only=ON" if is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    )
    try:
        yield
    finally:
        if is_sqlite:  # it holds for the connection, not for the transaction
            connection.exec_driver_sql("PRAGMA query_only=OFF")
        session.rollback()


def prepare_engine(engine: Engine) -> None:
    """Give SQLite the settings that make it safe: WAL, foreign keys, patience, and explicit BEGIN."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _intends_to_write.get() else "BEGIN")
