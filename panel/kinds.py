"""The kinds of values: how each is shown, exported and told apart by its mapped column."""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape
from sqlalchemy import JSON, Boolean, Date, DateTime, Enum, Integer, Numeric, String, Text, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

from panel.hooks import Hooks
from panel.realm import Visit
from panel.words import choice_label, choice_words, gettext

Show = Callable[[Any], Markup]
Export = Callable[[Sequence[Any]], list[Any]]

NOTHING = Markup("")
LONGEST_IN_A_LIST = 120
SOON = dt.timedelta(hours=1)

_RISKY = frozenset("=+-@\t\r")
_A_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?").fullmatch


def harmless(text: str) -> str:
    """The text as a spreadsheet cell that is never taken for a formula. Numbers stay as they are."""
    if text and text[0] in _RISKY and not _A_NUMBER(text):
        return "'" + text
    return text


@lru_cache(maxsize=20_000)
def date_text(value: dt.date, locale: str) -> str:
    """A date in the reader's language. Kept: Babel needs longer for one date than a list row for all the rest."""
    return format_date(value, "medium", locale=locale)


class Kind:
    """Plain text, and what all kinds can do. ``list`` views may shorten what details show whole.

    ``exported_as`` is the type by which the values of an export are read, where the column's own would make of each
    value what the export takes apart again: half a million times that is a third of the whole time.
    """

    name = "text"
    exported_as: TypeEngine[Any] | None = None

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        """What makes a cell of a value: escaped Markup, empty for None."""
        return lambda value: NOTHING if value is None else escape(value)

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        """What makes a whole column of spreadsheet values: text, numbers, dates or None."""
        return _harmless_column


def _harmless_column(values: Sequence[Any]) -> list[Any]:
    # Most texts are known to be harmless by their first character; a call for each costs more than all the rest.
    return [
        value if value is None or (value.__class__ is str and value[:1] not in _RISKY) else harmless(str(value))
        for value in values
    ]


class LongText(Kind):
    name = "longtext"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        def one_line(value: str | None) -> Markup:
            if value is None:
                return NOTHING
            line = " ".join(value[: LONGEST_IN_A_LIST * 2].split())
            return escape(line if len(line) <= LONGEST_IN_A_LIST else line[: LONGEST_IN_A_LIST - 1] + "…")

        def whole(value: str | None) -> Markup:
            return NOTHING if value is None else Markup('<span class="long-text">%s</span>') % value

        return one_line if short else whole


class Number(Kind):
    name = "number"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        return lambda value: NOTHING if value is None else Markup(str(value))  # noqa: S704  a number

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        return list


class Rate(Kind):
    """Parts per million, shown and typed as a percentage: 190000 is 19 %."""

    name = "rate"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        locale = visit.locale
        return lambda value: NOTHING if value is None else Markup(f"{rate_text(value, locale)} %")  # noqa: S704  a number

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        return lambda values: [None if value is None else Decimal(percent(value)) for value in values]


@lru_cache(maxsize=1_000)
def rate_text(millionths: int, locale: str) -> str:
    """Parts per million as a percentage in the reader's language: 77000 -> "7.7", in German "7,7"."""
    return format_decimal(Decimal(millionths).scaleb(-4), "0.####", locale=locale)


def percent(millionths: int) -> str:
    """Parts per million as a percentage, without zeros at the end: 77000 -> "7.7"."""
    return f"{Decimal(millionths).scaleb(-4).normalize():f}"


class Money(Kind):
    """Minor units with their currency: its values are pairs (amount, currency)."""

    name = "money"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        format_money, locale, fallback = hooks.format_money, visit.locale, hooks.currency

        def show(pair: tuple[int | None, str | None]) -> Markup:
            minor, currency = pair
            return NOTHING if minor is None else escape(format_money(minor, currency or fallback(visit), locale))

        return show

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        exponents: dict[str | None, int] = {}

        def export(values: Sequence[tuple[int | None, str | None]]) -> list[Any]:
            found = []
            for minor, currency in values:
                if currency not in exponents:
                    exponents[currency] = hooks.exponent(currency or hooks.currency(visit))
                found.append(None if minor is None else Decimal(minor).scaleb(-exponents[currency]))
            return found

        return export


class Day(Kind):
    name = "date"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        locale = visit.locale

        def show(value: dt.date | None) -> Markup:
            if value is None:
                return NOTHING
            return Markup(f'<time datetime="{value}">{date_text(value, locale)}</time>')  # noqa: S704  a date

        return show

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        return list


class Moment(Kind):
    """A moment, shown in the reader's time zone."""

    name = "moment"
    exported_as = DateTime(timezone=True)

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        zone, locale = visit.time_zone, visit.locale

        def show(value: dt.datetime | None) -> Markup:
            if value is None:
                return NOTHING
            here = value.astimezone(zone)
            text = f"{date_text(here.date(), locale)}, {here.hour:02d}:{here.minute:02d}"
            return Markup(f'<time datetime="{here.isoformat(timespec="seconds")}">{text}</time>')  # noqa: S704  a date

        return show

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        zone = visit.time_zone

        def here(value: dt.datetime) -> dt.datetime:
            # SQLite knows no time zones: what it keeps is UTC.
            aware = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
            return aware.astimezone(zone).replace(tzinfo=None, microsecond=0)

        return lambda values: [value and here(value) for value in values]


