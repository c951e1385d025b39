"""Files on messages: taken within limits, known by their content, and reached through their message alone (F5)."""

from __future__ import annotations

import datetime as dt
import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from domain.actor import Actor
from domain.file_names import clean_file_name
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from integrations.file_kinds import kind_of
from models.discussion import Discussion, Message, MessageAttachment
from models.file import File
from models.person import Person
from models.ticket import Ticket
from services.records import flush_or_refuse
from services.stored_files import OpenedFile, keep, open_stored

LARGEST_FILE: Final = 20 * 1024 * 1024
MOST_FILES: Final = 10
MOST_TOGETHER: Final = 24 * 1024 * 1024
"""A little less than what a request may hold (app.py)."""
FOLDER: Final = "attachments"


class FileTooLarge(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(
            Sentence(
                "“%(name)s” is larger than %(largest_file)s MB. Send it in parts, or make it smaller.",
                name=name,
                largest_file=LARGEST_FILE // 1024 // 1024,
            )
        )


class FileEmpty(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(Sentence("“%(name)s” is empty. Choose another file.", name=name))


class FileIsProgram(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(
            Sentence(
                "“%(name)s” is a program, and programs are not taken. Say in words where it can be had.", name=name
            )
        )


class FileMessage(str):
    """What is wrong with one file; ``place`` is its place among those sent, from 0."""

    place: int

    def __new__(cls, text: str, place: int) -> FileMessage:
        made = super().__new__(cls, text)
        made.place = place
        return made


class FilesNotTaken(Refusal):
    """Says of each file that is not taken what is wrong with it. ``refused``: by its place among those sent, from 0."""

    def __init__(self, refused: Mapping[int, Refusal]) -> None:
        self.refused = refused
        super().__init__(" ".join(each.message for each in refused.values()))
        self.fields = {"files": [FileMessage(each.message, place) for place, each in refused.items()]}


class TooManyFiles(Refusal):
    message = Sentence(
        "At most %(most_files)s files go with one message. Leave some out, or write another message.",
        most_files=MOST_FILES,
    )
    fields: Final = {"files": message}


class FilesTooLarge(Refusal):
    message = Sentence(
        "The files are larger than %(most_together)s MB together. Send some with another message.",
        most_together=MOST_TOGETHER // 1024 // 1024,
    )
    fields: Final = {"files": message}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its name is anything, its content can be wound back."""

    name: str
    content: BinaryIO

    @classmethod
    def of(cls, name: str, content: bytes) -> Upload:
        return cls(name, io.BytesIO(content))


def check_uploads(uploads: Sequence[Upload]) -> None:
    """Refuse what `attach` would refuse, before anything is written.

    Refused: TooManyFiles, FilesTooLarge, and FilesNotTaken, which says of each file whether it is FileTooLarge,
    FileEmpty or FileIsProgram.
    """
    if len(uploads) > MOST_FILES:
        raise TooManyFiles
    refused: dict[int, Refusal] = {}
    together = 0
    for place, upload in enumerate(uploads):
        size = upload.content.seek(0, io.SEEK_END)
        wrong = _what_is_wrong(upload, size)
        if wrong is not None:
            refused[place] = wrong
        together += size
    if refused:
        raise FilesNotTaken(refused)
    if together > MOST_TOGETHER:
        raise FilesTooLarge


def attach(message: Message, uploads: Sequence[Upload], *, actor: Actor, now: dt.datetime) -> list[MessageAttachment]:
    """Hang files on a message that was just written, in their order. Refused: see `check_uploads`.

    Contents are written before the rows are committed: if the transaction fails, contents that no row knows are left
    behind, and never a row without its content.
    """
    check_uploads(uploads)
    uploader = db.session.scalar(select(Person.public_id).where(Person.id == actor.person_id))
    attached = []
    for position, upload in enumerate(uploads):
        name = clean_file_name(upload.name)
        kind = kind_of(upload.content, name)
        key = f"{FOLDER}/{now:%Y%m%d}/{secrets.token_hex(16)}"
        kept = keep(key, upload.content)
        file = File(
            account_id=message.account_id,
            key=key,
            name=name,
            size=kept.size,
            content_type=kind.content_type,
            sha256=kept.sha256,
            safe_image=kind.safe_image,
            uploaded_by=uploader,
            created_at=now,
        )
        row = MessageAttachment(
            account_id=message.account_id, message_id=message.id, file=file, name=name, position=position
        )
        db.session.add_all((file, row))
        attached.append(row)
    flush_or_refuse()
    return attached


def find_attachment(
    public_id: str, *, with_notes: bool, tickets: ColumnElement[bool] | None = None
) -> MessageAttachment | None:
    """An attachment by its address. Those of internal notes are found ``with_notes``; ``tickets`` narrows further."""
    found = (
        select(MessageAttachment)
        .join(Message, Message.id == MessageAttachment.message_id)
        .join(Discussion, Discussion.id == Message.discussion_id)
        .join(Ticket, Ticket.id == Discussion.ticket_id)
        .where(MessageAttachment.public_id == public_id)
        .options(joinedload(MessageAttachment.file))
    )
    if not with_notes:
        found = found.where(Message.internal.is_(False))
    if tickets is not None:
        found = found.where(tickets)
    return db.session.scalars(found).one_or_none()


def open_attachment(found: MessageAttachment) -> OpenedFile | None:
    """Its content, to be sent; None where it is lost."""
    return open_stored(found.file, found.name)


def _what_is_wrong(upload: Upload, size: int) -> Refusal | None:
    name = clean_file_name(upload.name)
    if size > LARGEST_FILE:
        return FileTooLarge(name)
    if not size:
        return FileEmpty(name)
    return FileIsProgram(name) if kind_of(upload.content, name).program else None
