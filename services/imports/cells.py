"""What a cell may hold: each function makes a reader of one kind of text, strict and with a plain message."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from domain.currencies import exponent_of
from domain.money import parse_minor
from domain.tax import MILLION
from services.imports.columns import Reader
from services.imports.problems import CellNotReadable
from services.vat import check_vat_id

Values = Mapping[str, Any]

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERCENT: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")
_YEARS: Final = range(1900, 2201)
_LARGEST_QUANTITY: Final = 1_000_000
_PPM_OF_A_PERCENT: Final = MILLION // 100


def text(longest: int, shortest: int = 1) -> Reader:
    """Any text of so many characters."""

    def read(cell: str, _values: Values) -> str:
        if not shortest <= len(cell) <= longest:
            raise CellNotReadable(f"Enter {shortest} to {longest} characters; these are {len(cell)}.")
        return cell

    return read


def choice(choices: type[enum.StrEnum], *without: enum.StrEnum) -> Reader:
    """One of the values of an enum, upper or lower case."""
    return one_of({each.value: each for each in choices if each not in without})


def one_of(words: Mapping[str, Any]) -> Reader:
    """One of these words, upper or lower case, and what it stands for."""
    by_folded = {word.casefold(): meaning for word, meaning in words.items()}

    def read(cell: str, _values: Values) -> Any:
        try:
            return by_folded[cell.casefold()]
        except KeyError:
            raise CellNotReadable(f"Enter one of: {', '.join(words)}.") from None

    return read


def yes_or_no() -> Reader:
    return one_of({"yes": True, "no": False})


def several(reader: Reader) -> Reader:
    """Several of what ``reader`` reads, with semicolons between them; each once."""

    def read(cell: str, values: Values) -> tuple[Any, ...]:
        parts = [part.strip() for part in cell.split(";") if part.strip()]
        return tuple(dict.fromkeys(reader(part, values) for part in parts))

    return read


def day() -> Reader:
    """A day of the calendar, as 2026-05-31."""

    def read(cell: str, _values: Values) -> dt.date:
        try:
            found = dt.date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
        except ValueError:
            found = None
        if found is None or found.year not in _YEARS:
            raise CellNotReadable("Enter a day like 2026-05-31: year, month, day.")
        return found

    return read


def amount(currency: str = "", *, above_zero: bool = False) -> Reader:
    """An amount in minor units, of this currency or of the one that the column ``currency`` of the row holds."""

    def read(cell: str, values: Values) -> int:
        unit = currency or values.get("currency", "")
        if not unit:
            return 0  # the currency could not be read, and that is the problem of the row
        found = parse_minor(cell, unit)
        if found < 0:
            raise CellNotReadable("An amount is not negative here.")
        if above_zero and found == 0:
            raise CellNotReadable("Enter an amount above zero.")
        return found

    return read


def whole(largest: int = _LARGEST_QUANTITY, smallest: int = 0) -> Reader:
    """A whole number in plain digits."""

    def read(cell: str, _values: Values) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", cell) or not smallest <= int(cell) <= largest:
            raise CellNotReadable(f"Enter a whole number from {smallest} to {largest}.")
        return int(cell)

    return read


def percent() -> Reader:
    """A share in percent with at most four decimals, as parts per million: 8.875 is 88,750."""

    def read(cell: str, _values: Values) -> int:
        found = int(Decimal(cell) * _PPM_OF_A_PERCENT) if _PERCENT.fullmatch(cell) else -1
        if not 0 <= found <= MILLION:
            raise CellNotReadable("Enter a share in percent like 19 or 8.875.")
        return found

    return read


def currency() -> Reader:
    def read(cell: str, _values: Values) -> str:
        exponent_of(cell)
        return cell

    return read


def rule(check: Callable[[str], str]) -> Reader:
    """What a rule of the house makes of the text: ``normalise_email``, ``check_country``, ``normalise_mac``, …"""
    return lambda cell, _values: check(cell)


def vat_id() -> Reader:
    """A VAT ID of the form of the country that the column ``country`` of the row holds."""

    def read(cell: str, values: Values) -> str:
        return check_vat_id(cell, country=values["country"]) if values.get("country") else cell

    return read


def quantities() -> Reader:
    """Products and how many of each: ``EXT:25; SUPPORT:1``."""

    def read(cell: str, values: Values) -> tuple[tuple[str, int], ...]:
        return tuple((code, quantity) for code, quantity, _ in _items(cell, values, parts=2))

    return read


def priced_quantities() -> Reader:
    """Products, how many of each, and the price of one: ``EXT:25:4.90; SUPPORT:1:30``."""
    return lambda cell, values: _items(cell, values, parts=3)


def _items(cell: str, values: Values, parts: int) -> tuple[tuple[str, int, int], ...]:
    example = "EXT:25; SUPPORT:1" if parts == 2 else "EXT:25:4.90; SUPPORT:1:30.00"
    price_of = amount()
    found: dict[str, tuple[str, int, int]] = {}
    for item in filter(None, (item.strip() for item in cell.split(";"))):
        code, *rest = (part.strip() for part in item.split(":"))
        if len(rest) != parts - 1 or not code or code in found:
            raise CellNotReadable(f"Enter each product once, like {example}.")
        quantity = whole(smallest=1)(rest[0], values)
        found[code] = code, quantity, price_of(rest[1], values) if parts == 3 else 0
    return tuple(found.values())
