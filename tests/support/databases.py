"""The two databases that tests run on: made once for each worker by the migrations, clean again for each test."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from time_machine import escape_hatch

from tests.support.surroundings import POSTGRES_URL

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"
SCRATCH_PREFIX = "foyer_test"
ONE_DAY = 24 * 60 * 60
# Tables above this are emptied by TRUNCATE: it costs 130 ms for all of them, but does not grow with the rows.
BIG_TABLE = 4 * 1024 * 1024
ASLEEP = {"options": "-c session_replication_role=replica"}

MakeTables = Callable[[str], None]


@dataclass
class TestDatabase:
    """A database for one test at a time. ``dialect`` is sqlite or postgresql."""

    __test__ = False  # the name is for readers; pytest collects nothing here

    dialect: str
    url: str

    def clean(self) -> bool:
        """Bring back the state right after the migrations. True where every open connection had to be cut for it."""
        raise AssertionError("one of the two databases below does this")

    def drop(self) -> None:
        """Remove it for good."""
        raise AssertionError("one of the two databases below does this")


@dataclass
class SqliteFile(TestDatabase):
    """A file, and a copy of it as the migrations left it. Copying takes a millisecond or two."""

    file: Path
    template: Path

    @classmethod
    def make(cls, folder: Path, make_tables: MakeTables) -> SqliteFile:
        file, template = folder / "test.sqlite3", folder / "template.sqlite3"
        make_tables(f"sqlite:///{template}")
        engine = create_engine(f"sqlite:///{template}", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return cls("sqlite", f"sqlite:///{file}", file, template)

    def clean(self) -> bool:
        # A new file, not new content: a connection that a failed test left open keeps the old one and harms nothing.
        self.drop()
        shutil.copyfile(self.template, self.file)
        return False

    def drop(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)


@dataclass
class PostgresScratch(TestDatabase):
    """A database of its own on the server.

    Measured with 60 tables of four indexes: TRUNCATE of all 130 ms, a database made from a template 40 ms, DELETE of the
    tables that hold rows 3 ms. So rows are deleted, with triggers and foreign keys asleep: append-only tables would
    refuse, and the order of the tables would matter. They sleep on all of ``engine``: putting them to sleep for one
    transaction makes the server forget its plans, and each cleaning took 10 ms more.
    """

    name: str
    server: Engine
    engine: Engine
    tables: list[str] = field(default_factory=list)
    seeds: dict[str, str] = field(default_factory=dict)  # table -> the columns that a migration filled

    @classmethod
    def make(cls, worker: str, make_tables: MakeTables) -> PostgresScratch:
        server = create_engine(POSTGRES_URL, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        name = f"{SCRATCH_PREFIX}_{int(_real_time())}_{worker}_{os.getpid()}"
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
            # A commit does not wait for the disk: these rows need to outlive killed programs, but no power cut.
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
            # Nobody has counted these few rows, so that the server takes them for many and would compile its plans.
            connection.execute(text(f'ALTER DATABASE "{name}" SET jit = off'))
        address = make_url(POSTGRES_URL).set(database=name)
        url = address.render_as_string(hide_password=False)
        scratch = cls("postgresql", url, name, server, create_engine(address, pool_size=1, connect_args=ASLEEP))
        try:
            make_tables(url)
            scratch.remember_the_migrated_state()
        except BaseException:
            scratch.drop()
            raise
        return scratch

    def remember_the_migrated_state(self) -> None:
        self.tables = [table for table in inspect(self.engine).get_table_names() if table != "alembic_version"]
        with self.engine.begin() as connection:
            filled = self.tables_with_rows(connection)
            if filled:
                connection.execute(text("CREATE SCHEMA migrated"))
            for table in filled:
                connection.execute(text(f'CREATE TABLE migrated."{table}" AS TABLE public."{table}"'))
                columns = inspect(connection).get_columns(table)
                self.seeds[table] = ", ".join(f'"{each["name"]}"' for each in columns if not each.get("computed"))

    def tables_with_rows(self, connection: Connection) -> list[str]:
        if not self.tables:
            return []
        each = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.\"{table}\")" for table in self.tables)
        return list(connection.scalars(text(" UNION ALL ".join(each))))

    def is_any_big(self, connection: Connection, tables: list[str]) -> bool:
        biggest = "SELECT max(pg_relation_size(each::regclass)) FROM unnest(CAST(:tables AS text[])) AS each"
        found = connection.scalar(text(biggest), {"tables": [f'public."{table}"' for table in tables]})
        return found is not None and found > BIG_TABLE

    def clean(self) -> bool:
        try:
            self._empty_and_seed()
        except OperationalError:  # a connection that a failed test left open holds a lock
            with self.server.connect() as connection:
                connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                    {"name": self.name},
                )
            self.engine.dispose()
            self._empty_and_seed()
            return True
        return False

    def _empty_and_seed(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '1s'"))
            filled = self.tables_with_rows(connection)
            if self.is_any_big(connection, filled):
                every = ", ".join(f'public."{table}"' for table in self.tables)
                connection.execute(text(f"TRUNCATE {every}"))
            else:
                for table in filled:
                    connection.execute(text(f'DELETE FROM public."{table}"'))
            for table, columns in self.seeds.items():
                connection.execute(
                    text(
                        f'INSERT INTO public."{table}" ({columns}) OVERRIDING SYSTEM VALUE '
                        f'SELECT {columns} FROM migrated."{table}"'
                    )
                )

    def drop(self) -> None:
        self.engine.dispose()
        with self.server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)'))


def never_wait_for_the_disk(engine: Engine) -> None:
    """Let a test's own SQLite file leave it to the system when its pages reach the disk.

    Closing the last connection writes the log into the file and waits for the disk, after every test, for a file that is
    about to be deleted. What another process commits is seen all the same; only a power cut could tell the difference.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")


def drop_stale_scratch_databases() -> None:
    """Remove what killed test runs left behind more than a day ago."""
    server = create_engine(POSTGRES_URL, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        names = connection.scalars(
            text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": f"{SCRATCH_PREFIX}%"}
        )
        for name in list(names):
            made_at = re.match(rf"{SCRATCH_PREFIX}_(\d+)_", name)
            if made_at and _real_time() - int(made_at[1]) > ONE_DAY:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def migrate_to_newest(app: Flask) -> None:
    """Make the tables in the app's database as an installation does: by the migrations."""
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))


def _real_time() -> float:
    """Now, also in a test that stands at another time: a database dated then would look forgotten to other runs."""
    return float(escape_hatch.time.time()) if escape_hatch.is_travelling() else time.time()
