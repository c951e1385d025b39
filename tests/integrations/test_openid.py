"""What an ID token must hold before anybody is believed to be somebody."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from integrations.openid import (
    FACEBOOK,
    OpenIdProvider,
    ProofNotValid,
    ProvedIdentity,
    ProviderAccount,
    ProviderUnreachable,
)

ISSUER = "https://id.example"
ACCOUNT = ProviderAccount(
    "acme", "Acme", ISSUER, "foyer", "a secret", "https://portal.example/sign-in/with/acme/callback"
)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
HOUR = dt.timedelta(hours=1)


class House:
    """A provider that answers as the test wants, and remembers what it was asked."""

    def __init__(self):
        self.discovery = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }
        self.keys = [KEY]
        self.token = {}
        self.token_status = 200
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.discovery)
        if request.url.path == "/keys":
            return httpx2.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        return httpx2.Response(self.token_status, json=self.token)

    def paths(self):
        return [request.url.path for request in self.asked]


@pytest.fixture
def house():
    return House()


@pytest.fixture
def provider(house):
    return OpenIdProvider(ACCOUNT, httpx2.MockTransport(house))


def claims_of(now, **changed):
    stamp = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "sub": "mia-1",
        "aud": "foyer",
        "nonce": "the nonce",
        "iat": stamp,
        "exp": stamp + 300,
        "email": "mia@acme.example",
    } | changed
    return {name: value for name, value in claims.items() if value is not None}


def identify(provider, house, claims, now, *, key=KEY, header=None, **token):
    header = {"alg": "RS256", "kid": key.kid} if header is None else header
    house.token = {"id_token": jwt.encode(header, claims, key), "access_token": "the access token"} | token
    return provider.identify("the code", verifier="v" * 43, nonce="the nonce", now=now)


def test_the_departure_asks_for_a_code_with_pkce_state_and_nonce(provider, now):
    departure = provider.depart(now=now)
    asked = {name: value for name, [value] in parse_qs(urlsplit(departure.url).query).items()}
    digest = hashlib.sha256(departure.verifier.encode()).digest()
    assert departure.url.startswith(f"{ISSUER}/authorize?")
    assert asked == {
        "response_type": "code",
        "client_id": "foyer",
        "redirect_uri": ACCOUNT.redirect_uri,
        "scope": "openid email",
        "state": departure.state,
        "nonce": departure.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert len({departure.state, departure.nonce, departure.verifier}) == 3
    assert provider.depart(now=now).state != departure.state


def test_a_right_token_proves_issuer_and_subject(provider, house, now):
    assert identify(provider, house, claims_of(now), now) == ProvedIdentity(ISSUER, "mia-1", "mia@acme.example")


def test_the_code_is_exchanged_with_the_verifier_and_our_secret_in_the_header(provider, house, now):
    identify(provider, house, claims_of(now), now)
    request = next(each for each in house.asked if each.url.path == "/token")
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the code"],
        "redirect_uri": [ACCOUNT.redirect_uri],
        "code_verifier": ["v" * 43],
    }
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"foyer:a+secret").decode()


def test_a_provider_that_wants_the_secret_in_the_body_gets_it_there(provider, house, now):
    house.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    identify(provider, house, claims_of(now), now)
    request = next(each for each in house.asked if each.url.path == "/token")
    assert parse_qs(request.content.decode())["client_secret"] == ["a secret"]
    assert "Authorization" not in request.headers


STAMP = int(dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "somebody else"},
        {"aud": ["somebody else"]},
        {"aud": ["foyer", "somebody else"]},  # without azp
        {"aud": ["foyer", "somebody else"], "azp": "somebody else"},
        {"aud": None},
        {"azp": "somebody else"},
        {"nonce": "another nonce"},
        {"nonce": None},
        {"nonce": ""},
        {"exp": STAMP - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": STAMP + 61},
        {"iat": None},
        {"nbf": STAMP + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
        {"sub": "mia\x00"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_proves_nothing(provider, house, now, changed):
    with pytest.raises(ProofNotValid):
        identify(provider, house, claims_of(now, **changed), now)


def test_clocks_may_differ_by_a_minute(provider, house, now):
    claims = claims_of(now, exp=STAMP - 59, iat=STAMP + 59)
    assert identify(provider, house, claims, now).subject == "mia-1"


def test_several_audiences_are_fine_when_we_are_the_one_it_was_made_for(provider, house, now):
    claims = claims_of(now, aud=["foyer", "another"], azp="foyer")
    assert identify(provider, house, claims, now).subject == "mia-1"


def test_the_hash_of_the_access_token_is_checked_where_there_is_one(provider, house, now):
    digest = hashlib.sha256(b"the access token").digest()[:16]
    right = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert identify(provider, house, claims_of(now, at_hash=right), now).subject == "mia-1"


def test_a_token_signed_by_another_key_proves_nothing(provider, house, now):
    with pytest.raises(ProofNotValid):
        identify(provider, house, claims_of(now), now, key=OTHER_KEY)


def unsigned(claims):
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def test_an_unsigned_token_proves_nothing_even_where_the_provider_names_none(provider, house, now):
    house.token = {"id_token": unsigned(claims_of(now)), "access_token": "a"}
    with pytest.raises(ProofNotValid):
        provider.identify("the code", verifier="v", nonce="the nonce", now=now)


@pytest.mark.parametrize("secret", [b"a secret", KEY.as_pem(private=False)], ids=["ours", "their public key"])
def test_a_token_signed_with_what_others_know_proves_nothing(provider, house, now, secret):
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "one"}, claims_of(now))]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")
    house.token = {"id_token": f"{signed.decode()}.{signature.decode()}", "access_token": "a"}
    with pytest.raises(ProofNotValid):
        provider.identify("the code", verifier="v", nonce="the nonce", now=now)


@pytest.mark.parametrize("token", [None, "", "abc", "a.b.c", 7, "é.é.é", ["x"]])
def test_what_is_no_token_proves_nothing(provider, house, now, token):
    house.token = {"id_token": token, "access_token": "a"}
    with pytest.raises(ProofNotValid):
        provider.identify("the code", verifier="v", nonce="the nonce", now=now)


def test_a_refused_code_proves_nothing(provider, house, now):
    house.token, house.token_status = {"error": "invalid_grant"}, 400
    with pytest.raises(ProofNotValid, match="invalid_grant"):
        provider.identify("the code", verifier="v", nonce="the nonce", now=now)


def test_a_new_key_of_the_issuer_is_fetched_but_not_again_and_again(provider, house, now):
    identify(provider, house, claims_of(now), now)
    house.keys = [NEXT_KEY]
    with pytest.raises(ProofNotValid):  # within the minute nobody makes us ask again
        identify(provider, house, claims_of(now), now, key=NEXT_KEY)
    later = now + dt.timedelta(minutes=1)
    assert identify(provider, house, claims_of(later), later, key=NEXT_KEY).subject == "mia-1"
    assert house.paths().count("/keys") == 2


def test_a_key_that_was_taken_back_counts_no_more_within_the_hour(provider, house, now):
    identify(provider, house, claims_of(now), now)
    house.keys = [NEXT_KEY]
    with pytest.raises(ProofNotValid):
        identify(provider, house, claims_of(now + HOUR), now + HOUR)


def test_what_the_provider_publishes_of_itself_is_kept_for_hours(provider, house, now):
    provider.depart(now=now)
    provider.depart(now=now + 5 * HOUR)
    assert house.paths() == ["/.well-known/openid-configuration"]
    provider.depart(now=now + 6 * HOUR)
    assert len(house.asked) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": "http://id.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ],
    ids=str,
)
def test_a_discovery_document_that_is_not_sound_is_not_used(provider, house, now, changed):
    house.discovery |= changed
    with pytest.raises(ProviderUnreachable):
        provider.depart(now=now)


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(302, headers={"Location": "https://evil.example"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, content=b" " * 600_000),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_an_answer_that_is_nonsense_is_worth_another_try_later(now, answer):
    provider = OpenIdProvider(ACCOUNT, httpx2.MockTransport(lambda _request: answer))
    with pytest.raises(ProviderUnreachable):
        provider.depart(now=now)


def test_no_answer_at_all_is_worth_another_try_later(now):
    def fail(request):
        raise httpx2.ConnectTimeout("too late", request=request)

    with pytest.raises(ProviderUnreachable, match="ConnectTimeout"):
        OpenIdProvider(ACCOUNT, httpx2.MockTransport(fail)).depart(now=now)


@pytest.mark.parametrize(("issuer", "local"), [("http://id.example", True), ("http://localhost:9", False)])
def test_plain_http_is_for_this_machine_and_for_trying_out_only(issuer, local):
    account = ProviderAccount("acme", "Acme", issuer, "foyer", "", "http://localhost/callback", local=local)
    with pytest.raises(ProviderUnreachable, match="https"):
        OpenIdProvider(account)


def test_an_answer_that_names_another_issuer_is_refused(provider, house, now):
    provider.check_issuer_named(None, now=now)
    provider.check_issuer_named(ISSUER, now=now)
    with pytest.raises(ProofNotValid):
        provider.check_issuer_named("https://evil.example", now=now)


def test_a_provider_that_always_names_itself_must_do_so(provider, house, now):
    house.discovery["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(ProofNotValid):
        provider.check_issuer_named(None, now=now)


def test_facebook_is_asked_at_its_fixed_addresses_without_discovery(house, now):
    account = ProviderAccount(
        "facebook", "Facebook", FACEBOOK.issuer, "42", "s", "https://portal.example/cb", metadata=FACEBOOK
    )
    provider = OpenIdProvider(account, httpx2.MockTransport(house))
    assert provider.depart(now=now).url.startswith("https://www.facebook.com/dialog/oauth?")
    assert house.asked == []


def test_our_secret_stands_in_no_representation():
    assert "a secret" not in repr(ACCOUNT)
