"""Jobs that somebody asked for, as they themself follow them: which kinds these are, and who may see one (UX 39).

What the house does by itself, and all of every kind, is the business of staff (services/jobs.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from extensions import db
from models.job import Job
from services.announcements import JOB as ANNOUNCEMENT
from services.books_checks import CHECK_JOB, CLOSE_JOB
from services.data_requests.asking import JOB as DATA_EXPORT
from services.jobs import AT_WORK
from services.macro_runs import JOB as MACRO
from services.month_packs.asking import JOB as MONTH_PACK
from services.rehearsing.asking import JOB as REHEARSAL

__all__ = [
    "ANNOUNCEMENT",
    "CHECK_JOB",
    "CLOSE_JOB",
    "DATA_EXPORT",
    "MACRO",
    "MONTH_PACK",
    "MOST_SHOWN",
    "REHEARSAL",
    "TITLES",
    "asked_at_work",
    "asked_jobs",
    "find_asked_job",
    "find_job",
]

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ANNOUNCEMENT: "Announcement",
        CHECK_JOB: "Check of the books",
        CLOSE_JOB: "Close of a month",
        DATA_EXPORT: "Export of your data",
        MACRO: "Macro on many tickets",
        MONTH_PACK: "Month pack",
        REHEARSAL: "Billing rehearsal",
    }
)
"""Every kind that people ask for, and what it is called."""

MOST_SHOWN: Final = 30


def asked_jobs(person_id: int | None, account_id: int | None) -> Sequence[Job]:
    """Those that the person asked for in this portal (None: in the back office) and that are kept, the newest first."""
    if person_id is None:
        return []
    found = select(Job).where(_asked(account_id is not None)).order_by(Job.id.desc()).limit(MOST_SHOWN)
    return db.session.scalars(found, _whose(person_id, account_id)).all()


def find_asked_job(public_id: str, *, person_id: int | None, account_id: int | None) -> Job | None:
    """One of these."""
    if person_id is None or "\0" in public_id:
        return None
    found = select(Job).where(Job.public_id == bindparam("public_id"), _asked(account_id is not None))
    return db.session.scalar(found, {**_whose(person_id, account_id), "public_id": public_id})


def find_job(public_id: str) -> Job | None:
    """Any job, for who may read all of them."""
    return db.session.scalar(select(Job).where(Job.public_id == public_id)) if "\0" not in public_id else None


def asked_at_work(in_account: bool, limit: int) -> Select[int]:
    """Those that wait or run, by row number: a part of what every page asks (services/counters.py).

    It asks with ``person_id`` and, in an account, ``account_id``.
    """
    return select(Job.id).where(_asked(in_account), Job.state.in_(AT_WORK)).limit(limit)


def _whose(person_id: int, account_id: int | None) -> dict[str, Any]:
    return {"person_id": person_id} if account_id is None else {"person_id": person_id, "account_id": account_id}


@cache
def _asked(in_account: bool) -> ColumnElement[bool]:
    """The person's own. In a portal those of its account, and what is about the person alone."""
    own = Job.requested_by_id == bindparam("person_id")
    packs_of_portals = and_(Job.kind == MONTH_PACK, Job.payload["in_portal"].as_boolean())
    if not in_account:
        return and_(own, Job.kind.in_(sorted(TITLES)), ~packs_of_portals)
    here = and_(packs_of_portals, Job.payload["account_id"].as_integer() == bindparam("account_id"))
    return and_(own, or_(Job.kind == DATA_EXPORT, here))
