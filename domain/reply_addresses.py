"""The address an answer to a mail about a ticket goes to: it names the discussion, and nobody can make one up.

``reply+<token>.<signature>@domain``, all in small letters and digits, since mail systems fold the case of local parts
although RFC 5321 (section 2.4) forbids it, and at most 64 characters before the ``@`` (section 4.5.3.1.1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

LONGEST_LOCAL_PART: Final = 64
_SALT: Final = b"foyer: addresses for answers to tickets"
_SIGNATURE_LENGTH: Final = 26  # of base 32: 130 bits
_PREFIX: Final = "reply+"
_TOKEN: Final = re.compile(r"[a-z0-9]{1,31}")
_LOCAL_PART: Final = re.compile(rf"reply\+([a-z0-9]{{1,31}})\.([a-z2-7]{{{_SIGNATURE_LENGTH}}})")


def reply_address(token: str, *, secret_key: str, domain: str) -> str:
    """The address for a discussion. The token is its public id: small letters and digits, at most 31."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token of a reply address is made of at most 31 small letters and digits")
    return f"{_PREFIX}{token}.{_signature(token, secret_key)}@{domain.lower()}"


def signed_token(address: str, *, secret_key: str, domain: str) -> str | None:
    """The token of an address that we made for this domain, whatever its case; None for any other."""
    local, at, given_domain = address.strip().strip("<>").lower().rpartition("@")
    if not at or not address.isascii() or given_domain != domain.lower():
        return None
    found = _LOCAL_PART.fullmatch(local)
    if found is None:
        return None
    right = hmac.compare_digest(found[2].encode(), _signature(found[1], secret_key).encode())
    return found[1] if right else None


def looks_like_reply_address(address: str) -> bool:
    """Whether it wants to be one: a wrong signature is told apart from no signature."""
    return address.strip().strip("<>").lower().startswith(_PREFIX)


def _signature(token: str, secret_key: str) -> str:
    """The key is derived with a salt of its own: a signature for something else never opens a discussion."""
    key = hmac.new(secret_key.encode(), _SALT, hashlib.sha256).digest()
    drawn = hmac.new(key, token.encode(), hashlib.sha256).digest()
    return base64.b32encode(drawn).decode().lower()[:_SIGNATURE_LENGTH]
