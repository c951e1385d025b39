"""Contents in a bucket of S3, or of whatever speaks its protocol, through obstore."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import obstore
from obstore.store import S3Store

from integrations.files import FileMissing, checked_key


class BucketFiles:
    """Contents as objects below a prefix of a private bucket. An object is whole or not there at all."""

    def __init__(
        self,
        bucket: str,
        *,
        access_key_id: str,
        secret_access_key: str,
        region: str = "us-east-1",
        endpoint: str = "",
        prefix: str = "",
    ) -> None:
        """``endpoint`` is empty for Amazon's own; one of http:// is taken as it is (a store on this machine)."""
        where: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        self._store = S3Store(
            bucket,
            prefix=prefix.strip("/") or None,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            region=region,
            client_options={"allow_http": endpoint.startswith("http://")},
            **where,
        )

    def put(self, key: str, content: bytes) -> None:
        obstore.put(self._store, checked_key(key), content)

    def put_chunks(self, key: str, chunks: Iterable[bytes]) -> None:
        obstore.put(self._store, checked_key(key), iter(chunks))

    def open(self, key: str) -> BinaryIO:
        try:
            reader = obstore.open_reader(self._store, checked_key(key))
        except FileNotFoundError:
            raise FileMissing(key) from None
        return cast("BinaryIO", io.BufferedReader(_Readable(reader)))

    def exists(self, key: str) -> bool:
        try:
            obstore.head(self._store, checked_key(key))
        except FileNotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        obstore.delete(self._store, checked_key(key))

    def keys(self, folder: str) -> Iterator[str]:
        start = checked_key(folder) if folder else None
        for some in obstore.list(self._store, prefix=start):
            for each in some:
                yield str(each["path"])


class _Readable(io.RawIOBase):
    """obstore's reader as Python's own: it fills buffers, as senders of files expect."""

    def __init__(self, reader: Any) -> None:
        super().__init__()
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = memoryview(self._reader.read(len(buffer)))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def close(self) -> None:
        if not self.closed:
            self._reader.close()
        super().close()
