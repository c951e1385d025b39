"""An authenticator in software: makes passkeys and signs with them as a browser would, rightly or wrongly."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device with one passkey. ``counts`` is off for those that always say zero."""

    origin: str = "http://localhost"
    host: str = "localhost"
    counts: bool = True
    verifies: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: str = ""

    def make(self, options: dict[str, Any], **changed: Any) -> str:
        """Answer the options of a registration. ``changed`` replaces parts of the client's data."""
        self.handle = options["user"]["id"]
        public = self.key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")})
        held = b"\0" * 16 + struct.pack(">H", len(self.credential_id)) + self.credential_id + cose
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + held})
        client_data = self._client_data("webauthn.create", options["challenge"], changed)
        return self._answer(
            {"clientDataJSON": _text(client_data), "attestationObject": _text(attestation), "transports": ["internal"]}
        )

    def sign(self, options: dict[str, Any], **changed: Any) -> str:
        """Answer the options of a sign-in or proof."""
        if self.counts:
            self.count += 1
        client_data = self._client_data("webauthn.get", options["challenge"], changed)
        data = self._data()
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(client_data),
                "authenticatorData": _text(data),
                "signature": _text(signature),
                "userHandle": self.handle,
            }
        )

    def copy(self) -> Authenticator:
        """A second device with the same key, as a thief might make it."""
        return Authenticator(
            self.origin, self.host, self.counts, self.verifies, self.count, self.credential_id, self.key, self.handle
        )

    def _client_data(self, kind: str, challenge: str, changed: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changed}).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _answer(self, response: dict[str, Any]) -> str:
        name = _text(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def tampered(answer: str, part: str) -> str:
    """The answer with one bit of a part of it turned over."""
    given = json.loads(answer)
    bits = bytearray(base64url_to_bytes(given["response"][part]))
    bits[-1] ^= 1
    given["response"][part] = _text(bytes(bits))
    return json.dumps(given)


def _text(data: bytes) -> str:
    return bytes_to_base64url(data)
