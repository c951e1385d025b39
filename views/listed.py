"""The lists that forms choose from: countries and currencies by name, time zones and languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale

from domain.currencies import EXPONENTS
from domain.languages import SPOKEN
from panel import Visit
from services.vat import COUNTRIES

KEPT_LOCALES = 16


def countries(visit: Visit) -> Mapping[str, str]:
    """Country code -> its name in the reader's language, sorted by it."""
    return _countries(visit.locale)


def currencies(visit: Visit) -> Mapping[str, str]:
    """Currency code -> the code with its name: one that has no name any more stands by its code alone."""
    return _currencies(visit.locale)


def time_zones(_visit: Visit) -> Mapping[str, str]:
    """Time zones by their names, cities first by region: Europe/Sarajevo."""
    return _time_zones()


def languages(_visit: Visit) -> Mapping[str, str]:
    """Language code -> its name in itself."""
    return {language.code: language.name for language in SPOKEN.values()}


@lru_cache(KEPT_LOCALES)
def _countries(locale: str) -> Mapping[str, str]:
    names = Locale.parse(locale, sep="-").territories
    return _sorted({code: str(names.get(code, code)) for code in COUNTRIES})


@lru_cache(KEPT_LOCALES)
def _currencies(locale: str) -> Mapping[str, str]:
    names = Locale.parse(locale, sep="-").currencies
    return {code: f"{code} – {names[code]}" if code in names else code for code in sorted(EXPONENTS)}


@lru_cache(1)
def _time_zones() -> Mapping[str, str]:
    named = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return {"UTC": "UTC", **{zone: zone.replace("_", " ") for zone in named}}


def _sorted(names: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


LISTS: Mapping[str, Callable[[Visit], Mapping[str, str]]] = {
    "countries": countries,
    "currencies": currencies,
    "time_zones": time_zones,
    "languages": languages,
}
