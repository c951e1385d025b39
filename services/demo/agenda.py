"""The agenda of the demo: what happens when, played in the order of time, so that numbers and balances grow as in life."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Callable

Act = Callable[[dt.datetime], None]


class Agenda:
    """Acts with their moments. What lies in the future never happens; an act may put others on the agenda."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._order = itertools.count()  # acts of one moment happen in the order in which they were noted
        self._acts: list[tuple[dt.datetime, int, Act]] = []

    def note(self, moment: dt.datetime, act: Act) -> None:
        """Let something happen at a moment; the act is told it."""
        if moment <= self._now:
            heapq.heappush(self._acts, (moment, next(self._order), act))

    def play(self) -> int:
        """Let everything happen, the oldest first, and say how much it was."""
        played = 0
        while self._acts:
            moment, _, act = heapq.heappop(self._acts)
            act(moment)
            played += 1
        return played
