"""Scratch databases on the PostgreSQL server: made by the real migration, dropped at the end whatever happened."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

SERVER_URL = (
    os.environ.get("BENCH_POSTGRES_URL") or os.environ.get("TEST_POSTGRES_URL") or "postgresql+psycopg:///postgres"
)
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
PREFIX = "foyer_bench"
ONE_DAY = 24 * 60 * 60


def server_version() -> str:
    """The server's version; an OperationalError when there is no server."""
    engine = _server()
    with engine.connect() as connection:
        return str(connection.scalar(text("SHOW server_version"))).split()[0]


@contextmanager
def scratch_database(purpose: str) -> Iterator[str]:
    """The URL of a migrated, empty database that lives as long as the block."""
    name = f"{PREFIX}_{int(time.time())}_{os.getpid()}_{purpose}"
    server = _server()
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        url = make_url(SERVER_URL).set(database=name)
        migrate(create_engine(url, poolclass=NullPool))
        yield url.render_as_string(hide_password=False)
    finally:
        _drop(server, name)


def migrate(engine: Engine) -> None:
    """Make the tables as an installation does."""
    config = Config(MIGRATIONS / "alembic.ini")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def drop_stale_databases() -> None:
    """Remove what a killed run left behind more than a day ago."""
    server = _server()
    with server.connect() as connection:
        names = connection.scalars(
            text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": f"{PREFIX}%"}
        )
        for name in list(names):
            made_at = re.match(rf"{PREFIX}_(\d+)_", name)
            if made_at and time.time() - int(made_at[1]) > ONE_DAY:
                _drop(server, name)


def _server() -> Engine:
    return create_engine(
        SERVER_URL, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5}
    )


def _drop(server: Engine, name: str) -> None:
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
