"""So many attempts in so long, then a wait that says how long."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.refusals import Refusal
from domain.sentences import Sentence, counted, joined


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """At most ``attempts`` within any stretch of time as long as ``window``."""

    attempts: int
    window: dt.timedelta


SIGN_IN_LIMIT: Final = AttemptLimit(10, dt.timedelta(minutes=5))
"""For a name and for an address, through every door."""

CODE_GUESSES: Final = AttemptLimit(10, dt.timedelta(minutes=5))
"""For an address from which devices send license codes that nobody has."""

LICENSE_ACTS: Final = AttemptLimit(10, dt.timedelta(minutes=5))
"""For a license: what devices ask of it that is refused, and what changes something. Mere checks are free."""


class TooManyAttempts(Refusal):
    """The attempts are used up. ``wait`` is how long until the next one."""

    def __init__(self, wait: dt.timedelta) -> None:
        self.wait = wait
        super().__init__(Sentence("Too many attempts. Wait %(wait)s, then try again.", wait=wait_in_words(wait)))


def wait_until_next(
    attempts: Iterable[dt.datetime], *, now: dt.datetime, limit: AttemptLimit = SIGN_IN_LIMIT
) -> dt.timedelta:
    """How long until another attempt is allowed: zero when it is now. The order of ``attempts`` does not matter.

    An attempt stamped in the future (a clock was set back) counts as made now: nobody waits longer than the window.
    """
    recent = sorted(min(at, now) for at in attempts if at > now - limit.window)
    if len(recent) < limit.attempts:
        return dt.timedelta(0)
    return recent[-limit.attempts] + limit.window - now


def check_attempts(attempts: Iterable[dt.datetime], *, now: dt.datetime, limit: AttemptLimit = SIGN_IN_LIMIT) -> None:
    """Raise TooManyAttempts when the limit is reached."""
    wait = wait_until_next(attempts, now=now, limit=limit)
    if wait:
        raise TooManyAttempts(wait)


def wait_in_words(wait: dt.timedelta) -> Sentence:
    """The wait in whole seconds, rounded up: "4 minutes 12 seconds"."""
    minutes, seconds = divmod(max(1, math.ceil(wait / dt.timedelta(seconds=1))), 60)
    parts = []
    if minutes:
        parts.append(counted("%(count)s minute", "%(count)s minutes", minutes))
    if seconds:
        parts.append(counted("%(count)s second", "%(count)s seconds", seconds))
    return joined(parts)
