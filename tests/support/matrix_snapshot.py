"""Everything that stands in the database, to prove that something did not change it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from extensions import Base, db
from tests.support.matrix_sides import BELOW, FOREIGN, OWN
from tests.support.matrix_world import World

# When somebody was last seen is written by every click.
# And that a notice was read, by reading it.
ALWAYS_LEFT_OUT = frozenset({"sign_in_session", "notification_read"})
SEEN = "last_seen_at"
AUDIT = frozenset({"audit_event", "audit_chain"})

Place = tuple[str, tuple[Any, ...]]


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
    rows: dict[Place, str] = {}
    foreign: dict[Place, str] = {}
    with world.app.app_context(), db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in ALWAYS_LEFT_OUT or table.name in leaving_out:
                continue
            for row in connection.execute(select(table)):
                place = (table.name, tuple(row._mapping[column] for column in table.primary_key))
                rows[place] = repr({column: value for column, value in row._mapping.items() if column != SEEN})
                if _is_foreign(table.name, row._mapping, rows[place], others):
                    foreign[place] = rows[place]
    return Snapshot(rows, foreign)


def count_of_own(world: World, table: Any, account_id: int) -> int:
    """How many rows of an owned table belong to an account."""
    with world.app.app_context(), db.engine.connect() as connection:
        return len(connection.execute(select(table.c.id).where(table.c.account_id == account_id)).all())


def _is_foreign(table: str, values: Any, text: str, others: set[int]) -> bool:
    owner = values["id"] if table == "account" else values.get("account_id")
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
