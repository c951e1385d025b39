"""Making a month pack: every PDF and CSV in one ZIP, stored behind a link of which only the hash is kept."""

from __future__ import annotations

import datetime as dt
import io
import secrets
import zipfile
from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.periods import month_named
from extensions import db
from models.account import Account
from models.document_file import DeliveryLink, DocumentFile, DocumentKind
from models.notification import NotificationKind
from models.person import Person
from services.audit import record_event
from services.documents import NewDocument, document_named, document_of, store_document, typeset
from services.locks import lock_accounts
from services.month_packs.contents import Contents, contents_of, papers, sheets
from services.notifications import tell
from services.sessions import hash_of_token
from services.settings import number_setting
from services.unit_of_work import unit_of_work

FOLDER: Final = "month-packs"
CONTENT_TYPE: Final = "application/zip"


def make_pack(
    account_id: int,
    month: str,
    *,
    job_id: int,
    person_id: int | None,
    in_portal: bool,
    actor: Actor,
    now: dt.datetime,
    tell_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> bool:
    """Make the pack, keep it, and mail its link; False when this job made it before. Opens its own units of work.

    Refused: StatementTooLong, PackTooLarge, DocumentNotMade. Raises PackNotEqual.
    """
    account, period = db.session.get_one(Account, account_id), month_named(month)
    if period is None:
        raise ValueError(f"{month!r} is no month")
    key = f"{month}/{job_id}"
    if _is_made(account_id, key):
        return False
    content = zip_of(contents_of(account, period), now=now, tell_progress=tell_progress)
    token = secrets.token_urlsafe(32)
    days = number_setting("month_pack_days")
    with unit_of_work():
        lock_accounts([account_id])
        if _is_made(account_id, key):
            return False
        document = store_document(
            NewDocument(
                account_id,
                DocumentKind.MONTH_PACK,
                key,
                content,
                name=f"month-pack-{account.client_id}-{month}.zip",
                content_type=CONTENT_TYPE,
                folder=FOLDER,
            ),
            now=now,
        )
        person = db.session.get(Person, person_id) if person_id is not None else None
        link = DeliveryLink(
            account_id=account_id,
            document_file_id=document.id,
            token_hash=hash_of_token(token),
            sent_to=person.email if person is not None else None,
            made_by_id=person_id,
            expires_at=now + dt.timedelta(days=days),
            created_at=now,
        )
        db.session.add(link)
        db.session.flush()
        record_event(AuditEvent.MONTH_PACK_MADE, account, actor=actor, now=now, after={"month": month})
        if person is not None:
            realm = f"/portal/{account.client_id}" if in_portal else "/staff"
            tell(
                person,
                "month_pack_ready",
                now=now,
                account_id=account_id if in_portal else None,
                kind=NotificationKind.INVOICES,
                secret=True,
                account=account.name,
                month=month,
                path=f"{realm}/month-packs/file/{token}",
                expires_on=link.expires_at.date(),
            )
    return True


def zip_of(
    contents: Contents, *, now: dt.datetime, tell_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> bytes:
    """The whole of it. PDFs of documents that nobody had made yet are made and kept on the way."""
    out, number = io.BytesIO(), len(contents.documents)
    written = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:

        def write(name: str, content: bytes) -> None:
            entry = zipfile.ZipInfo(name, written)
            entry.compress_type = zipfile.ZIP_DEFLATED
            pack.writestr(entry, content)

        for name, content in sheets(contents):
            write(name, content)
        for name, paper in papers(contents):
            write(name, typeset(paper))
        for done, (section, document_number) in enumerate(contents.documents, start=1):
            document = document_named(section.document, document_number)
            if document is not None:
                write(f"{section.name}/{document_number}.pdf", document_of(document, now=now).content)
            tell_progress(done, number)
    return out.getvalue()


def _is_made(account_id: int, key: str) -> bool:
    found = select(DocumentFile.id).where(
        DocumentFile.account_id == account_id,
        DocumentFile.kind == DocumentKind.MONTH_PACK,
        DocumentFile.document_key == key,
    )
    return db.session.scalar(found) is not None
