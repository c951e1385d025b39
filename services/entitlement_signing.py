"""Signing what devices are told, with Ed25519, as a JWS that any JOSE library and any crypto library can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.entitlements import canonical_bytes, key_id, key_text

ENTITLEMENTS: Final = "foyer-entitlements+jws"
DEACTIVATION: Final = "foyer-deactivation+jws"


class SigningNotBound(RuntimeError):
    """No key was handed in: a mistake of the program's."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A flattened JWS (RFC 7515, 7.2.2). What is signed are the ASCII bytes of ``protected + "." + payload``."""

    protected: str
    payload: str
    signature: str


class EntitlementSigner:
    """Signs with one key and publishes its public part and others. ``bind`` is called once, by app.py's settings."""

    def __init__(self) -> None:
        self._key: Ed25519PrivateKey | None = None
        self._key_id = ""
        self._published: tuple[bytes, ...] = ()

    def bind(self, private_key: bytes, published: Sequence[bytes] = ()) -> None:
        """Sign with this key from now on; ``published`` are public keys beside its own, old ones or the next."""
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        own = self._key.public_key().public_bytes_raw()
        self._key_id = key_id(own)
        self._published = tuple(dict.fromkeys((own, *published)))

    def sign(self, kind: str, told: Mapping[str, object]) -> Signed:
        """Sign what is told. ``kind`` says what it is (ENTITLEMENTS, DEACTIVATION), so that none passes for another."""
        if self._key is None:
            raise SigningNotBound("no key to sign with was handed in")
        header = {"alg": "EdDSA", "kid": self._key_id, "typ": kind}
        protected, payload = key_text(canonical_bytes(header)), key_text(canonical_bytes(told))
        return Signed(protected, payload, key_text(self._key.sign(f"{protected}.{payload}".encode("ascii"))))

    def public_keys(self) -> list[dict[str, str]]:
        """The keys that answers may be checked with, as JWKs (RFC 8037); the first one signs."""
        return [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id(key), "x": key_text(key)}
            for key in self._published
        ]


entitlement_signer = EntitlementSigner()
