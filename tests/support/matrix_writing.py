"""What POST may ask of every record: forms, deletions, actions on one row and on many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote

from wtforms import BooleanField, DateField, FileField, IntegerField, SelectField

from panel import PORTAL, Action, TicksField
from tests.support.matrix import MISSING, Asks, Record
from tests.support.matrix_world import World

WRITES = ("create", "edit", "delete", "action", "bulk")
ALLOWED = {
    "create": frozenset({303, 409, 422}),
    "edit": frozenset({303, 409, 422}),
    "delete": frozenset({303, 409}),
    "action": frozenset({303, 409}),
    "bulk": frozenset({200}),
}


@dataclass(frozen=True)
class Post:
    """One address and what is sent there. ``found`` tells whether its ids lead to rows of the visit; ``again``: the same
    was sent with other ids before.
    """

    verb: str
    path: str
    fields: dict[str, Any]
    needed: frozenset[str]
    found: bool
    again: bool = False
    typed: bool = False  # wants the record's name, which nobody types here
    leads: bool = False

    @property
    def answers(self) -> frozenset[int]:
        if self.leads:  # to a page of the house's own, which asks
            return frozenset({303})
        return frozenset({409, 422}) if self.typed else ALLOWED[self.verb]


class Posts:
    """The writing addresses of one record in one realm. ``own`` are the keys of rows that may be changed."""

    def __init__(self, world: World, realm: str, resource: Record) -> None:
        self.asks = Asks(world, realm, resource)
        self.realm, self.resource = realm, resource
        self.routes = [route for route in self.asks.routes if route.verb in WRITES]

    def on(self, own: list[str]) -> Iterator[Post]:
        """Each verb on rows of the visit."""
        yield from self._each(own, found=True)

    def on_others(self, own: list[str]) -> Iterator[Post]:
        """Each verb on foreign and missing rows, and on own and foreign rows together."""
        for other in (*self.asks.hidden, MISSING):
            yield from self._each([other], found=False)
            yield from (post for post in self._each([*own, other], found=False) if post.verb == "bulk")

    def _each(self, keys: list[str], *, found: bool) -> Iterator[Post]:
        for route in self.routes:
            part = self.asks.part_of(route)
            if route.verb == "create":
                yield Post("create", part, {}, self._grant("create"), found=True, again=not found)
            elif route.verb in ("edit", "delete"):
                yield Post(route.verb, _at(part, keys[-1]), {}, self._grant(route.verb), found, again=not found)
            else:
                yield from self._actions(route.verb, part, keys, found)

    def _actions(self, verb: str, part: str, keys: list[str], found: bool) -> Iterator[Post]:
        for action in self.resource.actions:
            exists = self.realm in action.realms and (verb == "action" or action.bulk)
            needed = frozenset({action.grant} if exists else ())
            fields = body_of(action) | ({"id": keys} if verb == "bulk" else {})
            path = _at(part, keys[-1]).replace("<action>", action.slug)
            leads = verb == "bulk" and bool(action.many_lead_to)
            yield Post(verb, path, fields, needed, found, again=not found, typed=action.typed, leads=leads)

    def _grant(self, verb: str) -> frozenset[str]:
        return frozenset({self.resource.grant(verb, self.realm)} - {""})


def body_of(action: Action) -> dict[str, Any]:
    """Believable values for the form of an action."""
    if action.form is None:
        return {}
    fields = {name: field for name, field in vars(action.form).items() if hasattr(field, "field_class")}
    return {name: _typed(field) for name, field in fields.items()}


def _typed(field: Any) -> Any:
    if issubclass(field.field_class, TicksField):
        choices = field.kwargs["choices"]
        return [choices[0][0]] if isinstance(choices, list) else []
    if issubclass(field.field_class, BooleanField):
        return []
    if issubclass(field.field_class, SelectField):
        choices = field.kwargs["choices"]
        return next((str(choice.value) for choice in choices if choice.value), "") if isinstance(choices, list) else ""
    if issubclass(field.field_class, FileField):
        return lambda: (BytesIO(b"Sent to us"), "sent.txt")  # each post reads its own
    if issubclass(field.field_class, DateField):
        return "2030-01-31"
    return "3" if issubclass(field.field_class, IntegerField) else "Asked for on the phone"


def writes_in_portal(resource: Record) -> bool:
    return PORTAL in resource.realms and bool({"create", "edit", "delete"} & set(resource.grants) or resource.actions)


def _at(part: str, key: str) -> str:
    return part.replace("<key>", quote(key, safe=""))
