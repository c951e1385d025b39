"""Everything that stands in the database, to prove that something did not change it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, select

from extensions import Base, db
from tests.support.matrix_sides import BELOW, FOREIGN, OWN
from tests.support.matrix_world import World

# When somebody was last seen is written by every click.
# And that a notice or a ticket was read, by reading it.
ALWAYS_LEFT_OUT = frozenset({"sign_in_session", "notification_read", "ticket_seen"})
SEEN = "last_seen_at"
AUDIT = frozenset({"audit_event", "audit_chain"})

Place = tuple[str, str]


@dataclass(frozen=True)
class Snapshot:
    """Table and primary key of each row -> its values as text, and the same for the rows of other accounts alone."""

    rows: dict[Place, str]
    foreign: dict[Place, str]

    def changed_to(self, later: Snapshot) -> list[str]:
        """What appeared, went or differs, in words."""
        return _differences(self.rows, later.rows)

    def foreign_changed_to(self, later: Snapshot) -> list[str]:
        """The same, of what belongs to others than the own account."""
        return _differences(self.foreign, later.foreign)


def take_snapshot(world: World, leaving_out: Collection[str] = ()) -> Snapshot:
    """Read every row of every table."""
    others = {world.account_ids[FOREIGN], world.account_ids[BELOW]}
    question = _everything(world.reader.dialect.name, frozenset(leaving_out))
    found = world.reader.exec_driver_sql(question).all()
    world.reader.commit()  # the next one sees what was written since; after a rollback the driver forgets its plans
    rows = {(table, key): text for table, key, _owner, text in found}
    foreign = {(table, key): text for table, key, owner, text in found if _is_foreign(owner, text, others)}
    return Snapshot(rows, foreign)


@cache
def _everything(dialect: str, leaving_out: frozenset[str]) -> str:
    """One question for all tables: of each row its table, its key, the account it belongs to, and its values with names.

    The database writes the texts: asked table by table and put into words here, a snapshot took a tenth of a second.
    """
    tables = [table for table in Base.metadata.sorted_tables if table.name not in ALWAYS_LEFT_OUT | leaving_out]
    return " UNION ALL ".join(_rows_of(table, dialect) for table in tables)


def _rows_of(table: Table, dialect: str) -> str:
    pieces = "jsonb_build_object" if dialect == "postgresql" else "json_object"
    key = " || '/' || ".join(f'CAST("{column.name}" AS text)' for column in table.primary_key)
    owner = "id" if table.name == "account" else "account_id" if "account_id" in table.c else "NULL"
    named = [f"'{column.name}', {_readable(column, dialect)}" for column in table.c if column.name != SEEN]
    # A function of PostgreSQL takes a hundred arguments: a wide table is written in several pieces.
    parts = [f"CAST({pieces}({', '.join(named[at : at + 50])}) AS text)" for at in range(0, len(named), 50)]
    return f"SELECT '{table.name}', {key}, CAST({owner} AS integer), {' || '.join(parts)} FROM \"{table.name}\""


def _readable(column: Column[Any], dialect: str) -> str:
    if isinstance(column.type, LargeBinary):
        return f"encode(\"{column.name}\", 'hex')" if dialect == "postgresql" else f'hex("{column.name}")'
    return f'"{column.name}"'


def count_of_own(world: World, table: Any, account_id: int) -> int:
    """How many rows of an owned table belong to an account."""
    with world.app.app_context(), db.engine.connect() as connection:
        return len(connection.execute(select(table.c.id).where(table.c.account_id == account_id)).all())


def _is_foreign(owner: int | None, text: str, others: set[int]) -> bool:
    if owner is not None:
        return owner in others
    return any(mark in text.upper() for mark in (FOREIGN, BELOW)) and OWN not in text.upper()


def _differences(before: dict[Place, str], after: dict[Place, str]) -> list[str]:
    gone = [f"gone: {place}" for place in before.keys() - after.keys()]
    new = [f"new: {place}: {after[place]}" for place in after.keys() - before.keys()]
    other = [
        f"changed: {place}: {before[place]} -> {after[place]}"
        for place in before.keys() & after.keys()
        if before[place] != after[place]
    ]
    return sorted(gone + new + other)
