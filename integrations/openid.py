"""OpenID Connect: who somebody is by the word of another house. Plain data in and out, no rows.

The authorization code flow with PKCE, state and nonce. What comes back counts only as a signed ID token, checked
against the keys of the issuer; the e-mail address in it is for showing, never for finding anybody.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

TIMEOUT: Final = httpx2.Timeout(8.0, connect=4.0)
LONGEST_ANSWER: Final = 512 * 1024
METADATA_LASTS: Final = dt.timedelta(hours=6)
KEYS_LAST: Final = dt.timedelta(hours=1)
KEYS_ASKED_AGAIN_AFTER: Final = dt.timedelta(minutes=1)  # a token of an unknown key must not make us ask all the time
LEEWAY_SECONDS: Final = 60
LONGEST_SUBJECT: Final = 255
# Signatures that only the issuer can make. ``none`` and HS* are out: our client secret is no key of theirs.
SAFE_ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip


class OpenIdError(Exception):
    """The other house did not prove who somebody is. The text is for logs: it names what is wrong, and no secret."""


class ProviderUnreachable(OpenIdError):
    """It cannot be reached, or answers nonsense: worth another try later."""


class ProofNotValid(OpenIdError):
    """What it sent proves nothing."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider is asked, and how it signs."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...] = ("RS256",)
    secret_in_body: bool = False
    names_issuer: bool = False  # says in its answers that it is the one who answers (RFC 9207)


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """Our account at a provider. With ``metadata`` nothing is discovered; ``local`` allows plain HTTP on loopback."""

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: str = "openid email"
    metadata: Metadata | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and what must be remembered for its way back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class ProvedIdentity:
    """Who somebody is at an issuer. ``email`` is what the issuer says of them and proves nothing here."""

    issuer: str
    subject: str
    email: str | None = None


GOOGLE_ISSUER: Final = "https://accounts.google.com"
# Facebook speaks the code flow with PKCE and gives signed ID tokens, but its discovery names no token endpoint.
FACEBOOK: Final = Metadata(
    issuer="https://www.facebook.com",
    authorization_endpoint="https://www.facebook.com/dialog/oauth",
    token_endpoint="https://graph.facebook.com/oauth/access_token",  # noqa: S106  an address
    jwks_uri="https://www.facebook.com/.well-known/oauth/openid/jwks/",
    secret_in_body=True,
)


