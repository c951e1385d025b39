"""The books page: what was found when the books were last looked at, and asking for another look (SPEC D15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.actor import Actor
from domain.sentences import as_kept, from_kept
from models.job import Job, JobState
from services.books import INVARIANTS, check_invariant
from services.jobs import AT_WORK, enqueue, newest_job
from services.people import refuse_while_logged_in_as

CHECK_JOB: Final = "check_books"
DAILY_JOB: Final = "check_books_daily"
CLOSE_JOB: Final = "close_month"


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the newest finished check found: by invariant, its breaches (table, key, detail). None: never checked."""

    at: dt.datetime
    found: Mapping[str, list[tuple[str, str, str]]]


def result_of_check(tell_progress: Callable[[int, int], None] = lambda _done, _all: None) -> dict[str, Any]:
    """Check every invariant, as a job keeps it. ``tell_progress`` hears how many of them are done."""
    found: dict[str, Any] = {}
    for name in INVARIANTS:
        found[name] = [[finding.table, finding.key, as_kept(finding.detail)] for finding in check_invariant(name)]
        tell_progress(len(found), len(INVARIANTS))
    return {"found": found}


def ask_for_check(*, actor: Actor, now: dt.datetime) -> Job:
    """Let a job look at the books now; one that is asked for already is the answer."""
    return _waiting(CHECK_JOB) or enqueue(CHECK_JOB, {}, now=now, requested_by_id=actor.person_id)


def ask_to_close(month: str, *, actor: Actor, now: dt.datetime) -> Job:
    """Let a job close a month; it refuses what services/month_close.py refuses. Refused here: NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    return _waiting(CLOSE_JOB) or enqueue(CLOSE_JOB, {"month": month[:7]}, now=now, requested_by_id=actor.person_id)


def last_check() -> LastCheck | None:
    """The newest that was done."""
    job = newest_job([CHECK_JOB, DAILY_JOB], [JobState.DONE])
    if job is None or job.finished_at is None or not job.result:
        return None
    found = job.result.get("found", {})
    kept = {
        name: [(table, key, from_kept(detail)) for table, key, detail in found.get(name, [])] for name in INVARIANTS
    }
    return LastCheck(job.finished_at, kept)


def last_close() -> Mapping[str, Any] | None:
    """What became of the newest try to close a month: ``month``, and why it was ``refused`` (empty: it is closed)."""
    job = newest_job([CLOSE_JOB], [JobState.DONE])
    return job.result if job is not None else None


def is_at_work() -> bool:
    """Whether a check or a closing is under way."""
    return _waiting(CHECK_JOB) is not None or _waiting(CLOSE_JOB) is not None


def _waiting(kind: str) -> Job | None:
    return newest_job([kind], AT_WORK)
