"""What devices are told: written in exactly one way, believed for a time, and bound to the question they asked."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from domain.refusals import Refusal

KEY_BYTES: Final = 32
"""How long an Ed25519 key is, private and public alike."""

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_UNPADDED: Final = re.compile(r"[A-Za-z0-9_-]+")


class NonceNotReadable(Refusal):
    message = "Send a nonce of 16 to 64 letters, digits, hyphens or underscores, new and random for each request."


def canonical_bytes(told: Mapping[str, object]) -> bytes:
    """Write what is told as JSON in exactly one way: UTF-8, keys sorted, no spaces. TypeError for a float."""
    return json.dumps(_exact(told), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_nonce(text: str) -> str:
    """Give the nonce back. Refused: NonceNotReadable."""
    if not _NONCE.fullmatch(text):
        raise NonceNotReadable
    return text


def believed_until(issued_at: dt.datetime, *, days: int, last_day: dt.date | None, zone: str) -> dt.datetime:
    """Until when a device may believe an answer: for so many days, and never past the last day of the license.

    That day ends in the time zone of the account. What would end in the past ends at once.
    """
    until = issued_at + dt.timedelta(days=days)
    return until if last_day is None else max(issued_at, min(until, end_of_day(last_day, zone)))


def end_of_day(day: dt.date, zone: str) -> dt.datetime:
    """The moment at which a day is over in a time zone."""
    begins = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(zone))
    return begins.astimezone(dt.UTC)


def is_over(last_day: dt.date | None, *, zone: str, now: dt.datetime) -> bool:
    """Whether the last day is over in the time zone; something without a last day never is."""
    return last_day is not None and now >= end_of_day(last_day, zone)


def moment(at: dt.datetime) -> str:
    """A moment as devices read it: whole seconds in UTC, like 2026-05-15T09:30:00Z."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_bytes(text: str) -> bytes:
    """Read a key: 32 bytes in base 64, the usual or the URL-safe one, with or without padding. Else ValueError."""
    plain = text.strip().rstrip("=").translate(str.maketrans("+/", "-_"))
    try:
        read = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)) if _UNPADDED.fullmatch(plain) else b""
    except (binascii.Error, ValueError):
        read = b""
    if len(read) != KEY_BYTES:
        raise ValueError("write 32 bytes in base 64")
    return read


def key_text(key: bytes) -> str:
    """Bytes as JOSE writes them: URL-safe base 64 without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")


def key_id(public_key: bytes) -> str:
    """The name of a public key: the thumbprint of its JWK (RFC 7638), which everybody can work out."""
    written = canonical_bytes({"crv": "Ed25519", "kty": "OKP", "x": key_text(public_key)})
    return key_text(hashlib.sha256(written).digest())


def _exact(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} can be written in more than one way")
