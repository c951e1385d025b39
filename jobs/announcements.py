"""Tells accounts what was announced, one after the other: a job that was killed goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jobs.one_by_one import one_by_one, page_by_page
from jobs.registry import JobContext, handler
from services.announcements import JOB
from services.announcing import accounts_to_tell, tell_of_announcement
from services.unit_of_work import unit_of_work

log = logging.getLogger("foyer.jobs")


class AccountsNotTold(RuntimeError):
    """Some accounts failed: the next attempt tells these, and nobody twice."""


@handler(JOB)
def send_announcement(job: JobContext) -> Mapping[str, Any]:
    """Each account in a transaction of its own; one that fails does not stop the others. Raises AccountsNotTold."""
    announcement_id = int(job.payload["announcement_id"])

    def tell(account_id: int) -> str | None:
        with unit_of_work():
            return "told" if tell_of_announcement(announcement_id, account_id, now=job.now) else None

    def watched(accounts: Iterable[int]) -> Iterator[int]:
        for done, account_id in enumerate(accounts):
            job.progress(done, None)
            yield account_id

    job.step("One account after the other is told.")
    waiting = page_by_page(lambda after: accounts_to_tell(announcement_id, after=after))
    came_to = one_by_one(watched(waiting), tell, what="an announcement for account", log=log)
    if came_to.get("failed"):
        raise AccountsNotTold(f"{came_to['failed']} accounts were not told")
    return came_to
