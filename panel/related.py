"""The rows that belong to a record: the first twenty of each relationship, within the scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy.orm import RelationshipProperty, Session, with_parent

from panel.addresses import address
from panel.pages import RelatedTable, Row
from panel.paths import mapper_of, relation_of, resolve
from panel.realm import Visit
from panel.resource import Column, Related, words
from panel.scope import own_rows
from panel.selection import Selection, Table

if TYPE_CHECKING:
    from panel.mounted import Mounted

MOST_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class BoundRelated:
    """A declared relationship, tied to its columns. ``key_at`` and ``label_at`` are -1 where its rows have no page."""

    declared: Related
    relation: RelationshipProperty[Any]
    label: str
    target: type[Any]
    table: Table
    order: Any
    key_at: int
    label_at: int


def bind_related(owner: Mounted, declared: Related) -> BoundRelated:
    """Tie a relationship to its columns; UnknownName when there is none."""
    relation = relation_of(owner.model, declared.name)
    target = relation.mapper.class_
    described = owner.resource_of(target)
    selection = Selection(target)
    neighbour = owner.linked(target)
    key_at = label_at = -1
    if neighbour is not None:
        key_at = selection.place((), neighbour.resource.key)
        label_at = selection.of(resolve(target, neighbour.resource.label_name()))
    columns = []
    for given in declared.columns:
        column = given if isinstance(given, Column) else Column(given)
        label = column.label or (described.label_of(column.name) if described else words(column.name))
        columns.append((column, resolve(target, column.name, column.kind), label))
    primary_key = getattr(target, mapper_of(target).get_property_by_column(mapper_of(target).primary_key[0]).key)
    order_by = getattr(target, declared.order.removeprefix("-")) if declared.order else primary_key
    descending = declared.order.startswith("-")
    order = (order_by.desc(), primary_key.desc()) if descending else (order_by.asc(), primary_key.asc())
    table = Table(target, columns, mounted=owner.linked, selection=selection)
    return BoundRelated(
        declared, relation, declared.label or words(declared.name), target, table, order, key_at, label_at
    )


def related_tables(owner: Mounted, visit: Visit, session: Session, row: Any, key: str) -> list[RelatedTable]:
    """All that the visitor may see of what belongs to the row."""
    return [_table(owner, bound, visit, session, row, key) for bound in owner.related if _may_see(owner, bound, visit)]


def _may_see(owner: Mounted, bound: BoundRelated, visit: Visit) -> bool:
    if bound.declared.grant:
        return visit.allows(bound.declared.grant)
    neighbour = owner.neighbour(bound.target)
    return neighbour is None or neighbour.allows(visit, "list")


def _table(owner: Mounted, bound: BoundRelated, visit: Visit, session: Session, row: Any, key: str) -> RelatedTable:
    neighbour = owner.neighbour(bound.target)
    also = neighbour.resource.scope if neighbour else None
    scope = owner.scope(visit)
    lock = own_rows(scope, bound.target, bound.target, also) if scope and (scope.holds(bound.target) or also) else ()
    narrowed = neighbour.narrowed(visit) if neighbour else ()
    statement = bound.table.selection.statement().where(
        with_parent(row, getattr(owner.model, bound.relation.key)), *lock, *narrowed
    )
    found = session.execute(statement.order_by(*bound.order).limit(MOST_ROWS + 1)).all()
    return RelatedTable(
        title=bound.label,
        headings=[cell.heading() for cell in bound.table.cells],
        rows=_rows(owner, bound, visit, found[:MOST_ROWS]),
        all_url=_all_url(owner, bound, visit, key),
        more=len(found) > MOST_ROWS,
    )


def _rows(owner: Mounted, bound: BoundRelated, visit: Visit, found: Sequence[Any]) -> list[Row]:
    neighbour = owner.linked(bound.target)
    opens = neighbour is not None and bound.key_at >= 0 and neighbour.allows(visit, "details")
    base = neighbour.url(visit) if neighbour else ""
    writers = bound.table.writers(visit, owner.hooks, short=True)
    written = []
    for row in found:
        key = str(row[bound.key_at]) if bound.key_at >= 0 else ""
        label = row[bound.label_at] if bound.label_at >= 0 else None
        url = base + address(key) if opens else ""
        written.append(Row(key, "" if label is None else str(label), url, [write(row) for write in writers]))
    return written


def _all_url(owner: Mounted, bound: BoundRelated, visit: Visit, key: str) -> str:
    """The whole list, where the related records have one that can be filtered by this record."""
    neighbour = owner.linked(bound.target)
    if neighbour is None or not neighbour.allows(visit, "list"):
        return ""
    for bound_filter in neighbour.filters:
        source = bound_filter.source
        if source is None or source.model is not owner.model or source.holder is not neighbour.model:
            continue
        if source.key_name == owner.resource.key and source.relation in bound.relation._reverse_property:
            return f"{neighbour.url(visit)}?{urlencode([(bound_filter.param, key)])}"
    return ""
