"""Where the content of files lies: six methods over keys, and a folder that has them. The database knows the rest.

A key is made by the caller out of random letters, never out of what somebody typed.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol

LONGEST_KEY: Final = 200
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*(?:\.[a-z0-9]+)?")
_UNFINISHED: Final = ".part"


class FileMissing(LookupError):
    """There is no content under this key."""


class KeyNotUsable(ValueError):
    """A key that could lead elsewhere: a mistake of the programmer's."""


class FileStore(Protocol):
    """Whatever keeps contents. What was put is whole or not there at all, and readable once ``put`` has returned."""

    def put(self, key: str, content: bytes) -> None: ...

    def put_chunks(self, key: str, chunks: Iterable[bytes]) -> None:
        """The same for what is too large to be held at once."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The content, to be read and closed. Raises FileMissing."""
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Take the content away; one that is not there is fine."""
        ...

    def keys(self, folder: str) -> Iterator[str]:
        """Every key below this part of one, for finding contents that no row knows."""
        ...


class FolderFiles:
    """Contents as files below a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        self.put_chunks(key, (content,))

    def put_chunks(self, key: str, chunks: Iterable[bytes]) -> None:
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f"{place.name}.{secrets.token_hex(8)}{_UNFINISHED}")
        try:
            with unfinished.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def open(self, key: str) -> BinaryIO:
        try:
            return self._place(key).open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise FileMissing(key) from None

    def exists(self, key: str) -> bool:
        return self._place(key).is_file()

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._place(key).unlink()

    def keys(self, folder: str) -> Iterator[str]:
        start = self._place(folder) if folder else self._folder
        for place in sorted(start.rglob("*")):
            if place.is_file() and place.suffix != _UNFINISHED:
                yield place.relative_to(self._folder).as_posix()

    def _place(self, key: str) -> Path:
        return self._folder / checked_key(key)


def checked_key(key: str) -> str:
    """The key, where it can lead nowhere else. Raises KeyNotUsable."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise KeyNotUsable(key)
    return key
