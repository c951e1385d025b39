"""Sentences with facts: English text that remembers how it was made, so that it can be said in another language."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

from domain.currencies import exponent_of


class Speaker(Protocol):
    """Somebody who knows a language (services/catalogs.py)."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, one: str, many: str, count: int) -> str: ...

    def shown(self, value: Any) -> str:
        """A number, day, amount, choice or list as this language writes it; text as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Amount:
    """Money inside a sentence: minor units and their currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        sign, digits = "-" if self.minor < 0 else "", exponent_of(self.currency)
        whole, rest = divmod(abs(self.minor), 10**digits)
        return f"{sign}{whole}{f'.{rest:0{digits}d}' if digits else ''} {self.currency}"


@dataclass(frozen=True, slots=True)
class WholeDay:
    """A day inside a sentence with its month as a word."""

    on: dt.date

    def __str__(self) -> str:
        return f"{self.on.day} {self.on:%B %Y}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time inside a sentence on the clock of a zone: "2026-01-31 14:05 UTC"; ``spelled`` with the month as a word."""

    at: dt.datetime
    zone: str = "UTC"
    spelled: bool = False

    @property
    def on_its_clock(self) -> dt.datetime:
        return self.at.astimezone(ZoneInfo(self.zone))

    def __str__(self) -> str:
        if self.spelled:
            return f"{WholeDay(self.on_its_clock.date())}, {self.on_its_clock:%H:%M} ({self.zone})"
        return f"{self.on_its_clock:%Y-%m-%d %H:%M} {self.zone}"


class Sentence(str):
    """``Sentence("%(cidr)s is in the list.", cidr=cidr)``: the English text itself, which logs and the audit keep.

    The template is what catalogs translate, so it is written out where the sentence is made. Values keep their type,
    for each language writes numbers, days (dt.date), amounts (Amount) and choices (enums) in its own way; text is taken
    as data and is not translated, unless it is a Sentence itself. A text without facts needs none of this: plain
    strings are translated where they are shown.
    """

    template: str
    many: str
    number: int
    values: Mapping[str, Any]
    opens: bool

    def __new__(cls, template: str, /, **values: Any) -> Self:
        if isinstance(template, cls) and not values:
            return template
        return cls._made(template, "", 0, values)

    @classmethod
    def _made(cls, template: str, many: str, count: int, values: Mapping[str, Any], *, opens: bool = False) -> Self:
        pattern = many if many and count != 1 else template
        text = pattern % {name: in_english(value) for name, value in values.items()}
        made = super().__new__(cls, _opened(text) if opens else text)
        made.template, made.many, made.number, made.values, made.opens = template, many, count, values, opens
        return made

    def said_by(self, speaker: Speaker) -> str:
        """The same in another language."""
        if self.many:
            pattern = speaker.ngettext(self.template, self.many, self.number)
        else:
            pattern = speaker.gettext(self.template)
        text = pattern % {name: _said(value, speaker) for name, value in self.values.items()}
        if text.endswith("..") and not pattern.endswith(".."):
            text = text[:-1]  # a Bosnian day ends with a full stop of its own
        return _opened(text) if self.opens else text


def counted(one: str, many: str, count: int, /, **values: Any) -> Sentence:
    """A sentence about a number of things, which stands in it as ``%(count)s``: languages have up to six forms."""
    return Sentence._made(one, many, count, {"count": count, **values})


def opening(phrase: Sentence) -> Sentence:
    """The phrase at the beginning of a sentence: with a capital letter."""
    return Sentence._made(phrase.template, phrase.many, phrase.number, phrase.values, opens=True)


def word(choice: enum.Enum) -> Sentence:
    """A choice as a label: "Partially paid"."""
    return opening(Sentence("%(word)s", word=choice))


def listed(parts: Sequence[str]) -> Sentence:
    """Two or more things in a row: "invoices, payments and licenses"; of one thing, that thing."""
    if len(parts) == 1:
        return Sentence("%(part)s", part=parts[0])
    return Sentence("%(parts)s and %(last)s", parts=list(parts[:-1]), last=parts[-1])


def joined(sentences: Sequence[str], between: str = " ") -> Sentence:
    """Sentences one after the other. Each is a Sentence; what is no Sentence is data."""
    parts = {f"part_{place}": sentence for place, sentence in enumerate(sentences)}
    return Sentence(between.join(f"%({name})s" for name in parts), **parts)


def as_kept(sentence: Sentence) -> dict[str, Any]:
    """A sentence of which every value is text or a sentence, as JSON keeps it where its reader is not known yet."""
    values = {name: as_kept(value) if isinstance(value, Sentence) else value for name, value in sentence.values.items()}
    if sentence.many or any(not isinstance(value, (str, dict)) for value in values.values()):
        raise TypeError(f"{sentence!r} cannot be kept")
    return {"says": sentence.template, "values": values}


def from_kept(kept: Any) -> str:
    """What `as_kept` made; text that was kept as such stays text."""
    if not isinstance(kept, Mapping):
        return str(kept)
    return Sentence(kept["says"], **{name: from_kept(value) for name, value in kept["values"].items()})


def in_english(value: Any) -> str:
    """A value as logs and the audit keep it: 1,250 and 2026-01-31."""
    if isinstance(value, bool) or value is None:
        raise TypeError(f"{value!r} cannot stand in a sentence")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, enum.Enum):
        return str(value.value).replace("_", " ")
    if isinstance(value, (list, tuple)):
        return ", ".join(in_english(part) for part in value)
    return str(value)


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(value: Any, speaker: Speaker) -> str:
    if isinstance(value, Sentence):
        return value.said_by(speaker)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_said(part, speaker) for part in value)
    return speaker.shown(value)
