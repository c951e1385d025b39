"""For whom passkeys are made."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks: a passkey is bound to the host (``id``) and used on pages of the origin only."""

    id: str
    name: str
    origin: str


def party_at(base_url: str, name: str) -> RelyingParty:
    """The party that people reach under this address."""
    return RelyingParty(id=urlsplit(base_url).hostname or "localhost", name=name, origin=base_url)
