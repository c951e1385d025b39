"""What came in by mail as files: the raw mail, kept whole, and the attachments of the message it became."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.mail_parts import MailAttachment
from extensions import db
from integrations.files import FileMissing
from models.discussion import Message, MessageAttachment
from models.file import File
from models.support_desk import InboundMail
from services.stored_files import stored_files

RAW_TYPE: Final = "message/rfc822"
LARGEST_ATTACHMENT: Final = 20 * 1024 * 1024  # SPEC F5
_RAW, _ATTACHED = "mails", "mail-files"
_DAY: Final = dt.timedelta(days=1)


def keep_raw(raw: bytes, *, now: dt.datetime) -> File:
    """Keep a mail as it came. The content is written before the row is committed, as that of pictures is."""
    return _keep(_RAW, raw, "mail.eml", RAW_TYPE, None, now)


def raw_of(mail: InboundMail) -> bytes | None:
    """The mail as it came; None when its content is gone."""
    key = db.session.scalar(select(File.key).where(File.id == mail.file_id))
    if key is None:
        return None
    try:
        with stored_files.store.open(key) as content:
            return content.read()
    except FileMissing:
        return None


def attach_files(message: Message, attachments: Sequence[MailAttachment], *, now: dt.datetime) -> list[str]:
    """Hang what came with a mail on its message. Gives the names of what is too large; the raw mail holds it.

    The same content twice in one mail is one file.
    """
    left_out, seen = [], set()
    for position, attachment in enumerate(attachments):
        if len(attachment.content) > LARGEST_ATTACHMENT:
            left_out.append(attachment.name)
            continue
        digest = hashlib.sha256(attachment.content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        kept = _keep(_ATTACHED, attachment.content, attachment.name, attachment.content_type, message.account_id, now)
        db.session.add(
            MessageAttachment(
                account_id=message.account_id,
                message_id=message.id,
                file_id=kept.id,
                name=attachment.name,
                position=position,
            )
        )
    db.session.flush()
    return left_out


def discard_orphans(*, now: dt.datetime) -> int:
    """Delete contents that no row knows; give their number. Those of the last day may still wait for their row."""
    return sum(_discard(folder, now) for folder in (_RAW, _ATTACHED))


def _discard(folder: str, now: dt.datetime) -> int:
    known = set(db.session.scalars(select(File.key).where(File.key.startswith(f"{folder}/"))))
    young = tuple(f"{folder}/{now - days:%Y%m%d}-" for days in (-_DAY, 0 * _DAY, _DAY))
    lost = [key for key in stored_files.store.keys(folder) if key not in known and not key.startswith(young)]
    for key in lost:
        stored_files.store.delete(key)
    return len(lost)


def _keep(folder: str, content: bytes, name: str, content_type: str, account_id: int | None, now: dt.datetime) -> File:
    key = f"{folder}/{now:%Y%m%d}-{secrets.token_hex(16)}"
    stored_files.store.put(key, content)
    file = File(
        account_id=account_id,
        key=key,
        name=name,
        size=len(content),
        content_type=content_type[:127],
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=now,
    )
    db.session.add(file)
    db.session.flush()
    return file
