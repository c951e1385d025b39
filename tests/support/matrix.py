"""Every address of every record, for every visitor, and what it must answer: worked out from the declarations alone.

The list of addresses comes from ``site.routes()``; what they need comes from the Resources and the tables of
domain/permissions.py; nothing here asks the code that judges a request.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import inspect

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS
from models.base import AccountOwned
from panel import PORTAL, STAFF, Lookup, Resource
from tests.support.matrix_sides import BELOW, FOREIGN, OWN, Values
from tests.support.matrix_world import NONE, SIGNED_OUT, STRANGER, Visitor, World
from views.resources import RESOURCES

Record = type[Resource]

MISSING = "no-such-record"
READS = ("list", "export", "details", "lookup", "create", "edit", "delete", "action", "bulk")
_HELD_IN = {
    STAFF: frozenset().union(*STAFF_GRANTS.values()),
    PORTAL: frozenset().union(*MEMBER_GRANTS.values()),
}
_USUAL_KEYS = ("public_id", "code", "number", "client_id", "name", "label", "title", "email", "reference", "hash", "id")
# Amounts of the foreign account, as people and as files write them.
_FOREIGN_AMOUNT = re.compile(r"7[.,\s\u202f\u00a0]?777[.,\s\u202f\u00a0]?777[.,]77|(?<![\d.])777777777(?!\d)")


@dataclass(frozen=True)
class Ask:
    """One address. ``found`` tells whether its ids lead to rows of the visit; ``typed`` is what the address itself says.

    ``again``: the same was asked with other ids before.
    """

    verb: str
    path: str
    needed: frozenset[str]
    found: bool = True
    typed: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    answers: frozenset[int] = frozenset({200})
    again: bool = False


def cases() -> list[tuple[str, Record]]:
    """Every record in each of its realms."""
    return [(realm, resource) for resource in RESOURCES for realm in sorted(resource.realms)]


def name_of(value: Any) -> str:
    """How a case is called in the report of the tests."""
    return value if isinstance(value, str) else str(value.slug)


def expected(visitor: Visitor, realm: str, ask: Ask) -> frozenset[int]:
    """404 for strangers and for what nobody may, 403 for who may not, 404 for what is not theirs."""
    if visitor.name == SIGNED_OUT:
        return frozenset({303})
    if realm not in visitor.grants:
        return frozenset({404})
    needed = ask.needed & _HELD_IN[realm]
    if not needed:
        return frozenset({404})
    if not needed & visitor.grants[realm]:
        return frozenset({403})
    return ask.answers if ask.found else frozenset({404})


def is_asked(visitor: Visitor, realm: str, ask: Any) -> bool:
    """Whether a visitor asks this. Who holds no right to it is refused before ids are looked at: in the portal a stranger
    and a member without roles try it with all ids, the others with one.
    """
    refused_anyhow = not ask.needed & visitor.grants.get(realm, frozenset())
    tries_all = realm == PORTAL and visitor.name in (NONE, STRANGER)
    return tries_all or not (ask.again and refused_anyhow)


def in_turn(case: tuple[str, Record], values: Sequence[Any], shares: int) -> list[Any]:
    """A share of many values for one record, so that as many records in a row try all of them."""
    turn = cases().index(case)
    return [value for number, value in enumerate(values) if (number + turn) % shares == 0]


def sides_seen(realm: str, resource: Record) -> tuple[str, ...]:
    """Whose rows a record shows to the own account's members, or to staff."""
    if realm == STAFF:
        return (OWN, BELOW, FOREIGN)
    return (BELOW,) if resource.owners is not None else (OWN,)


def sides_hidden(realm: str, resource: Record) -> tuple[str, ...]:
    seen = sides_seen(realm, resource)
    return tuple(side for side in (OWN, BELOW, FOREIGN) if side not in seen)


def forbidden_marks(realm: str, resource: Record) -> tuple[str, ...]:
    """The marks that no answer may hold. The visitor's own name and account stand on every page."""
    return tuple(mark for mark in sides_hidden(realm, resource) if mark != OWN)


def key_of(world: World, resource: Record, mark: str) -> str:
    return str(world.row(mark, resource.model)[resource.key])


