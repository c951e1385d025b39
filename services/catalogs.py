"""What Foyer says in each language: catalogs read from translations/, and the ways to write numbers, days and money."""

from __future__ import annotations

import datetime as dt
import enum
from copy import copy
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import babel.messages
from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern, format_decimal
from babel.support import NullTranslations, Translations

from domain.currencies import exponent_of
from domain.languages import ENGLISH, PSEUDO, SPOKEN, Language
from domain.sentences import Amount, Moment, Sentence, WholeDay
from services.pseudo_catalogs import PseudoTranslations, accented, turned_round

FOLDER: Final = Path(__file__).resolve().parent.parent / "translations"
TEMPLATE: Final = FOLDER / "messages.pot"


class Catalog(NullTranslations):
    """A language: its messages by gettext's own functions, and how it writes values. Without messages it is English."""

    def __init__(self, language: Language, messages: NullTranslations | None = None) -> None:
        super().__init__()
        self.language = language
        if messages is not None:
            self.add_fallback(messages)

    def say(self, text: str) -> str:
        """A text of ours in this language: a sentence by its template, any other by itself."""
        if isinstance(text, Sentence):
            return text.said_by(self)
        return self.gettext(text) if text else ""

    def inside(self, label: str) -> str:
        """A label within a sentence: "Credit note" -> "credit note", and "SLA policy" as it is."""
        said = self.say(label)
        keeps = self.language.capital_nouns or said[1:2].isupper()
        return said if keeps else said[:1].lower() + said[1:]

    def shown(self, value: Any) -> str:
        """A number, day, amount or choice as it stands within a sentence; text as it is."""
        locale = self.language.locale
        if isinstance(value, enum.Enum):
            return self.inside(self.choice(type(value).__name__, value))
        if isinstance(value, (int, Decimal)):
            return format_decimal(value, locale=locale, decimal_quantization=False)
        if isinstance(value, dt.date):
            return format_date(value, "medium", locale=locale)
        if isinstance(value, WholeDay):
            return format_date(value.on, "long", locale=locale)
        if isinstance(value, Moment):
            day = format_date(value.on_its_clock, "long" if value.spelled else "medium", locale=locale)
            return f"{day}, {value.on_its_clock:%H:%M} ({value.zone})"
        if isinstance(value, Amount):
            digits = exponent_of(value.currency)
            major = Decimal(value.minor).scaleb(-digits)
            return str(_money_pattern(locale, digits).apply(major, locale, value.currency, currency_digits=False))
        return str(value)

    def choice(self, context: str, value: Any) -> str:
        """The word for a choice. Its class is the context: a ticket is open in other words than a shop."""
        label = str(getattr(value, "value", value)).replace("_", " ")
        label = label[:1].upper() + label[1:]
        return str(self.pgettext(context, label)) if context else self.say(label)


@lru_cache
def _money_pattern(locale: str, digits: int) -> NumberPattern:
    """How a language writes money with so many digits behind the point: those of our books, whatever Babel holds."""
    pattern: NumberPattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern


def catalog_path(code: str) -> Path:
    """Where the translations of a language are kept."""
    return FOLDER / code / "LC_MESSAGES" / "messages.po"


def read_catalog(path: Path, code: str | None = None) -> babel.messages.Catalog:
    """The messages in a file, with their places and comments: for those who work on catalogs."""
    with path.open("rb") as file:
        return read_po(file, locale=code)


@lru_cache
def catalog(code: str) -> Catalog:
    """The language of this code, English for one that is not known. Read once, when it is first spoken."""
    language = SPOKEN.get(code) or PSEUDO.get(code) or ENGLISH
    if language.code in PSEUDO:
        change = turned_round if language.right_to_left else accented
        return Catalog(language, PseudoTranslations(read_catalog(TEMPLATE), change))
    if language is ENGLISH:
        return Catalog(language)
    compiled = BytesIO()
    write_mo(compiled, read_catalog(catalog_path(language.code), language.code))
    compiled.seek(0)
    return Catalog(language, Translations(compiled))
