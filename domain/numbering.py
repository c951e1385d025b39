"""Numbers of documents: how a counter of a series is written, and what a draft carries until it has one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PROVISIONAL_PREFIX: Final = "DRAFT-"


def format_number(prefix: str, counter: int, *, year: int | None = None, digits: int = 4) -> str:
    """INV-2026-0001. Without a year the series runs for ever; without a prefix the counter stands alone.

    ``digits`` is the least number of digits: the 10,000th document is INV-2026-10000, not a twin of another.
    """
    if counter < 1:
        raise ValueError("a series counts from 1")
    parts = [prefix, f"{year:04}" if year is not None else "", f"{counter:0{digits}}"]
    return "-".join(part for part in parts if part)


def provisional_number(public_id: str) -> str:
    """What stands in the number of a draft; issuing replaces it by the next of the series."""
    if not public_id:
        raise ValueError("a draft needs its public id")
    return PROVISIONAL_PREFIX + public_id


def is_provisional(number: str) -> bool:
    return number.startswith(PROVISIONAL_PREFIX)


def missing_counters(counters: Iterable[int]) -> list[int]:
    """The gaps of a series that has given these numbers, counted from 1. An unbroken series has none."""
    given = set(counters)
    return [counter for counter in range(1, max(given, default=0)) if counter not in given]
