"""Which kinds of jobs there are, how often each is tried, and what the clock starts by itself.

    @handler("deliver", retry=RetryPolicy(first_pause=timedelta(seconds=30)))
    def deliver(job: JobContext) -> None:
        with unit_of_work():
            mark_sending(job.payload["delivery_id"], now=job.now)
        ...

A handler runs at least once: after a crash it runs again, so it must be idempotent. It opens its own units of work and
calls services. What it returns is kept as the job's result; what it raises becomes the job's error, and the job is
tried again after a pause, unless it raises GiveUp (domain/jobs.py).

Every module in jobs/ is imported by `load_handlers`, so a new file here is found by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from domain.actor import Actor, Source
from domain.jobs import USUAL, RetryPolicy

LONGEST_BEAT = dt.timedelta(days=31)  # slots are kept for longer than this: a forgotten one would be taken twice


def _keep_to_oneself(*_told: Any) -> None:
    """Progress and steps of a job that nobody watches, as in a test."""


@dataclass(frozen=True)
class JobContext:
    """What a handler is told. ``now`` is when this attempt began; the first attempt has number 1.

    ``progress(done, total)`` may be called often and anywhere, also inside a unit of work: it is written
    from time to time by another thread. It raises LeaseLost when the job belongs to another runner by now, and
    JobCancelled when somebody asked to cancel it: let both pass. ``step(what)`` is a line of the log that whoever asked
    for the job reads: a message, or a Sentence whose values are text.
    ``last`` says that no attempt follows should this one fail.
    """

    job_id: int
    kind: str
    payload: Mapping[str, Any]
    now: dt.datetime
    attempt: int = 1
    last: bool = False
    requested_by_id: int | None = None
    progress: Callable[[int, int | None], None] = field(default=_keep_to_oneself)
    step: Callable[[str], None] = field(default=_keep_to_oneself)

    @property
    def actor(self) -> Actor:
        """Who the audit names for what the job does."""
        return Actor(name=self.kind.replace("_", " "), source=Source.JOB)


Handle = Callable[[JobContext], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of job: what does it, and how often it is tried."""

    name: str
    handle: Handle
    retry: RetryPolicy = USUAL


@dataclass(frozen=True)
class Beat:
    """Work that the clock starts: the kind of job, and how often."""

    name: str
    every: dt.timedelta


KINDS: dict[str, Kind] = {}
BEATS: dict[str, Beat] = {}


def handler(kind: str, *, retry: RetryPolicy = USUAL) -> Callable[[Handle], Handle]:
    """Let the function do the jobs of this kind."""

    def register(handle: Handle) -> Handle:
        if kind in KINDS:
            raise ValueError(f"two handlers for jobs of the kind {kind!r}")
        KINDS[kind] = Kind(kind, handle, retry)
        return handle

    return register


def clock(name: str, *, every: dt.timedelta, retry: RetryPolicy = USUAL) -> Callable[[Handle], Handle]:
    """Let the function be done once in every such stretch of time, as a job of its own, by one machine.

    Stretches are counted from 1970 in UTC: ``every=timedelta(days=1)`` begins at midnight UTC. After a stop of all
    machines only the newest stretch is made up for, so do what is due, not what is due in this stretch.
    """
    if not dt.timedelta(seconds=1) <= every <= LONGEST_BEAT:
        raise ValueError("the clock beats between once a second and once in 31 days")

    def register(handle: Handle) -> Handle:
        handler(name, retry=retry)(handle)
        BEATS[name] = Beat(name, every)
        return handle

    return register


def retry_policy(kind: str) -> RetryPolicy:
    """How jobs of a kind are tried again; the usual way for a kind that nobody knows any more."""
    return KINDS[kind].retry if kind in KINDS else USUAL


def load_handlers() -> None:
    """Import every module of this room, so that all handlers are known."""
    import jobs

    for module in iter_modules(jobs.__path__):
        import_module(f"{jobs.__name__}.{module.name}")
