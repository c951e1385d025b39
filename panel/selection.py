"""Selecting exactly the columns that are shown, and making cells of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from sqlalchemy import Select, select, type_coerce
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from panel.addresses import address
from panel.hooks import Hooks
from panel.kinds import Kind, Money
from panel.pages import Heading
from panel.paths import Path, UnknownName, resolve
from panel.realm import Visit
from panel.resource import Column

if TYPE_CHECKING:
    from panel.mounted import Mounted

WriteCell = Callable[[Any], Markup]


class Selection:
    """A SELECT that grows by paths: each reference is joined once, each expression selected once."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self._entities: dict[tuple[str, ...], Any] = {(): model}
        self._joins: list[Any] = []
        self._expressions: list[Any] = []
        self._places: dict[tuple[tuple[str, ...], str], int] = {}

    def place(self, hops: tuple[str, ...], attribute: str, read_as: TypeEngine[Any] | None = None) -> int:
        """Where in the row this value stands. ``read_as`` takes it as the driver gives it, where it is new."""
        where = (hops, attribute)
        if where not in self._places:
            self._places[where] = len(self._expressions)
            expression = getattr(self._entity(hops), attribute)
            if read_as is not None:
                expression = type_coerce(expression, read_as)
            self._expressions.append(expression.label(f"c{len(self._expressions)}"))
        return self._places[where]

    def of(self, path: Path, *, to_export: bool = False) -> int:
        return self.place(path.hops, path.attribute, path.kind.exported_as if to_export else None)

    def statement(self, *entities: Any) -> Select[Any]:
        """The SELECT, without predicates; ``entities`` are selected after the columns."""
        statement: Select[Any] = select(*self._expressions, *entities).select_from(self.model)
        for join in self._joins:
            statement = statement.outerjoin(join)
        return statement

    def __len__(self) -> int:
        return len(self._expressions)

    def _entity(self, hops: tuple[str, ...]) -> Any:
        if hops not in self._entities:
            self._entity(hops[:-1])
            self._entities[hops], join = _joined(self.model, hops)
            self._joins.append(join)
        return self._entities[hops]


_JOINED: Final[dict[tuple[type[Any], tuple[str, ...]], tuple[Any, Any]]] = {}


def _joined(model: type[Any], hops: tuple[str, ...]) -> tuple[Any, Any]:
    """What stands at the end of these references, and the join to it.

    One for all tables of a model: naming every column of a joined table anew was a quarter of the program's start.
    """
    if (model, hops) not in _JOINED:
        owner = _joined(model, hops[:-1])[0] if hops[:-1] else model
        relation = getattr(owner, hops[-1])
        entity = aliased(relation.property.mapper.class_)
        _JOINED[model, hops] = entity, relation.of_type(entity)
    return _JOINED[model, hops]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One column of a table, and where its value, currency and the key of the record it names stand in the row."""

    column: Column
    path: Path
    label: str
    at: int
    currency_at: int = -1
    target: Mounted | None = None
    target_key_at: int = -1

    @property
    def kind(self) -> Kind:
        return self.path.kind

    def heading(self) -> Heading:
        is_code = self.target is not None and self.path.attribute == self.target.resource.key
        return Heading(self.column.name, self.label, "code" if is_code else self.kind.name)

    def unlinked(self) -> Cell:
        """The same without a link to the record it names."""
        return replace(self, target=None)

    def writer(self, visit: Visit, hooks: Hooks, *, short: bool) -> WriteCell:
        """What makes this cell of a row."""
        show, at, currency_at = self.kind.show(visit, hooks, short=short), self.at, self.currency_at
        if isinstance(self.kind, Money):
            return lambda row: show((row[at], row[currency_at] if currency_at >= 0 else None))
        if self.target is None or not self.target.allows(visit, "details"):
            return lambda row: show(row[at])
        base, key_at = f"{visit.base_url}/{self.target.slug}/", self.target_key_at

        def linked(row: Any) -> Markup:
            text, key = show(row[at]), row[key_at]
            return link(base + address(key), text) if key is not None and text else text

        return linked

    def values(self, rows: Sequence[Any]) -> list[Any]:
        """This column of many rows, as its kind exports it."""
        at, currency_at = self.at, self.currency_at
        if isinstance(self.kind, Money):
            return [(row[at], row[currency_at] if currency_at >= 0 else None) for row in rows]
        return [row[at] for row in rows]


def link(url: str, text: Markup) -> Markup:
    """A link; both are safe already."""
    return Markup(f'<a href="{url}">{text}</a>')  # noqa: S704  escaped by the kind, quoted by address()


def currency_hops(path: Path) -> tuple[tuple[str, ...], str] | None:
    """Where the currency of a money column stands; None when no column tells it."""
    name = path.currency or "currency"
    try:
        currency = resolve(path.target, name)
    except UnknownName:
        if path.currency:
            raise
        return None
    return path.hops + currency.hops, currency.attribute


class Table:
    """The columns of one table of a resource in one realm: list, details, export or related rows."""

    def __init__(
        self,
        model: type[Any],
        columns: Sequence[tuple[Column, Path, str]],
        *,
        mounted: Callable[[type[Any]], Mounted | None],
        selection: Selection | None = None,
        to_export: bool = False,
    ) -> None:
        self.selection = selection or Selection(model)
        self.conditions: Mapping[str, int] = {}  # where in the row stands whether an action fits, by its slug
        self._mounted = mounted
        self._to_export = to_export
        self.cells = [self._cell(*column) for column in columns]

    def _cell(self, column: Column, path: Path, label: str) -> Cell:
        at = self.selection.of(path, to_export=self._to_export)
        if isinstance(path.kind, Money):
            found = currency_hops(path)
            return Cell(column, path, label, at, currency_at=self.selection.place(*found) if found else -1)
        target = self._mounted(path.target) if path.hops else None
        if target is None or path.attribute not in (target.resource.label_name(), target.resource.key):
            return Cell(column, path, label, at)
        return Cell(
            column, path, label, at, target=target, target_key_at=self.selection.place(path.hops, target.resource.key)
        )

    def writers(self, visit: Visit, hooks: Hooks, *, short: bool) -> list[WriteCell]:
        return [cell.writer(visit, hooks, short=short) for cell in self.cells]
