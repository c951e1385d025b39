"""A Resource in one realm, with everything worked out that can be known before the first request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from panel.actions import Action
from panel.filtering import BoundFilter, bind_filter
from panel.forms import FormMaker, scaffold
from panel.hooks import Hooks
from panel.keyset import Order
from panel.paths import Path, mapper_of, resolve
from panel.realm import Realm, Visit
from panel.related import BoundRelated, bind_related
from panel.resource import Column, Resource
from panel.scope import Scope, own_rows
from panel.selection import Selection, Table

_TABLES_KEPT = 32

Neighbours = Mapping[type[Any], "Mounted"]


class Mounted:
    """One resource seen through one realm.

    ``neighbours`` are all resources of the realm and ``resources`` all of the house, by model: they are filled before
    the first request, and what depends on them is worked out when first asked for.
    """

    def __init__(
        self,
        resource: type[Resource],
        realm: Realm,
        hooks: Hooks,
        neighbours: Neighbours,
        resources: Mapping[type[Any], type[Resource]],
    ) -> None:
        self.resource, self.realm, self.hooks = resource, realm, hooks
        self.model: type[Any] = resource.model
        self.slug = resource.slug
        self._neighbours, self._resources = neighbours, resources
        mapper = mapper_of(self.model)
        self.primary_key: InstrumentedAttribute[Any] = getattr(
            self.model, mapper.get_property_by_column(mapper.primary_key[0]).key
        )
        self.actions = {action.slug: action for action in resource.actions if self._has(action)}

    @cached_property
    def key(self) -> InstrumentedAttribute[Any]:
        """The column whose value stands in addresses."""
        found: InstrumentedAttribute[Any] = getattr(self.model, self.resource.key)
        return found

    def _has(self, action: Action) -> bool:
        return self.realm.name in action.realms and self.realm.knows(action.grant)

    # Who may

    def grant(self, verb: str) -> str:
        """The grant a verb needs here; empty when nobody here can ever have it."""
        needed = self.resource.grant(verb, self.realm.name)
        return needed if needed and self.realm.knows(needed) else ""

    def allows(self, visit: Visit, verb: str) -> bool:
        grant = self.grant(verb)
        return bool(grant) and visit.allows(grant)

    def allowed_actions(self, visit: Visit) -> list[Action]:
        return [action for action in self.actions.values() if visit.allows(action.grant)]

    def scope(self, visit: Visit) -> Scope | None:
        """Whose rows this resource shows to a visit; None in a realm that sees all."""
        if not self.realm.scoped:
            return None
        owners = self.resource.owners
        widened = owners(visit.owner_id) if owners is not None and visit.owner_id is not None else None
        return Scope(self.hooks.owned, self.hooks.owner_column, visit.owner_id, widened)

    def own(self, visit: Visit) -> tuple[ColumnElement[bool], ...]:
        """The first lock on this resource's rows."""
        return (*own_rows(self.scope(visit), self.model, self.model, self.resource.scope), *self.narrowed(visit))

    def narrowed(self, visit: Visit) -> tuple[ColumnElement[bool], ...]:
        """What narrows this resource's rows for one visit, beyond its realm."""
        found = self.resource.narrow(visit) if self.resource.narrow is not None else None
        return () if found is None else (found,)

    def withheld(self, visit: Visit, row: Any) -> Collection[str]:
        """The columns that this row's page and form leave out."""
        return () if self.resource.withheld is None else self.resource.withheld(visit, row)

    # Other records

    def neighbour(self, model: type[Any]) -> Mounted | None:
        """The resource of another model in this realm."""
        return self._neighbours.get(model)

    def neighbours(self) -> list[Mounted]:
        """Every resource of this realm, in the order in which they are mounted."""
        return list(self._neighbours.values())

    def named(self, slug: str) -> Mounted | None:
        """The resource of this realm that has these addresses."""
        return next((each for each in self._neighbours.values() if each.slug == slug), None)

    def linked(self, model: type[Any]) -> Mounted | None:
        """The same, if all rows seen here may be opened there."""
        found = self._neighbours.get(model)
        if found is None or found.resource.owners is not self.resource.owners:
            return None
        return found

    def resource_of(self, model: type[Any]) -> type[Resource] | None:
        """How a model is described, in whichever realm."""
        found = self._neighbours.get(model)
        return found.resource if found else self._resources.get(model)

    # Columns

    @cached_property
    def columns(self) -> list[tuple[Column, Path, str]]:
        """Every column of this realm, with its path and label."""
        return [
            (column, resolve(self.model, column.name, column.kind), column.label or self.resource.label_of(column.name))
            for column in self.resource.columns
            if self.realm.name in column.realms
        ]

    @cached_property
    def list_table(self) -> Table:
        """The list's columns; before them the row's number, key and label, after them the conditions of its actions."""
        return self._list_table([column for column in self.columns if column[0].list])

    @cached_property
    def list_table_of(self) -> Callable[[tuple[str, ...]], Table]:
        """The same of the columns somebody chose; () for the usual ones. A few are kept: there are very many."""

        @lru_cache(maxsize=_TABLES_KEPT)
        def made(names: tuple[str, ...]) -> Table:
            return self._list_table([column for column in self.columns if column[0].name in names])

        return lambda names: made(names) if names else self.list_table

    def _list_table(self, columns: Sequence[tuple[Column, Path, str]]) -> Table:
        selection = self._head()
        table = Table(self.model, columns, mounted=self.linked, selection=selection)
        table.conditions = self._conditions(selection)
        for order in self.orders.values():
            selection.place((), order.column.key)
        return table

    @cached_property
    def details_table(self) -> Table:
        selection = self._head()
        table = Table(self.model, [c for c in self.columns if c[0].details], mounted=self.linked, selection=selection)
        self.details_conditions = self._conditions(selection)
        return table

    def export_table(self, names: tuple[str, ...] = ()) -> Table:
        """The columns of the list that may leave the house: the usual ones, or those chosen."""
        columns = [c for c in self.columns if c[0].export and (c[0].name in names if names else c[0].list)]
        return Table(self.model, columns, mounted=lambda _model: None, to_export=True)

    def _head(self) -> Selection:
        selection = Selection(self.model)
        self.key_at = (
            selection.place((), self.primary_key.key),
            selection.place((), self.resource.key),
            selection.of(resolve(self.model, self.resource.label_name())),
        )
        return selection

    def _conditions(self, selection: Selection) -> dict[str, int]:
        return {
            action.slug: selection.place((), action.condition) for action in self.actions.values() if action.condition
        }

    # Order

    @cached_property
    def orders(self) -> dict[str, Order]:
        """The columns a list can be sorted by; the first is the default."""
        default = self.resource.default_sort or f"-{self.primary_key.key}"
        names = [default.removeprefix("-"), *(column.name for column, path, _ in self.columns if column.sort)]
        return {name: self._order(name, default) for name in dict.fromkeys(names)}

    def _order(self, name: str, default: str) -> Order:
        path = resolve(self.model, name)
        column = getattr(self.model, path.attribute)
        if path.attribute == self.primary_key.key:
            column = self.primary_key
        return Order(name, default == f"-{name}", column, self.primary_key, path.nullable, -1, -1)

    def order(self, address: str, table: Table) -> Order:
        """The order an address asks for; the default when it names none."""
        name, descending = address.removeprefix("-"), address.startswith("-")
        if name not in self.orders:
            found = next(iter(self.orders.values()))
            name, descending = found.name, found.descending
        found = self.orders[name]
        at, key_at = (table.selection.place((), column.key) for column in (found.column, self.primary_key))
        return Order(name, descending, found.column, self.primary_key, found.nullable, at, key_at)

    # Filters and search

    @cached_property
    def filters(self) -> list[BoundFilter]:
        return [bind_filter(declared, self) for declared in self.resource.filters if self.realm.name in declared.realms]

    @cached_property
    def search_columns(self) -> list[Path]:
        return [resolve(self.model, name) for name in self.resource.search]

    @property
    def is_searched(self) -> bool:
        """Whether the list has a search."""
        return bool(self.search_columns) or self.resource.search_by is not None

    @cached_property
    def related(self) -> list[BoundRelated]:
        return [
            bind_related(self, declared)
            for declared in self.resource.related
            if self.realm.name in declared.realms and (not declared.grant or self.realm.knows(declared.grant))
        ]

    @cached_property
    def forms(self) -> dict[str, FormMaker]:
        """What makes the forms for "create" and "edit", where there are such."""
        return {verb: scaffold(self, verb) for verb in ("create", "edit") if self.grant(verb)}

    def url(self, visit: Visit) -> str:
        """The list's address."""
        return f"{visit.base_url}/{self.slug}/"

    def prepare(self) -> None:
        """Work everything out, so that a mistake in a Resource stops the start and not a request."""
        _ = (self.list_table, self.details_table, self.export_table(), self.filters, self.search_columns)
        _ = (self.related, self.forms)