class OpenIdProvider:
    """One provider, asked over HTTP. What it publishes of itself is kept for a while; safe to use in many threads."""

    def __init__(self, account: ProviderAccount, transport: httpx2.BaseTransport | None = None) -> None:
        self.account = account
        self._transport = transport
        self._lock = threading.Lock()
        self._metadata: tuple[Metadata, dt.datetime] | None = None
        self._keys: tuple[KeySet, dt.datetime] | None = None
        self._check_address(account.issuer)

    def depart(self, *, now: dt.datetime) -> Departure:
        """Make the address that asks the provider who the person is. Raises ProviderUnreachable."""
        metadata = self._known(now)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = prepare_grant_uri(
            metadata.authorization_endpoint,
            self.account.client_id,
            "code",
            redirect_uri=self.account.redirect_uri,
            scope=self.account.scopes,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Departure(str(url), state, nonce, verifier)

    def check_issuer_named(self, issuer: str | None, *, now: dt.datetime) -> None:
        """Check the ``iss`` of an answer, so that one provider cannot answer for another. Raises ProofNotValid."""
        metadata = self._known(now)
        if issuer is None and not metadata.names_issuer:
            return
        if issuer != metadata.issuer:
            raise ProofNotValid("another issuer answered")

    def identify(self, code: str, *, verifier: str, nonce: str, now: dt.datetime) -> ProvedIdentity:
        """Exchange the code for an ID token and check it. Raises ProviderUnreachable, ProofNotValid."""
        metadata = self._known(now)
        answer = self._exchange(metadata, code, verifier)
        token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise ProofNotValid("the answer holds no ID token")
        return self._read(metadata, token, access_token, nonce, now)

    def _exchange(self, metadata: Metadata, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.account.redirect_uri,
            "code_verifier": verifier,
            "client_id": self.account.client_id,
        }
        auth = None
        if metadata.secret_in_body:
            form["client_secret"] = self.account.client_secret
        elif self.account.client_secret:
            del form["client_id"]  # it stands in the header, and some refuse to read it twice
            auth = httpx2.BasicAuth(_quoted(self.account.client_id), _quoted(self.account.client_secret))
        return self._ask("POST", metadata.token_endpoint, data=form, auth=auth)

    def _read(
        self, metadata: Metadata, token: str, access_token: object, nonce: str, now: dt.datetime
    ) -> ProvedIdentity:
        decoded = self._verified(metadata, token, now)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": metadata.issuer},
                "aud": {"essential": True, "value": self.account.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": self.account.client_id, "access_token": access_token},
        )
        try:
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, TypeError, ValueError, OverflowError) as error:
            raise ProofNotValid(f"the ID token does not hold: {error}") from error
        subject, email = claims["sub"], claims.get("email")
        if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise ProofNotValid("the ID token names nobody")
        return ProvedIdentity(metadata.issuer, subject, email if isinstance(email, str) else None)

    def _verified(self, metadata: Metadata, token: str, now: dt.datetime) -> jwt.Token:
        """The token once its signature holds. An unknown key is looked for once more: issuers change their keys."""
        for fresh in (False, True):
            keys = self._key_set(metadata, now, fresh=fresh)
            try:
                return jwt.decode(token, keys, algorithms=list(metadata.algorithms))
            except (JoseError, TypeError, ValueError) as error:
                if fresh or not self._may_ask_for_keys(now):
                    raise ProofNotValid(f"the ID token is not signed by the issuer: {error}") from error
        raise ProofNotValid("the ID token is not signed by the issuer")

    def _known(self, now: dt.datetime) -> Metadata:
        if self.account.metadata is not None:
            return self.account.metadata
        with self._lock:
            kept = self._metadata
        if kept is not None and now - kept[1] < METADATA_LASTS:
            return kept[0]
        found = self._discover()
        with self._lock:
            self._metadata = (found, now)
        return found

    def _discover(self) -> Metadata:
        issuer = self.account.issuer
        document = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise ProviderUnreachable("the discovery document names another issuer")
        addresses = {}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = document.get(name)
            if not isinstance(address, str):
                raise ProviderUnreachable(f"the discovery document names no {name}")
            self._check_address(address)
            addresses[name] = address
        named = document.get("id_token_signing_alg_values_supported") or ["RS256"]
        algorithms = tuple(each for each in SAFE_ALGORITHMS if each in named)
        if not algorithms:
            raise ProviderUnreachable("the provider signs in no way that is safe")
        ways = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            issuer=issuer,
            **addresses,
            algorithms=algorithms,
            secret_in_body="client_secret_basic" not in ways and "client_secret_post" in ways,
            names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _key_set(self, metadata: Metadata, now: dt.datetime, *, fresh: bool) -> KeySet:
        with self._lock:
            kept = self._keys
        if kept is not None and not fresh and now - kept[1] < KEYS_LAST:
            return kept[0]
        published = self._ask("GET", metadata.jwks_uri).get("keys")
        usable = [
            each
            for each in (published if isinstance(published, list) else [])
            if isinstance(each, dict) and each.get("kty") in ("RSA", "EC", "OKP") and each.get("use", "sig") == "sig"
        ]
        try:
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, TypeError, ValueError, KeyError) as error:
            raise ProviderUnreachable("the keys of the provider cannot be read") from error
        if not usable:
            raise ProviderUnreachable("the provider publishes no keys")
        with self._lock:
            self._keys = (keys, now)
        return keys

    def _may_ask_for_keys(self, now: dt.datetime) -> bool:
        with self._lock:
            return self._keys is None or now - self._keys[1] >= KEYS_ASKED_AGAIN_AFTER

    def _ask(
        self,
        method: str,
        address: str,
        data: Mapping[str, str] | None = None,
        auth: httpx2.BasicAuth | None = None,
    ) -> Mapping[str, Any]:
        """Ask for a JSON object. No redirect is followed, and no more is read than such an answer needs."""
        try:
            with (
                httpx2.Client(timeout=TIMEOUT, transport=self._transport, trust_env=not self.account.local) as client,
                client.stream(method, address, data=data, auth=auth, headers={"Accept": "application/json"}) as answer,
            ):
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LONGEST_ANSWER:
                        raise ProviderUnreachable("the provider's answer is too long")
        except httpx2.HTTPError as error:
            raise ProviderUnreachable(f"no answer from the provider: {type(error).__name__}") from error
        try:
            read = json.loads(body)
        except ValueError:
            read = None
        if answer.status_code in (400, 401, 403) and method == "POST":
            named = read.get("error") if isinstance(read, dict) else None
            raise ProofNotValid(f"the provider refuses the code: {str(named)[:80]!r}")
        if answer.status_code != httpx2.codes.OK or not isinstance(read, dict):
            raise ProviderUnreachable(f"the provider answered {answer.status_code}")
        return read

    def _check_address(self, address: str) -> None:
        parts = urlsplit(address)
        if not address.isascii() or not address.isprintable() or " " in address:
            raise ProviderUnreachable("an address of the provider is not one")
        if parts.scheme == "https" and parts.hostname:
            return
        if self.account.local and parts.scheme == "http" and _is_loopback(parts.hostname or ""):
            return
        raise ProviderUnreachable(f"the addresses of {self.account.name} must begin with https://")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _quoted(text: str) -> str:
    """Client credentials in a Basic header are encoded as in a form (RFC 6749, 2.3.1)."""
    return str(httpx2.QueryParams({"": text}))[1:]
