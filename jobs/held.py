"""A job in the hands of a runner: how far it is, what it told, and whether it may go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from domain.jobs import JobCancelled, LeaseLost
from domain.sentences import Sentence, as_kept
from services.job_leases import Claim

MOST_STEPS: Final = 200
"""So many lines of a log are kept; after that the newest takes the place of the one before it."""


@dataclass
class Held:
    """One attempt. Its handler tells progress and steps, another thread writes them down and says what it found.

    ``written`` is the ``state`` that was written last. ``lost``: the lease is no longer ours. ``cancelled``: somebody
    asked for that.
    """

    claim: Claim
    extended_at: dt.datetime
    clock: Callable[[], dt.datetime]
    done: int = 0
    total: int | None = None
    steps: list[Any] = field(default_factory=list)
    written: tuple[int, int | None, int] = (0, None, 0)
    lost: bool = False
    cancelled: bool = False
    _told: int = 0

    def __post_init__(self) -> None:
        self.steps = list(self.claim.steps)
        if self.claim.attempt > 1:
            self.step(Sentence("Attempt %(number)s began.", number=str(self.claim.attempt)))

    @property
    def state(self) -> tuple[int, int | None, int]:
        """How far it is: rows done, of how many, and lines told."""
        return self.done, self.total, self._told

    def progress(self, done: int, total: int | None) -> None:
        """Say how far it is, and ask whether it may go on. Raises LeaseLost, JobCancelled."""
        if self.lost:
            raise LeaseLost(f"job {self.claim.public_id} belongs to another runner by now")
        self.done, self.total = done, total
        if self.cancelled and done != total:
            raise JobCancelled

    def step(self, what: str) -> None:
        """Begin a step: a line of the log."""
        line = [self.clock().isoformat(), as_kept(what) if isinstance(what, Sentence) else what]
        self.steps = [*self.steps[: MOST_STEPS - 1], line]
        self._told += 1