def relations_of(resource: Record, realm: str) -> dict[str, frozenset[str]]:
    """Every field that refers to another record, as its lookup is called -> the grants of which one opens the lookup."""
    relations = inspect(resource.model).relationships
    found: dict[str, set[str]] = {}
    for verb in ("create", "edit"):
        columns = resource.form_columns(verb, realm)
        grant = resource.grant(verb, realm)
        names = [] if isinstance(columns, type) else [name for name in columns if name in relations]
        for name in names:
            found.setdefault(name, set()).update({grant} if grant else ())
    for declared in resource.filters:
        if isinstance(declared, Lookup) and realm in declared.realms:
            found.setdefault(declared.address, set()).update({resource.grant("list", realm)} - {""})
    return {name: frozenset(grants) for name, grants in found.items()}


def target_of(resource: Record, name: str) -> type[Any]:
    """The model that a reference leads to."""
    declared = next((each for each in resource.filters if each.address == name), None)
    model: type[Any] = resource.model
    for hop in (declared.name if declared else name).split("."):
        model = inspect(model).relationships[hop].mapper.class_
    return model


def keys_of_row(row: Values) -> list[str]:
    """Everything by which a record might be chosen, its row number included."""
    return [str(row[name]) for name in _USUAL_KEYS if row.get(name) is not None]


class Asks:
    """The addresses of one record in one realm."""

    def __init__(self, world: World, realm: str, resource: Record) -> None:
        self.world, self.realm, self.resource = world, realm, resource
        self.url = f"{world.base(realm)}/{resource.slug}"
        site = next(site for site in world.app.extensions["sites"] if site.realm.name == realm)
        self.routes = [route for route in site.routes() if route.slug == resource.slug]
        self.keys = {mark: key_of(world, resource, mark) for mark in (OWN, BELOW, FOREIGN)}
        self.seen = [self.keys[mark] for mark in sides_seen(realm, resource)]
        self.hidden = [self.keys[mark] for mark in sides_hidden(realm, resource)]

    def reading(self) -> Iterator[Ask]:
        """What GET may ask: every route with own, foreign and missing ids."""
        for route in self.routes:
            yield from self._of(route.verb, self.part_of(route))

    def part_of(self, route: Any) -> str:
        """The part of a rule below the record's own address."""
        return str(route.rule).split(f"/{self.resource.slug}", 1)[1]

    def _of(self, verb: str, part: str) -> Iterator[Ask]:
        if verb not in READS:
            raise LookupError(f"the matrix does not know the verb {verb!r}: teach it")
        if verb == "lookup":
            yield from self._lookups(part)
        elif verb == "bulk":
            yield from self.bulks(part)
        elif "<key>" in part:
            yield from self.with_keys(verb, part)
        else:
            yield Ask(verb, part, self._grant(verb))

    def with_keys(self, verb: str, part: str) -> Iterator[Ask]:
        actions = self._actions() if "<action>" in part else {"": self._grant(verb)}
        leading = {action.slug for action in self.resource.actions if action.leads_to is not None}
        for action, needed in actions.items():
            asks = frozenset({303 if action in leading else 200, 409})  # some lead to a page of the house's own
            answers = asks if verb == "action" else frozenset({200})
            for key, found in self._keys() if needed else [(self.seen[0], True)]:  # what nobody may: no key opens it
                path = part.replace("<key>", quote(key, safe="")).replace("<action>", action)
                yield Ask(verb, path, needed, found, (key,), answers=answers, again=key != self.seen[0])

    def _keys(self) -> Iterator[tuple[str, bool]]:
        yield from ((key, True) for key in self.seen)
        yield from ((key, False) for key in (*self.hidden, MISSING))

    def _actions(self) -> dict[str, frozenset[str]]:
        """Every action, also those of another realm, and one that there is not."""
        found = {
            action.slug: frozenset({action.grant} if self.realm in action.realms else ())
            for action in self.resource.actions
        }
        return {**found, "no-such-action": frozenset()}

    def bulks(self, part: str) -> Iterator[Ask]:
        needed = {action.slug: self._actions()[action.slug] for action in self.resource.actions if action.bulk}
        leading = {action.slug for action in self.resource.actions if action.many_lead_to}
        single = {action.slug: frozenset() for action in self.resource.actions if not action.bulk}
        for action, grants in {**needed, **single, "no-such-action": frozenset()}.items():
            for ids, found in self._id_lists() if grants else [(self.seen, True)]:
                query = "&".join(f"id={quote(key, safe='')}" for key in ids)
                answers = frozenset({200} if ids and action not in leading else {303})
                path = part.replace("<action>", action)
                again = ids != self.seen
                yield Ask("bulk", f"{path}?{query}", grants, found, tuple(ids), tuple(ids), answers, again)

    def _id_lists(self) -> Iterator[tuple[list[str], bool]]:
        yield [], True
        yield self.seen, True
        for other in (*self.hidden, MISSING):
            yield [other], False
            yield [*self.seen, other], False

    def _lookups(self, part: str) -> Iterator[Ask]:
        for field, needed in {**relations_of(self.resource, self.realm), "no_such_field": frozenset()}.items():
            for text in ("", FOREIGN, BELOW):
                path = f"{part.replace('<field>', field)}?q={text}"
                yield Ask("lookup", path, needed, typed=(text,), again=bool(text))

    def _grant(self, verb: str) -> frozenset[str]:
        return frozenset({self.resource.grant(verb, self.realm)} - {""})

    def forged(self) -> Iterator[Ask]:
        """Lists, counts and exports asked for by keys, names and row numbers of foreign records."""
        asked: list[tuple[str, str]] = [("q", mark) for mark in forbidden_marks(self.realm, self.resource)]
        for declared in self.resource.filters:
            if isinstance(declared, Lookup) and self.realm in declared.realms:
                target = target_of(self.resource, declared.address)
                for mark in sides_hidden(self.realm, self.resource):
                    asked += [(declared.address, key) for key in keys_of_row(self.world.row(mark, target))]
        for name, value in asked:
            for path, verb in (("/", "list"), ("/count", "list"), ("/export.csv", "export")):
                yield Ask(verb, f"{path}?{name}={quote(value, safe='')}", self._grant(verb), typed=(value,))


