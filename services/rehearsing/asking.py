"""Asking for a rehearsal, and what became of it. The work is a job's; its file is kept as long as the job's row."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from gateways.registry import Gateways
from integrations.files import FileMissing
from models.account import Account
from models.job import Job, JobState
from services.jobs import AT_WORK, ENDED, KEPT_WHEN_DONE, enqueue, newest_job
from services.rehearsing.report import Asked, kept, refuse_day, rehearse
from services.rehearsing.sheet import read_rows, write_sheet
from services.stored_files import stored_files

JOB: Final = "rehearse_billing"
ROWS_A_PAGE: Final = 100
_FOLDER: Final = "rehearsals"
_DAY: Final = "%Y%m%d"
_FAILED: Final = "Nothing could be foretold. An administrator can see why in the list of jobs; or try again later."


class RehearsalGone(Refusal):
    message = "The file of this rehearsal is gone. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """An ended one. ``refused`` says why nothing was foretold; else ``found`` is what report.kept gives."""

    public_id: str
    at: dt.datetime
    asked: Asked
    refused: str
    found: Mapping[str, Any]

    def rows_of(self, day: dt.date, *, page: int) -> list[dict[str, str]]:
        """A page of a day's rows, the first page being 1; none for a day without any. Refused: RehearsalGone."""
        for name, start, number, _totals in self.found.get("days", ()):
            if name == day.isoformat():
                skip = (page - 1) * ROWS_A_PAGE
                with self.file() as file:
                    return read_rows(file, start, skip=skip, most=max(0, min(ROWS_A_PAGE, number - skip)))
        return []

    def file(self) -> BinaryIO:
        """The whole of it as CSV, to be closed. Refused: RehearsalGone."""
        try:
            return stored_files.store.open(str(self.found["key"]))
        except FileMissing:
            raise RehearsalGone from None


def ask_for_rehearsal(asked: Asked, *, actor: Actor, now: dt.datetime) -> Job:
    """Let a job foretell; while one of the same person is under way, that is the answer. Refused: DayNotAhead."""
    refuse_day(asked.until, today=now.date())
    payload = {"until": asked.until.isoformat(), "charges_succeed": asked.charges_succeed}
    return _newest(AT_WORK, actor) or enqueue(JOB, payload, now=now, requested_by_id=actor.person_id)


def names_of(client_ids: Iterable[str]) -> dict[str, str]:
    """What the accounts are called now."""
    found = select(Account.client_id, Account.name).where(Account.client_id.in_(list(client_ids)))
    return dict(db.session.execute(found).all())


def carry_out_rehearsal(
    payload: Mapping[str, Any], gateways: Gateways, *, now: dt.datetime, tell: Any
) -> dict[str, Any]:
    """What the job does: nothing is written but its file. Refused: DayNotAhead, TooMuchToForetell."""
    report = rehearse(asked_of(payload), gateways, now=now, tell=tell)
    content, offsets = write_sheet(report.rows)
    key = f"{_FOLDER}/{now.strftime(_DAY)}-{secrets.token_hex(16)}.csv"
    stored_files.store.put(key, content)
    return {"key": key, "refused": "", **kept(report, offsets)}


def asked_of(payload: Mapping[str, Any]) -> Asked:
    """What a job was asked."""
    until = dt.date.fromisoformat(str(payload["until"]))
    return Asked(until, bool(payload["charges_succeed"]))


def last_rehearsal(*, actor: Actor) -> Rehearsal | None:
    """The newest that has ended of those that this person asked for."""
    job = _newest(ENDED, actor)
    if job is None or job.started_at is None:
        return None
    found = job.result or {}
    refused = _FAILED if job.state is JobState.FAILED else str(found.get("refused", ""))
    return Rehearsal(job.public_id, job.started_at, asked_of(job.payload), refused, found)


def is_at_work(*, actor: Actor) -> bool:
    """Whether one that this person asked for is under way."""
    return _newest(AT_WORK, actor) is not None


def forget_old_rehearsals(*, now: dt.datetime) -> int:
    """Delete the files whose jobs are forgotten; give their number."""
    oldest = f"{_FOLDER}/{(now - KEPT_WHEN_DONE).strftime(_DAY)}"
    old = [key for key in stored_files.store.keys(_FOLDER) if key < oldest]
    for key in old:
        stored_files.store.delete(key)
    return len(old)


def _newest(states: Collection[JobState], actor: Actor) -> Job | None:
    return newest_job([JOB], states, Job.requested_by_id == actor.person_id)
