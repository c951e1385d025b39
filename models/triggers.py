"""What columns and constraints cannot say: append-only tables by triggers, search by an extension and by FTS5.

``create_all`` runs these statements by itself; the migration runs the same ones through the two functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import Connection, MetaData, event

from extensions import Base

APPEND_ONLY = ("audit_event", "ledger_entry", "ledger_posting", "policy_decision")

# Of a decision only the address may be taken away, when its person is erased; everything else of the row stays.
_KEPT_OF_DECISIONS = ("id", "policy_version_id", "person_id", "decision", "decided_at")

EXTENSIONS = ("CREATE EXTENSION IF NOT EXISTS pg_trgm",)

# SQLite's full-text index of the words in ticket_text, which stay in that table. Its tokens are the words as they are:
# they hold letters and digits only, and of what is not ASCII the tokenizer takes everything.
_FTS: Final = "ticket_text_fts"
_TAKE_OUT: Final = f"INSERT INTO {_FTS} ({_FTS}, rowid, words) VALUES ('delete', OLD.id, OLD.words)"
_PUT_IN: Final = f"INSERT INTO {_FTS} (rowid, words) VALUES (NEW.id, NEW.words)"
_FTS_OPTIONS: Final = "content='ticket_text', content_rowid='id', tokenize='ascii', detail='none', columnsize=0"
_FTS_STATEMENTS: Final = (
    f"CREATE VIRTUAL TABLE {_FTS} USING fts5(words, {_FTS_OPTIONS})",
    f"CREATE TRIGGER {_FTS}_insert AFTER INSERT ON ticket_text BEGIN {_PUT_IN}; END",
    f"CREATE TRIGGER {_FTS}_delete AFTER DELETE ON ticket_text BEGIN {_TAKE_OUT}; END",
    f"CREATE TRIGGER {_FTS}_update AFTER UPDATE OF id, words ON ticket_text BEGIN {_TAKE_OUT}; {_PUT_IN}; END",
)

# The planner takes a word it does not know for half as common as the rarest it knows. With the usual 100 it knows some
# hundred words, takes a rare one for a hundredth of all texts, and reads all tickets for it.
_STATISTICS: Final = "ALTER TABLE ticket_text ALTER COLUMN words SET STATISTICS 1000"

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END
$$
""".strip()

_POSTGRESQL_ERASING = """
CREATE OR REPLACE FUNCTION refuse_change_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ip IS NULL AND to_jsonb(NEW) - 'ip' = to_jsonb(OLD) - 'ip' THEN
        RETURN NEW;
    END IF;
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
        functions = [_POSTGRESQL_FUNCTION, *([_POSTGRESQL_ERASING] if "policy_decision" in tables else [])]
        return [*functions, *(_postgresql_trigger(table) for table in tables)]
    return [_sqlite_trigger(table, change) for table in tables for change in ("UPDATE", "DELETE")]


def drop_statements(dialect: str, tables: Collection[str] = APPEND_ONLY) -> list[str]:
    """The way back from ``create_statements``. The extension stays: others may use it."""
    if dialect == "postgresql":
        dropped = [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in tables]
        functions = ("refuse_change", "refuse_change_but_erasing")
        return [*dropped, *(f"DROP FUNCTION IF EXISTS {name}()" for name in functions)]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{change}" for table in tables for change in ("update", "delete")]


def search_statements(dialect: str) -> list[str]:
    """What makes the words of tickets searchable beyond the indexes of their table."""
    return list(_FTS_STATEMENTS) if dialect == "sqlite" else [_STATISTICS]


def drop_search_statements(dialect: str) -> list[str]:
    """The way back, before ``ticket_text`` is dropped: its triggers go with it."""
    return [f"DROP TABLE {_FTS}"] if dialect == "sqlite" else []


def compared_in(dialect: str) -> Callable[..., bool]:
    """What comparing a database with the models looks at: not the tables of FTS5, nor indexes of another dialect."""

    def is_compared(thing: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
        if kind == "table":
            return not (dialect == "sqlite" and str(name).startswith(_FTS))
        only_in = getattr(thing, "_ddl_if", None) if kind == "index" and not reflected else None
        return only_in is None or only_in.dialect == dialect

    return is_compared


def _postgresql_trigger(table: str) -> str:
    function = "refuse_change_but_erasing" if table == "policy_decision" else "refuse_change"
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _sqlite_trigger(table: str, change: str) -> str:
    unless = ""
    if (table, change) == ("policy_decision", "UPDATE"):
        same = " AND ".join(f"NEW.{name} = OLD.{name}" for name in _KEPT_OF_DECISIONS)
        unless = f"WHEN NOT (NEW.ip IS NULL AND {same}) "
    return (
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {unless}"
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
    for statement in search_statements(connection.dialect.name) if "ticket_text" in made else ():
        connection.exec_driver_sql(statement)
