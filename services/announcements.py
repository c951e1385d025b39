"""Announcements: written by staff for all accounts or for chosen ones, and sent once (SPEC F4, F7).

What one says is told by a job (services/announcing.py). What was told does not change any more; until when it is in
force, whether it is an emergency and which tickets it holds back may.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account, AccountStatus
from models.support_desk import Announcement, AnnouncementAccount
from services.audit import record_event
from services.jobs import enqueue
from services.locks import in_chunks, locked
from services.records import create_record, edit_record
from services.step_up import require_recent_proof

JOB: Final = "send_announcement"
LONGEST_TEXT: Final = 20_000
MOST_CHOSEN: Final = 1_000
MOST_COUNTED: Final = 10_000
_TOLD: Final = ("kind", "title", "body", "for_all", "client_ids")
_BETWEEN: Final = re.compile(r"[\s,;]+")


class AnnouncementTextMissing(Refusal):
    message = "Enter the text of the announcement."
    fields: Final = {"body": message}


class AnnouncementTextTooLong(Refusal):
    message = Sentence("Enter a text of at most %(longest_text)s characters.", longest_text=LONGEST_TEXT)
    fields: Final = {"body": message}


class EndsBeforeStart(Refusal):
    message = "Enter an end after the start."
    fields: Final = {"ends_at": message}


class BlockWithoutEnd(Refusal):
    message = "Enter an end: tickets are held back for a time only."
    fields: Final = {"ends_at": message}


class AccountsMissing(Refusal):
    message = "Enter the client IDs of the accounts, or tick that it is for all."
    fields: Final = {"client_ids": message}


class AccountsAndAll(Refusal):
    message = "It is for all accounts: leave the client IDs empty, or untick that it is for all."
    fields: Final = {"client_ids": message}


class TooManyAccounts(Refusal):
    message = Sentence("Enter at most %(most_chosen)s client IDs.", most_chosen=MOST_CHOSEN)
    fields: Final = {"client_ids": message}


class AccountsUnknown(Refusal):
    def __init__(self, client_ids: Sequence[str]) -> None:
        shown = ", ".join(each[:20] for each in client_ids[:5])
        super().__init__(
            Sentence("There is no account with this client ID: %(shown)s. Correct it, or leave it out.", shown=shown)
        )
        self.fields = {"client_ids": self.message}


class AnnouncementSent(Refusal):
    message = "This announcement is sent: what was told does not change. Write another one."


class AnnouncementOver(Refusal):
    message = "This announcement is over. Give it a later end before it is sent."


def create_announcement(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Announcement:
    """Write an announcement; nobody is told before it is sent.

    ``values``: its columns and relations, and as ``client_ids`` the accounts that it is for, as text with commas or
    spaces between. Refused: AnnouncementTextMissing, AnnouncementTextTooLong, EndsBeforeStart, BlockWithoutEnd,
    AccountsMissing, AccountsAndAll, AccountsUnknown, TooManyAccounts.
    """
    kept = dict(values)
    client_ids = _split(kept.pop("client_ids", None))
    _check_text(kept["body"])
    _check_time(kept["starts_at"], kept.get("ends_at"), blocks=kept.get("blocked_ticket_type") is not None)
    accounts = _chosen(client_ids, for_all=bool(kept.get("for_all", True)))
    announcement = create_record(Announcement, {**kept, "written_by_id": actor.staff_member_id}, actor=actor, now=now)
    _choose(announcement, (), accounts, actor, now)
    return announcement


def edit_announcement(
    announcement: Announcement, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime
) -> Announcement:
    """Change what it says or whom it is for while it is not sent, and always its time and what it does meanwhile.

    Refused: AnnouncementSent, and as `create_announcement`.
    """
    kept = dict(changes)
    if announcement.sent_at is not None and any(name in kept for name in _TOLD):
        raise AnnouncementSent
    before = client_ids_of(announcement)
    typed = kept.pop("client_ids", before)
    if "body" in kept:
        _check_text(kept["body"])
    blocks = kept.get("blocked_ticket_type", announcement.blocked_ticket_type_id) is not None
    _check_time(kept.get("starts_at", announcement.starts_at), kept.get("ends_at", announcement.ends_at), blocks=blocks)
    accounts = _chosen(_split(typed), for_all=bool(kept.get("for_all", announcement.for_all)))
    edit_record(announcement, kept, actor=actor, now=now)
    _choose(announcement, _split(before), accounts, actor, now)
    return announcement


def send_announcement(announcement: Announcement, *, actor: Actor, now: dt.datetime) -> Announcement:
    """Let a job tell the accounts that it is for. Wants a recent proof. Refused: AnnouncementSent, AnnouncementOver."""
    require_recent_proof(actor, now=now)
    locked(announcement)
    if announcement.sent_at is not None:
        raise AnnouncementSent
    if announcement.ends_at is not None and announcement.ends_at <= now:
        raise AnnouncementOver
    announcement.sent_at = now
    announcement.version += 1
    db.session.flush()
    enqueue(
        JOB,
        {"announcement_id": announcement.id},
        now=now,
        unique_key=f"{JOB}:{announcement.public_id}",
        requested_by_id=actor.person_id,
    )
    record_event(AuditEvent.ANNOUNCEMENT_SENT, announcement, actor=actor, now=now, after={"sent_at": now})
    return announcement


def accounts_counted(announcement: Announcement) -> int:
    """How many accounts it is for, without deleted ones; MOST_COUNTED + 1 stands for more."""
    found = select(Account.id).where(Account.status != AccountStatus.DELETED)
    if not announcement.for_all:
        chosen = AnnouncementAccount.announcement_id == announcement.id
        found = found.join(AnnouncementAccount, AnnouncementAccount.account_id == Account.id).where(chosen)
    some = found.limit(MOST_COUNTED + 1).subquery()
    return db.session.execute(select(func.count(some.c[0]))).scalar_one()


def client_ids_of(announcement: Announcement) -> str:
    """The client IDs of the accounts it is for, as they are typed; empty when it is for all."""
    found = (
        select(Account.client_id)
        .join(AnnouncementAccount, AnnouncementAccount.account_id == Account.id)
        .where(AnnouncementAccount.announcement_id == announcement.id)
    )
    return ", ".join(db.session.scalars(found.order_by(Account.client_id)))


def _split(typed: str | None) -> list[str]:
    return sorted({word for word in _BETWEEN.split(typed or "") if word})


def _check_text(body: str) -> None:
    if not body.strip():
        raise AnnouncementTextMissing
    if len(body) > LONGEST_TEXT:
        raise AnnouncementTextTooLong


def _check_time(starts_at: dt.datetime, ends_at: dt.datetime | None, *, blocks: bool) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise EndsBeforeStart
    if blocks and ends_at is None:
        raise BlockWithoutEnd


def _chosen(client_ids: Sequence[str], *, for_all: bool) -> dict[str, int]:
    """The accounts with these client IDs: client ID -> row number."""
    if for_all and client_ids:
        raise AccountsAndAll
    if not for_all and not client_ids:
        raise AccountsMissing
    if len(client_ids) > MOST_CHOSEN:
        raise TooManyAccounts
    found: dict[str, int] = {}
    for some in in_chunks(client_ids):
        rows = select(Account.client_id, Account.id).where(
            Account.client_id.in_(some), Account.status != AccountStatus.DELETED
        )
        found |= {row.client_id: row.id for row in db.session.execute(rows)}
    unknown = [each for each in client_ids if each not in found]
    if unknown:
        raise AccountsUnknown(unknown)
    return found


def _choose(
    announcement: Announcement, before: Iterable[str], accounts: Mapping[str, int], actor: Actor, now: dt.datetime
) -> None:
    """Let it be for exactly these accounts."""
    held = sorted(before)
    if held == sorted(accounts):
        return
    of_this = AnnouncementAccount.announcement_id == announcement.id
    db.session.execute(delete(AnnouncementAccount).where(of_this).execution_options(synchronize_session=False))
    if accounts:
        links = [{"announcement_id": announcement.id, "account_id": each} for each in accounts.values()]
        db.session.execute(insert(AnnouncementAccount), links)
    record_event(
        AuditEvent.ANNOUNCEMENT_ACCOUNTS_CHOSEN,
        announcement,
        actor=actor,
        now=now,
        before={"accounts": held},
        after={"accounts": sorted(accounts)},
    )
