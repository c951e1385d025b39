"""Pages by key: signed cursors, rows without a value last in both directions, no offset and no count."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, Enum, Select, TypeDecorator, bindparam, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

LAST_PAGE = "last"
PAGES_LOOKED_THROUGH = 20
_LARGEST = 2**63
_ADDRESSABLE = frozenset({bool, int, str, dt.date, dt.datetime, Decimal, uuid.UUID})


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A sort order: a column and the row key, and where both stand in the selected rows."""

    name: str
    descending: bool
    column: Any
    primary_key: Any
    nullable: bool
    column_at: int
    primary_key_at: int

    @property
    def by_key(self) -> bool:
        return self.column is self.primary_key

    @property
    def address(self) -> str:
        return ("-" if self.descending else "") + self.name


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows, and the cursors of its neighbours (empty where there is none)."""

    rows: Sequence[Any]
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class _Cursor:
    value: Any
    primary_key: Any
    backward: bool


def python_type(column_type: TypeEngine[Any]) -> type[Any]:
    """The type of a column's values; TypeError for one that no address can hold."""
    if isinstance(column_type, TypeDecorator):  # its own says "object"
        column_type = column_type.impl_instance
    found = column_type.python_type
    if found not in _ADDRESSABLE:
        raise TypeError(f"no address can hold a {column_type!r}")
    return found


def coerce(column_type: TypeEngine[Any], value: Any) -> Any:
    """A value of JSON or of an address as the column's own type; ValueError when it is none."""
    if isinstance(column_type, Enum) and column_type.enum_class is not None:
        return column_type.enum_class(value)
    python = python_type(column_type)
    if python is bool:
        if isinstance(value, bool):
            return value
        raise ValueError(value)
    if python is int:
        number = int(value)
        if not -_LARGEST <= number < _LARGEST:
            raise ValueError(value)
        return number
    if python is str:
        if not isinstance(value, str) or "\0" in value:
            raise ValueError("not a text")
        return value
    if python in (dt.date, dt.datetime):
        return python.fromisoformat(value)
    return python(value)


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A search that may be answered on the way: the statement over all rows, and the predicate of those it finds."""

    select_rows: Callable[..., Select[Any]]
    found: ColumnElement[bool]


class Keyset:
    """Walks a statement in one order, page by page, in both directions."""

    def __init__(self, order: Order, size: int, secret: str | bytes, salt: str) -> None:
        self.order = order
        self.size = size
        self._signer = URLSafeSerializer(secret, salt=f"panel-cursor:{salt}:{order.address}")

    def page(
        self,
        session: Session,
        select_rows: Callable[..., Select[Any]],
        cursor: str,
        *,
        gathered: bool = False,
        walk: Walk | None = None,
    ) -> Slice:
        """The page that the cursor names; the first for one that is empty, broken, forged or past the end.

        ``select_rows`` makes the statement from further predicates. ``gathered`` says that it finds its rows by another
        way than the order's index (a search): then the first and last page ask once for rows with and without a value.
        ``walk`` is the same search the other way round: what is common fills a page within the next rows in order.
        """
        at = self._read(cursor)
        backward = cursor == LAST_PAGE or (at is not None and at.backward)
        near = self._near(session, walk, at, backward) if walk is not None else []
        if len(near) > self.size:
            rows = near
        elif gathered and at is None:
            rows = list(session.execute(self._sorted(select_rows, backward).limit(self.size + 1)).all())
        else:
            rows = self._fetch(session, select_rows, at, backward)
        if not rows and cursor:
            at, backward = None, False
            rows = self._fetch(session, select_rows, None, backward=False)
        more = len(rows) > self.size
        rows = rows[: self.size]
        if backward:
            rows.reverse()
        has_previous, has_next = (more, at is not None) if backward else (at is not None, more)
        return Slice(
            rows,
            self._write(rows[0], backward=True) if rows and has_previous else "",
            self._write(rows[-1], backward=False) if rows and has_next else "",
        )

    def _fetch(
        self, session: Session, select_rows: Callable[..., Select[Any]], at: _Cursor | None, backward: bool
    ) -> list[Any]:
        """Up to one row more than a page, in walking order. Rows with and without a value are two segments."""
        order = self.order
        segments = [False, True] if order.nullable and not order.by_key else [False]
        if backward:
            segments.reverse()
        if at is not None:
            segments = segments[segments.index(order.nullable and not order.by_key and at.value is None) :]
        found: list[Any] = []
        for number, empty in enumerate(segments):
            statement = segment(order, select_rows, empty=empty, backward=backward, after=at if number == 0 else None)
            found += session.execute(statement.limit(self.size + 1 - len(found))).all()
            if len(found) > self.size:
                break
        return found

    def _near(self, session: Session, walk: Walk, at: _Cursor | None, backward: bool) -> list[Any]:
        """What is found among the next rows in walking order, up to one more than a page.

        Gathering all rows with a word that stands in every third takes seconds, and walking past a million for one that
        stands nowhere does too. The planner cannot tell the two apart, since it knows no word that is not common, nor
        that a word stopped being used. So a few rows are looked through first; what is not enough is gathered.
        """
        order = self.order
        nullable = order.nullable and not order.by_key
        empty = nullable and (at.value is None if at is not None else backward)
        first = segment(order, walk.select_rows, empty=empty, backward=backward, after=at)
        keys = first.with_only_columns(order.primary_key).limit(PAGES_LOOKED_THROUGH * self.size).subquery()

        def among(*predicates: ColumnElement[bool]) -> Select[Any]:
            return walk.select_rows(order.primary_key.in_(select(keys)), walk.found, *predicates)

        statement = segment(order, among, empty=empty, backward=backward, after=at)
        return list(session.execute(statement.limit(self.size + 1)).all())

    def _sorted(self, select_rows: Callable[..., Select[Any]], backward: bool) -> Select[Any]:
        """All rows in walking order, sorted by the database instead of read from the order's index."""
        order = self.order
        keys = [order.primary_key] if order.by_key else [order.column, order.primary_key]
        sorting = [key.desc() if order.descending != backward else key.asc() for key in keys]
        if order.nullable and not order.by_key:
            empty = order.column.is_(None)
            sorting.insert(0, empty.desc() if backward else empty.asc())
        return select_rows().order_by(*sorting)

    def _read(self, cursor: str) -> _Cursor | None:
        if not cursor or cursor == LAST_PAGE:
            return None
        order = self.order
        try:
            value, key, backward = self._signer.loads(cursor)
            if not order.by_key:
                value = None if value is None and order.nullable else coerce(order.column.type, value)
            return _Cursor(value, coerce(order.primary_key.type, key), bool(backward))
        except (BadData, ValueError, TypeError, ArithmeticError):
            return None

    def _write(self, row: Any, *, backward: bool) -> str:
        key = _plain(row[self.order.primary_key_at])
        value = None if self.order.by_key else _plain(row[self.order.column_at])
        return str(self._signer.dumps([value, key, int(backward)]))


