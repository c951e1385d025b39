"""What belongs to a record: a tab with its number for each relationship, and the first rows of one, in scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import RelationshipProperty, Session, with_parent

from panel.addresses import address
from panel.pages import RelatedTab, RelatedTable, Row
from panel.paths import mapper_of, relation_of, resolve
from panel.realm import Visit
from panel.resource import Column, Related, words
from panel.scope import own_rows
from panel.selection import Selection, Table

if TYPE_CHECKING:
    from panel.mounted import Mounted

MOST_ROWS = 20
MOST_COUNTED = 50
TAB = "tab"


@dataclass(frozen=True, slots=True, eq=False)
class BoundRelated:
    """A declared relationship, tied to its columns. ``key_at`` and ``label_at`` are -1 where its rows have no page."""

    declared: Related
    relation: RelationshipProperty[Any]
    label: str
    target: type[Any]
    table: Table
    order: Any
    primary_key: Any
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
        declared, relation, declared.label or words(declared.name), target, table, order, primary_key, key_at, label_at
    )


def related_tables(
    owner: Mounted, visit: Visit, session: Session, row: Any, key: str, tab: str = ""
) -> tuple[list[RelatedTab], RelatedTable | None]:
    """What the visitor may see of what belongs to the row: a tab for each list, and the rows of one of them.

    ``tab`` is the name of the list wanted; another word gives the first. One list alone needs no tabs. At most two
    statements, however many lists there are.
    """
    seen = [bound for bound in owner.related if _may_see(owner, bound, visit)]
    if not seen:
        return [], None
    chosen = next((bound for bound in seen if bound.declared.name == tab), seen[0])
    tabs = _tabs(owner, seen, chosen, visit, session, row) if len(seen) > 1 else []
    return tabs, _table(owner, chosen, visit, session, row, key)


def _tabs(
    owner: Mounted, seen: Sequence[BoundRelated], chosen: BoundRelated, visit: Visit, session: Session, row: Any
) -> list[RelatedTab]:
    """Each list with its number, "50+" for more: all of them in one statement that counts no further."""
    some = [
        select(bound.primary_key).where(*_own_of(owner, bound, visit, row)).limit(MOST_COUNTED + 1).subquery()
        for bound in seen
    ]
    numbers = [select(func.count(each.c[0])).scalar_subquery() for each in some]
    found = session.execute(select(*numbers)).one()
    return [
        RelatedTab(bound.declared.name, bound.label, _number(number), f"?{urlencode({TAB: bound.declared.name})}", here)
        for bound, number in zip(seen, found, strict=True)
        for here in [bound is chosen]
    ]


def _number(number: int) -> str:
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


def _may_see(owner: Mounted, bound: BoundRelated, visit: Visit) -> bool:
    if bound.declared.grant:
        return visit.allows(bound.declared.grant)
    neighbour = owner.neighbour(bound.target)
    return neighbour is None or neighbour.allows(visit, "list")


def _table(owner: Mounted, bound: BoundRelated, visit: Visit, session: Session, row: Any, key: str) -> RelatedTable:
    statement = bound.table.selection.statement().where(*_own_of(owner, bound, visit, row))
    found = session.execute(statement.order_by(*bound.order).limit(MOST_ROWS + 1)).all()
    return RelatedTable(
        title=bound.label,
        headings=[cell.heading() for cell in bound.table.cells],
        rows=_rows(owner, bound, visit, found[:MOST_ROWS]),
        all_url=_all_url(owner, bound, visit, key),
        more=len(found) > MOST_ROWS,
    )


def _own_of(owner: Mounted, bound: BoundRelated, visit: Visit, row: Any) -> tuple[ColumnElement[bool], ...]:
    """The first lock on the related rows of one record."""
    neighbour = owner.neighbour(bound.target)
    also = neighbour.resource.scope if neighbour else None
    scope = owner.scope(visit)
    lock = own_rows(scope, bound.target, bound.target, also) if scope and (scope.holds(bound.target) or also) else ()
    narrowed = neighbour.narrowed(visit) if neighbour else ()
    return with_parent(row, getattr(owner.model, bound.relation.key)), *lock, *narrowed


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
