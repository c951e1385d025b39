"""What every table is made of: keys, owned rows, time, money and enum columns."""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

# SQLite gives row numbers to INTEGER primary keys only.
BigKey = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")

PUBLIC_ID_LENGTH = 16
PUBLIC_ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_PUBLIC_IDS = len(PUBLIC_ID_ALPHABET) ** PUBLIC_ID_LENGTH

_Draw = Callable[[str], str]
_draw: ContextVar[_Draw | None] = ContextVar("draw", default=None)


def new_public_id() -> str:
    """An opaque id for addresses: 16 characters without look-alikes, about 79 bits."""
    draw = _draw.get()
    if draw is not None:
        return "".join(draw(PUBLIC_ID_ALPHABET) for _ in range(PUBLIC_ID_LENGTH))
    letters, number = [], secrets.randbelow(_PUBLIC_IDS)  # one draw for all: imports make ids by the ten thousand
    for _ in range(PUBLIC_ID_LENGTH):
        number, place = divmod(number, len(PUBLIC_ID_ALPHABET))
        letters.append(PUBLIC_ID_ALPHABET[place])
    return "".join(letters)


@contextmanager
def public_ids_drawn_by(draw: _Draw) -> Iterator[None]:
    """Let ids made inside be drawn by this instead of by chance. Only the demo may: its rows are the same each time."""
    token = _draw.set(draw)
    try:
        yield
    finally:
        _draw.reset(token)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment, kept in UTC on both databases. A naive value is an error, not a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Keyed:
    """A row number, for joins only: it is never shown and never stands in an address."""

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, sort_order=-30)


class Public:
    """An opaque id, for records whose address has no number or code that people know."""

    public_id: Mapped[str] = mapped_column(String(PUBLIC_ID_LENGTH), unique=True, default=new_public_id, sort_order=-20)


class AccountOwned:
    """The row belongs to exactly one account. Both scope locks stand on this column."""

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), sort_order=-10)


class MayBeOwned(AccountOwned):
    """Like AccountOwned, but the row may also belong to the provider alone: then it is in no account's scope."""

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), sort_order=-10)  # type: ignore[assignment]


class Stamped:
    """When the row was made. Without a default: the service is told the time and says it."""

    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, sort_order=90)


class Versioned:
    """Counts the saves of a row that people edit, so that a stale form is refused instead of undoing another's work."""

    version: Mapped[int] = mapped_column(default=1, sort_order=91)


def choice_column(choices: type[enum.StrEnum], **options: Any) -> MappedColumn[Any]:
    """A column of one of the values of a StrEnum, kept as its text and checked by the database."""
    kind = Enum(
        choices,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        name=options.pop("constraint", choices.__name__.lower()),
    )
    return mapped_column(kind, **options)


def money_column(currency: str = "currency", **options: Any) -> MappedColumn[Any]:
    """An amount in minor units (BIGINT), in the currency that the column named ``currency`` of the same row holds."""
    return mapped_column(BigInteger, info={"kind": "money", "currency": currency}, **options)


def account_key(table: str) -> UniqueConstraint:
    """What children point at so that they cannot leave their parent's account: (account_id, id)."""
    return UniqueConstraint("account_id", "id", name=f"uq_{table}_account_id_id")


def same_account(table: str, column: str, parent: str, **options: Any) -> ForeignKeyConstraint:
    """A reference that holds the child in its parent's account: (account_id, column) -> parent(account_id, id)."""
    return ForeignKeyConstraint(
        ["account_id", column], [f"{parent}.account_id", f"{parent}.id"], name=f"fk_{table}_{column}", **options
    )


def currency_key(table: str) -> UniqueConstraint:
    """What rows point at that must stay in their parent's account and currency: (account_id, id, currency)."""
    return UniqueConstraint("account_id", "id", "currency", name=f"uq_{table}_account_id_id_currency")


def same_currency(table: str, column: str, parent: str) -> ForeignKeyConstraint:
    """Like same_account, and in the currency of the parent too."""
    return ForeignKeyConstraint(
        ["account_id", column, "currency"],
        [f"{parent}.account_id", f"{parent}.id", f"{parent}.currency"],
        name=f"fk_{table}_{column}",
    )


def list_indexes(table: str, *columns: str, owned: bool = True) -> tuple[Index, ...]:
    """The indexes a sortable list column needs: (column, id) over all, (account_id, column, id) over one account."""
    made = []
    for column in columns:
        made.append(Index(f"ix_{table}_{column}_id", column, "id"))
        if owned:
            made.append(Index(f"ix_{table}_account_id_{column}_id", "account_id", column, "id"))
    return tuple(made)


def search_index(table: str, column: str) -> Index:
    """The index a searched column needs: trigrams on PostgreSQL, a plain one on SQLite."""
    return Index(
        f"ix_{table}_{column}_search",
        column,
        postgresql_using="gin",
        postgresql_ops={column: "gin_trgm_ops"},
    )
