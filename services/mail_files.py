"""What came in by mail as files: the raw mail, kept whole, and the attachments of the message it became."""

from __future__ import annotations

import datetime as dt
import io
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.mail_parts import MailAttachment
from domain.refusals import Refusal
from extensions import db
from integrations.files import FileMissing
from models.discussion import Message
from models.file import File
from models.support_desk import InboundMail
from services.attachments import MOST_FILES, TooManyFiles, Upload, attach, check_uploads
from services.stored_files import keep, stored_files

RAW_TYPE: Final = "message/rfc822"
FOLDER: Final = "mails"


def keep_raw(raw: bytes, *, now: dt.datetime) -> File:
    """Keep a mail as it came. The content is written before the row is committed, as that of attachments is."""
    key = f"{FOLDER}/{now:%Y%m%d}/{secrets.token_hex(16)}"
    kept = keep(key, io.BytesIO(raw))
    file = File(key=key, name="mail.eml", size=kept.size, content_type=RAW_TYPE, sha256=kept.sha256, created_at=now)
    db.session.add(file)
    db.session.flush()
    return file


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


def attach_files(
    message: Message, attachments: Sequence[MailAttachment], *, actor: Actor, now: dt.datetime
) -> list[str]:
    """Hang what came with a mail on its message, as far as a page would take it. Gives why the others were left out.

    What was left out is still in the raw mail.
    """
    taken: list[Upload] = []
    left_out: list[str] = []
    for attachment in attachments:
        upload = Upload.of(attachment.name, attachment.content)
        try:
            check_uploads([*taken, upload])
        except TooManyFiles:
            left_out.append(f"Only its first {MOST_FILES} files were attached.")
            break
        except Refusal as refusal:
            left_out.append(refusal.message)
            continue
        taken.append(upload)
    attach(message, taken, actor=actor, now=now)
    return left_out
