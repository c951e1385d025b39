"""How much of a sweep a run tries: everything with FOYER_WHOLE_SWEEPS=1 (`make sweeps`), otherwise a fixed share.

Only what repeats is shared out: every form, field, column, record, door and point of death comes up in each run, on both
databases, and of the many values for each of them some, evenly spread and always the same ones. What may be done by whom
(`tests/views/test_matrix*.py`) is no sweep: it is whole in every run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

_Value = TypeVar("_Value")

WHOLE = os.environ.get("FOYER_WHOLE_SWEEPS", "") not in ("", "0")


def size(whole: int, share: int) -> int:
    """How many of something: ``whole`` in a whole sweep, otherwise ``share``."""
    return whole if WHOLE else share


def some(values: Iterable[_Value], most: int, *, turn: int = 0) -> list[_Value]:
    """All values in a whole sweep, otherwise at most so many of them."""
    return list(values) if WHOLE else spread(values, most, turn=turn)


def spread(values: Iterable[_Value], most: int, *, turn: int = 0) -> list[_Value]:
    """At most so many values, evenly spread. Each turn begins one later, so that a few turns in a row meet all values."""
    every = list(values)
    if len(every) <= most:
        return every
    return [every[(turn + place * len(every) // most) % len(every)] for place in range(most)]
