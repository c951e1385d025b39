"""The runner inside the process: threads that take due jobs from the table, one after the other, until stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from jobs.attempt import Attempts
from services.job_leases import next_due_at
from services.jobs import listen_to_announcements

log = logging.getLogger("foyer.jobs")

POLL_SECONDS = 1.0
SHORTEST_WAIT = 0.02


class Runner:
    """Idle threads sleep until a job of this process is announced, the next known one is due, or the poll is over.

    The poll finds the jobs of other processes. It only reads; the write lock is taken when something is due.
    """

    def __init__(self, attempts: Attempts, *, threads: int, poll: float = POLL_SECONDS) -> None:
        self._attempts = attempts
        self._poll = poll
        self._stopping = False
        self._news = 0
        self._told = threading.Condition()
        self._stop_listening: Callable[[], None] = lambda: None
        self._threads = [
            threading.Thread(target=self._run, name=f"jobs-{number}", daemon=True) for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        with self._attempts.app.app_context():
            self._stop_listening = listen_to_announcements(lambda _public_ids: self.wake())
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be something to do: look now."""
        with self._told:
            self._news += 1
            self._told.notify_all()

    def stop(self, patience: float) -> None:
        """Take no more jobs, let those in hand end for so many seconds, and give back what is then still in hand."""
        self._stop_listening()
        self._stopping = True
        self.wake()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._attempts.give_back_all()

    def _run(self) -> None:
        while not self._stopping:
            seen = self._news
            try:
                wait = self._wait_before_the_next()
                if wait <= 0 and self._attempts.run_next():
                    continue
            except OperationalError as error:  # the database is busy or away: one line says it
                log.warning("a runner waits for the database: %s", error.orig)
                wait = self._poll
            except Exception:
                log.exception("a runner could not take a job and tries again")
                wait = self._poll
            with self._told:
                if seen == self._news and not self._stopping:
                    self._told.wait(max(wait, SHORTEST_WAIT))

    def _wait_before_the_next(self) -> float:
        with self._attempts.app.app_context():
            due_at = next_due_at()
        if due_at is None:
            return self._poll
        return min((due_at - self._attempts.clock()).total_seconds(), self._poll)
