"""Signing in by the word of another house, over real HTTP against a real provider, from the button to the account."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest
import time_machine
from sqlalchemy import select, update

from models import AuditEvent, NotificationDelivery, Person, SignInSession, SocialIdentity
from services.second_step import set_time_code
from tests.support.door import csrf_token_of, member_who_can_sign_in, post_form, sign_in_as, staff_who_can_sign_in
from tests.support.openid_house import (
    address_of_departure,
    allow,
    asked_of,
    deny,
    provider_setting,
    running_house,
)

SECRET = "JBSWY3DPEHPK3PXP" * 2
METHODS = "/settings/sign-in-methods"
CALLBACK = "/sign-in/with/acme/callback"


@pytest.fixture(scope="module")
def issuer():
    with running_house() as issuer:
        yield issuer


@pytest.fixture
def app(keep_app, issuer):
    return keep_app(OIDC_PROVIDERS=provider_setting(issuer))


@pytest.fixture
def client(app, session):
    return app.test_client()


def text_of(answer):
    return answer.get_data(as_text=True)


def set_out(client, address="/sign-in/with/acme", form_on="/sign-in"):
    return address_of_departure(post_form(client, address, form_on=form_on))


def connect(client, subject):
    """Connect the other house's account; give the page the browser lands on."""
    departure = set_out(client, f"{METHODS}/acme/connect", METHODS)
    answer = client.get(allow(departure, subject))
    assert (answer.status_code, answer.location) == (303, METHODS)
    return text_of(client.get(METHODS))


def sign_in_by(client, subject):
    return client.get(allow(set_out(client), subject))


def sign_out(client):
    return post_form(client, "/sign-out", form_on=METHODS)


def mails(session):
    return session.scalars(select(NotificationDelivery.event).order_by(NotificationDelivery.id)).all()


def events(session):
    return session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)).all()


def test_a_person_connects_signs_out_and_in_by_it_and_disconnects(client, session):
    account = member_who_can_sign_in().account.client_id
    sign_in_as(client)
    assert "Acme ID account is connected" in connect(client, "mia.marsh@elsewhere.example")
    page = text_of(client.get(METHODS))
    assert "mia.marsh@elsewhere.example" in page
    sign_out(client)

    answer = sign_in_by(client, "mia.marsh@elsewhere.example")
    assert (answer.status_code, answer.location) == (303, f"/portal/{account}/")
    assert client.get(answer.location).status_code == 200

    [action] = re.findall(rf'action="({METHODS}/[^"/]+/disconnect)"', text_of(client.get(METHODS)))
    assert post_form(client, action, form_on=METHODS).location == METHODS
    assert "Acme ID account is disconnected" in text_of(client.get(METHODS))
    sign_out(client)
    assert sign_in_by(client, "mia.marsh@elsewhere.example").status_code == 409

    assert {"identity_connected", "identity_disconnected"} <= set(mails(session))
    assert {"person.identity_bound", "person.identity_unbound"} <= set(events(session))


def test_staff_come_in_by_it_as_well(client, session):
    staff_who_can_sign_in()
    sign_in_as(client, "sam@provider.example")
    connect(client, "sam@elsewhere.example")
    sign_out(client)
    assert sign_in_by(client, "sam@elsewhere.example").location == "/staff/"


def test_the_second_step_is_still_asked(client, session):
    member = member_who_can_sign_in()
    account, person_id = member.account.client_id, member.person_id
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    sign_out(client)
    set_time_code(session.get(Person, person_id), SECRET, now=dt.datetime.now(dt.UTC))
    answer = sign_in_by(client, "mia@elsewhere.example")
    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    assert client.get(METHODS).status_code == 303  # not in yet
    code = pyotp.TOTP(SECRET).now()
    assert post_form(client, "/sign-in/code", code=code).location == f"/portal/{account}/"


def test_an_unknown_identity_with_the_address_of_a_member_is_neither_linked_nor_let_in(client, session):
    person = member_who_can_sign_in("mia@acme.example").person
    answer = sign_in_by(client, "mia@acme.example")  # the other house says that this is their address
    assert answer.status_code == 409
    assert "Sign in as you usually do" in text_of(answer)
    assert client.get(METHODS).status_code == 303
    assert session.scalars(select(SocialIdentity)).all() == []
    assert session.scalars(select(SignInSession).where(SignInSession.person_id == person.id)).all() == []


