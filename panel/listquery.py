"""What a list's address asks for: filters, search and order, understood once for list, count and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_
from sqlalchemy.orm import Session

from panel.filtering import Address, Reading
from panel.keyset import Order, Walk
from panel.layouts import COLUMNS, asked_columns, usual_columns
from panel.mounted import Mounted
from panel.realm import Visit
from panel.search import Search, found_in, hits, read_search
from panel.selection import Table
from panel.words import translated

Param = tuple[str, str]
ALL_ROWS: Param = ("view", "all")
"""What the address of a whole list says where a plain one opens a saved list instead."""


@dataclass(frozen=True, slots=True, eq=False)
class ListQuery:
    """The part of an address that chooses rows. What it does not know it ignores."""

    mounted: Mounted
    visit: Visit
    url: str
    readings: Sequence[Reading]
    search: Search
    order: Order
    sort_param: str
    columns: tuple[str, ...] | None = None  # those the address names
    has_default: bool = False  # a plain address opens a saved list

    @property
    def warnings(self) -> list[str]:
        found = [
            f"{translated(reading.field.label)}: {translated(reading.field.error)}"
            for reading in self.readings
            if reading.field.error
        ]
        return [*found, self.search.warning] if self.search.warning else found

    @property
    def searched(self) -> bool:
        return bool(self.search.words)

    @property
    def filtered(self) -> bool:
        return self.searched or any(reading.predicate is not None for reading in self.readings)

    def predicates(self) -> list[ColumnElement[bool]]:
        """The first lock and the filters."""
        found = list(self.mounted.own(self.visit))
        found += [reading.predicate for reading in self.readings if reading.predicate is not None]
        return found

    def narrow(self, statement: Select[Any]) -> Callable[..., Select[Any]]:
        """The statement over exactly the rows asked for, ready to take further predicates."""
        if self.search.words:
            found = hits(self.mounted.primary_key, [*self.mounted.own(self.visit), *self._holding()])
            statement = statement.join(found, found.c.key == self.mounted.primary_key)
        return statement.where(*self.predicates()).where

    def walk(self, statement: Select[Any]) -> Walk | None:
        """The same for an own search whose words may be common: asked of the rows in their order."""
        if not self.search.words or self.mounted.resource.search_by is None:
            return None
        return Walk(statement.where(*self.predicates()).where, and_(*self._holding()))

    def _holding(self) -> list[ColumnElement[bool]]:
        """What the rows fulfil that hold every word."""
        own_search, words = self.mounted.resource.search_by, self.search.words
        if own_search is not None:
            return [own_search.where(self.visit, words)]
        return [found_in(self.mounted.search_columns, word) for word in words]

    def params(self, *, without: Reading | None = None, search: bool = True, sort: bool = True) -> list[Param]:
        """The address's parameters that are in force."""
        found = [param for reading in self.readings if reading is not without for param in reading.params]
        if search and self.search.words:
            found.append(("q", self.search.text))
        if sort and self.sort_param:
            found.append(("sort", self.sort_param))
        if self.columns is not None:
            found.append((COLUMNS, ",".join(self.columns or usual_columns(self.mounted))))
        return found

    def address(self, params: Iterable[Param]) -> str:
        query = urlencode(list(params) or ([ALL_ROWS] if self.has_default else []))
        return f"{self.url}?{query}" if query else self.url


def read_query(mounted: Mounted, visit: Visit, session: Session, address: Address, table: Table) -> ListQuery:
    """Understand an address. Filters that make no sense are left out and said so in the warnings."""
    url = mounted.url(visit)
    readings = [bound.read(address, visit, session, url) for bound in mounted.filters]
    typed = address.get("q", "") if mounted.is_searched else ""
    order = mounted.order(address.get("sort", ""), table)
    default = next(iter(mounted.orders.values()))
    return ListQuery(
        mounted,
        visit,
        url,
        readings,
        read_search(typed, mounted.resource.search_by),
        order,
        order.address if order.address != default.address else "",
        asked_columns(mounted, address),
    )
