"""A device of the tests: asks over HTTP or the service, and checks what it is told as a real one does."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAC = "02:00:00:00:00:01"
OTHER_MAC = "02:00:00:00:00:02"


def new_nonce() -> str:
    return secrets.token_urlsafe(24)


def unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def told(answer: dict[str, str], keys: list[dict[str, str]]) -> dict[str, Any]:
    """What a signed answer tells; InvalidSignature when it was not signed with one of the keys."""
    header = json.loads(unpack(answer["protected"]))
    [key] = [each for each in keys if each["kid"] == header["kid"]]
    signed = f"{answer['protected']}.{answer['payload']}".encode()
    Ed25519PublicKey.from_public_bytes(unpack(key["x"])).verify(unpack(answer["signature"]), signed)
    read: dict[str, Any] = json.loads(unpack(answer["payload"]))
    return read
