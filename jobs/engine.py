"""Everything that makes jobs run in one process: runner, clock, heartbeat and sweeper, started and stopped together."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Protocol

from flask import Flask

from config import Settings
from jobs.attempt import Attempts
from jobs.clock import ClockWork
from jobs.periodic import Periodic
from jobs.registry import load_handlers
from jobs.runner import Runner

log = logging.getLogger("foyer.jobs")

STOP_SECONDS = 20.0
"""How long a stop waits for jobs in hand before it gives them back."""


class TakesJobs(Protocol):
    """What runs jobs: threads on the table, or a worker of a broker."""

    def start(self) -> None: ...

    def stop(self, patience: float) -> None: ...


class Engine:
    """Runs jobs, inside this process or by the broker of the settings. Start it once; a stopped one stays stopped."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.extensions["settings"]
        lease = dt.timedelta(seconds=settings.jobs_lease_seconds)
        self._attempts = Attempts(app, lease=lease)
        self._clock = ClockWork(app, taken_by=self._attempts.name)
        self._threads = settings.jobs_threads
        self._broker_url = settings.broker_url.get_secret_value() if settings.broker_url else ""
        self._runner: TakesJobs = self._make_runner()
        now = self._attempts.clock
        self._helpers = (
            Periodic("jobs-alive", min(1.0, settings.jobs_lease_seconds / 8), self._attempts.keep_alive),
            Periodic("jobs-clock", 1.0, lambda: self._clock.tick(now=now())),
            Periodic("jobs-sweep", settings.jobs_lease_seconds / 4, lambda: self._clock.sweep(now=now())),
        )

    def start(self) -> None:
        load_handlers()
        for helper in self._helpers:
            helper.start()
        self._runner.start()
        by = "the broker" if self._broker_url else "the table"
        log.info("runner %s takes jobs from %s with %d threads", self._attempts.name, by, self._threads)

    def stop(self, patience: float = STOP_SECONDS) -> None:
        """Let jobs in hand end, or give them back when they take longer."""
        alive, *others = self._helpers
        for helper in others:
            helper.stop()
        self._runner.stop(patience)
        alive.stop()
        log.info("runner %s has stopped", self._attempts.name)

    def _make_runner(self) -> TakesJobs:
        if not self._broker_url:
            return Runner(self._attempts, threads=self._threads)
        from jobs.broker import BrokerRunner  # not before it is wanted: Dramatiq takes a while to import

        return BrokerRunner(self._attempts, url=self._broker_url, threads=self._threads)
