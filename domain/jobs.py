"""Rules of jobs: how often one is tried, how long it rests in between, and how one ends before its end."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

_THOUSANDTHS = 1000


class GiveUp(Exception):
    """Raised by a handler: trying again cannot help. The message is what staff read on the job's page."""


class TryLater(Exception):
    """Raised by a handler that knows when trying again makes sense, instead of the pause of its kind."""

    def __init__(self, reason: str, *, pause: dt.timedelta) -> None:
        super().__init__(reason)
        self.pause = pause


class JobCancelled(Exception):
    """Somebody asked a running job to stop, and it did, between two rows: nothing of it is written half."""


class LeaseLost(Exception):
    """The job belongs to another runner by now, or to nobody: whoever meets this writes nothing more about it."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a kind of job is tried again. The pause grows by ``growth`` with every attempt, up to ``longest_pause``.

    Up to ``jitter`` thousandths are added, so that jobs which failed together do not return together. How many follows
    from job and attempt: the same question has the same answer on every machine.
    """

    first_pause: dt.timedelta = dt.timedelta(seconds=10)
    growth: int = 3
    longest_pause: dt.timedelta = dt.timedelta(hours=2)
    most_attempts: int = 10
    jitter: int = 200

    def __post_init__(self) -> None:
        if self.most_attempts < 1 or self.growth < 1 or self.jitter < 0 or self.first_pause < dt.timedelta():
            raise ValueError("a retry policy needs at least one attempt, and pauses that do not shrink")

    def is_last(self, attempt: int) -> bool:
        """Say whether no other attempt follows this one (the first has number 1)."""
        return attempt >= self.most_attempts

    def pause_after(self, attempt: int, *, job: str) -> dt.timedelta:
        """How long a job rests after its failed attempt."""
        pause = self.first_pause
        for _ in range(attempt - 1):
            if pause >= self.longest_pause:
                break
            pause *= self.growth
        pause = min(pause, self.longest_pause)
        drawn = int.from_bytes(hashlib.sha256(f"{job}:{attempt}".encode()).digest()[:4], "big") % (self.jitter + 1)
        return pause + pause * drawn // _THOUSANDTHS


USUAL = RetryPolicy()
ONCE = RetryPolicy(most_attempts=1)


def slot_of(moment: dt.datetime, every: dt.timedelta) -> dt.datetime:
    """The start of the stretch of time that a moment lies in: stretches of this length, counted from 1970 in UTC."""
    start = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return start + (moment - start) // every * every