def segment(
    order: Order,
    select_rows: Callable[..., Select[Any]],
    *,
    empty: bool,
    backward: bool = False,
    after: _Cursor | None = None,
) -> Select[Any]:
    """The rows with a sort value (or, ``empty``, those without one), in order, after a cursor."""
    predicates: list[ColumnElement[bool]] = []
    descending = order.descending != backward
    keys = [order.primary_key] if order.by_key or empty else [order.column, order.primary_key]
    # Rows without a value are sorted by it all the same: only so PostgreSQL sees that the index has them in order, and
    # does not walk the primary key past two million rows to find the last fifty drafts.
    sorting = keys if order.by_key else [order.column, order.primary_key]
    if order.nullable and not order.by_key:
        predicates.append(order.column.is_(None) if empty else order.column.is_not(None))
    if after is not None:
        values = [after.primary_key] if len(keys) == 1 else [after.value, after.primary_key]
        bound = [bindparam(None, value, type_=key.type, unique=True) for key, value in zip(keys, values, strict=True)]
        left, right = (keys[0], bound[0]) if len(keys) == 1 else (tuple_(*keys), tuple_(*bound))
        predicates.append(left < right if descending else left > right)
    return select_rows(*predicates).order_by(*(key.desc() if descending else key.asc() for key in sorting))


def segments(order: Order, select_rows: Callable[..., Select[Any]]) -> list[Select[Any]]:
    """All rows in order, as one statement, or two where the sort column may be empty."""
    parts = (False, True) if order.nullable and not order.by_key else (False,)
    return [segment(order, select_rows, empty=empty) for empty in parts]
