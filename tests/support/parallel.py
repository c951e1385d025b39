"""Many requests at once, each in a unit of work of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from domain.refusals import Refusal
from services.unit_of_work import unit_of_work
from tests.support.together import all_at_once

AT_ONCE = 16

_Result = TypeVar("_Result")


def at_once(work: Callable[[int], _Result], times: int = AT_ONCE) -> list[_Result | Refusal]:
    """Do the work so many times at the same moment; what was refused stands as its refusal, other errors are raised."""

    def one(number: int) -> _Result:
        with unit_of_work():
            return work(number)

    results: list[_Result | Refusal] = all_at_once(one, times=times)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, Refusal):
            raise result
    return results


def refusals(results: list[_Result | Refusal]) -> list[Refusal]:
    """Those that were refused."""
    return [result for result in results if isinstance(result, Refusal)]
