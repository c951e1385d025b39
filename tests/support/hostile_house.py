"""A world (tests/support/matrix_world.py) whose people wrote nothing but hostile texts, in every column that takes words.

First it is furnished with marks, so that its pages can be looked at; then `overwrite` puts a hostile text in the place of
each mark. Names that stand in addresses (public ids, codes, numbers) stay: the house gives them out.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Enum,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import StatementError

import models
from extensions import Base, db
from tests.services.money import issued
from tests.support.hostile_texts import hostile_texts
from tests.support.matrix import Record
from tests.support.matrix_sides import BELOW, FOREIGN, OWN, _takes_a_mark
from tests.support.matrix_world import ADMINISTRATOR, OWNER, World
from tests.support.sweeps import size, some
from views.resources import RESOURCES

MARKS = (OWN, BELOW, FOREIGN)
ROWS_A_PAGE = size(200, 50)
TEXTS = dict.fromkeys(some((each.text for each in hostile_texts()), 60))
"""A dictionary for its order and its speed."""
ROWS = len(TEXTS)
GIVEN_OUT = frozenset(
    {"public_id", "key", "unique_key", "user_handle", "message_id", "digest", "target_type", "target_key", "event"}
)
"""What the house makes itself: it stands in addresses, or something is found by it."""


@dataclass
class Overwritten:
    """Table and column of what holds hostile texts now, and of what the database itself refused."""

    places: set[tuple[str, str]] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)


def keys_in_addresses() -> set[tuple[str, str]]:
    """The columns by which records are found."""
    found = {(resource.model.__tablename__, resource.key) for resource in RESOURCES}
    return found | {("account", "client_id"), ("file", "name")}


def takes_words(table: Table, column: Column[Any]) -> bool:
    """Whether anybody's words can stand there, as far as the declarations tell."""
    given = column.name in GIVEN_OUT or column.name.endswith(("_hash", "sha256", "_token"))
    return _takes_a_mark(column) and not given and (table.name, column.name) not in keys_in_addresses()


def furnish(world: World) -> None:
    """Rows beside those of the world: answers to the questions of a ticket, and an invoice that was really issued."""
    with world.app.app_context():
        account = db.session.get_one(models.Account, world.account_ids[OWN])
        issued(account, dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC))
        for ticket in db.session.scalars(select(models.Ticket)):
            ticket.answers = {"version": f"{OWN} typed this", "since": f"{OWN} and this"}
        for name in (ADMINISTRATOR, OWNER):
            visitor = world.visitors[name]
            visitor.get(visitor.home)
        db.session.execute(update(models.Person).values(rows_per_page=ROWS_A_PAGE))
        db.session.commit()


def multiply(world: World, resource: Record, count: int = ROWS) -> bool:
    """So many more rows of the own account like the one that is there; False where no two can be alike."""
    table: Table = resource.model.__table__
    own = world.row(OWN, resource.model)
    with world.app.app_context():
        if resource.model is models.Member:  # one person, one seat
            for _ in range(count):
                world.sides[OWN].another(world.sides[OWN].factories[models.Member])
            db.session.commit()
            return True
        with db.engine.begin() as connection:
            row = dict(connection.execute(select(table).where(table.c.id == own["id"])).one()._mapping)
            try:
                with connection.begin_nested():
                    connection.execute(insert(table), [_another(resource, row, number) for number in range(count)])
            except StatementError:
                return False
    return True


def _another(resource: Record, row: dict[str, Any], number: int) -> dict[str, Any]:
    table: Table = resource.model.__table__
    once = {resource.key} - {"id"} | {
        column.name
        for constraint in (*table.constraints, *table.indexes)
        if isinstance(constraint, UniqueConstraint) or getattr(constraint, "unique", False)
        for column in constraint.columns
        if not column.foreign_keys and not isinstance(column.type, Enum)
    }
    made = {name: value for name, value in row.items() if name != "id" and table.c[name].computed is None}
    for name in once & made.keys():
        if isinstance(row[name], str) and _takes_a_mark(table.c[name]):
            length = table.c[name].type.length or 255  # type: ignore[attr-defined]
            text_ = f"{OWN}r{number:04d}".ljust(64 if length == 64 else 0, "0")[:length]
            made[name] = text_.lower() if "email" in name else text_
        elif isinstance(row[name], int):
            made[name] = 900_000 + number
    return made


def overwrite(world: World, *, shift: int) -> Overwritten:
    """Put a hostile text in the place of every mark. A column's rows get one after the other, from another one on."""
    found = Overwritten()
    with world.app.app_context(), db.engine.begin() as connection:
        _let_guards_sleep(connection)
        for number, table in enumerate(Base.metadata.sorted_tables):
            for place, column in enumerate(table.columns):
                texts = itertools.islice(itertools.cycle(TEXTS), shift + 37 * number + 101 * place, None)
                if isinstance(column.type, JSON):
                    _overwrite_json(connection, table, column, texts, found)
                elif isinstance(column.type, String | Text) and takes_words(table, column):
                    _overwrite_text(connection, table, column, texts, found)
    return found


def _overwrite_text(
    connection: Connection, table: Table, column: Column[Any], texts: Iterator[str], found: Overwritten
) -> None:
    length = getattr(column.type, "length", None)
    keys = list(table.primary_key)
    changed = update(table).where(*(key == bindparam(f"key_{key.name}") for key in keys))
    changed = changed.values({column.name: bindparam("typed")})
    rows = [
        {**{f"key_{key.name}": value for key, value in zip(keys, row, strict=False)}, "typed": next(texts)[:length]}
        for row in connection.execute(select(*keys, column).order_by(*keys))
        if isinstance(row[-1], str) and _is_typed(row[-1])
    ]
    place = (table.name, column.name)
    if rows and _goes(connection, changed, rows):
        found.places.add(place)
        return
    for row in rows:  # two may not be alike, or the database has a rule: as many as it takes
        (found.places if _goes(connection, changed, [row]) else found.refused).add(place)


def _goes(connection: Connection, changed: Any, rows: list[dict[str, Any]]) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(changed, rows)
    except StatementError:
        return False
    return True


def _is_typed(value: str) -> bool:
    return value in TEXTS or any(mark in value.upper() for mark in MARKS)


def _overwrite_json(
    connection: Connection, table: Table, column: Column[Any], texts: Iterator[str], found: Overwritten
) -> None:
    for key, value in _rows(connection, table, column):
        changed = _with_texts(value, texts)
        if changed != value:
            connection.execute(update(table).where(key).values({column.name: changed}))
            found.places.add((table.name, column.name))


def _with_texts(value: Any, texts: Iterator[str]) -> Any:
    if isinstance(value, dict):
        return {name: _with_texts(each, texts) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_texts(each, texts) for each in value]
    if isinstance(value, str) and _is_typed(value):
        return next(texts)
    return value


def _rows(connection: Connection, table: Table, column: Column[Any]) -> list[tuple[Any, Any]]:
    keys = list(table.primary_key)
    found = connection.execute(select(*keys, column).order_by(*keys)).all()
    return [(_is_row(keys, row), row[-1]) for row in found]


def _is_row(keys: list[Column[Any]], row: Any) -> Any:
    first, *others = (key == value for key, value in zip(keys, row, strict=False))
    for other in others:
        first = first & other
    return first


def _let_guards_sleep(connection: Connection) -> None:
    """What can only be added to is changed here: another way to the same rows would be to write the whole world anew."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f'DROP TRIGGER "{name}"'))
