"""Choosing records of another table: always within the scope, at most twenty at a time, never by row number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, String, cast, func, literal, or_, select
from sqlalchemy.orm import RelationshipProperty, Session

from panel.paths import mapper_of, reference_column, resolve
from panel.resource import Reference
from panel.scope import own_rows
from panel.search import LONGEST_TEXT, contains

if TYPE_CHECKING:
    from panel.mounted import Mounted
    from panel.realm import Visit

MOST_CHOICES = 20
MOST_ON_A_PAGE = 100
_USUAL_LABELS = ("name", "title", "number", "code", "label", "email")
_USUAL_KEYS = ("public_id", "code", "number", "slug", "name")


class NoScope(ValueError):
    """A form of a scoped realm refers to records of which nothing says who may choose them."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A record somebody chose: its row number for statements, its key and label for people."""

    primary_key: Any
    key: str
    label: str


class Source:
    """The records that one reference may lead to, in one realm.

    They are narrowed by what the Reference says, else by the scope of their own Resource in this realm, else by their
    owner. Records of nobody without a Resource here are, in a scoped realm, those that the visitor's own rows refer to
    already; that serves filters, and a form must say more (``open`` is False).
    """

    def __init__(self, owner: Mounted, relation: RelationshipProperty[Any], holder: type[Any]) -> None:
        self.owner = owner
        self.holder = holder
        self.relation = relation
        self.model: type[Any] = relation.mapper.class_
        self.local = reference_column(relation)
        self.primary_key = getattr(self.model, mapper_of(self.model).primary_key[0].key or "id")
        declared = owner.resource.references.get(relation.key, Reference())
        self.where = declared.where
        self.resource = owner.resource_of(self.model)
        described = self.resource
        attributes = mapper_of(self.model).all_orm_descriptors
        self.label_name = declared.label or (described.label_name() if described else _first(attributes, _USUAL_LABELS))
        self.key_name = declared.key or (described.key if described else _first(attributes, _USUAL_KEYS))
        searched = declared.search or (described.search if described else ())
        self.order_name, self.note_name = declared.order or self.label_name, declared.note
        self.search_names = tuple(dict.fromkeys((self.label_name, self.key_name, *searched)))

    @property
    def label(self) -> Any:
        """What names these records, as a column."""
        return resolve(self.model, self.label_name).expression()

    @property
    def open(self) -> bool:
        """Whether a form may offer these records in a scoped realm."""
        return (
            not self.owner.realm.scoped
            or self.where is not None
            or self._mounted is not None
            or issubclass(self.model, self.owner.hooks.owned)
        )

    @property
    def _mounted(self) -> Mounted | None:
        return self.owner.neighbour(self.model)

    def predicates(self, visit: Visit) -> tuple[ColumnElement[bool], ...]:
        """What narrows these records for a visit."""
        scope = self.owner.scope(visit)
        found: tuple[ColumnElement[bool], ...] = ()
        if self.where is not None:
            found = (self.where(visit),)
        if self._mounted is not None:
            found += self._mounted.narrowed(visit)
        if scope is None:
            return found
        if scope.holds(self.model) or self._mounted is not None:
            also = self._mounted.resource.scope if self._mounted else None
            return (*found, *own_rows(scope, self.model, self.model, also))
        if found:
            return found
        own = own_rows(
            scope, self.holder, self.holder, self.owner.resource.scope if self.holder is self.owner.model else None
        )
        return (self.primary_key.in_(select(getattr(self.holder, self.local)).where(*own)),)

    def choices(self, session: Session, visit: Visit, text: str) -> list[dict[str, str]]:
        """Up to twenty records whose label, key or searched column contains the text."""
        text = text.strip()
        if "\0" in text or len(text) > LONGEST_TEXT:
            return []
        label = self.label
        statement = select(getattr(self.model, self.key_name), label).where(*self.predicates(visit))
        if text:
            paths = [resolve(self.model, name) for name in self.search_names]
            statement = statement.where(
                or_(*(path.where(lambda column: contains(_as_text(column), text)) for path in paths))
            )
        rows = session.execute(statement.order_by(label, self.primary_key).limit(MOST_CHOICES))
        return [{"value": str(key), "label": _plain(shown)} for key, shown in rows]

    def all_choices(self, session: Session, visit: Visit) -> list[tuple[str, str, str]]:
        """(key, label, note) of every record that may be chosen, for a page that shows them all, up to a hundred."""
        key, label = getattr(self.model, self.key_name), self.label
        note = resolve(self.model, self.note_name).expression() if self.note_name else literal("")
        order = resolve(self.model, self.order_name).expression()
        statement = select(key, label, note).where(*self.predicates(visit)).order_by(order, self.primary_key)
        rows = session.execute(statement.limit(MOST_ON_A_PAGE))
        return [(str(key), _plain(shown), _plain(said)) for key, shown, said in rows]

    def find(self, session: Session, visit: Visit, typed: str) -> Chosen | None:
        """The one record with this key, else the one with this label; None for any other, and for foreign ones."""
        typed = typed.strip()
        if not typed or "\0" in typed or len(typed) > LONGEST_TEXT:
            return None
        key, label = getattr(self.model, self.key_name), self.label
        statement = select(self.primary_key, key, label).where(*self.predicates(visit))
        found: Sequence[Any] = session.execute(statement.where(_as_text(key) == typed).limit(2)).all()
        if not found:
            found = session.execute(statement.where(func.lower(_as_text(label)) == typed.lower()).limit(2)).all()
        return Chosen(found[0][0], str(found[0][1]), _plain(found[0][2])) if len(found) == 1 else None

    def row(self, session: Session, chosen: Chosen) -> Any:
        """The record itself, for a form that was found valid."""
        return session.scalar(select(self.model).where(self.primary_key == chosen.primary_key))

    def current(self, session: Session, row: Any) -> Chosen | None:
        """What the row refers to now."""
        held = getattr(row, self.local)
        if held is None:
            return None
        key, label = getattr(self.model, self.key_name), self.label
        found = session.execute(select(key, label).where(self.primary_key == held)).first()
        return Chosen(held, str(found[0]), _plain(found[1])) if found else None


def _first(attributes: Any, usual: tuple[str, ...]) -> str:
    return next((name for name in usual if name in attributes), "id")


def _as_text(column: Any) -> Any:
    return column if isinstance(column.type, String) else cast(column, String)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
