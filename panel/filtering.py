"""What the filters in an address say: parsed, said back, and turned into predicates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from panel import filters, kinds
from panel.amounts import parse_amount
from panel.hooks import Hooks
from panel.lookups import Source
from panel.pages import FilterField, FilterOption
from panel.paths import Path, relation_of, resolve
from panel.realm import Visit
from panel.search import LONGEST_TEXT, contains
from panel.selection import currency_hops
from panel.words import gettext

if TYPE_CHECKING:
    from panel.mounted import Mounted

Address = MultiDict[str, str]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch
NOT_A_DATE = "Enter a date like 2026-01-31."
NOT_A_CHOICE = "Choose one of the list."
NOT_FOUND = "There is no such record."


@dataclass(frozen=True, slots=True)
class Reading:
    """What one filter found in the address. ``params`` are what it stands for there, when it is in force."""

    field: FilterField
    predicate: ColumnElement[bool] | None = None
    shown: str = ""
    params: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BoundFilter:
    """A declared filter, tied to the columns of its resource in one realm."""

    declared: filters.Filter
    label: str
    hooks: Hooks
    path: Path | None = None
    choices: kinds.Choice = field(default_factory=kinds.Choice)
    source: Source | None = None

    @property
    def param(self) -> str:
        return self.declared.address

    @property
    def params(self) -> tuple[str, ...]:
        """The names it uses in addresses."""
        if self.declared.kind in ("dates", "money"):
            return (f"{self.param}.from", f"{self.param}.to")
        return (self.param,)

    def read(self, address: Address, visit: Visit, session: Session, url: str) -> Reading:
        """What the address says. ``url`` is the list's own, for the lookup."""
        return _READERS[self.declared.kind](self, address, visit, session, url)

    def field(self, **more: Any) -> FilterField:
        return FilterField(self.param, self.label, self.declared.kind, **more)

    def where(self, predicate: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
        if self.path is None:
            raise LookupError(self.param)
        return self.path.where(predicate)


def bind_filter(declared: filters.Filter, owner: Mounted) -> BoundFilter:
    """Tie a filter to its column; UnknownName when there is none."""
    label = declared.label or owner.resource.label_of(declared.name)
    if isinstance(declared, filters.Lookup):
        *hops, last = declared.name.split(".")
        holder = owner.model
        for hop in hops:
            holder = relation_of(holder, hop).mapper.class_
        source = Source(owner, relation_of(holder, last), holder)
        path = resolve(owner.model, ".".join([*hops, source.local]))
        return BoundFilter(declared, label, owner.hooks, path, source=source)
    path = resolve(owner.model, declared.name)
    choices = path.kind if isinstance(path.kind, kinds.Choice) else kinds.Choice()
    if isinstance(declared, filters.Choice) and tuple(declared.choices):
        choices = kinds.Choice(declared.choices)
    return BoundFilter(declared, label, owner.hooks, path, choices)


def _typed(address: Address, name: str) -> str:
    return address.get(name, "").strip().replace("\0", "\ufffd")


def _read_text(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    typed = _typed(address, bound.param)
    if not typed:
        return Reading(bound.field())
    if len(typed) > LONGEST_TEXT or "\ufffd" in typed:
        return Reading(
            bound.field(
                values=(typed[:LONGEST_TEXT],),
                error=gettext("Enter at most %(count)s characters of text.", count=LONGEST_TEXT),
            )
        )
    exact = isinstance(bound.declared, filters.Text) and bound.declared.exact
    wanted, shown = _listed(bound, visit, typed)
    predicate = bound.where(lambda column: column == wanted if exact else contains(column, typed))
    return Reading(bound.field(values=(typed,)), predicate, shown, ((bound.param, typed),))


def _listed(bound: BoundFilter, visit: Visit, typed: str) -> tuple[str, str]:
    """The code that was typed, or whose words were, of a column that holds one of a list; and how it is said."""
    kind = bound.path.kind if bound.path is not None else None
    if not isinstance(kind, kinds.Listed):
        return typed, typed
    known = bound.hooks.lists[kind.list_name](visit)
    folded = typed.casefold()
    codes = [code for code, label in known.items() if folded in (code.casefold(), label.casefold())]
    return (codes[0], known[codes[0]]) if codes else (typed, typed)


def _read_choice(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    typed = [text for text in address.getlist(bound.param) if text]
    chosen, error = [], ""
    for text in typed:
        try:
            chosen.append(bound.choices.parse(text))
        except ValueError:
            error = NOT_A_CHOICE
    if error:
        chosen = []
    options = tuple(
        FilterOption(text, bound.choices.words(value), selected=text in typed)
        for value in bound.choices.values
        for text in (str(getattr(value, "value", value)),)
    )
    shown_field = bound.field(values=tuple(_clean(text) for text in typed), options=options, error=error)
    if not chosen:
        return Reading(shown_field)
    predicate = bound.where(lambda column: column.in_(chosen) if len(chosen) > 1 else column == chosen[0])
    shown = ", ".join(bound.choices.words(value) for value in chosen)
    return Reading(shown_field, predicate, shown, tuple((bound.param, text) for text in typed))


def _read_lookup(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    typed, source = _typed(address, bound.param), bound.source
    lookup_url = f"{url}lookup/{bound.param}"
    if not typed or source is None:
        return Reading(bound.field(lookup_url=lookup_url))
    chosen = source.find(session, visit, typed)
    if chosen is None:
        return Reading(bound.field(values=(typed[:LONGEST_TEXT],), lookup_url=lookup_url, error=NOT_FOUND))
    option = FilterOption(chosen.key, chosen.label, selected=True)
    shown_field = bound.field(values=(chosen.key,), options=(option,), lookup_url=lookup_url)
    predicate = bound.where(lambda column: column == chosen.primary_key)
    return Reading(shown_field, predicate, chosen.label, ((bound.param, chosen.key),))


def _read_range(
    bound: BoundFilter, address: Address, parse: Callable[[str, bool], Callable[[Any], ColumnElement[bool]]]
) -> Reading:
    """A range from two values, of which either may be missing. ``parse`` gets the text and whether it is the end."""
    typed = tuple(_typed(address, name) for name in bound.params)
    bounds, params, error = [], [], ""
    for text, name, is_end in zip(typed, bound.params, (False, True), strict=True):
        if not text:
            continue
        try:
            bounds.append(parse(text, is_end))
        except (ValueError, OverflowError) as refused:
            error = str(refused) if isinstance(refused, _Refused) else NOT_A_DATE
        params.append((name, text))
    shown_field = bound.field(values=tuple(text[:LONGEST_TEXT] for text in typed), error=error)
    if error or not bounds:
        return Reading(shown_field)
    predicate = bound.where(lambda column: and_(*(make(column) for make in bounds)))
    return Reading(shown_field, predicate, _range_words(*typed), params)


def _range_words(start: str, end: str) -> str:
    if start and end:
        return gettext("from %(start)s to %(end)s", start=start, end=end)
    return gettext("from %(start)s", start=start) if start else gettext("to %(end)s", end=end)


class _Refused(ValueError):
    """A message that is safe to show."""


def _read_dates(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    moments = bound.path is not None and bound.path.kind.name == "moment"

    def parse(text: str, is_end: bool) -> Callable[[Any], ColumnElement[bool]]:
        if not _DAY(text):
            raise _Refused(NOT_A_DATE)
        day = dt.date.fromisoformat(text)
        if not moments:
            return lambda column: column <= day if is_end else column >= day
        day += dt.timedelta(days=1 if is_end else 0)
        moment = dt.datetime.combine(day, dt.time(), tzinfo=visit.time_zone).astimezone(dt.UTC)
        return lambda column: column < moment if is_end else column >= moment

    return _read_range(bound, address, parse)


def _read_money(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    def parse(text: str, is_end: bool) -> Callable[[Any], ColumnElement[bool]]:
        exponents = _exponents(bound, visit)
        try:
            amounts = {exponent: parse_amount(text, exponent if len(exponents) == 1 else 4) for exponent in exponents}
        except ValueError as refused:
            raise _Refused(str(refused)) from refused
        if len(amounts) > 1:
            amounts = {exponent: _rescaled(amounts[exponent], exponent, is_end=is_end) for exponent in exponents}

        def compare(column: Any, minor: int) -> ColumnElement[bool]:
            found: ColumnElement[bool] = column <= minor if is_end else column >= minor
            return found

        if len(amounts) == 1:
            return lambda column: compare(column, next(iter(amounts.values())))
        return lambda column: or_(
            *(and_(_currency_in(bound, exponent), compare(column, minor)) for exponent, minor in amounts.items())
        )

    return _read_range(bound, address, parse)


def _exponents(bound: BoundFilter, visit: Visit) -> set[int]:
    """How many digits the amounts may have: those of the currencies in use, or of the visit's own."""
    currencies = bound.hooks.currencies or (bound.hooks.currency(visit),)
    return {bound.hooks.exponent(currency) for currency in currencies}


def _rescaled(ten_thousandths: int, exponent: int, *, is_end: bool) -> int:
    """An amount in 1/10,000 as minor units of a currency: rounded inwards, so that both ends still hold."""
    unit: int = 10 ** (4 - exponent)
    return ten_thousandths // unit if is_end else -(-ten_thousandths // unit)


def _currency_in(bound: BoundFilter, exponent: int) -> ColumnElement[bool]:
    currencies = [currency for currency in bound.hooks.currencies if bound.hooks.exponent(currency) == exponent]
    path = bound.path
    found = currency_hops(path) if path is not None else None
    if path is None or found is None:
        raise LookupError(bound.param)
    hops, attribute = found
    return resolve(path.model, ".".join((*hops, attribute))).where(lambda column: column.in_(currencies))


def _read_boolean(bound: BoundFilter, address: Address, visit: Visit, session: Session, url: str) -> Reading:
    typed = _typed(address, bound.param)
    options = tuple(
        FilterOption(value, label, selected=typed == value)
        for value, label in (("yes", gettext("Yes")), ("no", gettext("No")))
    )
    if not typed:
        return Reading(bound.field(options=options))
    if typed not in ("yes", "no"):
        return Reading(bound.field(values=(typed[:LONGEST_TEXT],), options=options, error=NOT_A_CHOICE))
    wanted, boolean = typed == "yes", bound.path is not None and bound.path.kind.name == "boolean"

    def holds(column: Any) -> ColumnElement[bool]:
        if isinstance(bound.declared, filters.Passed):
            now = bound.hooks.now()
            return column <= now if wanted else or_(column > now, column.is_(None))
        if boolean:
            found: ColumnElement[bool] = column.is_(wanted)
            return found
        empty: ColumnElement[bool] = column.is_not(None) if wanted else column.is_(None)
        return empty

    shown_field = bound.field(values=(typed,), options=options)
    return Reading(
        shown_field, bound.where(holds), gettext("Yes") if wanted else gettext("No"), ((bound.param, typed),)
    )


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")[:LONGEST_TEXT]


_READERS: dict[str, Callable[[BoundFilter, Address, Visit, Session, str], Reading]] = {
    "text": _read_text,
    "choice": _read_choice,
    "lookup": _read_lookup,
    "dates": _read_dates,
    "money": _read_money,
    "boolean": _read_boolean,
}
