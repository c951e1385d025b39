"""Sessions, networks, the security log and staying signed in, over HTTP: each sees and ends their own only."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from models import AllowedNetwork, Person, SignInSession
from services.networks import networks_of
from services.sessions import Browser, Lifetime, start_session
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, AllowedNetworkFactory, MemberFactory
from tests.support.desk import Desk, managed_member, member_desk, seat, staff_desk
from tests.support.door import csrf_token_of, member_who_can_sign_in, post_form, sign_in_as

SESSIONS, NETWORKS, SECURITY = "/settings/sessions", "/settings/networks", "/settings/security"
HERE = "127.0.0.1"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="20777", name="Acme Telecom")


@pytest.fixture
def mia(app, account) -> Desk:
    return member_desk(app, account, MemberRole.OWNER)


def another_session(person, agent="Mozilla/5.0 (iPhone) Safari/604.1", ip="198.51.100.7", **options):
    with unit_of_work():
        return start_session(
            person, Browser(ip=ip, user_agent=agent), now=dt.datetime.now(dt.UTC), lifetime=Lifetime(),
            waits_for_second_step=False, **options,
        )  # fmt: skip


def post(desk, address, form_on, **fields):
    return desk.client.post(address, data={**fields, "csrf_token": csrf_token_of(desk.client, form_on)})


# Sessions


def test_own_sessions_are_listed_in_words_with_this_one_first(mia, session):
    another_session(mia.person)
    another_session(MemberFactory().person, ip="203.0.113.99")
    page = mia.client.get(SESSIONS).text
    assert page.index("This device") < page.index("Safari on iPhone")
    assert "198.51.100.7" in page
    assert "203.0.113.99" not in page


def test_ending_a_session_is_felt_with_its_next_click(app, mia, session):
    row, token = another_session(mia.person)
    other = app.test_client()
    other.set_cookie(app.config["IDENTITY_COOKIE_NAME"], token)
    assert other.get("/portal/20777/").status_code == 200
    assert post(mia, f"{SESSIONS}/{row.public_id}/end", SESSIONS).location == SESSIONS
    assert other.get("/portal/20777/").location.startswith("/sign-in")
    assert mia.get("/").status_code == 200
    assert "Ended a session" in mia.client.get(SECURITY).text


def test_ending_all_others_keeps_this_one(app, mia, session):
    for _number in range(3):
        another_session(mia.person)
    strange, _token = another_session(MemberFactory().person)
    answer = post(mia, f"{SESSIONS}/end-others", SESSIONS)
    assert "3 other sessions have ended." in mia.flashed(answer)
    live = select(SignInSession.person_id).where(SignInSession.ended_at.is_(None))
    assert sorted(session.scalars(live)) == sorted([mia.person.id, strange.person_id])


def test_ending_this_session_signs_out(mia, session):
    here = session.scalars(select(SignInSession).where(SignInSession.person_id == mia.person.id)).one()
    assert post(mia, f"{SESSIONS}/{here.public_id}/end", SESSIONS).location == "/sign-in"
    assert mia.get("/").location.startswith("/sign-in")


def test_the_session_of_another_is_not_found_and_goes_on(mia, session):
    strange, _token = another_session(MemberFactory().person)
    for key in (strange.public_id, "nothing", "%00"):
        assert post(mia, f"{SESSIONS}/{key}/end", SESSIONS).status_code == 404
    session.refresh(strange)
    assert strange.ended_at is None


def test_nothing_ends_without_the_token_of_the_page(mia, session):
    row, _token = another_session(mia.person)
    assert mia.client.post(f"{SESSIONS}/{row.public_id}/end").status_code == 400
    assert mia.client.post(f"{SESSIONS}/end-others").status_code == 400
    session.refresh(row)
    assert row.ended_at is None


# Staying signed in


def cookie_of(app, answer):
    name = app.config["IDENTITY_COOKIE_NAME"]
    return next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}="))


def test_without_the_tick_the_cookie_goes_with_the_browser(app, client, account):
    member_who_can_sign_in(account=account)
    assert "Max-Age" not in cookie_of(app, sign_in_as(client))


def test_with_the_tick_the_cookie_stays_and_the_session_does_not_go_idle(app, client, account, session):
    member_who_can_sign_in(account=account)
    answer = post_form(client, "/sign-in", email="mia@acme.example", password="correct horse battery", remember="y")
    assert "Max-Age=1209600" in cookie_of(app, answer)
    row = session.scalars(select(SignInSession)).one()
    row.last_seen_at -= dt.timedelta(days=2)
    session.commit()
    assert client.get("/portal/20777/").status_code == 200


def test_a_session_that_is_not_remembered_goes_idle(client, account, session):
    member_who_can_sign_in(account=account)
    sign_in_as(client)
    row = session.scalars(select(SignInSession)).one()
    row.last_seen_at -= dt.timedelta(hours=13)
    session.commit()
    assert client.get("/portal/20777/").status_code == 303


def test_a_change_of_password_keeps_what_the_tick_said(app, client, account):
    member_who_can_sign_in(account=account)
    post_form(client, "/sign-in", email="mia@acme.example", password="correct horse battery", remember="y")
    words = {"new_password": "quiet river lantern", "repeated": "quiet river lantern"}
    answer = post_form(client, "/change-password", current_password="correct horse battery", **words)
    assert answer.status_code == 303
    assert "Max-Age" in cookie_of(app, answer)


def test_the_device_cookie_comes_with_the_sign_in_and_says_nothing_before(app, client, account):
    member_who_can_sign_in(account=account)
    assert "foyer-device" not in str(client.get("/sign-in").headers)
    assert "foyer-device" not in str(sign_in_as(client, password="wrong").headers)
    answer = sign_in_as(client)
    [line] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("foyer-device=")]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line


# Networks of a person


def test_a_network_is_added_and_holds_with_the_next_click(app, mia, session):
    assert post(mia, NETWORKS, NETWORKS, cidr="127.0.0.0/8", note="This machine").status_code == 303
    assert "127.0.0.0/8" in mia.client.get(NETWORKS).text
    assert mia.get("/").status_code == 200
    outside = mia.client.get("/portal/20777/", environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    assert outside.location.startswith("/sign-in")
    assert mia.get("/").status_code == 200  # it goes on where it was


@pytest.mark.parametrize(
    ("cidr", "words"),
    [("203.0.113.0/24", "lock you out"), ("the office", "Enter an IP address"), ("", "Enter an IP address"),
     ("127.0.0.1, 127.0.0.2", "Enter an IP address"), ("127.0.0.1\0", "Enter an IP address")],
)  # fmt: skip
def test_a_list_that_cannot_be_is_refused_and_nothing_changes(mia, session, cidr, words):
    answer = post(mia, NETWORKS, NETWORKS, cidr=cidr)
    assert answer.status_code == 422
    assert words in answer.text
    assert "<title>Error: " in answer.text
    assert list(networks_of(session.get_one(Person, mia.person.id))) == []


def test_the_network_one_is_in_is_removed_last(mia, session):
    post(mia, NETWORKS, NETWORKS, cidr=HERE)
    post(mia, NETWORKS, NETWORKS, cidr="203.0.113.0/24")
    mine, other = networks_of(session.get_one(Person, mia.person.id))
    keys = mine.public_id, other.public_id
    refused = post(mia, f"{NETWORKS}/{keys[0]}/remove", NETWORKS)
    assert refused.status_code == 409
    assert "lock you out" in refused.text
    assert post(mia, f"{NETWORKS}/{keys[1]}/remove", NETWORKS).status_code == 303
    assert post(mia, f"{NETWORKS}/{keys[0]}/remove", NETWORKS).status_code == 303
    assert session.scalars(select(AllowedNetwork)).all() == []


def test_the_network_of_another_is_not_found(mia, session):
    strange = AllowedNetworkFactory(person=MemberFactory().person)
    key = strange.public_id
    assert post(mia, f"{NETWORKS}/{key}/remove", NETWORKS).status_code == 404
    assert session.scalar(select(AllowedNetwork.public_id)) == key


def test_an_old_proof_leads_to_the_page_that_asks_again(mia, session):
    token = csrf_token_of(mia.client, NETWORKS)
    row = session.scalars(select(SignInSession).where(SignInSession.person_id == mia.person.id)).one()
    row.proved_at -= dt.timedelta(minutes=16)
    session.commit()
    answer = mia.client.post(NETWORKS, data={"cidr": HERE, "csrf_token": token})
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/prove")
    assert session.scalars(select(AllowedNetwork)).all() == []


def test_who_signs_in_from_elsewhere_with_the_right_password_is_told_why(client, account, session):
    AllowedNetworkFactory(person=member_who_can_sign_in(account=account).person, cidr="203.0.113.0/24")
    answer = sign_in_as(client)
    assert answer.status_code == 422
    assert "From this network you may not come in" in answer.text
    assert "From this network" not in sign_in_as(client, password="wrong").text


# Networks of an account


def test_the_owner_lists_networks_for_all_members_and_it_is_felt_at_once(app, mia, account, session):
    page = "/portal/20777/networks/"
    assert post(mia, page, page, cidr=HERE).status_code == 303
    colleague = seat(app, MemberFactory(account=account))
    assert colleague.get("/").status_code == 200
    outside = colleague.client.get("/portal/20777/", environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    assert outside.status_code == 403
    assert "From this network you may not come in" in outside.text
    assert (
        colleague.client.get("/settings/profile", environ_overrides={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200
    )
    assert colleague.client.get(page).status_code == 403


def test_a_list_of_the_account_that_locks_the_owner_out_is_refused(mia, account, session):
    page = "/portal/20777/networks/"
    answer = post(mia, page, page, cidr="203.0.113.0/24")
    assert answer.status_code == 422
    assert "lock you out" in answer.text
    assert session.scalars(select(AllowedNetwork)).all() == []


def test_the_networks_of_another_account_are_not_found(mia, session):
    strange = AllowedNetworkFactory(account=AccountFactory(client_id="20888"), person=None)
    key, page = strange.public_id, "/portal/20777/networks/"
    assert post(mia, f"{page}{key}/remove", page).status_code == 404
    assert mia.client.get("/portal/20888/networks/").status_code == 404
    assert session.scalar(select(AllowedNetwork.public_id)) == key


def test_staff_are_strangers_to_the_page_of_an_account(app, account, session):
    assert staff_desk(app).client.get("/portal/20777/networks/").status_code == 404


# The security page


def test_the_log_shows_own_sign_ins_with_device_and_address(app, client, account):
    member_who_can_sign_in(account=account)
    sign_in_as(client)
    page = client.get(SECURITY).text
    assert "Signed in" in page
    assert HERE in page


def test_what_others_did_is_named_without_their_address(app, account, session):
    member = managed_member(account)
    staff, mia = staff_desk(app, StaffRole.ADMINISTRATOR), seat(app, member)
    answer = staff.confirm(f"/members/{member.public_id}/change-email", email="mia@new.example")
    assert answer.status_code == 303
    page = mia.client.get(SECURITY).text
    assert "Changed the sign-in e-mail address" in page
    assert f"by {staff.person.name}" in page
    assert HERE not in page.split("Changed the sign-in")[1].split("</li>")[0]


def test_the_log_of_another_is_not_shown(app, account, session):
    member_who_can_sign_in("max@acme.example", account=account)
    other = app.test_client()
    sign_in_as(other, "max@acme.example")
    mia = seat(app, MemberFactory(account=account))
    assert "Signed in" not in mia.client.get(SECURITY).text


def test_mails_on_each_sign_in_are_switched_on_and_off(mia, session):
    assert post(mia, SECURITY, SECURITY, sign_in_mail="y").status_code == 303
    assert session.get_one(Person, mia.person.id).sign_in_mail is True
    assert post(mia, SECURITY, SECURITY).status_code == 303
    assert session.get_one(Person, mia.person.id).sign_in_mail is False


# Another address, by staff


@pytest.mark.parametrize(
    ("email", "status"),
    [("a@x.example, b@x.example", 409), ("mia@new.example\r\nBcc: x@y.zz", 409), ("miа@new.example", 409),
     ("taken@acme.example", 409), ("TAKEN@ACME.example", 409), ("", 422)],
)  # fmt: skip
def test_bad_and_taken_addresses_are_refused_with_a_message(app, account, session, email, status):
    member = managed_member(account)
    member_who_can_sign_in("taken@acme.example", account=account)
    staff = staff_desk(app, StaffRole.ADMINISTRATOR)
    person_id = member.person.id
    answer = staff.confirm(f"/members/{member.public_id}/change-email", email=email)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert session.get_one(Person, person_id).email == "mia@acme.example"


def test_an_owner_has_no_such_act(app, mia, account, session):
    member = managed_member(account)
    assert mia.get(f"/members/{member.public_id}/change-email").status_code == 404
