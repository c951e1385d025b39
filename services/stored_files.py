"""The store of this process, bound at the start like the words of mails (services/mail_texts.py), and its contents."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from sqlalchemy import select

from extensions import db
from integrations.bucket_files import BucketFiles
from integrations.files import FileMissing, FileStore, FolderFiles
from models.file import File

_CHUNK: Final = 1024 * 1024
_LOOKED_THROUGH: Final = range(2, 9)  # days ago


class StoredFiles:
    """Holds the one store that services use."""

    def __init__(self) -> None:
        self._store: FileStore | None = None

    def bind(self, store: FileStore) -> None:
        self._store = store

    def bind_folder(self, folder: Path) -> None:
        """Keep contents below this folder."""
        self.bind(FolderFiles(folder))

    def bind_bucket(self, bucket: str, **access: str) -> None:
        """Keep contents in a bucket; ``access`` as BucketFiles takes it."""
        self.bind(BucketFiles(bucket, **access))

    @property
    def store(self) -> FileStore:
        if self._store is None:
            raise RuntimeError("no store of files was bound at the start")
        return self._store


stored_files = StoredFiles()


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file as it is sent: ``content`` is read and closed by whoever sends it. ``sha256`` in hex digits."""

    content: BinaryIO
    name: str
    size: int
    sha256: str
    content_type: str
    safe_image: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a content once it is kept. ``size`` in bytes, ``sha256`` in hex digits."""

    size: int
    sha256: str


def keep(key: str, content: IO[bytes]) -> Kept:
    """Keep a content under a key; it is read in pieces, however large it is."""
    reader = _Reader(content)
    stored_files.store.put_chunks(key, reader)
    return Kept(reader.size, reader.sha256)


def open_stored(file: File, name: str) -> OpenedFile | None:
    """The content of a file, to be sent under this name; None where it is lost."""
    try:
        content = stored_files.store.open(file.key)
    except FileMissing:
        return None
    return OpenedFile(content, name, file.size, file.sha256, file.content_type, file.safe_image)


def discard_lost(folder: str, *, now: dt.datetime) -> int:
    """Delete contents that no row knows, of a folder whose keys go by days (``folder/20261130/…``); give their number.

    Looked through are the days of the last week but the youngest, whose contents may still wait for their row.
    """
    discarded = 0
    for days in _LOOKED_THROUGH:
        of_day = f"{folder}/{now - dt.timedelta(days=days):%Y%m%d}"
        keys = list(stored_files.store.keys(of_day))
        known = set(db.session.scalars(select(File.key).where(File.key.startswith(f"{of_day}/")))) if keys else set()
        for key in keys:
            if key not in known:
                stored_files.store.delete(key)
                discarded += 1
    return discarded


class _Reader:
    """Hands on a file in pieces, and knows afterwards how large it was and what its checksum is."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content, self._hash = content, hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._content.read(_CHUNK):
            self.size += len(chunk)
            self._hash.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
