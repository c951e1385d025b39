"""Opening the link of a month pack while it works, and taking away what nobody can open any more."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import or_, select, update

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from integrations.files import FileMissing
from models.account import Account
from models.document_file import DeliveryLink, DocumentFile, DocumentKind
from models.file import File
from services.audit import record_event
from services.documents import StoredDocument
from services.month_packs.making import FOLDER
from services.sessions import hash_of_token
from services.stored_files import stored_files

KEPT_AFTER_EXPIRY: Final = dt.timedelta(days=30)
"""So long an expired link says that it has expired; afterwards nothing is known of it."""
_AT_ONCE: Final = 100
_LONGEST_KEY: Final = 64


class LinkUnknown(Refusal):
    message = "There is no such month pack here. Ask for one under Statements."


class LinkExpired(Refusal):
    message = "The link to this month pack has expired. Ask for the pack again under Statements."


def open_link(key: str, *, account_id: int | None, actor: Actor, now: dt.datetime) -> StoredDocument:
    """The pack behind a link, by the token that was mailed or by the link's own key; each opening is counted.

    Without an ``account_id`` (staff) it may be any account's. Refused: LinkUnknown, also for another account's link;
    LinkExpired.
    """
    if not key.isascii() or "\0" in key or len(key) > _LONGEST_KEY:
        raise LinkUnknown
    found = db.session.execute(
        select(DeliveryLink, File, DocumentFile.document_key)
        .join(DocumentFile, DocumentFile.id == DeliveryLink.document_file_id)
        .join(File, File.id == DocumentFile.file_id)
        .where(
            or_(DeliveryLink.token_hash == hash_of_token(key), DeliveryLink.public_id == key),
            DocumentFile.kind == DocumentKind.MONTH_PACK,
        )
    ).one_or_none()
    if found is None or account_id not in (None, found[0].account_id):
        raise LinkUnknown
    link, file, document_key = found
    if link.revoked_at is not None or link.expires_at <= now:
        raise LinkExpired
    try:
        with stored_files.store.open(file.key) as content:
            stored = StoredDocument(file.name, content.read(), file.sha256)
    except FileMissing:
        raise LinkExpired from None
    db.session.execute(
        update(DeliveryLink)
        .where(DeliveryLink.id == link.id)
        .values(opened_count=DeliveryLink.opened_count + 1, last_opened_at=now)
    )
    account = db.session.get_one(Account, link.account_id)
    after = {"month": document_key.partition("/")[0]}
    record_event(AuditEvent.MONTH_PACK_DOWNLOADED, account, actor=actor, now=now, after=after)
    return stored


def forget_expired_packs(*, now: dt.datetime) -> int:
    """Delete packs whose last link expired long ago, at most a hundred; give their number. Call it in a unit of work.

    A content whose rows were not deleted after all is missing afterwards, which its expired link does not show.
    """
    in_use = select(DeliveryLink.document_file_id).where(DeliveryLink.expires_at > now - KEPT_AFTER_EXPIRY)
    old = (
        select(DocumentFile, File)
        .join(File, File.id == DocumentFile.file_id)
        .where(DocumentFile.kind == DocumentKind.MONTH_PACK, DocumentFile.id.not_in(in_use))
        .order_by(DocumentFile.id)
        .limit(_AT_ONCE)
    )
    rows = db.session.execute(old).all()
    for document, file in rows:
        for link in db.session.scalars(select(DeliveryLink).where(DeliveryLink.document_file_id == document.id)):
            db.session.delete(link)
        db.session.flush()
        db.session.delete(document)
        db.session.flush()
        db.session.delete(file)
        db.session.flush()
        stored_files.store.delete(file.key)
    return len(rows)


def discard_lost_packs(*, now: dt.datetime) -> int:
    """Delete contents that no row knows since a day: a runner died between the two. Give their number."""
    known = set(db.session.scalars(select(File.key).where(File.key.startswith(f"{FOLDER}/"))))
    young = {f"{FOLDER}/{now - days:%Y%m}" for days in (dt.timedelta(0), dt.timedelta(days=1))}
    lost = [key for key in stored_files.store.keys(FOLDER) if key not in known and key.rpartition("/")[0] not in young]
    for key in lost:
        stored_files.store.delete(key)
    return len(lost)