def test_the_subject_counts_and_not_the_address(client, session, issuer):
    member_who_can_sign_in()
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    sign_out(client)
    session.execute(update(SocialIdentity).values(subject="somebody else", email="mia@elsewhere.example"))
    assert sign_in_by(client, "mia@elsewhere.example").status_code == 409


@pytest.mark.parametrize("column", ["disabled_at", "erased_at", "passkey_only"])
def test_who_may_not_come_in_gets_the_answer_of_unknown_people(client, session, column):
    person = member_who_can_sign_in().person
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    sign_out(client)
    value = True if column == "passkey_only" else dt.datetime.now(dt.UTC)
    session.execute(update(Person).where(Person.id == person.id).values({column: value}))
    refused, unknown = sign_in_by(client, "mia@elsewhere.example"), sign_in_by(client, "nobody@elsewhere.example")
    assert refused.status_code == unknown.status_code == 409
    assert without_tokens(refused) == without_tokens(unknown)


def without_tokens(answer):
    page = re.sub(r'value="[^"]{40,}"', "", text_of(answer))
    return re.sub(r'name="next" value="[^"]*"', "", page)


def test_a_replayed_answer_is_refused(client, session):
    member_who_can_sign_in()
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    sign_out(client)
    way_back = allow(set_out(client), "mia@elsewhere.example")
    assert client.get(way_back).status_code == 303
    sign_out(client)
    answer = client.get(way_back)
    assert answer.status_code == 400
    assert "Begin again" in text_of(answer)


def test_the_answer_of_another_browser_is_refused(app, client, session):
    """Login CSRF: nobody can be led into the account of who prepared the answer."""
    member_who_can_sign_in()
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    way_back = allow(set_out(app.test_client()), "mia@elsewhere.example")
    victim = app.test_client()
    assert victim.get(way_back).status_code == 400
    set_out(victim)  # also not when the victim has set out as well
    assert victim.get(way_back).status_code == 400
    assert victim.get(METHODS).status_code == 303


def test_an_account_is_connected_only_to_the_session_that_asked_for_it(app, client, session):
    member_who_can_sign_in()
    member_who_can_sign_in("eve@acme.example")
    sign_in_as(client)
    way_back = allow(set_out(client, f"{METHODS}/acme/connect", METHODS), "eve@elsewhere.example")
    with client.session_transaction() as kept:
        journey = dict(kept["social_journey"])
    sign_out(client)
    sign_in_as(client, "eve@acme.example")
    with client.session_transaction() as kept:
        kept["social_journey"] = journey
    assert client.get(way_back).status_code == 400
    assert session.scalars(select(SocialIdentity)).all() == []


def test_an_answer_that_takes_too_long_is_refused(client, session):
    member_who_can_sign_in()
    way_back = allow(set_out(client), "mia@elsewhere.example")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10, seconds=2), tick=False):
        assert client.get(way_back).status_code == 400


def test_one_house_cannot_answer_for_another(keep_app, session, issuer):
    with running_house() as other:
        two = f"[{provider_setting(issuer)[1:-1]}, {provider_setting(other, name='other', label='Other')[1:-1]}]"
        client = keep_app(OIDC_PROVIDERS=two).test_client()
        way_back = allow(set_out(client), "mia@elsewhere.example")
        assert client.get(way_back.replace("/acme/", "/other/")).status_code == 400
        departure = set_out(client)
        named = f"{allow(departure, 'mia@elsewhere.example')}&iss={other}"
        assert client.get(named).status_code == 409


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=a",
        "?state=a",
        "?code=a&state=%00",
        "?code=a&state=%F0%9F%94%91",
        "?code=a&state=a&state=b",
        "?" + "a" * 9000,
    ],
)
def test_an_answer_nobody_asked_for_is_refused(client, session, query):
    answer = client.get(f"{CALLBACK}{query}")
    assert answer.status_code == 400
    assert "<title>Error:" in text_of(answer)


