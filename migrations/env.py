"""How migrations run: in one transaction, one process at a time, never waiting long for a lock.

In the program (``flask db upgrade``) they use its database; without it (``alembic``) the one of DATABASE_URL.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app, has_app_context
from sqlalchemy import Connection, Engine, create_engine

import models  # noqa: F401  (makes the metadata complete)
from extensions import db
from models.base import UtcDateTime
from models.triggers import compared_in
from services.unit_of_work import intend_to_write, prepare_engine

# A migration that waits for a lock makes everybody behind it wait too: rather fail, and try again at a quieter time.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 7_302_001  # any number, as long as it stays the same


def engine_to_migrate() -> Engine:
    """The engine of the program, else one for DATABASE_URL."""
    if has_app_context():
        return current_app.extensions["migrate"].db.engine  # type: ignore[no-any-return]
    engine = create_engine(os.environ["DATABASE_URL"])
    prepare_engine(engine)
    return engine


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own types as the plain ones they are: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def prepare(connection: Connection) -> None:
    """Wait for a migration that is running already, and only then start to count the patience for locks."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
        patience = context.config.attributes.get("lock_timeout", LOCK_TIMEOUT)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}'")


def set_foreign_keys(connection: Connection, state: Literal["ON", "OFF"]) -> None:
    """SQLite changes a table by making it anew, against foreign keys. The switch works only outside transactions."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101  (it is open)
        driver.execute(f"PRAGMA foreign_keys={state}")


def check_foreign_keys(connection: Connection) -> None:
    """What SQLite did not watch meanwhile is checked before the commit."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"after the migration, a row of {broken[0]} points at nothing in {broken[2]}")


def migrate(connection: Connection) -> None:
    """Run what is asked for inside the transaction that is open."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        render_item=render_item,
        include_object=compared_in(connection.dialect.name),
        compare_type=True,
        transactional_ddl=True,
    )
    prepare(connection)
    context.run_migrations()
    check_foreign_keys(connection)


def run() -> None:
    """Migrate in one transaction: all or nothing, on both databases."""
    if context.is_offline_mode():
        raise SystemExit("Migrations look at the database they change: run them online.")
    given = context.config.attributes.get("connection")
    if given is not None:  # tests bring a connection with an open transaction
        migrate(given)
        return
    with intend_to_write(), engine_to_migrate().connect() as connection:
        set_foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                migrate(connection)
        finally:
            set_foreign_keys(connection, "ON")


run()
