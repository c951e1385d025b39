"""The forms that create and edit records, made from the mapped columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField
from wtforms.fields.core import UnboundField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from panel.amounts import amount_text, parse_amount
from panel.fields import (
    NOT_TEXT,
    AmountField,
    ListedField,
    LookupField,
    field_for,
    is_money,
    local_minute,
    needed_field,
)
from panel.form import Form
from panel.kinds import Choice, Moment
from panel.lookups import Chosen, Source
from panel.paths import Path, UnknownName, mapper_of, relation_of, resolve
from panel.realm import Visit
from panel.words import translated

if TYPE_CHECKING:
    from panel.mounted import Mounted

VERSION = "version"
TAKEN_NAMES = frozenset({"data", "errors", "form_errors", "meta", "process", "validate", "populate_obj", "csrf_token"})
_NOT_VALUES = frozenset({"csrf_token", VERSION, "submit"})


class NoFormField(TypeError):
    """A form names a column that nobody could type into."""


@dataclass(frozen=True, slots=True, eq=False)
class _Typed:
    """A column in a form."""

    name: str
    path: Path


class FormMaker:
    """The form for one verb of one resource in one realm, and the way from rows into it and from it to values."""

    def __init__(
        self,
        owner: Mounted,
        form_class: type[FlaskForm],
        typed: list[_Typed],
        sources: dict[str, Source],
        *,
        versioned: bool,
        custom: bool,
        first: str = "",
        further: Callable[[Visit, Any], type[FlaskForm]] | None = None,
    ) -> None:
        self.owner = owner
        self.form_class = form_class
        self.typed = typed
        self.sources = sources
        self.versioned = versioned
        self.custom = custom
        self.first = first
        self.further = further

    def make(self, visit: Visit, session: Session, row: Any = None, *, chosen: Chosen | None = None) -> FlaskForm:
        """The form, filled from the request if it was posted, else from the row; ``chosen``: what was chosen first."""
        if chosen is not None:
            form = self._after(chosen, visit, session)
        else:
            form = self.form_class(data=self._initial(visit, session, row)) if row is not None else self.form_class()
        url = self.owner.url(visit)
        for name in self.owner.withheld(visit, row) if row is not None else ():
            if name in form:
                del form[name]
        for name in self._asked(form, self.sources):
            form[name].lookup_url = f"{url}lookup/{name}"
        for field in form:
            if isinstance(field, ListedField):
                field.offer(self.owner.hooks.lists[field.list_name](visit))
        return form

    def _after(self, chosen: Chosen, visit: Visit, session: Session) -> FlaskForm:
        """The form with what the record chosen first asks for; the choice itself goes along unseen."""
        form_class = self.form_class
        if self.further is not None:
            asked = _unbound(self.further(visit, self.sources[self.first].row(session, chosen)))
            form_class = type(form_class.__name__, (form_class,), asked)
        form = form_class(data={self.first: chosen})
        form[self.first].widget = HiddenInput()
        return form

    def read(self, form: FlaskForm, visit: Visit, session: Session, row: Any = None) -> dict[str, Any] | None:
        """The values posted; None when a field was refused, which then says why."""
        valid = form.validate()
        refuse_nul(form)
        if not valid or any(field.errors for field in form):
            return None
        if self.custom:
            return {field.short_name: field.data for field in form if field.short_name not in _NOT_VALUES}
        values: dict[str, Any] = {}
        for name in self._asked(form, self.sources):
            chosen = form[name].chosen
            values[name] = self.sources[name].row(session, chosen) if chosen else None
        asked = [typed for typed in self.typed if typed.name in form]
        for typed in asked:
            if is_money(typed.path.kind):
                continue
            values[typed.name] = self._value(typed, form[typed.name], visit)
        for typed in asked:
            if is_money(typed.path.kind) and not self._read_amount(typed, form[typed.name], values, row, visit):
                return None
            if is_money(typed.path.kind):
                values[typed.name] = form[typed.name].minor
        for field in form:  # what was asked beyond the columns
            if field.short_name not in _NOT_VALUES and field.short_name not in values:
                values[field.short_name] = field.data
        return values

    def changes(self, values: dict[str, Any], row: Any) -> dict[str, Any]:
        """Those of the values that differ from the row, and all that the row does not hold (form_extras)."""
        if self.custom:
            return values
        changed = {}
        paths = {typed.name: typed.path for typed in self.typed}
        held_besides = self.owner.resource.extra_values
        for name, value in values.items():
            source = self.sources.get(name)
            if source is not None:
                held = getattr(row, source.local)
                if held != (None if value is None else getattr(value, source.primary_key.key)):
                    changed[name] = value
            elif name in paths:
                if not _same(paths[name].on(row), value):
                    changed[name] = value
            elif name not in held_besides or held_besides[name](row) != value:
                changed[name] = value
        return changed

    def is_stale(self, form: FlaskForm, row: Any) -> bool:
        """Whether the row was saved by another since the form was opened; the form then takes the new version."""
        if not self.versioned:
            return False
        opened, now = str(form[VERSION].data or ""), str(getattr(row, VERSION))
        form[VERSION].data = now
        return opened != now

    @staticmethod
    def _asked(form: FlaskForm, names: Iterable[str]) -> list[str]:
        """Those of the fields that this form has: some are withheld from some rows."""
        return [name for name in names if name in form]

    def _initial(self, visit: Visit, session: Session, row: Any) -> dict[str, Any]:
        if self.custom:
            names = [field for field, _ in self.form_class()._fields.items() if field not in _NOT_VALUES]
            data = {name: getattr(row, name) for name in names if name in mapper_of(type(row)).column_attrs}
        else:
            data = {typed.name: self._shown(typed, row, visit) for typed in self.typed}
            data.update({name: source.current(session, row) for name, source in self.sources.items()})
            data.update({name: held(row) for name, held in self.owner.resource.extra_values.items()})
        if self.versioned:
            data[VERSION] = str(getattr(row, VERSION))
        return data

    def _shown(self, typed: _Typed, row: Any, visit: Visit) -> Any:
        value = typed.path.on(row)
        if value is None:
            return None
        if is_money(typed.path.kind):
            return amount_text(value, self.owner.hooks.exponent(self._currency(typed, {}, row, visit)))
        if isinstance(typed.path.kind, Moment):
            return local_minute(value, visit.time_zone)
        return value

    def _value(self, typed: _Typed, field: Any, visit: Visit) -> Any:
        value, kind = field.data, typed.path.kind
        if isinstance(kind, Choice):
            return kind.parse(value) if value else None
        if isinstance(kind, Moment) and isinstance(value, dt.datetime):
            return value.replace(tzinfo=visit.time_zone)
        if value is None and typed.path.column is not None and not typed.path.column.nullable:
            return field.default if field.default is not None else ("" if kind.name in ("text", "longtext") else None)
        return value

    def _read_amount(self, typed: _Typed, field: AmountField, values: dict[str, Any], row: Any, visit: Visit) -> bool:
        text = field.data
        if not text:
            field.minor = None
            return True
        try:
            field.minor = parse_amount(text, self.owner.hooks.exponent(self._currency(typed, values, row, visit)))
        except ValueError as refused:
            field.errors = [*field.errors, str(refused)]
            return False
        return True

    def _currency(self, typed: _Typed, values: dict[str, Any], row: Any, visit: Visit) -> str:
        """The row's currency, else that of a record it was loaded with, or is chosen in the form, else the visit's."""
        name = typed.path.currency or "currency"
        for holder in (row, *_loaded_with(row), *(values.get(name) for name in self.sources)):
            found = None if holder is None or "." in name else getattr(holder, name, None)
            if found:
                return str(found)
        return str(values.get(name) or self.owner.hooks.currency(visit))


def _loaded_with(row: Any) -> list[Any]:
    """The records a row refers to, as far as they were loaded with it."""
    relations = mapper_of(type(row)).relationships if row is not None else ()
    return [row.__dict__.get(relation.key) for relation in relations if not relation.uselist]


def scaffold(owner: Mounted, verb: str) -> FormMaker:
    """Make the form of "create" or "edit"; NoFormField or UnknownName when it names what cannot be typed."""
    resource = owner.resource
    columns = resource.form_columns(verb, owner.realm.name)
    versioned = verb == "edit" and _counts_versions(owner, columns)
    version: dict[str, Any] = {VERSION: HiddenField()} if versioned else {}
    if isinstance(columns, type):
        form_class = type(columns.__name__, (columns,), version)
        return FormMaker(owner, form_class, [], {}, versioned=versioned, custom=True)
    fields: dict[str, Any] = {}
    typed: list[_Typed] = []
    sources: dict[str, Source] = {}
    relations = mapper_of(owner.model).relationships
    for name in columns:
        if name in TAKEN_NAMES:
            raise NoFormField(f"a form cannot have a field called {name!r}")
        if name in relations:
            sources[name] = Source(owner, relation_of(owner.model, name), owner.model)
            fields[name] = _lookup_field(owner, sources[name], name)
            continue
        path = resolve(owner.model, name)
        if path.hops and verb not in owner.resource.saves:
            raise UnknownName(f"{name!r} belongs to another record: say in saves which service changes it")
        try:
            insists = True if name in resource.required else False if name in resource.optional else None
            fields[name] = field_for(path, resource.label_of(name), resource.help.get(name, ""), insists=insists)
        except TypeError as refused:
            raise NoFormField(f"{owner.resource.__name__}: {refused}") from refused
        typed.append(_Typed(name, path))
    declared = owner.resource.form_extras.get(verb, FlaskForm)
    first = resource.first.get(verb, "")
    further = None if isinstance(declared, type) else declared
    if bool(further) and not first:
        raise NoFormField(f"the further fields of {verb!r} are made from a choice: say which one in first")
    if first and first not in sources:
        raise NoFormField(f"{first!r} is to be chosen first, and the form of {verb!r} does not ask for it")
    extras = _unbound(declared) if isinstance(declared, type) else {}
    form_class = type(f"{owner.resource.__name__}{verb.title()}Form", (Form,), {**fields, **extras, **version})
    return FormMaker(owner, form_class, typed, sources, versioned=versioned, custom=False, first=first, further=further)


def _unbound(form_class: type[FlaskForm]) -> dict[str, Any]:
    """The fields of a form, made anew: WTForms shows fields in the order in which they were made."""
    found = {name: field for name in dir(form_class) if isinstance(field := getattr(form_class, name), UnboundField)}
    ordered = sorted(found.items(), key=lambda item: item[1].creation_counter)
    return {name: UnboundField(field.field_class, *field.args, **field.kwargs) for name, field in ordered}


def refuse_nul(form: FlaskForm) -> bool:
    """Give each field that holds the character NUL an error; whether there was one. For forms we did not make."""
    found = False
    for field in form:
        texts = field.data if isinstance(field.data, list) else [field.data]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            found = True
            if not field.errors:
                field.errors = [*field.errors, NOT_TEXT]
    return found


def errors_of(form: FlaskForm) -> list[tuple[str, str]]:
    """(field id, message) for the summary."""
    return [
        (field.id if field.name != "csrf_token" else "", translated(message))
        for field in form
        for message in field.errors
    ]


def tell_fields(form: FlaskForm, errors: Mapping[str, str | Sequence[str]]) -> bool:
    """Give the fields named the errors, one or several, that a refusal says of them; whether all of them are there."""
    for name, said in errors.items():
        if name in form:
            told = [said] if isinstance(said, str) else said
            form[name].errors = [*form[name].errors, *map(translated, told)]
    return all(name in form for name in errors)


def _lookup_field(owner: Mounted, source: Source, name: str) -> Any:
    column = mapper_of(owner.model).columns[source.local]
    label = owner.resource.label_of(name)
    needed = not column.nullable
    return LookupField(
        label,
        description=owner.resource.help.get(name, ""),
        validators=[needed_field(label, choose=True) if needed else Optional()],
        source=source,
    )


def _counts_versions(owner: Mounted, columns: Any) -> bool:
    """Whether the model counts its saves. A column of that name which the form shows is something else."""
    found = mapper_of(owner.model).columns.get(VERSION)
    shown = not isinstance(columns, type) and VERSION in columns
    return found is not None and not shown and found.type.python_type is int


def _same(held: Any, value: Any) -> bool:
    if isinstance(held, dt.datetime) and isinstance(value, dt.datetime):
        return held.astimezone(dt.UTC).replace(second=0, microsecond=0) == value.astimezone(dt.UTC)
    return bool(held == value)
