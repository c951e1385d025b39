"""The pages of the door, as a browser meets them."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import object_session

from models import (
    Account,
    AccountStatus,
    AuditEvent,
    MemberStatus,
    NotificationDelivery,
    Person,
    SessionEnd,
    SignInAttempt,
    SignInSession,
    StaffStatus,
)
from services.password_resets import issue_temporary_password
from services.second_step import set_time_code
from services.sign_in import person_as_actor
from tests.factories.people import AccountFactory, MemberFactory
from tests.support.door import (
    ANOTHER_PASSWORD,
    BROWSER,
    PASSWORD,
    csrf_token_of,
    member_who_can_sign_in,
    post_form,
    sign_in_as,
    staff_who_can_sign_in,
)
from tests.support.due_jobs import RESET_LINK, run_due_jobs
from tests.support.together import all_at_once

SECRET = "JBSWY3DPEHPK3PXP" * 2
MINUTES = 60
HOURS = 60 * MINUTES


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member(session):
    return member_who_can_sign_in(account__client_id="20001")


@pytest.fixture
def careful_member(member, now):
    set_time_code(member.person, SECRET, now=now - dt.timedelta(days=1))
    return member


def person_of(member):
    return object_session(member).get(Person, member.person_id)


def is_inside(client, address="/portal/20001/"):
    return client.get(address).status_code == 200


def cookie_of(client, name="foyer"):
    return client.get_cookie(name)


def without_tokens(page):
    """The page without what is drawn by lot for each form."""
    return re.sub(rb'value="[^"]{40,}"', b"", page.data)


def last_mail(session):
    return session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id.desc())).first()


# Coming in


@pytest.mark.parametrize(
    "address", ["/", "/staff/", "/portal/20001/", "/staff/invoices/?status=unpaid", "/change-password"]
)
def test_who_has_no_session_is_sent_to_the_door_and_may_come_back(client, member, address):
    answer = client.get(address)
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")
    if address != "/":
        answer = post_form(client, answer.location, email="mia@acme.example", password=PASSWORD)
        assert answer.location == address


def test_a_member_lands_in_their_first_live_account(client, member):
    account = member.account
    MemberFactory(person=member.person, account=AccountFactory(client_id="20002"))
    answer = sign_in_as(client)
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")
    assert is_inside(client)
    account.status = AccountStatus.SUSPENDED
    assert client.get("/sign-in").location == "/portal/20002/"


def test_staff_land_in_the_back_office(client, session):
    staff_who_can_sign_in()
    assert sign_in_as(client, "sam@provider.example").location == "/staff/"
    assert is_inside(client, "/staff/")


def test_staff_are_strangers_in_the_portal_and_members_in_the_back_office(client, app, member):
    staff_who_can_sign_in()
    sign_in_as(client)
    assert client.get("/staff/").status_code == 404
    other = app.test_client()
    sign_in_as(other, "sam@provider.example")
    assert other.get("/portal/20001/").status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, member):
    sign_in_as(client)
    cookie = cookie_of(client)
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"
    assert len(cookie.value) >= 43


def test_over_https_the_cookie_never_travels_in_the_open(make_app, session, member):
    client = make_app(BASE_URL="https://portal.example").test_client()
    page = client.get("/sign-in", base_url="https://localhost").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    client.post(
        "/sign-in",
        base_url="https://localhost",
        headers={"Referer": "https://localhost/sign-in"},
        data={"csrf_token": token, "email": "mia@acme.example", "password": PASSWORD},
    )
    cookie = client.get_cookie("__Host-foyer")
    assert cookie.secure
    assert client.get_cookie("foyer") is None


def test_the_cookie_of_the_forms_says_nothing_about_who_somebody_is(client, session, member):
    sign_in_as(client)
    with client.session_transaction() as kept:
        assert set(kept) <= {"csrf_token", "_flashes"}


def test_a_forged_flask_session_signs_nobody_in(client, member):
    with client.session_transaction() as kept:
        kept["_user_id"] = person_of(member).public_id
        kept["_id"] = kept["_fresh"] = True
    assert not is_inside(client)


def test_a_remember_cookie_neither_signs_in_nor_out(client, app, member):
    client.set_cookie("remember_token", "1|forged")
    assert not is_inside(client)
    sign_in_as(client)
    assert is_inside(client)


# Refused


def test_a_wrong_password_is_refused_with_the_address_kept_and_the_password_not(client, member):
    answer = sign_in_as(client, password="wrong password")
    assert answer.status_code == 422
    assert "The e-mail address or the password is not right" in answer.text
    assert 'value="mia@acme.example"' in answer.text
    assert "wrong password" not in answer.text
    assert cookie_of(client) is None


def test_known_and_unknown_names_get_the_same_bytes(client, session, member):
    member_who_can_sign_in("dan@acme.example", status=MemberStatus.DISABLED)
    answers = [sign_in_as(client, email, "wrong password") for email in ("mia@acme.example", "ben@acme.example")]
    answers.append(sign_in_as(client, "dan@acme.example"))
    pages = {re.sub(rb"(mia|ben|dan)@", b"", without_tokens(answer)) for answer in answers}
    assert len(pages) == 1
    assert {answer.status_code for answer in answers} == {422}
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1


def test_the_eleventh_try_is_refused_with_the_time_to_wait_even_if_it_is_right(client, member, clock):
    for _try in range(10):
        assert sign_in_as(client, password="wrong password").status_code == 422
    clock.shift(60)
    answer = sign_in_as(client)
    assert answer.status_code == 429
    assert "Too many attempts. Wait 4 minutes, then try again." in answer.text
    assert 240 <= int(answer.headers["Retry-After"]) <= 241
    assert cookie_of(client) is None
    clock.shift(4 * MINUTES)
    assert sign_in_as(client).status_code == 303


def test_the_eleventh_try_from_an_address_is_refused_for_every_name(client, member):
    for number in range(10):
        sign_in_as(client, f"person{number}@acme.example", "wrong password")
    assert sign_in_as(client).status_code == 429


def test_a_form_without_a_token_is_refused(client, member):
    answer = client.post("/sign-in", data={"email": "mia@acme.example", "password": PASSWORD})
    assert answer.status_code == 400
    assert cookie_of(client) is None


@pytest.mark.parametrize("address", ["/sign-in", "/sign-in/code", "/sign-out", "/forgot-password", "/change-password"])
def test_no_door_takes_a_post_without_a_token(client, member, address):
    sign_in_as(client)
    assert client.post(address, data={"email": "mia@acme.example", "code": "123456"}).status_code == 400
    assert is_inside(client)


def test_the_token_of_a_form_from_before_the_sign_in_is_worth_nothing_after_it(client, member):
    old = csrf_token_of(client)
    sign_in_as(client)
    assert client.post("/sign-out", data={"csrf_token": old}).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "/x\r\nSet-Cookie: a=b",
        "/\tevil",
        "http:/evil.example",
        "/" + "x" * 5000,
    ],
)
def test_next_leads_to_our_own_pages_only(client, member, address):
    page = client.get("/sign-in", query_string={"next": address})
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
    answer = client.post(
        "/sign-in",
        query_string={"next": address},
        data={"csrf_token": token, "email": "mia@acme.example", "password": PASSWORD},
    )
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")


@pytest.mark.parametrize("value", ["", "\0", "mia@acme.example\0", "x" * 10_000, "🙂", "' OR 1=1 --", "%"])
def test_nothing_that_can_be_typed_breaks_the_door(client, careful_member, value):
    assert sign_in_as(client, value, "wrong password").status_code == 422
    assert sign_in_as(client, password=value).status_code == 422
    assert post_form(client, "/forgot-password", email=value).status_code in (200, 422)
    sign_in_as(client)
    assert post_form(client, "/sign-in/code", code=value).status_code == 422
    assert client.get(f"/reset-password/{value or 'x'}".replace("%", "%25")).status_code == 404
    assert not is_inside(client)


def test_fields_that_are_missing_are_asked_for(client, member):
    answer = post_form(client, "/sign-in")
    assert answer.status_code == 422
    assert "Enter your e-mail address." in answer.text
    assert "Enter your password." in answer.text


def test_a_browser_with_an_odd_name_comes_in(client, session, member):
    token = csrf_token_of(client)
    client.post(
        "/sign-in",
        data={"csrf_token": token, "email": "mia@acme.example", "password": PASSWORD},
        headers={"User-Agent": "\x01odd " + "x" * 2000},
    )
    assert session.scalars(select(SignInSession.user_agent)).one().startswith("odd xxx")


@pytest.mark.parametrize("value", ["x", "x" * 4000, "%00", '"; DROP TABLE person'])
def test_a_cookie_nobody_was_given_is_no_session(client, member, value):
    client.set_cookie("foyer", value)
    answer = client.get("/portal/20001/")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


def test_a_late_answer_to_the_old_token_does_not_take_the_new_one_away(client, app, session, careful_member, now):
    sign_in_as(client)
    old = cookie_of(client).value
    post_form(client, "/sign-in/code", code=pyotp.TOTP(SECRET).at(now))
    late = app.test_client()
    late.set_cookie("foyer", old)
    assert "Set-Cookie" not in late.get("/portal/20001/").headers


# The second step


def test_the_second_step_is_asked_for_and_opens_the_page_that_was_wanted(client, careful_member, now):
    answer = post_form(client, "/sign-in?next=/portal/20001/", email="mia@acme.example", password=PASSWORD)
    assert answer.location == "/sign-in/code?next=%2Fportal%2F20001%2F"
    assert not is_inside(client)
    before = cookie_of(client).value
    answer = post_form(client, answer.location, code=pyotp.TOTP(SECRET).at(now))
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")
    assert cookie_of(client).value != before
    assert is_inside(client)


def test_a_code_works_once_over_two_browsers(client, app, careful_member, now):
    code, other = pyotp.TOTP(SECRET).at(now), app.test_client()
    sign_in_as(client)
    sign_in_as(other)
    assert post_form(client, "/sign-in/code", code=code).status_code == 303
    refused = post_form(other, "/sign-in/code", code=code)
    assert refused.status_code == 422
    assert "The code is not right, or it was used already." in refused.text
    assert not is_inside(other)


def test_of_the_same_code_from_eight_browsers_at_once_one_comes_in(app, session, careful_member, now):
    code, browsers = pyotp.TOTP(SECRET).at(now), [app.test_client() for _browser in range(8)]
    for browser in browsers:
        sign_in_as(browser)
    tokens = [csrf_token_of(browser, "/sign-in/code") for browser in browsers]
    outcomes = all_at_once(
        lambda number: (
            browsers[number].post("/sign-in/code", data={"csrf_token": tokens[number], "code": code}).status_code
        ),
        times=8,
    )
    assert sorted(outcomes) == [303] + [422] * 7
    assert [is_inside(browser) for browser in browsers].count(True) == 1


def test_guessing_codes_is_refused_after_ten_tries(client, careful_member, now):
    sign_in_as(client)
    for _try in range(10):
        assert post_form(client, "/sign-in/code", code="000000").status_code == 422
    assert post_form(client, "/sign-in/code", code=pyotp.TOTP(SECRET).at(now)).status_code == 429
    assert not is_inside(client)


def test_the_code_page_is_for_who_has_shown_the_password(client, member):
    assert client.get("/sign-in/code").location == "/sign-in"
    sign_in_as(client)
    assert client.get("/sign-in/code").location == "/sign-in"
    assert is_inside(client)


def test_a_second_step_left_open_expires(client, careful_member, clock):
    sign_in_as(client)
    clock.shift(10 * MINUTES)
    assert client.get("/sign-in/code").location == "/sign-in"


# Going out


def test_signing_out_ends_the_session_in_the_database(client, app, session, member):
    sign_in_as(client)
    stolen = cookie_of(client).value
    answer = post_form(client, "/sign-out", form_on="/change-password")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert cookie_of(client) is None
    other = app.test_client()
    other.set_cookie("foyer", stolen)
    assert not is_inside(other)
    assert "person.signed_out" in session.scalars(select(AuditEvent.event)).all()


def test_signing_out_takes_a_post(client, member):
    sign_in_as(client)
    assert client.get("/sign-out").status_code == 405
    assert is_inside(client)


def disable_seat(member):
    member.status = MemberStatus.DISABLED


def disable_person(member):
    person_of(member).disabled_at = member.created_at


def suspend_account(member):
    object_session(member).get(Account, member.account_id).status = AccountStatus.SUSPENDED


def reset_password(member):
    person = person_of(member)
    issue_temporary_password(person, actor=person_as_actor(person, BROWSER), now=member.created_at)


@pytest.mark.parametrize("happening", [disable_seat, disable_person, suspend_account, reset_password])
def test_a_session_is_dead_on_the_next_request(client, session, member, happening):
    sign_in_as(client)
    assert is_inside(client)
    happening(member)
    answer = client.get("/portal/20001/")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")
    assert cookie_of(client) is None
    assert session.scalars(select(SignInSession.ended_at)).one() is not None


def test_a_dead_session_stays_dead_when_its_seat_comes_back(client, app, session, member):
    sign_in_as(client)
    token = cookie_of(client).value
    member.status = MemberStatus.DISABLED
    assert not is_inside(client)
    member.status = MemberStatus.ENABLED
    client.set_cookie("foyer", token)
    assert not is_inside(client)
    assert session.scalars(select(SignInSession.end_reason)).one() is SessionEnd.DISABLED


def test_a_disabled_staff_member_is_out_with_the_next_click(client, session):
    staff = staff_who_can_sign_in()
    sign_in_as(client, "sam@provider.example")
    staff.status = StaffStatus.DISABLED
    assert client.get("/staff/").status_code == 303


def test_an_idle_session_dies_and_a_used_one_lives(client, member, clock):
    sign_in_as(client)
    for _half_day in range(3):
        clock.shift(11 * HOURS)
        assert is_inside(client)
    clock.shift(12 * HOURS)
    assert not is_inside(client)


def test_no_session_lives_longer_than_fourteen_days(client, member, clock):
    sign_in_as(client)
    for _time in range(33):
        clock.shift(10 * HOURS)
        assert is_inside(client)
    clock.shift(6 * HOURS)
    assert not is_inside(client)


# Ways to a new password


def test_a_reset_link_sets_a_new_password_and_signs_everybody_out(client, app, session, member):
    elsewhere = app.test_client()
    sign_in_as(elsewhere)
    assert "a link is on its way" in post_form(client, "/forgot-password", email="mia@acme.example").text
    run_due_jobs(RESET_LINK)
    address = re.search(r"/reset-password/\S+", last_mail(session).text)[0]
    answer = post_form(client, address, new_password=ANOTHER_PASSWORD, repeated=ANOTHER_PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not is_inside(elsewhere)
    assert sign_in_as(client, password=PASSWORD).status_code == 422
    assert sign_in_as(client, password=ANOTHER_PASSWORD).status_code == 303
    assert client.get(address).status_code == 404


def test_a_new_password_is_typed_twice_and_has_to_be_good(client, session, member):
    post_form(client, "/forgot-password", email="mia@acme.example")
    run_due_jobs(RESET_LINK)
    address = re.search(r"/reset-password/\S+", last_mail(session).text)[0]
    answer = post_form(client, address, new_password=ANOTHER_PASSWORD, repeated="something else")
    assert "The two passwords are not the same." in answer.text
    answer = post_form(client, address, new_password="short", repeated="short")
    assert answer.status_code == 422
    assert "Use at least 10 characters." in answer.text


def test_known_and_unknown_addresses_get_the_same_bytes_when_they_ask_for_a_link(client, session, member):
    known = post_form(client, "/forgot-password", email="mia@acme.example")
    unknown = post_form(client, "/forgot-password", email="ben@acme.example")
    assert without_tokens(known) == without_tokens(unknown)
    assert (known.status_code, unknown.status_code) == (200, 200)
    run_due_jobs(RESET_LINK)
    assert [mail.address for mail in session.scalars(select(NotificationDelivery))] == ["mia@acme.example"]


def test_asking_for_links_too_often_has_to_wait(client, member):
    for _time in range(10):
        post_form(client, "/forgot-password", email="mia@acme.example")
    answer = post_form(client, "/forgot-password", email="mia@acme.example")
    assert answer.status_code == 429
    assert "Wait 5 minutes" in answer.text


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "..%2f"])
def test_a_link_nobody_was_sent_says_how_to_get_one(client, session, token):
    answer = client.get(f"/reset-password/{token}")
    assert answer.status_code == 404


def test_the_host_of_a_request_never_stands_in_a_mail(client, session, member):
    data = {"csrf_token": csrf_token_of(client), "email": "mia@acme.example"}
    answer = client.post("/forgot-password", data=data, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "not reached by this name" in answer.text
    run_due_jobs(RESET_LINK)
    assert last_mail(session) is None
    client.post("/forgot-password", data=data)
    run_due_jobs(RESET_LINK)
    assert "http://localhost/reset-password/" in last_mail(session).text


def test_a_temporary_password_leads_to_the_choice_of_ones_own_and_nowhere_else(client, app, session, member):
    reset_password(member)
    session.commit()
    temporary = next(line for line in last_mail(session).text.splitlines() if len(line) == 16 and line.isalnum())
    sign_in_as(client, password=temporary)
    for address in ("/", "/portal/20001/", "/portal/20001/invoices/"):
        assert client.get(address).location == "/change-password"
    answer = post_form(client, "/change-password", new_password=ANOTHER_PASSWORD, repeated=ANOTHER_PASSWORD)
    assert answer.location == "/portal/20001/"
    assert is_inside(client)
    assert sign_in_as(app.test_client(), password=temporary).status_code == 422


def test_changing_the_password_ends_the_sessions_elsewhere_and_not_this_one(client, app, session, member):
    elsewhere = app.test_client()
    sign_in_as(elsewhere)
    sign_in_as(client)
    old = cookie_of(client).value
    answer = post_form(
        client,
        "/change-password",
        current_password=PASSWORD,
        new_password=ANOTHER_PASSWORD,
        repeated=ANOTHER_PASSWORD,
    )
    assert answer.status_code == 303
    assert is_inside(client)
    assert not is_inside(elsewhere)
    stolen = app.test_client()
    stolen.set_cookie("foyer", old)
    assert not is_inside(stolen)


def test_changing_the_password_wants_the_current_one(client, member):
    sign_in_as(client)
    answer = post_form(
        client, "/change-password", current_password="wrong", new_password=ANOTHER_PASSWORD, repeated=ANOTHER_PASSWORD
    )
    assert answer.status_code == 422
    assert "The current password is not right." in answer.text


def test_nothing_typed_at_the_door_is_kept_in_readable_form(client, session, member):
    sign_in_as(client, "a secret typed into the wrong field", "wrong password")
    kept = session.scalars(select(SignInAttempt)).all()
    assert "secret" not in str([{**vars(attempt)} for attempt in kept])
    assert len(kept) == 1


def test_the_pages_of_the_door_are_kept_by_no_cache(client, session):
    for address in ("/sign-in", "/forgot-password"):
        assert "no-store" in client.get(address).headers["Cache-Control"]
