"""The license activation API over HTTP: signed answers, named problems, and nothing of a page."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from models import AccountStatus, AuditEvent, LicenseAttempt, LicenseStatus
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory
from tests.services.money import rows_of
from tests.support.devices import MAC, OTHER_MAC, new_nonce, told
from views.device_messages import Deactivation, Entitlements, KeySet, Problem, SignedAnswer

CODE = "7KQ4-0ZXV-93BT-M5HE"
BASE = "/api/v1/device"


@pytest.fixture
def license(client, session):
    return LicenseFactory(code=CODE, status=LicenseStatus.NOT_ACTIVATED, mac_address=None, expires_on=None)


def ask(client, act="activate", place="198.51.100.1", **changed):
    sent = {"code": CODE, "mac_address": MAC, "nonce": new_nonce(), **changed}
    return client.post(f"{BASE}/{act}", json=sent, environ_overrides={"REMOTE_ADDR": place})


def keys_of(client):
    return client.get(f"{BASE}/keys").json["keys"]


def told_by(client, answer):
    assert answer.status_code == 200, answer.text
    return told(answer.json, keys_of(client))


def problem_of(answer):
    assert answer.mimetype == "application/problem+json"
    read = Problem.model_validate_json(answer.data)
    assert read.status == answer.status_code
    return answer.status_code, read.type.removeprefix("urn:foyer:problem:")


def test_a_device_activates_checks_and_gives_back(client, license):
    nonce = new_nonce()
    entitled = told_by(client, ask(client, nonce=nonce, hostname="pbx"))
    assert (entitled["nonce"], entitled["issuer"]) == (nonce, "http://localhost")
    assert entitled["license"]["status"] == "active"
    assert told_by(client, ask(client, "check"))["device"] == entitled["device"]
    assert "deactivated_at" in told_by(client, ask(client, "deactivate"))
    assert problem_of(ask(client, "check")) == (409, "not-activated")


def test_what_is_answered_is_what_is_described(client, license):
    entitled, gone = ask(client), ask(client, "deactivate")
    for answer, described in ((entitled, Entitlements), (gone, Deactivation)):
        SignedAnswer.model_validate_json(answer.data)
        described.model_validate(told_by(client, answer))
    assert len(KeySet.model_validate_json(client.get(f"{BASE}/keys").data).keys) == 1


def test_a_device_without_an_address_of_its_own_is_where_it_asks_from(client, license):
    assert told_by(client, ask(client, place="203.0.113.5"))["device"]["ip"] == "203.0.113.5"
    assert license.last_valid_ip == "203.0.113.5"


def test_the_address_that_a_device_says_is_saved_and_the_one_it_comes_from_audited(client, session, license):
    told_by(client, ask(client, ip="10.0.0.7", place="203.0.113.5"))
    assert license.last_valid_ip == "10.0.0.7"
    row = session.scalars(select(AuditEvent).where(AuditEvent.event == "license.activated")).one()
    assert (row.ip, row.source, row.actor_name) == ("203.0.113.5", "api", f"Device {MAC}")


def test_a_changed_answer_is_noticed(client, license):
    answer = ask(client).json
    forged = json.loads(base64.urlsafe_b64decode(answer["payload"] + "=="))
    forged["valid_until"] = "2099-01-01T00:00:00Z"
    payload = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidSignature):
        told(answer | {"payload": payload}, keys_of(client))


def test_two_answers_differ_by_their_nonce(client, license):
    first, second = ask(client), ask(client, "check")
    assert first.json["signature"] != second.json["signature"]
    assert told_by(client, first)["nonce"] != told_by(client, second)["nonce"]


# Problems


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"status": LicenseStatus.SUSPENDED}, (403, "license-suspended")),
        ({"status": LicenseStatus.EXPIRED}, (403, "license-expired")),
        ({"status": LicenseStatus.TERMINATED}, (403, "license-terminated")),
        ({"status": LicenseStatus.ACTIVE, "expires_on": dt.date(2020, 1, 1)}, (403, "license-expired")),
        ({"status": LicenseStatus.ACTIVE, "mac_address": OTHER_MAC}, (409, "hardware-lock")),
        ({"mac_address": OTHER_MAC, "activation_limit": 2, "further_devices": 1}, (409, "activation-limit")),
    ],
)
def test_each_reason_has_its_name(client, license, values, problem):
    for name, value in values.items():
        setattr(license, name, value)
    assert problem_of(ask(client)) == problem


def test_a_suspended_account_has_its_name(client, session):
    LicenseFactory(code=CODE, mac_address=MAC, expires_on=None, account=AccountFactory(status=AccountStatus.SUSPENDED))
    assert problem_of(ask(client)) == (403, "account-suspended")


def test_unknown_codes_get_the_same_answer_to_the_byte(client, license):
    codes = ["7KQ4-0ZXV-93BT-M5HF", "x", "  ", "\0", "ü" * 100]
    answers = {(ask(client, code=code).status_code, ask(client, code=code).data) for code in codes}
    assert len(answers) == 1
    assert problem_of(ask(client, code="x", place="203.0.113.1")) == (404, "license-unknown")


def test_who_guesses_is_told_how_long_to_wait(client, license):
    for _ in range(10):
        ask(client, code="guess")
    answer = ask(client)
    assert problem_of(answer) == (429, "too-many-attempts")
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert told_by(client, ask(client, place="198.51.100.2"))["license"]["code"] == CODE


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mac_address": "no"}, "mac_address"),
        ({"mac_address": "ff:ff:ff:ff:ff:ff"}, "mac_address"),
        ({"ip": "300.1.1.1"}, "ip"),
        ({"nonce": "short"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"code": ""}, "code"),
        ({"code": "x" * 101}, "code"),
        ({"code": 7}, "code"),
        ({"code": ["x"]}, "code"),
        ({"hostname": "h" * 121}, "hostname"),
        ({"hostname": {}}, "hostname"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(client, license, changed, field):
    answer = ask(client, **changed)
    assert problem_of(answer) == (422, "invalid-request")
    assert [each["field"] for each in answer.json["errors"]] == [field]
    assert rows_of(LicenseAttempt) == 0


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b'"x"', b"null", b'{"code": "\\ud800"}', b"\xff\xfe", b"[" * 9000]
)
def test_a_body_that_is_no_object_is_refused(client, license, body):
    answer = client.post(f"{BASE}/activate", data=body, content_type="application/json")
    assert problem_of(answer) == (422, "invalid-request")


@pytest.mark.parametrize("hostname", ["a\0b", "a\nb", "\u202eabc", "   ", "\0"])
def test_a_strange_host_name_is_cleaned(client, session, license, hostname):
    told_by(client, ask(client, hostname=hostname))
    row = session.scalars(select(AuditEvent).where(AuditEvent.event == "license.activated")).one()
    assert (row.after.get("hostname") or "x").isprintable()


def test_what_is_no_json_or_too_long_is_turned_away_as_a_problem(client, license):
    form = client.post(f"{BASE}/activate", data={"code": CODE})
    assert (form.status_code, form.mimetype) == (415, "application/problem+json")
    long = client.post(f"{BASE}/activate", data=b"{" + b" " * 20_000, content_type="application/json")
    assert (long.status_code, long.mimetype) == (413, "application/problem+json")


@pytest.mark.parametrize(("path", "status"), [("/api/", 404), ("/api/v1/nothing", 404), (f"{BASE}/activate", 405)])
def test_at_the_api_every_error_is_a_problem(client, path, status):
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype, answer.json["type"]) == (
        status,
        "application/problem+json",
        "about:blank",
    )


def test_an_error_of_ours_is_a_problem_without_a_trace(app, client, license, monkeypatch):
    monkeypatch.setattr(app, "testing", False)
    monkeypatch.setattr("views.device_api.answer_device", lambda *_args, **_options: 1 / 0)
    answer = ask(client)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "division" not in answer.text


def test_neither_a_session_nor_a_token_is_asked_for_or_given(client, license):
    answer = ask(client)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


# Keys


def test_old_keys_stay_published_beside_the_new_one(make_app, session):
    LicenseFactory(code=CODE, mac_address=None, expires_on=None)
    session.commit()
    private = {name: base64.b64encode(name.encode() * 32).decode() for name in "on"}
    public = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw()
    before = make_app(ACTIVATION_SIGNING_KEY=private["o"]).test_client()
    signed = ask(before).json
    [old_key] = keys_of(before)
    after = make_app(
        ACTIVATION_SIGNING_KEY=private["n"], ACTIVATION_PUBLISHED_KEYS=base64.b64encode(public).decode()
    ).test_client()
    assert keys_of(after)[1] == old_key
    assert told(signed, keys_of(after))["license"]["code"] == CODE
    assert told_by(after, ask(after, "check"))["license"]["code"] == CODE


def test_keys_may_be_kept_by_everybody(client):
    answer = client.get(f"{BASE}/keys")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert set(answer.json["keys"][0]) == {"kty", "crv", "alg", "use", "kid", "x"}


def test_an_answer_that_is_old_says_so_itself(client, license, now):
    with time_machine.travel(now, tick=False):
        entitled = told_by(client, ask(client))
    assert dt.datetime.fromisoformat(entitled["valid_until"]) == now + dt.timedelta(days=7)
