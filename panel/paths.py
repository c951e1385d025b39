"""Names in a Resource, followed through the mapped classes: "total", "account.name", a hybrid property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty

from panel.kinds import Choice, Kind, kind_of


class UnknownName(AttributeError):
    """A Resource names something its model does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One name, followed to its end. ``column`` is None for a hybrid property."""

    name: str
    model: type[Any]
    hops: tuple[str, ...]
    attribute: str
    target: type[Any]
    column: TableColumn[Any] | None
    kind: Kind
    currency: str = ""

    @property
    def nullable(self) -> bool:
        return self.column is None or bool(self.column.nullable)

    def of(self, entity: Any) -> Any:
        """The SQL expression on the entity at the end of the path (the model itself, or an alias of it)."""
        return getattr(entity, self.attribute)

    def on(self, row: Any) -> Any:
        """The value on a row, whose references on the way are loaded; None where one leads nowhere."""
        for hop in self.hops:
            row = getattr(row, hop)
            if row is None:
                return None
        return getattr(row, self.attribute)

    def expression(self) -> Any:
        """The value as a column of a statement on the model alone: over references a subquery, nothing is joined."""
        if not self.hops:
            return getattr(self.model, self.attribute)
        relation = getattr(self.model, self.hops[0])
        target = relation.property.mapper.class_
        local, remote = reference_pair(relation.property)
        onward = resolve(target, ".".join((*self.hops[1:], self.attribute)))
        return select(onward.expression()).where(remote == local).correlate(self.model).scalar_subquery()

    def where(self, predicate: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
        """The predicate on the end of the path, as one on the model: over references, whether such a row exists."""

        def through(owner: type[Any], hops: tuple[str, ...]) -> ColumnElement[bool]:
            if not hops:
                return predicate(getattr(owner, self.attribute))
            relation = getattr(owner, hops[0])
            found: ColumnElement[bool] = relation.has(through(relation.property.mapper.class_, hops[1:]))
            return found

        return through(self.model, self.hops)


def mapper_of(model: type[Any]) -> Mapper[Any]:
    found: Mapper[Any] = inspect(model)
    return found


def relation_of(model: type[Any], name: str) -> RelationshipProperty[Any]:
    """The relationship of that name; UnknownName when there is none."""
    found = mapper_of(model).relationships.get(name)
    if found is None:
        raise UnknownName(f"{model.__name__} has no relationship {name!r}")
    return found


def reference_pair(relation: RelationshipProperty[Any]) -> tuple[Any, Any]:
    """The two columns of a many-to-one reference: the one that holds it, and the key it holds (not a shared owner)."""
    pairs = [
        (local, remote)
        for local, remote in relation.local_remote_pairs or ()
        if remote.primary_key or len(relation.local_columns) == 1
    ]
    if relation.uselist or not pairs:
        raise UnknownName(f"{relation} is no reference to one row")
    return pairs[0]


def reference_column(relation: RelationshipProperty[Any]) -> str:
    """The attribute of the model that holds a many-to-one reference."""
    return str(relation.parent.get_property_by_column(reference_pair(relation)[0]).key)


def resolve(model: type[Any], name: str, kind: str = "") -> Path:
    """Follow a name; UnknownName says where it ends."""
    *hops, attribute = name.split(".")
    target = model
    for hop in hops:
        relation = relation_of(target, hop)
        if relation.uselist:
            raise UnknownName(f"{name!r} of {model.__name__} passes over {hop!r}, which leads to many rows")
        target = relation.mapper.class_
    mapper = mapper_of(target)
    prop = mapper.attrs.get(attribute)
    if isinstance(prop, ColumnProperty):
        column = prop.columns[0]
        if isinstance(column, TableColumn):
            currency = str(column.info.get("currency", ""))
            named = kind or str(column.info.get("kind", ""))
            return Path(name, model, tuple(hops), attribute, target, column, kind_of(column.type, named), currency)
        return Path(name, model, tuple(hops), attribute, target, None, kind_of(column.type, kind))
    described = mapper.all_orm_descriptors.get(attribute)
    if described is not None and described.extension_type is HybridExtensionType.HYBRID_PROPERTY:
        return Path(name, model, tuple(hops), attribute, target, None, _kind_of_hybrid(target, attribute, kind))
    raise UnknownName(f"{target.__name__} has no column {attribute!r} (in {name!r} of {model.__name__})")


def _kind_of_hybrid(model: type[Any], attribute: str, kind: str) -> Kind:
    expression = getattr(model, attribute)
    if hasattr(expression, "__clause_element__"):
        expression = expression.__clause_element__()
    if kind == "choice" and not hasattr(expression.type, "enums"):
        return Choice()
    return kind_of(expression.type, kind)
