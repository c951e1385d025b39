"""Two-step verification as a person meets it: set up, used, lost and reset; codes by oathtool, passkeys by a device."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import unquote

import pytest
import time_machine
from sqlalchemy import select

from models import AuditEvent, NotificationDelivery, Passkey, PasskeyChallenge, Person
from services.second_step import factors_of
from tests.factories.people import PasskeyFactory
from tests.support.authenticator import Authenticator
from tests.support.desk import managed_member, seat
from tests.support.door import PASSWORD, csrf_token_of, member_who_can_sign_in, post_form, sign_in_as
from tests.support.oathtool import code_by_oathtool
from tests.support.pages import form_of
from tests.support.together import all_at_once

HOME = "/settings/two-step-verification"
CODES = f"{HOME}/time-codes"
NEW = f"{HOME}/passkeys/new"
ONLY = f"{HOME}/passkeys-only"
SECONDS = 1
MINUTES = 60


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mia(session, client):
    member = member_who_can_sign_in(account__client_id="20001")
    sign_in_as(client)
    return member


def person_of(session, member):
    return session.get(Person, member.person_id)


def secret_on(page):
    return re.search(r'class="secret-text">([A-Z2-7 ]+)<', page.text)[1]


def codes_on(page):
    return re.findall(r"<code>([a-z2-7-]{19})</code>", page.text)


def code_now(secret):
    return code_by_oathtool(secret, dt.datetime.now(dt.UTC))


def set_up(client):
    """Switch time codes on; give the secret and the page with the recovery codes."""
    secret = secret_on(client.get(CODES))
    return secret, post_form(client, CODES, code=code_now(secret))


def options(client, address, token):
    answer = client.post(address, data={"csrf_token": token}, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json


def add_passkey(client, device, name="Laptop"):
    form = form_of(client.get(NEW)).values
    answer = device.make(options(client, f"{HOME}/passkeys/options", form["csrf_token"]))
    return client.post(NEW, data={**form, "name": name, "credential": answer})


def use_passkey(client, device, page, way):
    """Answer the options of a way in, or of a proof, from its page."""
    token = csrf_token_of(client, page)
    answer = device.sign(options(client, f"{way}/options", token))
    return client.post(way, data={"csrf_token": token, "credential": answer})


def events(session):
    return set(session.scalars(select(AuditEvent.event)))


# Time codes


def test_an_app_is_set_up_from_the_page_and_asked_for_at_the_next_sign_in(client, app, session, mia, clock):
    secret, page = set_up(client)
    assert page.status_code == 200
    assert len(codes_on(page)) == 10
    assert page.headers["Cache-Control"] == "no-store"
    clock.shift(30 * SECONDS)
    other = app.test_client()
    answer = sign_in_as(other)
    assert answer.location == "/sign-in/code"
    answer = post_form(other, "/sign-in/code", code=code_now(secret))
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")


def test_the_picture_says_the_same_as_the_text_and_breaks_no_policy(client, mia):
    page = client.get(CODES)
    assert re.search(r'<img class="qr"\s+src="data:image/svg', page.text)
    assert "style=" not in page.text
    assert secret_on(page).replace(" ", "") in page.text.split('href="otpauth')[1]


def test_opened_again_the_page_shows_the_same_secret_until_it_is_used(client, mia):
    assert secret_on(client.get(CODES)) == secret_on(client.get(CODES))
    set_up(client)
    assert client.get(CODES).location == HOME


def test_a_wrong_first_code_is_told_at_its_field(client, session, mia):
    client.get(CODES)
    answer = post_form(client, CODES, code="000000")
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert "The code is not right" in answer.text
    assert not factors_of(person_of(session, mia)).any


def test_too_many_first_codes_have_to_wait(client, session, mia):
    for _ in range(10):
        post_form(client, CODES, code="000000")
    answer = post_form(client, CODES, code="000000")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_codes_can_be_kept_as_a_file_of_plain_text(client, mia):
    _secret, page = set_up(client)
    address = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"\s+download="recovery-codes.txt"', page.text)[1]
    text = unquote(address)
    assert all(code in text for code in codes_on(page))
    assert "mia@acme.example" in text


def test_codes_are_shown_once_and_new_ones_replace_them(client, session, mia):
    _secret, page = set_up(client)
    shown = codes_on(page)
    for address in (HOME, f"{HOME}/recovery-codes"):
        assert codes_on(client.get(address)) == []
    assert "10 left" in client.get(HOME).text
    new = codes_on(post_form(client, f"{HOME}/recovery-codes"))
    assert len(new) == 10
    assert not set(new) & set(shown)


def test_removing_them_asks_first_and_tells_by_mail(client, app, session, mia):
    set_up(client)
    assert client.get(f"{CODES}/remove").status_code == 200
    assert factors_of(person_of(session, mia)).time_codes
    assert post_form(client, f"{CODES}/remove").location == HOME
    assert not factors_of(person_of(session, mia)).any
    told = session.scalars(select(NotificationDelivery.text).where(NotificationDelivery.event == "factors_changed"))
    assert sum("switched off" in text for text in told) == 1


@pytest.mark.parametrize("address", [CODES, f"{CODES}/remove", f"{HOME}/recovery-codes", NEW, ONLY])
def test_every_page_of_it_asks_for_a_recent_proof(client, session, mia, clock, address):
    clock.shift(16 * MINUTES)
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (303, f"/prove?next={address.replace('/', '%2F')}")


def test_of_the_same_code_eight_times_at_once_at_the_door_one_comes_in(client, app, session, mia, clock):
    secret, _page = set_up(client)
    clock.shift(30 * SECONDS)
    code, doors = code_now(secret), [app.test_client() for _ in range(8)]
    for door in doors:
        sign_in_as(door)
    forms = [form_of(door.get("/sign-in/code")).values for door in doors]
    answers = all_at_once(
        lambda number: doors[number].post("/sign-in/code", data={**forms[number], "code": code}).status_code, times=8
    )
    assert sorted(answers) == [303] + [422] * 7


# Passkeys


def test_a_passkey_is_added_named_and_used_alone(client, app, session, mia):
    device = Authenticator()
    answer = add_passkey(client, device, "Blue key")
    assert (answer.status_code, answer.location) == (303, f"{HOME}/recovery-codes")
    assert "Blue key" in client.get(HOME).text
    other = app.test_client()
    answer = use_passkey(other, device, "/sign-in", "/sign-in/passkey")
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")
    assert other.get("/portal/20001/").status_code == 200


def test_a_challenge_belongs_to_the_browser_that_asked_for_it(client, app, session, mia):
    device = Authenticator()
    add_passkey(client, device)
    thief, victim = app.test_client(), app.test_client()
    answer = device.sign(options(thief, "/sign-in/passkey/options", csrf_token_of(thief)))
    options(victim, "/sign-in/passkey/options", csrf_token_of(victim))
    refused = post_form(victim, "/sign-in/passkey", form_on="/sign-in", credential=answer)
    assert refused.status_code == 422
    assert "This passkey could not be used" in refused.text
    assert victim.get_cookie("foyer") is None


def test_a_passkey_is_the_second_step_and_proves_it_again(client, app, session, mia, clock):
    device = Authenticator()
    add_passkey(client, device)
    other = app.test_client()
    assert sign_in_as(other).location == "/sign-in/code"
    answer = use_passkey(other, device, "/sign-in/code", "/sign-in/code/passkey")
    assert answer.location == "/portal/20001/"
    clock.shift(16 * MINUTES)
    assert other.get(NEW).status_code == 303
    assert "authenticator app shows" not in other.get("/prove").text
    answer = use_passkey(other, device, "/prove", "/prove/passkey")
    assert answer.status_code == 303
    assert other.get(NEW).status_code == 200
    assert "person.proved" in events(session)


def test_the_door_says_nothing_about_factors_before_the_password_was_right(client, app, session, mia):
    plain = app.test_client().get("/sign-in").text
    wrong = sign_in_as(app.test_client(), password="wrong password").text
    add_passkey(client, Authenticator())
    other = app.test_client()
    assert other.post("/sign-in/code/passkey/options", data={"csrf_token": csrf_token_of(other)}).status_code == 404

    def without_tokens(text):
        return re.sub(r'value="[^"]{40,}"', "", text)

    assert without_tokens(app.test_client().get("/sign-in").text) == without_tokens(plain)
    assert without_tokens(sign_in_as(app.test_client(), password="wrong password").text) == without_tokens(wrong)
    asked = app.test_client()
    assert options(asked, "/sign-in/passkey/options", csrf_token_of(asked))["allowCredentials"] == []


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "\0", '{"rawId":"AA","response":{}}', "x" * 50_000])
@pytest.mark.parametrize("way", ["/sign-in/passkey", "/prove/passkey", NEW])
def test_nonsense_for_a_passkey_is_answered_in_words(client, app, session, mia, way, credential):
    door = app.test_client() if way == "/sign-in/passkey" else client
    page = {"/sign-in/passkey": "/sign-in", "/prove/passkey": "/prove"}.get(way, way)
    answer = post_form(door, way, form_on=page, credential=credential, name="Laptop")
    assert answer.status_code == 422
    assert "passkey" in answer.text
    assert session.scalars(select(Passkey)).all() == []


def test_a_passkey_of_somebody_else_is_not_found(client, session, mia):
    theirs = PasskeyFactory()
    session.commit()
    for verb in ("rename", "remove"):
        assert client.get(f"{HOME}/passkeys/{theirs.public_id}/{verb}").status_code == 404
        assert client.get(f"{HOME}/passkeys/%00/{verb}").status_code == 404


def test_a_passkey_is_renamed_and_removed(client, session, mia):
    add_passkey(client, Authenticator())
    passkey = session.scalars(select(Passkey)).one()
    address = f"{HOME}/passkeys/{passkey.public_id}"
    assert post_form(client, f"{address}/rename", name="").status_code == 422
    assert post_form(client, f"{address}/rename", name="Desk").location == HOME
    assert "Desk" in client.get(HOME).text
    assert post_form(client, f"{address}/remove").location == HOME
    assert session.scalars(select(Passkey)).all() == []


def test_passkeys_only_warns_of_having_one_and_then_keeps_the_last(client, app, session, mia):
    assert client.get(ONLY).location == HOME
    device = Authenticator()
    add_passkey(client, device)
    page = client.get(ONLY)
    assert "You have one passkey" in page.text
    client.post(ONLY, data=form_of(page).values)
    assert sign_in_as(app.test_client()).status_code == 422
    passkey = session.scalars(select(Passkey)).one()
    post_form(client, f"{HOME}/passkeys/{passkey.public_id}/remove")
    assert "this is the last one" in client.get(HOME).text
    assert session.scalars(select(Passkey)).one()
    assert use_passkey(app.test_client(), device, "/sign-in", "/sign-in/passkey").location == "/portal/20001/"


def test_a_page_open_in_another_window_does_not_switch_back(client, session, mia):
    add_passkey(client, Authenticator())
    form = form_of(client.get(ONLY)).values
    client.post(ONLY, data=form)
    client.post(ONLY, data=form)
    assert person_of(session, mia).passkey_only


def test_a_challenge_to_make_a_passkey_belongs_to_the_person(client, session, mia):
    token = csrf_token_of(client, NEW)
    made = options(client, f"{HOME}/passkeys/options", token)
    kept = session.scalars(select(PasskeyChallenge)).one()
    assert (kept.challenge, kept.person_id) == (made["challenge"], mia.person_id)


# A piece of the story: the telephone is lost


def test_a_lost_phone_a_recovery_code_and_a_reset_by_the_owner(client, app, session, clock):
    owner = member_who_can_sign_in("olga@acme.example", account__client_id="20001", is_owner=True)
    mia = managed_member(owner.account)
    person = mia.person
    person.password_hash = owner.person.password_hash
    olga = seat(app, owner)
    session.commit()
    sign_in_as(client)
    _secret, page = set_up(client)
    clock.shift(60 * MINUTES)

    lost = app.test_client()
    assert sign_in_as(lost).location == "/sign-in/code"
    assert post_form(lost, "/sign-in/code", code=codes_on(page)[0]).location == "/portal/20001/"
    assert post_form(lost, f"{CODES}/remove").location == HOME
    set_up(lost)

    asked = olga.get(f"/members/{mia.public_id}/reset-2-step-verification")
    post_form(olga.client, asked.location, password=PASSWORD)
    olga.confirm(f"/members/{mia.public_id}/reset-2-step-verification")
    assert lost.get("/portal/20001/").status_code == 303
    assert not factors_of(person_of(session, mia)).any
    assert sign_in_as(app.test_client()).location == "/portal/20001/"
    assert {"person.recovery_code_used", "person.two_step_disabled", "member.two_step_reset"} <= events(session)
