"""One attempt at a job: take the lease, run the handler in a context of its own, and write down how it ended."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.jobs import GiveUp, JobCancelled, LeaseLost, TryLater
from jobs.held import Held
from jobs.registry import KINDS, JobContext, retry_policy
from services.job_leases import claim_job, extend_lease, fail_job, finish_job, give_back, stop_job
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.jobs")

Clock = Callable[[], dt.datetime]

_ROOT: Final = Path(__file__).resolve().parent.parent
_TRIES_TO_WRITE: Final = 5


class UnknownKind(Exception):
    """No handler is registered. It is tried again, since a newer program may know it (during an update)."""


def this_moment() -> dt.datetime:
    """The clock of jobs: everything below is told the time."""
    return dt.datetime.now(dt.UTC)


class Attempts:
    """What all threads of one runner share: its name, its leases, and the jobs in hand."""

    def __init__(self, app: Flask, *, lease: dt.timedelta, clock: Clock = this_moment) -> None:
        self.app = app
        self.lease = lease
        self.clock = clock
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._held: dict[int, Held] = {}
        self._lock = threading.Lock()

    def run_next(self, public_id: str | None = None) -> bool:
        """Do the next due job (or this one, if it waits and is due), and say whether there was one."""
        with self.app.app_context(), unit_of_work():
            now = self.clock()
            holder = f"{self.name}:{threading.current_thread().name[-20:]}"
            claim = claim_job(holder=holder, lease=self.lease, now=now, public_id=public_id)
        if claim is None:
            return False
        held = Held(claim, extended_at=now, clock=self.clock)
        with self._lock:
            self._held[claim.job_id] = held
        started = time.monotonic()
        try:
            outcome = self._attempt(held, now)
        except LeaseLost:
            outcome = "lost to another runner, nothing written"
        finally:
            with self._lock:
                if self._held.get(claim.job_id) is held:
                    del self._held[claim.job_id]
        seconds = time.monotonic() - started
        log.info("job %s %s attempt %d %s (%.3f s)", claim.public_id, claim.kind, claim.attempt, outcome, seconds)
        return True

    def keep_alive(self) -> None:
        """Extend the leases of the jobs in hand, and write down how far they are. Called about once a second."""
        with self._lock:
            held = list(self._held.values())
        for each in held:
            now, state = self.clock(), each.state
            if each.lost or (state == each.written and now < each.extended_at + self.lease / 4):
                continue
            try:
                with self.app.app_context(), unit_of_work():
                    each.cancelled = self._tell(each, now)
                each.extended_at, each.written = now, state
            except LeaseLost:
                each.lost = True
            except OperationalError as error:  # a busy or absent database: the next turn tries again
                log.warning("the lease of job %s was not extended: %s", each.claim.public_id, error.orig)

    def give_back_all(self) -> None:
        """Let others start over the jobs in hand; what they still do here is not written down any more."""
        with self._lock:
            held = list(self._held.values())
        for each in held:
            each.lost = True
            try:
                with self.app.app_context(), unit_of_work():
                    give_back(each.claim, now=self.clock())
                log.info("job %s %s given back", each.claim.public_id, each.claim.kind)
            except LeaseLost:
                continue  # it ended just now
            except OperationalError as error:
                log.warning("job %s was not given back; its lease expires: %s", each.claim.public_id, error.orig)

    def _attempt(self, held: Held, now: dt.datetime) -> str:
        try:
            result = self._handle(held, now)
        except LeaseLost:
            raise
        except JobCancelled:
            self._insist(lambda: self._stop(held))
            return "cancelled"
        except BaseException as error:  # noqa: BLE001  whatever a handler does, the runner goes on
            return self._failed(held, error)
        self._insist(lambda: self._finish(held, result))
        return "done"

    def _handle(self, held: Held, now: dt.datetime) -> Mapping[str, Any] | None:
        claim = held.claim
        kind = KINDS.get(claim.kind)
        if kind is None:
            raise UnknownKind(f"this program has no handler for jobs of the kind {claim.kind!r}")
        context = JobContext(
            job_id=claim.job_id,
            kind=claim.kind,
            payload=claim.payload,
            now=now,
            attempt=claim.attempt,
            last=kind.retry.is_last(claim.attempt),
            requested_by_id=claim.requested_by_id,
            progress=held.progress,
            step=held.step,
        )
        with self.app.app_context():
            result = kind.handle(context)
        # What cannot be kept is the handler's mistake, and shown as such.
        return None if result is None else json.loads(json.dumps(dict(result)).replace("\\u0000", ""))

    def _finish(self, held: Held, result: Mapping[str, Any] | None) -> None:
        with self.app.app_context(), unit_of_work():
            now = self.clock()
            if held.written != held.state:
                self._tell(held, now)
            finish_job(held.claim, now=now, result=result)

    def _stop(self, held: Held) -> None:
        with self.app.app_context(), unit_of_work():
            now = self.clock()
            self._tell(held, now)
            stop_job(held.claim, now=now)

    def _tell(self, held: Held, now: dt.datetime) -> bool:
        """Write down how far a job is; give whether somebody asked to cancel it."""
        return extend_lease(held.claim, until=now + self.lease, done=held.done, total=held.total, steps=held.steps)

    def _failed(self, held: Held, error: BaseException) -> str:
        claim = held.claim
        log.warning("job %s %s attempt %d failed", claim.public_id, claim.kind, claim.attempt, exc_info=error)
        policy = retry_policy(claim.kind)

        def write() -> dt.datetime | None:
            with self.app.app_context(), unit_of_work():
                now = self.clock()
                if held.written != held.state:
                    self._tell(held, now)
                return fail_job(
                    claim,
                    reason_of(error),
                    policy=policy,
                    now=now,
                    for_good=isinstance(error, GiveUp),
                    pause=error.pause if isinstance(error, TryLater) else None,
                )

        next_at = self._insist(write)
        return (
            "failed, and is not tried again" if next_at is None else f"failed, again at {next_at:%Y-%m-%d %H:%M:%S} UTC"
        )

    def _insist(self, write: Callable[[], Any]) -> Any:
        """Try a few times: if the end of a job is not written, it runs again when its lease has expired."""
        for pause in range(1, _TRIES_TO_WRITE):
            try:
                return write()
            except OperationalError as error:
                log.warning("the end of a job was not written and is tried again: %s", error.orig)
                time.sleep(pause)
        return write()


def reason_of(error: BaseException) -> str:
    """What staff read on the page of a failed job: kind and text of the error, and where in our code it came up."""
    if isinstance(error, GiveUp | TryLater | UnknownKind):
        return str(error)
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)  # not the values of the statement
    ours = [
        f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _ROOT in Path(frame.filename).parents and ".venv" not in frame.filename
    ]
    where = f" (at {ours[-1]})" if ours else ""
    return f"{type(error).__name__}: {text[:2000]}{where}"
