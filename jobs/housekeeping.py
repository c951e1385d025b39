"""What the clock deletes: tries at the door, jobs and slots of long ago. Each piece is a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from jobs.registry import JobContext, clock
from services import attachments, mail_files, telegram_files
from services.attempts import forget_old_attempts
from services.avatars import discard_orphans
from services.clock_slots import forget_old_slots
from services.device_door import forget_old_license_attempts
from services.jobs import forget_old_jobs
from services.passkey_challenges import forget_old_challenges
from services.rehearsing.asking import forget_old_rehearsals
from services.stored_files import discard_lost
from services.telegram_dialogues import forget_old_dialogues
from services.telegram_updates import forget_old_updates
from services.unit_of_work import unit_of_work

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@clock("forget_old_attempts", every=HOUR)
def attempts(job: JobContext) -> dict[str, int]:
    """Tries at the door, after 30 days."""
    return in_pieces(job, lambda: forget_old_attempts(now=job.now))


@clock("forget_old_license_attempts", every=HOUR)
def license_attempts(job: JobContext) -> dict[str, int]:
    """What devices tried in vain or changed, after 30 days."""
    return in_pieces(job, lambda: forget_old_license_attempts(now=job.now))


@clock("forget_old_challenges", every=HOUR)
def challenges(job: JobContext) -> dict[str, int]:
    """Challenges for passkeys, once they are over."""
    return in_pieces(job, lambda: forget_old_challenges(now=job.now))


@clock("forget_old_jobs", every=HOUR)
def jobs(job: JobContext) -> dict[str, int]:
    """Jobs that are done or cancelled, after 14 days; failed ones after 90."""
    return in_pieces(job, lambda: forget_old_jobs(now=job.now))


@clock("discard_orphans", every=DAY)
def orphans(job: JobContext) -> dict[str, int]:
    """Contents of pictures, attachments, mails and chats that no row knows, after a day or two."""
    folders = (attachments.FOLDER, mail_files.FOLDER, telegram_files.FOLDER)
    by_days = sum(discard_lost(folder, now=job.now) for folder in folders)
    return {"deleted": discard_orphans(now=job.now) + by_days}


@clock("forget_old_dialogues", every=HOUR)
def dialogues(job: JobContext) -> dict[str, int]:
    """What was written in chats and not sent, after a day."""
    return in_pieces(job, lambda: forget_old_dialogues(now=job.now))


@clock("forget_old_updates", every=DAY)
def updates(job: JobContext) -> dict[str, int]:
    """Which updates of the bot were taken, after 30 days."""
    return in_pieces(job, lambda: forget_old_updates(now=job.now))


@clock("forget_old_rehearsals", every=DAY)
def rehearsals(job: JobContext) -> dict[str, int]:
    """Files of billing rehearsals, once their jobs are forgotten."""
    return {"deleted": forget_old_rehearsals(now=job.now)}


@clock("forget_old_slots", every=DAY)
def slots(job: JobContext) -> dict[str, int]:
    """Slots of the clock, after 32 days."""
    return in_pieces(job, lambda: forget_old_slots(now=job.now))


def in_pieces(job: JobContext, forget: Callable[[], int]) -> dict[str, int]:
    """Repeat until nothing is left, so that nobody waits for one long transaction."""
    forgotten = 0
    while True:
        with unit_of_work():
            some = forget()
        if not some:
            return {"deleted": forgotten}
        forgotten += some
        job.progress(forgotten, None)
