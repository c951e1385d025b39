"""Amounts as people read them: Babel's patterns, taken apart once, because lists show thousands."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol

from domain.money import exponent_of


def format_money(minor: int, currency: str, locale: str = "en") -> str:
    """The amount with its currency's sign and the locale's separators: 123456 USD -> "$1,234.56"."""
    quick = _quick_pattern(currency, locale)
    if quick is None:
        return _by_babel(minor, currency, locale)
    negative, positive, digits, point, group = quick
    whole, rest = divmod(abs(minor), 10**digits)
    number = f"{whole:,}".replace(",", group)
    if digits:
        number = f"{number}{point}{rest:0{digits}d}"
    return (negative if minor < 0 else positive).replace("#", number)


def _by_babel(minor: int, currency: str, locale: str) -> str:
    amount = Decimal(minor).scaleb(-exponent_of(currency))
    return format_currency(amount, currency, locale=locale, currency_digits=True)


@lru_cache(maxsize=512)
def _quick_pattern(currency: str, locale: str) -> tuple[str, str, int, str, str] | None:
    """Negative and positive frame with "#" for the number, digits, point and group; None where it is not that simple.

    Some locales group otherwise than by three or use other digits, and some currencies count other minor units in CLDR
    than in ISO 4217: the probes below show it, and those go through Babel each time.
    """
    digits = exponent_of(currency)
    symbols = Locale.parse(locale).number_symbols.get("latn", {})
    point, group = str(symbols.get("decimal", ".")), str(symbols.get("group", ","))
    if "#" in get_currency_symbol(currency, locale=locale):
        return None
    probe = 1234567 * 10**digits + (89 if digits == 2 else 0)
    number = f"{1234567:,}".replace(",", group) + (f"{point}{probe % 10**digits:0{digits}d}" if digits else "")
    frames = []
    for amount in (-probe, probe):
        shown = _by_babel(amount, currency, locale)
        if shown.count(number) != 1:
            return None
        frames.append(shown.replace(number, "#"))
    small = f"{1234:,}".replace(",", group)
    if small not in _by_babel(1234 * 10**digits, currency, locale):
        return None  # es and pl write 1234 without a separator
    return frames[0], frames[1], digits, point, group
