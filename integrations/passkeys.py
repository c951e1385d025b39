"""What a passkey signs and how it is checked: the ceremonies of WebAuthn, without rows (library: webauthn)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from domain.passkeys import RelyingParty

LONGEST_ANSWER = 20_000
_CHALLENGE_BYTES = 32
_MILLISECONDS = 5 * 60 * 1000  # as long as a challenge lives
_Found = TypeVar("_Found")


class AnswerNotValid(Exception):
    """What the browser sent is no right answer to the challenge. The reason is for the log, not for people."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a new passkey leaves with us."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """Which passkey an answer says it is from, whose, and for which challenge: nothing of it checked yet."""

    credential_id: bytes
    user_handle: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A right answer. A ``sign_count`` of zero: this authenticator does not count."""

    sign_count: int
    user_verified: bool
    backed_up: bool


def new_challenge() -> str:
    """What is to be signed: 256 random bits."""
    return bytes_to_base64url(secrets.token_bytes(_CHALLENGE_BYTES))


def registration_options(
    party: RelyingParty, challenge: str, *, handle: str, name: str, display_name: str, known: Sequence[bytes]
) -> dict[str, Any]:
    """What the browser needs to make a passkey, on an authenticator that holds none of ours for this person yet."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=handle.encode(),
        user_name=name,
        user_display_name=display_name,
        challenge=base64url_to_bytes(challenge),
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return _as_json(options)


def authentication_options(
    party: RelyingParty, challenge: str, *, known: Sequence[bytes], verify_user: bool
) -> dict[str, Any]:
    """What the browser needs to use one of these passkeys; without any named, one that the person chooses."""
    required = UserVerificationRequirement.REQUIRED if verify_user else UserVerificationRequirement.PREFERRED
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=base64url_to_bytes(challenge),
        timeout=_MILLISECONDS,
        allow_credentials=_descriptors(known),
        user_verification=required,
    )
    return _as_json(options)


def claim_of(answer: str) -> Claim:
    """What an answer says of itself. Raises AnswerNotValid when it cannot be read."""

    def read() -> Claim:
        given = _read(answer)
        response = given["response"]
        client_data = json.loads(base64url_to_bytes(response["clientDataJSON"]))
        handle = response.get("userHandle") or ""
        return Claim(
            credential_id=base64url_to_bytes(given["rawId"]),
            user_handle=base64url_to_bytes(handle).decode(),
            challenge=str(client_data["challenge"]),
        )

    return _or_not_valid(read)


def verify_new_credential(answer: str, party: RelyingParty, challenge: str) -> NewCredential:
    """Check the answer to registration options. Raises AnswerNotValid."""

    def verify() -> NewCredential:
        given = _read(answer)
        found = verify_registration_response(
            credential=given,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
        transports = [str(word)[:20] for word in given["response"].get("transports") or ()][:8]
        return NewCredential(
            credential_id=found.credential_id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            backed_up=found.credential_backed_up,
            transports=transports,
        )

    return _or_not_valid(verify)


def verify_assertion(
    answer: str, party: RelyingParty, challenge: str, *, public_key: bytes, verify_user: bool
) -> Assertion:
    """Check the answer to authentication options; its count is the caller's to compare. Raises AnswerNotValid."""

    def verify() -> Assertion:
        found = verify_authentication_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=verify_user,
        )
        return Assertion(found.new_sign_count, found.user_verified, found.credential_backed_up)

    return _or_not_valid(verify)


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("an answer of this length is none of a browser's")
    given = json.loads(answer)
    if not isinstance(given, dict):
        raise TypeError("an answer is an object")
    return given


def _or_not_valid(work: Callable[[], _Found]) -> _Found:
    """Anybody can send anything: whatever a library stumbles over is an answer that is not valid."""
    try:
        return work()
    except (WebAuthnException, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise AnswerNotValid(str(error)) from error


def _descriptors(known: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _as_json(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found
