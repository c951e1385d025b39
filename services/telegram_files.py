"""Files that were sent into a chat and wait for the end of what is being written there."""

from __future__ import annotations

import datetime as dt
import io
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select

from domain.file_names import clean_file_name
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from integrations.file_kinds import kind_of
from models.file import File
from models.person import Person
from models.telegram import TelegramDialogue, TelegramFile
from services.attachments import MOST_TOGETHER, FilesTooLarge, Upload, check_uploads
from services.erased_traces import JOB as DELETE_CONTENTS
from services.jobs import enqueue
from services.stored_files import keep, open_stored

FOLDER: Final = "telegram"
MOST_FILES: Final = 5


class TooManyChatFiles(Refusal):
    message = Sentence(
        "At most %(most_files)s files go with one message from here. Send /done to send those you have.",
        most_files=MOST_FILES,
    )


class ChatFileLost(Refusal):
    def __init__(self, name: str) -> None:
        super().__init__(Sentence("“%(name)s” is lost. Send /cancel, then begin again.", name=name))


def keep_file(dialogue: TelegramDialogue, person: Person, upload: Upload, *, now: dt.datetime) -> int:
    """Keep a file for the message that is being written; gives how many there are now.

    The content is written before the row is committed, as that of attachments is. Refused: TooManyChatFiles,
    FilesTooLarge, and what `services.attachments.check_uploads` refuses.
    """
    count, together = _sum(dialogue)
    if count >= MOST_FILES:
        raise TooManyChatFiles
    check_uploads([upload])
    name, size = clean_file_name(upload.name), upload.content.seek(0, io.SEEK_END)
    if together + size > MOST_TOGETHER:
        raise FilesTooLarge
    kind = kind_of(upload.content, name)
    upload.content.seek(0)
    key = f"{FOLDER}/{now:%Y%m%d}/{secrets.token_hex(16)}"
    kept = keep(key, upload.content)
    file = File(
        account_id=dialogue.account_id,
        key=key,
        name=name,
        size=kept.size,
        content_type=kind.content_type,
        sha256=kept.sha256,
        uploaded_by=person.public_id,
        created_at=now,
    )
    db.session.add_all((file, TelegramFile(dialogue_id=dialogue.id, file=file)))
    db.session.flush()
    return count + 1


def uploads_of(dialogue: TelegramDialogue) -> Sequence[Upload]:
    """What was kept, in its order, to hang on a message. Refused: ChatFileLost."""
    files = select(File).join(TelegramFile, TelegramFile.file_id == File.id)
    uploads = []
    for file in db.session.scalars(files.where(TelegramFile.dialogue_id == dialogue.id).order_by(TelegramFile.id)):
        opened = open_stored(file, file.name)
        if opened is None:
            raise ChatFileLost(file.name)
        with opened.content as content:
            uploads.append(Upload.of(file.name, content.read()))
    return uploads


def count_files(dialogue: TelegramDialogue) -> int:
    """How many files were kept."""
    return _sum(dialogue)[0]


def forget_dialogue(person_id: int, *, now: dt.datetime) -> bool:
    """Forget what a person was writing, with its files; a job deletes their contents after the commit."""
    mine = select(TelegramDialogue.id).where(TelegramDialogue.person_id == person_id)
    return forget_dialogues(db.session.scalars(mine).all(), now=now) > 0


def forget_dialogues(dialogue_ids: Sequence[int], *, now: dt.datetime) -> int:
    """The same for several, by their row numbers; gives how many there were."""
    if not dialogue_ids:
        return 0
    files = select(File.id, File.key).join(TelegramFile, TelegramFile.file_id == File.id)
    found = db.session.execute(files.where(TelegramFile.dialogue_id.in_(dialogue_ids))).all()
    file_ids = [row.id for row in found]
    if found:
        enqueue(DELETE_CONTENTS, {"keys": [row.key for row in found]}, now=now)
    for statement in (
        delete(TelegramFile).where(TelegramFile.dialogue_id.in_(dialogue_ids)),
        delete(TelegramDialogue).where(TelegramDialogue.id.in_(dialogue_ids)),
        delete(File).where(File.id.in_(file_ids)),
    ):
        db.session.execute(statement.execution_options(synchronize_session="fetch"))
    return len(dialogue_ids)


def _sum(dialogue: TelegramDialogue) -> tuple[int, int]:
    """How many files there are, and their bytes together."""
    sums = select(func.count(), func.coalesce(func.sum(File.size), 0)).select_from(TelegramFile)
    row = db.session.execute(
        sums.join(File, File.id == TelegramFile.file_id).where(TelegramFile.dialogue_id == dialogue.id)
    ).one()
    return int(row[0]), int(row[1])
