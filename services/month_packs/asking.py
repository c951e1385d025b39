"""Asking for a month pack, and what there is of an account's packs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.periods import Period, add_months, month_named, month_of
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.document_file import DeliveryLink, DocumentFile, DocumentKind
from models.job import Job, JobState
from models.statement_line import StatementLine
from services.audit import record_event
from services.jobs import AT_WORK, ENDED, enqueue, newest_job
from services.locks import lock_accounts
from services.people import refuse_while_logged_in_as

JOB: Final = "make_month_pack"
MOST_MONTHS: Final = 36
_SHOWN: Final = 24


class MonthNotOffered(Refusal):
    message = Sentence(
        "Choose a month that is over: one of the last %(most_months)s, and not before the first document.",
        most_months=MOST_MONTHS,
    )


@dataclass(frozen=True, slots=True)
class MadePack:
    """A pack of an account: its month like "2026-05", and the key in the address of its link."""

    month: str
    made_at: dt.datetime
    link: str
    expires_at: dt.datetime


def months_offered(account: Account, *, today: dt.date) -> list[Period]:
    """The months that are over, from that of the first document on, the newest first; at least the last one."""
    first = db.session.scalar(select(func.min(StatementLine.booked_on)).where(StatementLine.account_id == account.id))
    last = month_of(add_months(today.replace(day=1), -1))
    months = [last]
    while first is not None and months[-1].first > first and len(months) < MOST_MONTHS:
        months.append(month_of(add_months(months[-1].first, -1)))
    return months


def ask_for_pack(account: Account, month: str, *, in_portal: bool, actor: Actor, now: dt.datetime) -> Job:
    """Let a job make the pack of a month like "2026-05" and mail its link to whoever asks.

    ``in_portal`` says in which realm the link opens. While the same person's pack of the month is under way, it is
    the answer. Refused: NotWhileLoggedInAs, MonthNotOffered.
    """
    refuse_while_logged_in_as(actor)
    if month_named(month) not in months_offered(account, today=now.date()):
        raise MonthNotOffered
    lock_accounts([account.id])
    under_way = _newest(account, actor, AT_WORK, Job.payload["month"].as_string() == month)
    if under_way is not None:
        return under_way
    payload = {"account_id": account.id, "month": month, "in_portal": in_portal}
    record_event(AuditEvent.MONTH_PACK_ASKED, account, actor=actor, now=now, after={"month": month})
    return enqueue(JOB, payload, now=now, requested_by_id=actor.person_id)


def packs_of(account: Account, *, now: dt.datetime) -> list[MadePack]:
    """The packs whose links still work, the newest first."""
    found = (
        select(DocumentFile.document_key, DocumentFile.created_at, DeliveryLink.public_id, DeliveryLink.expires_at)
        .join(DeliveryLink, DeliveryLink.document_file_id == DocumentFile.id)
        .where(
            DocumentFile.account_id == account.id,
            DocumentFile.kind == DocumentKind.MONTH_PACK,
            DeliveryLink.expires_at > now,
            DeliveryLink.revoked_at.is_(None),
        )
    )
    rows = db.session.execute(found.order_by(DeliveryLink.id.desc()).limit(_SHOWN))
    return [MadePack(key.partition("/")[0], made_at, link, expires_at) for key, made_at, link, expires_at in rows]


def is_at_work(account: Account, *, actor: Actor) -> bool:
    """Whether a pack that this person asked for is being made."""
    return _newest(account, actor, AT_WORK) is not None


def last_refusal(account: Account, *, actor: Actor) -> str:
    """Why the newest pack that this person asked for was not made; empty if it was."""
    ended = _newest(account, actor, ENDED)
    if ended is None:
        return ""
    if ended.state is JobState.FAILED:
        return "The month pack could not be made. Support can see why: ask them, or try again later."
    return str((ended.result or {}).get("refused", ""))


def _newest(account: Account, actor: Actor, states: Collection[JobState], *wanted: ColumnElement[bool]) -> Job | None:
    of_account = Job.payload["account_id"].as_integer() == account.id
    return newest_job([JOB], states, Job.requested_by_id == actor.person_id, of_account, *wanted)
