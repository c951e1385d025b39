"""The agenda of the demo: what happens when, played in the order of time, so that numbers grow as in life."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Callable
from typing import TypeVarTuple

Given = TypeVarTuple("Given")
Act = Callable[[dt.datetime], object]


class Agenda:
    """Acts with their moments. What lies in the future never happens; an act may put others on the agenda."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._order = itertools.count()  # acts of one moment happen in the order in which they were noted
        self._acts: list[tuple[dt.datetime, int, Act]] = []

    def note(self, moment: dt.datetime, act: Callable[[*Given, dt.datetime], object], *given: *Given) -> None:
        """Let ``act(*given, moment)`` happen at a moment."""
        if moment <= self._now:
            heapq.heappush(self._acts, (moment, next(self._order), lambda at: act(*given, at)))

    def play(self) -> int:
        """Let everything happen, the oldest first, and say how much it was."""
        played = 0
        while self._acts:
            moment, _, act = heapq.heappop(self._acts)
            act(moment)
            played += 1
        return played
