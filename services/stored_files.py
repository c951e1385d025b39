"""The store of this process, bound at the start like the words of mails (services/mail_texts.py)."""

from __future__ import annotations

from pathlib import Path

from integrations.bucket_files import BucketFiles
from integrations.files import FileStore, FolderFiles


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
