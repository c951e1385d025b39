"""Checks at the start: what would be slow, open or broken in a Resource stops the program before the first request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Enum, Table
from sqlalchemy.exc import ArgumentError

from panel.actions import Action
from panel.forms import NoFormField
from panel.keyset import python_type
from panel.kinds import Listed, UnknownKind
from panel.lookups import NoScope
from panel.mounted import Mounted
from panel.paths import Path, UnknownName, mapper_of, relation_of, resolve
from panel.realm import BOTH, EVERYONE
from panel.resource import VERBS, WRITING

BUILT_IN = frozenset({"edit", "delete"})


class ResourceMistake(Exception):
    """Something is wrong in a Resource: the message says where and what to write instead."""


def check(mounted: Mounted) -> None:
    """Look through one resource in one realm; ResourceMistake lists all that is wrong."""
    found = list(_mistakes(mounted))
    if found:
        name = mounted.resource.__name__
        raise ResourceMistake("\n".join(f"{name} ({mounted.realm.name}): {mistake}" for mistake in found))


def _mistakes(mounted: Mounted) -> Iterator[str]:
    yield from _check_grants(mounted)
    yield from _check_scope(mounted)
    yield from _check_indexes(mounted)
    unknown = [*_check_names(mounted), *_check_actions(mounted)]
    yield from unknown or _check_machinery(mounted)


def _check_names(mounted: Mounted) -> Iterator[str]:
    """Columns, key, label, search, order and relations must be there."""
    resource, model = mounted.resource, mounted.model
    sorted_by = [column.name for column in resource.columns if column.sort]
    for name in filter(None, [resource.key, resource.default_sort.removeprefix("-"), *sorted_by]):
        path = _path(model, name)
        if isinstance(path, str):
            yield path
        elif path.hops or path.column is None:
            yield f"{name!r} must be a plain column of {model.__name__} to be its key or sorted by"
    yield from _check_label(mounted)
    for column in resource.columns:
        path = _path(model, column.name, column.kind)
        if isinstance(path, str):
            yield path
    relations = mapper_of(model).relationships
    for where, names in (("load", resource.load), ("references", tuple(resource.references))):
        yield from (
            f"{where} names {name!r}, no relationship of {model.__name__}" for name in names if name not in relations
        )


def _check_label(mounted: Mounted) -> Iterator[str]:
    """What names a record, and what it is searched by, are columns; those of other records must be loaded."""
    resource, model = mounted.resource, mounted.model
    for name in (resource.label_name(), *resource.search):
        path = _path(model, name)
        if isinstance(path, str):
            yield path
        elif path.column is None:
            yield f"{name!r} is computed: {model.__name__} cannot be labelled or searched by it"
    label = _path(model, resource.label_name())
    if isinstance(label, Path) and label.hops and label.hops[0] not in resource.load:
        yield f"its label is {label.name!r}: say load = ({label.hops[0]!r},)"


def _check_grants(mounted: Mounted) -> Iterator[str]:
    """Every verb is one we know, every grant one the house knows, every form one that can be opened."""
    resource, realm, known = mounted.resource, mounted.realm.name, mounted.hooks.grants
    for verb in resource.grants:
        grant = resource.grant(verb, realm)
        if verb not in VERBS:
            yield f"there is no verb {verb!r}; there are {', '.join(sorted(VERBS))}"
        elif grant and grant != EVERYONE and grant not in known:
            yield f"the grant {grant!r} of {verb!r} is not known"
    for verb in resource.form:
        if verb not in WRITING[:2]:
            yield f"there is no form for {verb!r}, only for create and edit"
    for verb in WRITING[:2]:
        if mounted.grant(verb) and not resource.form_columns(verb, realm):
            yield f"{verb!r} is granted, but form[{verb!r}] is missing"
    for verb in resource.saves:
        if verb not in WRITING:
            yield f"saves names {verb!r}, which saves nothing"


def _check_scope(mounted: Mounted) -> Iterator[str]:
    """Rows that belong to nobody need a scope to be shown where rows have owners."""
    resource = mounted.resource
    owned = issubclass(mounted.model, mounted.hooks.owned)
    if mounted.realm.scoped and not owned and resource.scope is None:
        yield "its rows belong to nobody: say scope = everyone, or which rows an owner may see"
    if resource.owners is not None and not owned:
        yield "owners is for rows that belong to an owner"


def _check_actions(mounted: Mounted) -> Iterator[str]:
    seen: set[str] = set()
    for action in mounted.resource.actions:
        yield from _check_action(mounted, action)
        if action.slug in seen:
            yield f"two actions are called {action.slug!r}"
        seen.add(action.slug)


def _check_action(mounted: Mounted, action: Action) -> Iterator[str]:
    name = action.slug or action.label
    if not action.slug or "/" in action.slug:
        yield f"the action {action.label!r} has no name for its address"
    if action.slug in BUILT_IN:
        yield f"the action {name!r} is called like a page that every record has"
    if not action.grant:
        yield f"the action {name!r} names no permission"
    elif action.grant != EVERYONE and action.grant not in mounted.hooks.grants:
        yield f"the grant {action.grant!r} of the action {name!r} is not known"
    undo = mounted.actions.get(action.undo)
    if action.undo and (undo is None or undo.form is not None or undo.typed or undo.sensitive or undo.leads_to):
        yield f"the action {name!r} is taken back by {action.undo!r}, which is none that asks for nothing"
    if action.typed and action.bulk:
        yield f"the action {name!r} wants a name to be typed, so it cannot be for many rows"
    if not set(action.realms) <= BOTH:
        yield f"the action {name!r} names an unknown realm"
    if action.condition:
        path = _path(mounted.model, action.condition)
        if isinstance(path, str):
            yield f"the action {name!r} asks for {action.condition!r}: {path}"


def _check_indexes(mounted: Mounted) -> Iterator[str]:
    """A sort or search without an index works today and stands still with a million rows."""
    model, resource = mounted.model, mounted.resource
    table = model.__table__
    names = {column.name for column, path, _ in _known_columns(mounted) if column.sort and not path.hops}
    if resource.default_sort:
        names.add(resource.default_sort.removeprefix("-"))
    primary_key = mapper_of(model).primary_key[0].name
    prefix = [mounted.hooks.owner_column] if mounted.realm.scoped and issubclass(model, mounted.hooks.owned) else []
    for name in sorted(names):
        path = _path(model, name)
        if isinstance(path, str) or path.column is None or path.column.name == primary_key:
            continue
        yield from _check_addressable(name, path.column)
        wanted = [*prefix, path.column.name, primary_key]
        if not _has_index(table, wanted):
            yield f"no index on ({', '.join(wanted)}), which the list needs to be sorted by {name!r}"
    for name in resource.search:
        path = _path(model, name)
        if isinstance(path, str) or path.column is None:
            continue
        if not _has_search_index(path.target.__table__, path.column.name):
            yield f"no trigram index on {path.column.name!r}, which is searched"
    for column in resource.search_by.columns if resource.search_by is not None else ():
        if not _has_search_index(column.class_.__table__, column.key):
            yield f"no GIN index on {column.key!r} of {column.class_.__name__}, which is searched"


def _check_addressable(name: str, column: Any) -> Iterator[str]:
    """The sort value of a row stands in the address of the next page."""
    try:
        if not isinstance(column.type, Enum):
            python_type(column.type)
    except TypeError as mistake:
        yield f"cannot be sorted by {name!r}: {mistake}"


def _check_machinery(mounted: Mounted) -> Iterator[str]:
    """Work everything out once: filters, related rows and forms say themselves what they miss."""
    resource, realm = mounted.resource, mounted.realm
    relations = mapper_of(mounted.model).relationships
    for related in resource.related:
        if related.name not in relations or not relation_of(mounted.model, related.name).uselist:
            yield f"related names {related.name!r}, which leads to no rows of {mounted.model.__name__}"
            return
    try:
        mounted.prepare()
    except (UnknownName, UnknownKind, NoFormField, NoScope, ArgumentError) as mistake:
        yield str(mistake)
        return
    yield from _check_sections(mounted)
    yield from _check_further_exports(mounted)
    for maker in mounted.forms.values():
        for name, source in maker.sources.items():
            if not source.open:
                yield (
                    f"the form offers {name!r}, whose records belong to nobody and have no Resource in {realm.label}: "
                    f"say references = {{{name!r}: Reference(where=…)}}"
                )


def _check_further_exports(mounted: Mounted) -> Iterator[str]:
    """A filter that the other list does not know would be ignored there, and the file hold more than was chosen."""
    for further in mounted.resource.further_exports:
        other = mounted.named(further.slug)
        if other is None:
            yield f"the export {further.label!r} is of {further.slug!r}, and no Resource here is called so"
            continue
        known = {bound.param for bound in other.filters}
        needed = {bound.param for bound in mounted.filters} | set(further.params)
        if needed - known:
            yield f"the export {further.label!r} needs filters of {further.slug!r}: {', '.join(sorted(needed - known))}"
        if mounted.is_searched and not other.is_searched:
            yield f"the export {further.label!r} needs a search of {further.slug!r}"


def _check_sections(mounted: Mounted) -> Iterator[str]:
    """A section names fields of a form, and each of them once; a listed column has its list."""
    named = [name for section in mounted.resource.sections for name in section.names]
    asked = {name for verb in mounted.resource.form for name in _asked(mounted, verb)}
    yield from (f"sections name {name!r}, which no form asks for" for name in dict.fromkeys(named) if name not in asked)
    yield from (f"sections name {name!r} twice" for name in sorted({name for name in named if named.count(name) > 1}))
    for column, path, _ in mounted.columns:
        if isinstance(path.kind, Listed) and path.kind.list_name not in mounted.hooks.lists:
            yield f"the column {column.name!r} chooses from {path.kind.list_name!r}, a list the hooks do not hold"


def _asked(mounted: Mounted, verb: str) -> set[str]:
    """The names a form of the resource has, in whichever realm."""
    declared = mounted.resource.form[verb]
    found = list(declared.values()) if isinstance(declared, Mapping) else [declared]
    extras = mounted.resource.form_extras.get(verb)
    names = {name for columns in found if not isinstance(columns, type) for name in columns}
    return names | (set(dir(extras)) if isinstance(extras, type) else set())


def _known_columns(mounted: Mounted) -> list[tuple[Any, Path, str]]:
    found = []
    for column in mounted.resource.columns:
        path = _path(mounted.model, column.name, column.kind)
        if mounted.realm.name in column.realms and isinstance(path, Path):
            found.append((column, path, ""))
    return found


def _path(model: type[Any], name: str, kind: str = "") -> Path | str:
    """The path, or what is wrong with it."""
    try:
        return resolve(model, name, kind)
    except (UnknownName, UnknownKind) as mistake:
        return str(mistake)


def _has_index(table: Table, wanted: list[str]) -> bool:
    """Whether an index begins with these columns; the key at the end may be missing after a unique column."""
    unique = [[column.name for column in index.columns] for index in table.indexes if index.unique]
    unique += [
        [column.name for column in each.columns]
        for each in table.constraints
        if hasattr(each, "columns") and type(each).__name__ in ("UniqueConstraint", "PrimaryKeyConstraint")
    ]
    plain = [[column.name for column in index.columns] for index in table.indexes]
    if any(columns[: len(wanted)] == wanted for columns in plain + unique):
        return True
    return any(columns == wanted[:-1] for columns in unique)


def _has_search_index(table: Table, name: str) -> bool:
    for index in table.indexes:
        columns = [column.name for column in index.columns]
        if columns == [name] and index.dialect_options["postgresql"].get("using") == "gin":
            return True
    return False
