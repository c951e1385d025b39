"""Signed answers: the example of the standard, changed bytes, and a key that was followed by another."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.entitlements import key_bytes
from services.entitlement_signing import ENTITLEMENTS, EntitlementSigner, SigningNotBound
from tests.support.devices import told, unpack

OLD, NEW = b"o" * 32, b"n" * 32


def signer_with(private_key, published=()):
    made = EntitlementSigner()
    made.bind(private_key, published)
    return made


def as_sent(signed):
    return {"protected": signed.protected, "payload": signed.payload, "signature": signed.signature}


def public_part(private_key):
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def test_the_key_and_its_public_part_are_those_of_the_standard():
    """RFC 8037, appendix A: this private key, this public key, this thumbprint."""
    signer = signer_with(key_bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    [key] = signer.public_keys()
    assert key["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_signed_answer_tells_what_was_signed_and_with_which_key():
    signer = signer_with(NEW)
    signed = signer.sign(ENTITLEMENTS, {"nonce": "n", "items": [1]})
    assert told(as_sent(signed), signer.public_keys()) == {"nonce": "n", "items": [1]}
    header = json.loads(unpack(signed.protected))
    assert header == {"alg": "EdDSA", "kid": signer.public_keys()[0]["kid"], "typ": "foyer-entitlements+jws"}


def test_the_same_is_signed_with_the_same_bytes():
    signer = signer_with(NEW)
    assert signer.sign(ENTITLEMENTS, {"a": 1, "b": 2}) == signer.sign(ENTITLEMENTS, {"b": 2, "a": 1})


@settings(deadline=None)  # the first signature of a process loads its library
@given(st.data())
def test_any_changed_byte_is_noticed(data):
    signer = signer_with(NEW)
    answer = as_sent(signer.sign(ENTITLEMENTS, {"nonce": "n" * 20, "quantity": 10}))
    part = data.draw(st.sampled_from(["payload", "signature"]))
    raw = bytearray(unpack(answer[part]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    changed = answer | {part: base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()}
    with pytest.raises(InvalidSignature):
        told(changed, signer.public_keys())


def test_an_old_key_stays_published_after_another_followed_it():
    old = signer_with(OLD)
    before = as_sent(old.sign(ENTITLEMENTS, {"a": 1}))
    new = signer_with(NEW, [public_part(OLD)])
    assert len(new.public_keys()) == 2
    assert told(before, new.public_keys()) == {"a": 1}
    assert told(as_sent(new.sign(ENTITLEMENTS, {"a": 2})), new.public_keys()[:1]) == {"a": 2}


def test_a_key_that_is_published_twice_stands_there_once():
    assert len(signer_with(NEW, [public_part(NEW), public_part(OLD), public_part(OLD)]).public_keys()) == 2


def test_nothing_is_signed_before_a_key_was_handed_in():
    with pytest.raises(SigningNotBound):
        EntitlementSigner().sign(ENTITLEMENTS, {})
