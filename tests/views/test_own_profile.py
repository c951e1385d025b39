"""Profile, picture and the first check, over HTTP: what is chosen is really used, and each sees their own only."""

from __future__ import annotations

import io

import pytest

from domain.permissions import MemberRole
from models import Member, Person
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    StaffMemberFactory,
)
from tests.factories.services import LicenseFactory
from tests.support.desk import Desk, member_desk, seat
from tests.support.door import PASSWORD, check_own_data, csrf_token_of, member_who_can_sign_in, sign_in_as
from tests.support.pages import forms_of
from tests.support.pictures import picture, png_that_claims

PROFILE = "/settings/profile"
FIELDS = {"first_name": "Mia", "last_name": "Marsh", "language": "en", "time_zone": "", "rows_per_page": "50",
          "start_page": ""}  # fmt: skip


@pytest.fixture
def account(session):
    return AccountFactory(client_id="20777", name="Acme Telecom")


@pytest.fixture
def mia(app, account) -> Desk:
    return member_desk(app, account, MemberRole.LICENSES, person__first_name="Mia", person__last_name="Marsh")


def send(desk, **fields):
    token = csrf_token_of(desk.client, PROFILE)
    return desk.client.post(PROFILE, data={**FIELDS, **fields, "csrf_token": token})


def send_picture(desk, content, name="me.png"):
    token = csrf_token_of(desk.client, PROFILE)
    return desk.client.post(
        f"{PROFILE}/picture", data={"picture": (io.BytesIO(content), name), "csrf_token": token},
        content_type="multipart/form-data",
    )  # fmt: skip


def me(session, desk):
    return session.get_one(Person, desk.person.id)


def test_rows_per_page_and_time_zone_are_used_by_the_lists(app, session, account, mia, now):
    for number in range(12):
        LicenseFactory(account=account, code=f"LIC-{number:02d}", created_at=now)
    assert send(mia, rows_per_page="10", time_zone="Asia/Tokyo").status_code == 303
    page = mia.get("/licenses/").text
    assert page.count('<th scope="row"') == 10
    assert "18:30" in mia.get("/licenses/LIC-00").text  # half past nine in UTC


def test_the_start_page_is_where_one_lands(session, app, account):
    member = member_who_can_sign_in(account=account)
    MemberRoleGrantFactory(member=member, role=MemberRole.LICENSES)
    desk = seat(app, member)
    assert send(desk, start_page="licenses").status_code == 303
    client = app.test_client()
    assert sign_in_as(client).location == "/portal/20777/licenses/"
    assert client.get("/").location == "/portal/20777/licenses/"


def test_only_what_the_roles_open_can_be_a_start_page(mia, session):
    page = mia.client.get(PROFILE)
    offered = next(form for form in forms_of(page) if "start_page" in form.controls).controls["start_page"].options
    assert "licenses" in offered
    assert "invoices" not in offered
    for value in ("invoices", "staff-members", "../../staff", "https://elsewhere.example"):
        assert send(mia, start_page=value).status_code == 422
    assert me(session, mia).start_page is None


def test_a_start_page_that_may_not_be_opened_any_more_is_passed_over(app, session, account):
    member_who_can_sign_in(account=account, person__start_page="invoices")
    assert sign_in_as(app.test_client()).location == "/portal/20777/"


def test_staff_begin_at_a_list_of_the_back_office(app, session):
    desk = Desk(app, StaffMemberFactory(person__start_page="tickets").person, "/staff")
    assert desk.client.get("/").location == "/staff/tickets/"


def test_the_first_user_cannot_change_their_name_not_even_by_hand(app, session, account):
    desk = seat(app, OwnerFactory(account=account, person__first_name="Ida", person__last_name="Berg"))
    page = desk.client.get(PROFILE).text
    assert "You are the first user of the account" in page
    assert 'name="first_name"' not in page
    assert send(desk, first_name="Eva").status_code == 303
    assert me(session, desk).first_name == "Ida"


def test_nobody_finds_a_field_for_their_own_address(mia, session):
    page = mia.client.get(PROFILE).text
    assert 'name="email"' not in page
    assert "Ask support" in page
    before = me(session, mia).email
    send(mia, email="other@acme.example", kind="staff", disabled_at="2026-01-01", password_hash="x")
    assert me(session, mia).email == before


@pytest.mark.parametrize(
    "fields",
    [{"first_name": "", "last_name": ""}, {"first_name": "M" * 101}, {"first_name": "a\r\nb"}, {"first_name": "a\0b"},
     {"time_zone": "Mars/Olympus"}, {"language": "tlh"}, {"rows_per_page": "7"}, {"rows_per_page": "x"},
     {"rows_per_page": ""}],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_and_changes_nothing(mia, session, fields):
    answer = send(mia, **fields)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert 'role="alert"' in answer.text
    row = me(session, mia)
    assert (row.first_name, row.rows_per_page, row.time_zone, row.language) == ("Mia", 50, None, "en")


def test_nothing_is_saved_without_the_token_of_the_page(mia, session):
    app = mia.client.application
    assert app.config.get("WTF_CSRF_ENABLED", True)
    for path in ("", "/picture", "/picture/remove"):
        assert mia.client.post(f"{PROFILE}{path}", data=FIELDS | {"first_name": "Eve"}).status_code == 400
    assert me(session, mia).first_name == "Mia"


# The picture


def test_a_picture_stands_in_the_menu_and_is_sent_with_safe_headers(mia, session):
    assert send_picture(mia, picture(kind="JPEG"), "me.jpg").status_code == 303
    address = f"/avatars/{mia.person.public_id}"
    assert f'src="{address}?v=' in mia.get("/").text
    answer = mia.client.get(address)
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    again = mia.client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<script>alert(1)</script>", "no picture"),
        (b"", "no picture"),
        (picture()[:90], "damaged"),
        (png_that_claims(30_000, 400), "6000 pixels"),
        (picture(30_000, 1), "6000 pixels"),
    ],
    ids=["text", "empty", "truncated", "claims", "wide"],
)
def test_what_is_no_fitting_picture_gets_a_clear_message_and_changes_nothing(mia, session, content, words):
    answer = send_picture(mia, content)
    assert answer.status_code == 422
    assert words in answer.text
    assert me(session, mia).avatar_file_id is None


