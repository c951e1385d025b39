"""Work on many rows, one after the other: one that fails does not stop the others, and is looked at again next time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, ParamSpec

from domain.refusals import Refusal
from gateways.registry import GatewayNotSetUp
from services.unit_of_work import unit_of_work

_P = ParamSpec("_P")
NOTHING: Final = "nothing"
"""What came of a row of which nothing was to be done."""


def one_by_one(
    rows: Iterable[int], act: Callable[[int], str | None], *, what: str, log: logging.Logger
) -> dict[str, int]:
    """How many rows came to what: as ``act`` says it, ``nothing``, ``refused`` or ``failed``.

    ``act`` opens its own units of work; ``what`` names a row in the log.
    """
    came_to = Counter[str]()
    for row_id in rows:
        try:
            came_to[act(row_id) or NOTHING] += 1
        except Refusal as refusal:
            came_to["refused"] += 1
            log.warning("%s %s waits: %s", what, row_id, refusal.message)
        except GatewayNotSetUp as missing:
            came_to["refused"] += 1
            log.warning("%s %s waits: the gateway %s is not set up", what, row_id, missing)
        except Exception:
            came_to["failed"] += 1
            log.exception("%s %s is left as it is and looked at again", what, row_id)
    return dict(came_to)


def found_once(find: Callable[_P, Sequence[int]], *given: _P.args, **named: _P.kwargs) -> Sequence[int]:
    """The rows of one search, in a unit of work of its own."""
    with unit_of_work():
        return find(*given, **named)


def page_by_page(find: Callable[[int], Sequence[int]]) -> Iterator[int]:
    """The rows of a search that goes on after the last row it found, until it finds none."""
    after = 0
    while found := found_once(find, after):
        yield from found
        after = found[-1]