class Deadline(Moment):
    """A moment by which something is promised: a badge says when it has passed, or passes within the hour."""

    name = "deadline"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        show_moment, now = super().show(visit, hooks, short=short), hooks.now()
        return lambda value: show_moment(value) + deadline_badge(value, now)


def deadline_badge(due: dt.datetime | None, now: dt.datetime) -> Markup:
    """The badge beside a deadline, with a space before it; nothing while there is time."""
    if due is None or due > now + SOON:
        return NOTHING
    tone, words = ("danger", gettext("Overdue")) if due <= now else ("warning", gettext("Due within the hour"))
    return Markup(' <span class="badge tone-%s">%s</span>') % (tone, words)


class Choice(Kind):
    """One of a few values, shown as a badge where the house gives it a tone. ``values`` are what filters offer."""

    name = "choice"
    exported_as = String()

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.context = values.__name__ if isinstance(values, type) else ""
        self.values = tuple(values)

    def words(self, value: Any) -> str:
        """A choice in the reader's language."""
        return choice_words(type(value).__name__ if isinstance(value, enum.Enum) else self.context, value)

    def parse(self, text: str) -> Any:
        """The choice written in an address; ValueError when it is none."""
        for value in self.values:
            if str(getattr(value, "value", value)) == text:
                return value
        raise ValueError(text)

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        ready: dict[Any, Markup] = {None: NOTHING}

        def show(value: Any) -> Markup:
            if value not in ready:
                tone, label = hooks.tone(value), self.words(value)
                badge = Markup('<span class="badge tone-%s">%s</span>')
                ready[value] = badge % (tone, label) if tone else escape(label)
            return ready[value]

        return show

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        ready: dict[Any, Any] = {None: None}

        def export(values: Sequence[Any]) -> list[Any]:
            for value in set(values).difference(ready):
                ready[value] = harmless(choice_label(value))
            return [ready[value] for value in values]

        return export


class Listed(Kind):
    """A code out of a list that the house hands in (hooks.lists), chosen in forms by its words: a country, a currency.

    Named ``listed:country`` it is shown by its words, ``code:currency`` as the code itself. Exports keep the code.
    """

    name = "listed"

    def __init__(self, list_name: str, *, in_words: bool) -> None:
        self.list_name = list_name
        self.in_words = in_words

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        if not self.in_words:
            return super().show(visit, hooks, short=short)
        known = hooks.lists[self.list_name](visit)
        return lambda value: NOTHING if value is None else escape(known.get(value, value))


class YesOrNo(Kind):
    name = "boolean"

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        shown = {None: NOTHING, True: escape(gettext("Yes")), False: escape(gettext("No"))}
        return lambda value: shown[value if value is None else bool(value)]

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        shown = {None: None, True: "Yes", False: "No"}
        return lambda values: [shown[value if value is None else bool(value)] for value in values]


class Structure(Kind):
    """JSON: a list of words as words, anything else as JSON."""

    name = "json"

    @staticmethod
    def text(value: Any) -> str:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def show(self, visit: Visit, hooks: Hooks, *, short: bool = False) -> Show:
        return lambda value: NOTHING if value is None else escape(self.text(value))

    def export(self, visit: Visit, hooks: Hooks) -> Export:
        return lambda values: [None if value is None else harmless(self.text(value)) for value in values]


KINDS: dict[str, Callable[[], Kind]] = {
    kind.name: kind for kind in (Kind, LongText, Number, Rate, Money, Day, Moment, Deadline, Choice, YesOrNo, Structure)
}

_LISTED = {"listed": True, "code": False}

_BY_TYPE: tuple[tuple[type[TypeEngine[Any]], type[Kind]], ...] = (
    (Boolean, YesOrNo),
    (DateTime, Moment),
    (Date, Day),
    (Integer, Number),
    (Numeric, Number),
    (JSON, Structure),
    (Uuid, Kind),
    (Text, LongText),
    (String, Kind),
)


class UnknownKind(TypeError):
    """A column whose type no kind fits: say ``info={"kind": …}`` or ``Column(kind=…)``."""


def kind_of(column_type: TypeEngine[Any], named: str = "") -> Kind:
    """The kind of a column: the one named, else the one its type tells."""
    how, _, list_name = named.partition(":")
    if list_name and how in _LISTED:
        return Listed(list_name, in_words=_LISTED[how])
    if named and named not in KINDS:
        raise UnknownKind(f"there is no kind {named!r}; there are {', '.join(KINDS)}")
    if isinstance(column_type, TypeDecorator):
        column_type = column_type.impl_instance
    if isinstance(column_type, Enum) and named in ("", "choice"):
        members: type[enum.Enum] | None = column_type.enum_class
        return Choice(members or column_type.enums)
    if named:
        return KINDS[named]()
    for of_type, kind in _BY_TYPE:
        if isinstance(column_type, of_type):
            return kind()
    raise UnknownKind(f"no kind fits {column_type!r}: say which with info={{'kind': …}}")
