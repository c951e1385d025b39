"""A thread that does something again and again until it is stopped, whatever goes wrong in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

log = logging.getLogger("foyer.jobs")


class Periodic:
    """Call ``work`` every so many seconds. An error is logged and the next turn comes all the same."""

    def __init__(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        self._seconds = seconds
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float = 5) -> None:
        """Let a turn under way end, for so many seconds at most."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work()
            except OperationalError as error:  # the database is busy or away: one line says it
                log.warning("%s waits for the database: %s", self._thread.name, error.orig)
            except Exception:
                log.exception("%s failed and goes on", self._thread.name)
            self._stopping.wait(self._seconds)
