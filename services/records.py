"""Plain records: saved as they are typed, counted, audited; what the database refuses becomes a refusal in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeVar

from sqlalchemy import delete, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import RelationshipProperty

from domain.actor import Actor
from domain.audit import saved_event
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import Base, db
from models.base import Stamped, Versioned
from services.audit import record_event, target_of

_Record = TypeVar("_Record", bound=Base)

# What says nothing in an audit: who and when stand there anyway.
_UNTOLD: Final = frozenset({"id", "version", "created_at", "account_id"})


class RecordConflicts(Refusal):
    message = "This cannot be saved as it is: it does not fit what is already there. Check what you typed."


class RecordExists(RecordConflicts):
    """A value that may stand only once stands somewhere already."""

    def __init__(self, fields: Iterable[str] = ()) -> None:
        words = " and ".join(name.removesuffix("_id").replace("_", " ") for name in fields if name != "account_id")
        if not words:
            super().__init__("There is already a record. Enter something else.")
        else:
            super().__init__(
                Sentence("There is already a record with this %(field)s. Enter something else.", field=words)
            )


class RecordInUse(RecordConflicts):
    message = "Other records still refer to this one. Remove them first, or leave it as it is."


class ValueNotAllowed(RecordConflicts):
    message = "A value is missing, too large or does not go with the others. Check what you typed."


def create_record(model: type[_Record], values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> _Record:
    """Make a row of the given columns and relations."""
    row = model(**values)
    if isinstance(row, Stamped) and row.created_at is None:
        row.created_at = now
    db.session.add(row)
    flush_or_refuse()
    after = {name: _said(value) for name, value in values.items() if name not in _UNTOLD}
    record_event(saved_event(str(row.__tablename__), "created"), row, actor=actor, now=now, after=after)
    return row


def edit_record(
    row: _Record,
    changes: Mapping[str, Any],
    *,
    actor: Actor,
    now: dt.datetime,
    refusals: Mapping[str, type[Refusal]] = MappingProxyType({}),
) -> _Record:
    """Change columns and relations of a row. When nothing differs, nothing is written. ``refusals``: see below."""
    before = {name: _value_of(row, name) for name in changes}
    differing = [name for name, value in changes.items() if before[name] != value]
    if not differing:
        return row
    for name in differing:
        setattr(row, name, changes[name])
    if isinstance(row, Versioned):
        row.version += 1
    flush_or_refuse(refusals)
    record_event(
        saved_event(str(row.__tablename__), "edited"),
        row,
        actor=actor,
        now=now,
        before={name: _said(before[name]) for name in differing},
        after={name: _said(changes[name]) for name in differing},
    )
    return row


def delete_record(row: _Record, *, actor: Actor, now: dt.datetime) -> _Record:
    """Delete a row to which nothing refers; the audit keeps what it held."""
    mapper = inspect(type(row))
    before = {attr.key: _said(getattr(row, attr.key)) for attr in mapper.column_attrs if attr.key not in _UNTOLD}
    target, account_id = target_of(row), getattr(row, "account_id", None)
    itself = [column == getattr(row, mapper.get_property_by_column(column).key) for column in mapper.primary_key]
    db.session.flush()
    try:
        # Not session.delete(): that would empty references to the row where it may, instead of being refused.
        db.session.execute(delete(type(row)).where(*itself).execution_options(synchronize_session=False))
    except IntegrityError:
        raise RecordInUse from None
    db.session.expunge(row)
    event = saved_event(str(row.__tablename__), "deleted")
    record_event(event, target, actor=actor, now=now, account_id=account_id, before=before)
    return row


def flush_or_refuse(refusals: Mapping[str, type[Refusal]] = MappingProxyType({})) -> None:
    """Flush; what the database refuses becomes a refusal without its text.

    ``refusals`` are the named ones, by the name of the constraint or, for unique ones, by "table.column" of one of its
    columns (SQLite tells no more).
    """
    try:
        db.session.flush()
    except IntegrityError as error:
        _refuse(error, refusals)


def _refuse(error: IntegrityError, refusals: Mapping[str, type[Refusal]]) -> NoReturn:
    # Outside the chain of the error: its text holds SQL and values, also those of other accounts.
    kind, table, columns, constraint = _conflict(error)
    for name in (constraint, *(f"{table}.{column}" for column in columns)):
        if name in refusals:
            raise refusals[name] from None
    if kind == "unique":
        raise RecordExists(columns) from None
    if kind == "check":
        raise ValueNotAllowed from None
    raise RecordConflicts from None


def _conflict(error: IntegrityError) -> tuple[str, str, tuple[str, ...], str]:
    """What kind of constraint was broken, of which table, on which columns, and its name, as far as the driver says."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        kind = {"23505": "unique", "23514": "check", "23502": "check"}.get(diagnosis.sqlstate or "", "reference")
        found = re.search(r"\(([^()]*)\)=", diagnosis.message_detail or "")
        columns = tuple(name.strip() for name in found[1].split(",")) if found and kind == "unique" else ()
        return kind, diagnosis.table_name or "", columns, diagnosis.constraint_name or ""
    said, _, what = str(error.orig).partition(" constraint failed: ")
    if said == "UNIQUE":
        names = [name.strip().partition(".") for name in what.split(",")]
        return "unique", names[0][0], tuple(column for _, _, column in names), what.removeprefix("index ").strip("'")
    return ("check" if said in ("CHECK", "NOT NULL") else "reference"), "", (), what


def _value_of(row: Any, name: str) -> Any:
    """The value of a column, or the row a relation points at (which may not be loaded yet)."""
    relation = inspect(type(row)).relationships.get(name)
    if relation is None or name in inspect(row).dict:
        return getattr(row, name)
    return _related(row, relation)


def _related(row: Any, relation: RelationshipProperty[Any]) -> Any:
    key = [getattr(row, str(column.key)) for column in relation.local_columns if column.key != "account_id"]
    return None if None in key else db.session.get(relation.mapper.class_, key[0])


def _said(value: Any) -> Any:
    """A value as the audit keeps it: a row by its name, and as text what JSON does not know."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_said(each) for each in value]
    known = value is None or isinstance(value, bool | int | str | dt.date | Decimal | Mapping)
    return value if known else str(value)
