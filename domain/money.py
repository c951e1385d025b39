"""Money: whole minor units with a currency beside them, and the one rounding rule of the house."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from domain.currencies import exponent_of as exponent_of
from domain.refusals import Refusal
from domain.sentences import Sentence

LARGEST_AMOUNT: Final = 10**15
"""In minor units. Far above any document, far below what BIGINT holds, so that sums of many stay inside."""

_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]{1,4}))?")


class AmountNotReadable(Refusal):
    """The text is no amount of this currency."""


class AmountTooLarge(Refusal):
    message = "This amount is too large. Check the number of digits."


class CurrenciesDiffer(ValueError):
    """Two currencies met in one sum: a mistake of the programmer's."""


def divide_rounded(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero: 2.5 becomes 3, -2.5 becomes -3. The only place where money is rounded."""
    if denominator == 0:
        raise ZeroDivisionError("a share of nothing")
    whole, rest = divmod(abs(numerator), abs(denominator))
    rounded = whole + (2 * rest >= abs(denominator))
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Share out an amount by weights so that the parts add up to it exactly.

    Each part is the exact share, rounded down towards zero; the units left over go to the largest remainders, and among
    equals to the first.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is negative")
    whole = sum(weights)
    if whole == 0:
        raise ValueError("there is nothing to share the amount among")
    size = abs(amount)
    parts = [size * weight // whole for weight in weights]
    remainders = [size * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in by_remainder[: size - sum(parts)]:
        parts[place] += 1
    return [part if amount >= 0 else -part for part in parts]


def parse_minor(text: str, currency: str) -> int:
    """Read a decimal text strictly: no separators, at most one point, no more decimals than the currency has."""
    digits = exponent_of(currency)
    match = _AMOUNT.fullmatch(text.strip(" "))
    if match is None or len(match[3] or "") > digits:
        example = minor_to_text(125 * 10 ** max(1, digits - 1), currency)
        raise AmountNotReadable(
            Sentence("Enter an amount in %(currency)s like %(example)s.", currency=currency, example=example)
        )
    sign, whole, fraction = match[1], match[2], match[3] or ""
    amount = int(whole + fraction.ljust(digits, "0"))
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge
    return -amount if sign else amount


def minor_to_text(amount: int, currency: str) -> str:
    """Write minor units as a decimal text with all digits of the currency: 1250 EUR is "12.50". Not localised."""
    digits = exponent_of(currency)
    figures = str(abs(amount)).rjust(digits + 1, "0")
    text = f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures
    return f"-{text}" if amount < 0 else text


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. There is no way from or to a float."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError("an amount is a whole number of minor units")
        exponent_of(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        return cls(parse_minor(text, currency), currency)

    @classmethod
    def total(cls, parts: Iterable[Money], currency: str) -> Money:
        """Add up; ``currency`` is that of an empty sum, and every part must have it."""
        result = cls(0, currency)
        for part in parts:
            result += part
        return result

    def __str__(self) -> str:
        return minor_to_text(self.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount * quantity, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def share(self, numerator: int, denominator: int) -> Money:
        """A fraction of it, rounded once."""
        return Money(divide_rounded(self.amount * numerator, denominator), self.currency)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Share it out by weights without losing a unit."""
        return [Money(part, self.currency) for part in allocate(self.amount, weights)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency} do not add up")
        return other.amount
