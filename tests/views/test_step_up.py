"""Asked again over HTTP: sent to prove it and back, in the portal and the back office, and never anywhere else."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, quote, urlsplit

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from models import Account, AuditEvent, NotificationDelivery, Person, SignInSession, StaffMember
from services.second_step import make_recovery_codes, set_time_code
from tests.factories.people import AccountFactory, StaffMemberFactory
from tests.factories.services import LicenseFactory
from tests.support.desk import managed_member, member_desk, staff_desk
from tests.support.door import ANOTHER_PASSWORD, PASSWORD, member_who_can_sign_in, post_form, sign_in_as
from tests.support.pages import form_of
from tests.support.together import all_at_once

SECRET = "JBSWY3DPEHPK3PXP" * 2
MINUTES = 60


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner(client, session):
    """An owner who signed in with password and code a moment ago."""
    member = member_who_can_sign_in(account__client_id="20001", is_owner=True)
    sign_in_as(client)
    return member


@pytest.fixture
def colleague(owner, session):
    account = session.get(Account, owner.account_id)
    member = managed_member(account, address="ole@acme.example")
    session.commit()
    return member


def act_of(colleague):
    return f"/portal/20001/members/{colleague.public_id}/reset-2-step-verification"


def code_now():
    return pyotp.TOTP(SECRET).at(dt.datetime.now(dt.UTC))


def next_of(answer):
    assert answer.status_code == 303, answer.status_code
    assert answer.location.startswith("/prove?")
    return parse_qs(urlsplit(answer.location).query)["next"][0]


def resets(session):
    return session.scalars(select(AuditEvent).where(AuditEvent.event == "member.two_step_reset")).all()


def test_fourteen_minutes_after_the_sign_in_nobody_is_asked(client, session, clock, colleague):
    clock.shift(14 * MINUTES)
    assert client.get(act_of(colleague)).status_code == 200
    assert post_form(client, act_of(colleague)).status_code == 303
    assert len(resets(session)) == 1


def test_sixteen_minutes_after_it_the_page_asks_before_its_form_is_shown(client, session, clock, colleague):
    clock.shift(16 * MINUTES)
    asked = client.get(act_of(colleague))
    assert next_of(asked) == act_of(colleague)
    proved = post_form(client, asked.location, password=PASSWORD)
    assert (proved.status_code, proved.location) == (303, act_of(colleague))
    assert post_form(client, act_of(colleague)).status_code == 303
    assert len(resets(session)) == 1
    assert "person.proved" in session.scalars(select(AuditEvent.event)).all()


def test_a_form_that_was_open_too_long_does_nothing_and_leads_back_to_its_page(client, session, clock, colleague):
    form = form_of(client.get(act_of(colleague)))
    clock.shift(16 * MINUTES)
    answer = client.post(form.action, data=form.values)
    assert next_of(answer) == act_of(colleague)
    assert resets(session) == []


def test_a_wrong_password_proves_nothing(client, session, clock, colleague):
    clock.shift(16 * MINUTES)
    address = client.get(act_of(colleague)).location
    answer = post_form(client, address, password="wrong password")
    assert answer.status_code == 422
    assert "The password is not right" in answer.text
    assert "<title>Error:" in answer.text
    assert next_of(client.get(act_of(colleague))) == act_of(colleague)
    assert "person.proved" not in session.scalars(select(AuditEvent.event)).all()


def test_tries_are_counted_with_those_at_sign_in(client, session, clock, colleague):
    clock.shift(16 * MINUTES)
    for _ in range(10):
        assert post_form(client, "/prove", password="wrong password").status_code == 422
    answer = post_form(client, "/prove", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert sign_in_as(client.application.test_client()).status_code == 429


def test_a_proof_gives_the_session_a_new_token(client, app, session, clock, owner):
    old = client.get_cookie("foyer").value
    post_form(client, "/prove", password=PASSWORD)
    assert client.get_cookie("foyer").value != old
    thief = app.test_client()
    thief.set_cookie("foyer", old)
    assert thief.get("/portal/20001/").status_code == 303
    assert client.get("/portal/20001/").status_code == 200


# With a second factor


@pytest.fixture
def careful(client, session, owner, now, clock):
    """The same owner with time codes, whose last proof is old."""
    set_time_code(session.get(Person, owner.person_id), SECRET, now=now - dt.timedelta(days=1))
    session.commit()
    clock.shift(16 * MINUTES)
    return owner


def test_who_has_a_second_factor_is_asked_for_a_code_and_no_password(client, careful, colleague):
    address = client.get(act_of(colleague)).location
    page = client.get(address)
    assert 'name="code"' in page.text
    assert 'name="password"' not in page.text
    assert post_form(client, address, password=PASSWORD).status_code == 422
    assert client.get(act_of(colleague)).status_code == 303
    assert post_form(client, address, code=code_now()).location == act_of(colleague)
    assert client.get(act_of(colleague)).status_code == 200


def test_a_code_that_was_used_at_sign_in_proves_nothing_again(client, careful, clock):
    code = code_now()
    assert post_form(client, "/prove", code=code).status_code == 303
    assert post_form(client, "/prove", code=code).status_code == 422


def test_a_recovery_code_proves_it_once(client, session, careful, now):
    code = make_recovery_codes(session.get(Person, careful.person_id), now=now)[0]
    session.commit()
    assert post_form(client, "/prove", code=code).status_code == 303
    assert post_form(client, "/prove", code=code).status_code == 422
    assert "person.recovery_code_used" in session.scalars(select(AuditEvent.event)).all()


def test_of_the_same_code_eight_times_at_once_one_proves_it(client, app, session, careful):
    cookie, code, token = client.get_cookie("foyer").value, code_now(), form_of(client.get("/prove")).values
    forms = client.get_cookie("foyer_form").value

    def prove(_number):
        browser = app.test_client()
        browser.set_cookie("foyer", cookie)
        browser.set_cookie("foyer_form", forms)
        answer = browser.post("/prove", data={**token, "code": code})
        return answer.location if answer.status_code == 303 else answer.status_code

    outcomes = all_at_once(prove, times=8)
    assert outcomes.count("/portal/20001/") == 1
    assert set(outcomes) <= {"/portal/20001/", "/sign-in", 422}  # the others: a used code, or a token of before


def test_the_password_is_changed_with_a_code_before_it(client, session, careful):
    asked = client.get("/change-password")
    assert next_of(asked) == "/change-password"
    post_form(client, asked.location, code=code_now())
    answer = post_form(
        client,
        "/change-password",
        current_password=PASSWORD,
        new_password=ANOTHER_PASSWORD,
        repeated=ANOTHER_PASSWORD,
    )
    assert answer.status_code == 303
    assert "password_changed" in session.scalars(select(NotificationDelivery.event)).all()


# Where one is sent


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "x" * 3000]
)
def test_nobody_is_led_astray(client, owner, elsewhere):
    answer = post_form(client, f"/prove?next={quote(elsewhere)}", form_on="/prove", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/portal/20001/")


def test_for_many_rows_one_comes_back_to_the_page_about_them(client, session, clock, owner, colleague):
    address = "/portal/20001/members/bulk/give-roles"
    clock.shift(16 * MINUTES)
    answer = client.get(f"{address}?id={colleague.public_id}")
    assert next_of(answer) == f"{address}?id={colleague.public_id}"


def test_programs_are_told_in_json(client, clock, colleague):
    clock.shift(16 * MINUTES)
    answer = client.get(act_of(colleague), headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json["type"] == "proof-needed"
    assert answer.json["prove_url"].startswith("/prove?")


def test_who_has_no_session_is_not_asked_to_prove_anything(client):
    answer = client.get("/prove")
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in")


# The back office and hand-written pages


def old_proof(session, clock):
    """Everybody's last proof is 16 minutes old, and their sessions live."""
    for each in session.scalars(select(SignInSession)):
        each.proved_at = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)
    session.commit()


@pytest.mark.parametrize(
    "path", ["/staff-members/new", "/staff-members/{key}/edit", "/staff-members/{key}/reset-password"]
)
def test_staff_are_asked_as_well(app, session, clock, path):
    agent: StaffMember = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
    desk = staff_desk(app)
    path = path.format(key=agent.public_id)
    assert desk.get(path).status_code == 200
    old_proof(session, clock)
    assert next_of(desk.get(path)) == f"/staff{path}"


def test_a_transfer_asks_before_amounts_are_typed(app, session, clock):
    account = AccountFactory(transfers_allowed=True)
    source, target = LicenseFactory(account=account), LicenseFactory(account=account)
    desk = member_desk(app, account, MemberRole.OWNER)
    path = f"/transfers/amounts?source={source.code}&target={target.code}"
    assert desk.get(path).status_code == 200
    old_proof(session, clock)
    assert next_of(desk.get(path)) == f"{desk.base}{path}"
