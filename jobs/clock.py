"""The clock: work that begins by itself. A row (name, slot) can be inserted once, so one machine asks for the job."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from domain.jobs import slot_of
from jobs.registry import BEATS, retry_policy
from services.clock_slots import take_slot
from services.job_leases import sweep_expired_leases
from services.jobs import enqueue
from services.unit_of_work import unit_of_work

PULSE = "pulse"
"""The slot that shows that somewhere a clock runs (/readyz). No work hangs on it."""
PULSE_EVERY = dt.timedelta(minutes=1)


class ClockWork:
    """The clock of one process. Any number may run, on any machine, with clocks that agree to a few seconds."""

    def __init__(self, app: Flask, *, taken_by: str) -> None:
        self._app = app
        self._taken_by = taken_by
        self._seen: dict[str, dt.datetime] = {}

    def tick(self, *, now: dt.datetime) -> list[str]:
        """Ask for the work of each slot that has begun and that nobody has taken; give the names of what was asked."""
        asked = []
        for name, every in [(PULSE, PULSE_EVERY), *((beat.name, beat.every) for beat in BEATS.values())]:
            slot = slot_of(now, every)
            if self._seen.get(name) == slot:
                continue
            with self._app.app_context(), unit_of_work():
                won = take_slot(name, slot, taken_by=self._taken_by, now=now)
                if won and name != PULSE:
                    enqueue(name, {}, now=now, unique_key=f"clock:{name}:{slot:%Y-%m-%dT%H:%M:%SZ}")
                    asked.append(name)
            self._seen[name] = slot
        return asked

    def sweep(self, *, now: dt.datetime) -> int:
        """Free the jobs of runners that are gone.

        Not a job itself: were all runners gone or busy, nobody would free what they left. Any number may sweep at once.
        """
        with self._app.app_context(), unit_of_work():
            return sweep_expired_leases(policy_of=retry_policy, now=now)