def test_a_file_that_is_too_heavy_is_refused(mia, session, monkeypatch):
    monkeypatch.setattr("integrations.pictures.LARGEST_FILE", 300)  # the test client spools what is really large
    answer = send_picture(mia, picture())
    assert answer.status_code == 422
    assert "at most 5 MB" in answer.text
    assert me(session, mia).avatar_file_id is None


def test_a_form_without_a_picture_says_so(mia):
    token = csrf_token_of(mia.client, PROFILE)
    answer = mia.client.post(f"{PROFILE}/picture", data={"csrf_token": token})
    assert answer.status_code == 422
    assert "Choose a picture first." in answer.text


def test_the_name_of_the_file_leads_nowhere(mia, session):
    assert send_picture(mia, picture(), "../../../etc/passwd").status_code == 303
    assert mia.client.get(f"/avatars/{mia.person.public_id}").status_code == 200


def test_a_picture_is_for_those_who_meet_the_person(app, mia, account, session):
    send_picture(mia, picture())
    address = f"/avatars/{mia.person.public_id}"
    assert app.test_client().get(address).status_code == 303
    assert seat(app, MemberFactory(account=account)).client.get(address).status_code == 200
    assert seat(app, MemberFactory()).client.get(address).status_code == 404
    assert Desk(app, StaffMemberFactory().person, "/staff").client.get(address).status_code == 200
    for other in ("nobody", "..%2f..%2fetc", "%00"):
        assert mia.client.get(f"/avatars/{other}").status_code == 404


def test_a_picture_that_is_removed_is_not_sent_any_more(mia, session):
    send_picture(mia, picture())
    token = csrf_token_of(mia.client, PROFILE)
    assert mia.client.post(f"{PROFILE}/picture/remove", data={"csrf_token": token}).status_code == 303
    assert mia.client.get(f"/avatars/{mia.person.public_id}").status_code == 404
    assert "/avatars/" not in mia.get("/").text


# The first check


@pytest.fixture
def newcomer(app, account):
    member = member_who_can_sign_in(
        account=account, phone="123", time_zone="Europe/Oslo", person__checked_at=None, person__first_name="Mya"
    )
    client = app.test_client()
    sign_in_as(client)
    return client, member


def test_nothing_opens_before_the_data_are_checked(newcomer, session):
    client, member = newcomer
    picture_of_them = f"/avatars/{session.get_one(Person, member.person_id).public_id}"
    for address in ("/", "/portal/20777/", "/portal/20777/licenses/", "/portal/20777/licenses/export.csv", "/accounts",
                    "/settings/profile", "/settings/sessions", picture_of_them):  # fmt: skip
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, "/first-check"), address
    token = csrf_token_of(client, "/first-check")
    answer = client.post("/settings/profile", data={**FIELDS, "csrf_token": token})
    assert answer.location == "/first-check"


def test_the_data_are_shown_and_corrected_and_then_the_account_opens(newcomer, session):
    client, member = newcomer
    page = client.get("/first-check")
    form = next(form for form in forms_of(page) if "first_name" in form.controls)
    assert (form.values["first_name"], form.values["phone"], form.values["time_zone"]) == ("Mya", "123", "Europe/Oslo")
    assert "Acme Telecom" in page.text
    answer = client.post("/first-check", data={**form.values, "first_name": "Mia", "phone": "+47 22"})
    assert (answer.status_code, answer.location) == (303, "/portal/20777/")
    assert client.get("/portal/20777/").status_code == 200
    person = session.get_one(Person, member.person_id)
    assert (person.first_name, person.time_zone) == ("Mia", "Europe/Oslo")
    assert session.get_one(Member, member.id).phone == "+47 22"
    assert client.get("/first-check").location == "/portal/20777/"


def test_bad_data_keep_the_door_closed_and_what_was_typed(newcomer, session):
    client, _member = newcomer
    token = csrf_token_of(client, "/first-check")
    typed = {"first_name": "", "last_name": "", "phone": "call me", "time_zone": "", "language": "en"}
    answer = client.post("/first-check", data={**typed, "csrf_token": token})
    assert answer.status_code == 422
    assert 'value="call me"' in answer.text
    assert client.get("/portal/20777/").location == "/first-check"


def test_one_may_leave_without_checking(newcomer):
    client, _member = newcomer
    token = csrf_token_of(client, "/first-check")
    assert client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"


def test_who_has_a_temporary_password_changes_it_first(app, account, session):
    member_who_can_sign_in(account=account, person__checked_at=None, person__must_change_password=True)
    client = app.test_client()
    sign_in_as(client, password=PASSWORD)
    assert client.get("/portal/20777/").location == "/change-password"
    assert client.get("/change-password").status_code == 200


def test_confirming_the_page_as_it_stands_is_enough(newcomer):
    client, _member = newcomer
    assert check_own_data(client).status_code == 303
    assert client.get("/portal/20777/").status_code == 200