def visible_text(response: Any) -> str:
    """What an answer says, whatever kind of file it is."""
    body: bytes = response.get_data()
    if "spreadsheet" in response.mimetype:
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in sorted(book.namelist()))
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    return f"{headers}\n{body.decode('utf-8')}"


def leaks_in(text: str, marks: Collection[str], typed: Iterable[str] = ()) -> list[str]:
    """What a text tells of other accounts, apart from what the visitor typed and got back."""
    for said in typed:
        if said:
            text = re.sub(rf"{re.escape(said)}(?![\w-])", "", text, flags=re.IGNORECASE)
            text = re.sub(rf"{re.escape(quote(said))}(?![\w-])", "", text, flags=re.IGNORECASE)
    if not marks:
        return []
    found = [match[0] for match in re.finditer(rf"(?:{'|'.join(marks)})[\w-]*", text, re.IGNORECASE)]
    if FOREIGN in marks:
        found += [match[0] for match in _FOREIGN_AMOUNT.finditer(text)]
    return found


@dataclass
class Findings:
    """What was not as it has to be."""

    wrong: list[str]
    leaks: list[str]
    asked: int = 0


def ask_all(
    world: World, realm: str, resource: Record, visitors: Sequence[str], asks: Sequence[Ask], marks: Collection[str]
) -> Findings:
    """Let each visitor GET each address. Leaks are looked for in what members of the own account and strangers get."""
    found = Findings([], [])
    url = f"{world.base(realm)}/{resource.slug}"
    for name in visitors:
        visitor = world.visitors[name]
        for ask in asks:
            if not is_asked(visitor, realm, ask):
                continue
            response = visitor.get(f"{url}{ask.path}")
            found.asked += 1
            allowed = expected(visitor, realm, ask)
            if response.status_code not in allowed:
                found.wrong.append(f"{name}: GET {url}{ask.path}: {response.status_code}, not {sorted(allowed)}")
            elif response.status_code == 303 and name == SIGNED_OUT and not response.location.startswith("/sign-in"):
                found.wrong.append(f"{name}: GET {url}{ask.path} leads to {response.location}")
            if realm != STAFF:
                leaked = leaks_in(visible_text(response), marks, ask.typed)
                found.leaks += [f"{name}: GET {url}{ask.path}: {leak}" for leak in leaked]
    return found


def choices_of(response: Any) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = json.loads(response.get_data())
    return found


def is_owned(resource: Record) -> bool:
    return issubclass(resource.model, AccountOwned)
