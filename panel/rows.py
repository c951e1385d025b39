"""Finding single records within the scope, to show them or, locked, to change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from panel.addresses import address
from panel.keyset import coerce
from panel.mounted import Mounted
from panel.paths import resolve
from panel.realm import Visit

LONGEST_KEY = 200


def read_key(mounted: Mounted, text: str) -> Any:
    """The key written in an address; ValueError when no record could have it."""
    if len(text) > LONGEST_KEY:
        raise ValueError("too long for a key")
    return coerce(mounted.key.type, text)


def find_row(mounted: Mounted, visit: Visit, session: Session, key: str, *, lock: bool = False) -> Any:
    """The record with this key, if it may be seen; None otherwise. With ``lock`` it is read anew and held."""
    try:
        value = read_key(mounted, key)
    except (ValueError, TypeError):
        return None
    return session.scalars(_prepare(mounted, _own(mounted, visit).where(mounted.key == value), lock)).one_or_none()


def find_rows(mounted: Mounted, visit: Visit, session: Session, keys: Sequence[str], *, lock: bool) -> list[Any] | None:
    """All of these records, in a fixed order so that two requests never wait for each other; None if one is missing."""
    try:
        values = {read_key(mounted, key) for key in keys}
    except (ValueError, TypeError):
        return None
    statement = _own(mounted, visit).where(mounted.key.in_(values)).order_by(mounted.primary_key)
    rows = list(session.scalars(_prepare(mounted, statement, lock)))
    return rows if len(rows) == len(values) else None


def _own(mounted: Mounted, visit: Visit) -> Select[Any]:
    return select(mounted.model).where(*mounted.own(visit))


def _prepare(mounted: Mounted, statement: Select[Any], lock: bool) -> Select[Any]:
    statement = statement.options(*(selectinload(getattr(mounted.model, name)) for name in mounted.resource.load))
    if lock:
        statement = statement.with_for_update(of=mounted.model).execution_options(populate_existing=True)
    return statement


def label_of(mounted: Mounted, row: Any) -> str:
    """What people call the record."""
    found = resolve(mounted.model, mounted.resource.label_name()).on(row)
    return str(found) if found not in (None, "") else key_of(mounted, row)


def key_of(mounted: Mounted, row: Any) -> str:
    return str(getattr(row, mounted.resource.key))


def row_url(mounted: Mounted, visit: Visit, row: Any) -> str:
    """The address of the record's page."""
    return mounted.url(visit) + address(key_of(mounted, row))


def back_url(mounted: Mounted, visit: Visit, row: Any) -> str:
    """Where to go when done with a record: its page, or the list, or the realm's own page."""
    if row is not None and mounted.allows(visit, "details"):
        return row_url(mounted, visit, row)
    return mounted.url(visit) if mounted.allows(visit, "list") else f"{visit.base_url}/"
