"""What columns and constraints cannot say: append-only tables by triggers, trigram search by an extension.

``create_all`` runs these statements by itself; the migration runs the same ones through the two functions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, MetaData, event

from extensions import Base

APPEND_ONLY = ("audit_event", "ledger_entry", "ledger_posting", "policy_decision")

EXTENSIONS = ("CREATE EXTENSION IF NOT EXISTS pg_trgm",)

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END
$$
""".strip()


def before_statements(dialect: str) -> list[str]:
    """What must be there before the tables: their indexes use it."""
    return list(EXTENSIONS) if dialect == "postgresql" else []


def create_statements(dialect: str, tables: Collection[str] = APPEND_ONLY) -> list[str]:
    """The triggers that refuse UPDATE and DELETE on these tables, in the words of the dialect."""
    if dialect == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(_postgresql_trigger(table) for table in tables)]
    return [_sqlite_trigger(table, change) for table in tables for change in ("UPDATE", "DELETE")]


def drop_statements(dialect: str, tables: Collection[str] = APPEND_ONLY) -> list[str]:
    """The way back from ``create_statements``. The extension stays: others may use it."""
    if dialect == "postgresql":
        dropped = [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in tables]
        return [*dropped, "DROP FUNCTION IF EXISTS refuse_change()"]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{change}" for table in tables for change in ("update", "delete")]


def _postgresql_trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def _sqlite_trigger(table: str, change: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


@event.listens_for(Base.metadata, "before_create")
def _prepare(_metadata: MetaData, connection: Connection, **_options: Any) -> None:
    for statement in before_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


@event.listens_for(Base.metadata, "after_create")
def _guard(_metadata: MetaData, connection: Connection, **options: Any) -> None:
    made = {table.name for table in options["tables"]}
    for statement in create_statements(connection.dialect.name, [name for name in APPEND_ONLY if name in made]):
        connection.exec_driver_sql(statement)
