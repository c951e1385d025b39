"""What makes the audit trustworthy: one way to write an event down, secrets left out, and a chain of hashes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Final

CHAIN_START: Final = "0" * 64
"""What stands as the previous hash of an account's first event."""

HIDDEN: Final = "[hidden]"

_SECRET_WORDS: Final = frozenset(
    {
        "credential",
        "credentials",
        "cvc",
        "cvv",
        "encrypted",
        "otp",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pin",
        "recovery",
        "secret",
        "secrets",
        "sealed",
        "token",
        "tokens",
        "totp",
    }
)
_SECRET_PHRASES: Final = ("api_key", "private_key", "signing_key", "encryption_key", "card_number", "session_id")
_AS_THEY_ARE: Final = frozenset({str, int, bool, type(None)})
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def _plain(value: object) -> object:
    """Turn a value into what JSON has, in exactly one way. What could be written in two ways is refused."""
    if type(value) in _AS_THEY_ARE:  # most values, found at once
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a moment in the audit needs a time zone")
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys in the audit are text")
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} cannot stand in the audit")


def canonical_json(value: object) -> str:
    """Write a value as JSON in exactly one way: sorted keys, no spaces, UTC moments. Floats are refused."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def chain_hash(previous: str, event: Mapping[str, object]) -> str:
    """Hash an event together with the hash before it (CHAIN_START for the first), as 64 hex digits."""
    if not _HASH.fullmatch(previous):
        raise ValueError("the previous hash is 64 lower-case hex digits")
    written = canonical_json(event).encode("utf-8", "surrogatepass")
    return hashlib.sha256(previous.encode("ascii") + b"\n" + written).hexdigest()


def first_broken_link(links: Iterable[tuple[Mapping[str, object], str]], start: str = CHAIN_START) -> int | None:
    """Walk (event, stored hash) in order; the position of the first that does not fit, or None when all do."""
    previous = start
    for position, (event, stored) in enumerate(links):
        if chain_hash(previous, event) != stored:
            return position
        previous = stored
    return None


@lru_cache(maxsize=4096)  # the same few hundred names come again with every event
def is_secret_field(name: str) -> bool:
    """Whether a field is one whose value never stands in the audit: password_hash, totp_secret, api_key, …"""
    lowered = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
    return bool(_SECRET_WORDS.intersection(lowered.split("_"))) or any(part in lowered for part in _SECRET_PHRASES)


def redact(values: Mapping[str, object]) -> dict[str, object]:
    """Copy the values with secrets hidden, also inside. Empty and yes or no stay as they are."""
    return {name: _hide(value) if is_secret_field(name) else _redact_inside(value) for name, value in values.items()}


def _hide(value: object) -> object:
    return value if value is None or value == "" or isinstance(value, bool) else HIDDEN


def _redact_inside(value: object) -> object:
    if isinstance(value, Mapping):
        return redact(value)
    if isinstance(value, list | tuple):
        return [_redact_inside(inner) for inner in value]
    return value


def changed_fields(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Keep what differs, on both sides and with secrets hidden. A field only one side has is None on the other."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return redact({name: before.get(name) for name in names}), redact({name: after.get(name) for name in names})
