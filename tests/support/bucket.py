"""A bucket of S3 on this machine: moto's server, in threads of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
from moto.server import ThreadedMotoServer

from integrations.bucket_files import BucketFiles


@dataclass(frozen=True)
class Bucket:
    name: str
    endpoint: str

    def files(self, prefix: str = "") -> BucketFiles:
        """A store below this prefix."""
        return BucketFiles(
            self.name, access_key_id="id", secret_access_key="secret", endpoint=self.endpoint, prefix=prefix
        )


@contextmanager
def bucket_of(name: str) -> Iterator[Bucket]:
    """An empty bucket, for as long as the block lasts."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(name, f"http://{host}:{port}")
        httpx2.put(f"{bucket.endpoint}/{name}").raise_for_status()
        yield bucket
    finally:
        server.stop()