def test_a_code_the_house_does_not_know_is_refused(client, session):
    departure = set_out(client)
    answer = client.get(f"{CALLBACK}?code=invented&state={asked_of(departure)['state']}")
    assert answer.status_code == 409
    assert "did not tell us who you are" in text_of(answer)


def test_who_presses_cancel_there_is_told_so_in_plain_words(client, session):
    answer = client.get(deny(set_out(client)))
    assert answer.status_code == 409
    assert "You did not allow Acme ID to tell us who you are" in text_of(answer)


def test_other_errors_of_the_house_are_not_repeated(client, session):
    state = asked_of(set_out(client))["state"]
    answer = client.get(f"{CALLBACK}?error=server_error&error_description=<b>Call+this+number&state={state}")
    assert answer.status_code == 409
    assert "Acme ID could not tell us who you are" in text_of(answer)
    assert "Call this number" not in text_of(answer)


def test_guessing_codes_is_counted(client, session):
    for _try in range(10):
        client.get(f"{CALLBACK}?code=invented&state={asked_of(set_out(client))['state']}")
    answer = client.get(f"{CALLBACK}?code=invented&state={asked_of(set_out(client))['state']}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_no_link_and_no_foreign_form_starts_it(client, session):
    assert client.get("/sign-in/with/acme").status_code == 405
    assert client.post("/sign-in/with/acme").status_code == 400


def test_a_house_that_is_down_is_named(keep_app, session):
    client = keep_app(OIDC_PROVIDERS=provider_setting("http://127.0.0.1:9")).test_client()
    answer = post_form(client, "/sign-in/with/acme", form_on="/sign-in")
    assert answer.status_code == 503
    assert "Acme ID cannot be reached right now" in text_of(answer)


def test_an_unknown_house_is_not_there(client, session):
    token = csrf_token_of(client)
    assert client.post("/sign-in/with/google", data={"csrf_token": token}).status_code == 404
    assert client.get("/sign-in/with/google/callback?code=a&state=b").status_code == 404


def test_without_a_house_there_is_no_button_and_no_section(keep_app, session):
    client = keep_app().test_client()
    assert "/sign-in/with/" not in text_of(client.get("/sign-in"))
    member_who_can_sign_in()
    sign_in_as(client)
    assert METHODS not in text_of(client.get("/settings/profile"))


def test_google_and_facebook_get_buttons_when_they_are_set_up(keep_app, session):
    client = keep_app(GOOGLE_CLIENT_ID="g", GOOGLE_CLIENT_SECRET="s", FACEBOOK_CLIENT_ID="f").test_client()
    page = text_of(client.get("/sign-in"))
    assert "Sign in with Google" in page
    assert "Sign in with Facebook" in page


def test_it_leads_on_to_where_one_was_going_and_nowhere_else(client, session):
    account = member_who_can_sign_in().account.client_id
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    sign_out(client)
    wanted = f"/portal/{account}/invoices/"
    departure = set_out(client, f"/sign-in/with/acme?next={wanted}")
    assert client.get(allow(departure, "mia@elsewhere.example")).location == wanted
    sign_out(client)
    departure = set_out(client, "/sign-in/with/acme?next=//evil.example/")
    assert client.get(allow(departure, "mia@elsewhere.example")).location.startswith("/portal/")


def test_connecting_wants_a_recent_proof(client, session):
    member_who_can_sign_in()
    sign_in_as(client)
    session.execute(update(SignInSession).values(proved_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)))
    answer = post_form(client, f"{METHODS}/acme/connect", form_on=METHODS)
    assert answer.status_code == 303
    assert answer.location.startswith("/prove?")


def test_an_identity_of_somebody_else_cannot_be_disconnected(app, client, session):
    member_who_can_sign_in()
    sign_in_as(client)
    connect(client, "mia@elsewhere.example")
    identity = session.scalars(select(SocialIdentity)).one()
    member_who_can_sign_in("eve@acme.example")
    eve = app.test_client()
    sign_in_as(eve, "eve@acme.example")
    assert post_form(eve, f"{METHODS}/{identity.public_id}/disconnect", form_on=METHODS).status_code == 404
    assert session.scalars(select(SocialIdentity)).all() != []
