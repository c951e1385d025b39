"""The acts on members and licenses over HTTP: who may, what happens, and what is said when it cannot be."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import (
    AuditEvent,
    HardwareReset,
    License,
    LicenseStatus,
    Member,
    MemberStatus,
    NotificationDelivery,
    Person,
    SignInSession,
    TotpFactor,
)
from services.passwords import passwords
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory, TotpFactorFactory
from tests.factories.services import LicenseFactory
from tests.support.desk import managed_member, member_desk, seat, staff_desk
from tests.support.door import PASSWORD, sign_in_as
from tests.support.pages import form_of, said_by

MEMBER_ROLES = [role for role in MemberRole if role is not MemberRole.OWNER]


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


def fresh(model, row_id):
    """The row as the database has it now."""
    db.session.rollback()
    return db.session.get(model, row_id, populate_existing=True)


def events(name):
    return db.session.scalars(select(AuditEvent).where(AuditEvent.event == name)).all()


def mails_to(address):
    return db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.address == address)).all()


def open_sessions(person_id):
    statement = select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    return db.session.scalars(statement).all()


# Reset password


def test_the_owner_resets_the_password_of_a_member(app, account, owner):
    member = managed_member(account)
    member.person.password_hash = passwords.make(PASSWORD)
    person_id, browser = member.person_id, seat(app, member)
    assert browser.get("/").status_code == 200
    answer = owner.confirm(f"/members/{member.public_id}/reset-password")
    assert "A new password is on its way" in owner.flashed(answer)
    assert browser.get("/").status_code == 303  # signed out by it
    person = fresh(Person, person_id)
    assert person.must_change_password
    assert not person.password_hash
    (mail,) = mails_to("mia@acme.example")
    assert mail.secret
    assert len(events("member.password_reset")) == 1
    assert sign_in_as(app.test_client(), "mia@acme.example", PASSWORD).status_code != 303


def test_nobody_sees_the_new_password_on_any_page(app, account, owner):
    member = managed_member(account)
    key = member.public_id
    answer = owner.confirm(f"/members/{key}/reset-password")
    (mail,) = mails_to("mia@acme.example")
    secret = next(line.strip() for line in mail.text.splitlines() if line.startswith("    ") or _is_password(line))
    for path in (f"/members/{key}", "/audit/", "/notifications/", "/"):
        assert secret not in owner.get(path).get_data(as_text=True)
    assert secret not in owner.flashed(answer)
    staff = staff_desk(app)
    assert secret not in staff.get(f"/members/{key}").get_data(as_text=True)
    assert secret not in staff.get("/audit/").get_data(as_text=True)


def _is_password(line):
    return bool(line) and " " not in line.strip() and len(line.strip()) >= 10 and "://" not in line


def test_an_identity_of_another_account_is_not_reset_by_the_owner_but_by_staff(app, account, owner):
    member = MemberFactory(account=account)
    key, person_id = member.public_id, member.person_id
    answer = owner.confirm(f"/members/{key}/reset-password")
    assert answer.status_code == 409
    assert said_by(answer) == [
        "This person's sign-in is not managed by this account. They can reset it themselves, or ask support."
    ]
    assert not fresh(Person, person_id).must_change_password
    staff = staff_desk(app)
    staff.flashed(staff.confirm(f"/members/{key}/reset-password"))
    assert fresh(Person, person_id).must_change_password


@pytest.mark.parametrize("role", MEMBER_ROLES)
def test_a_member_with_a_role_resets_nobodys_password(app, account, role):
    member = managed_member(account)
    desk = member_desk(app, account, role)
    for path in ("reset-password", "reset-2-step-verification", "enable", "disable"):
        assert desk.get(f"/members/{member.public_id}/{path}").status_code == 403
        assert desk.post(f"/members/{member.public_id}/{path}").status_code == 403
    assert not fresh(Person, member.person_id).must_change_password


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_reset_passwords_as_far_as_their_role_goes(app, account, role):
    member = managed_member(account)
    desk, person_id = staff_desk(app, role), member.person_id
    may = P.MEMBERS_RESET in STAFF_GRANTS[role]
    answer = desk.post(f"/members/{member.public_id}/reset-password")
    assert answer.status_code == (303 if may else 403)
    assert fresh(Person, person_id).must_change_password is may


def test_a_disabled_member_has_no_password_to_reset(account, owner):
    member = managed_member(account, status=MemberStatus.DISABLED)
    answer = owner.get(f"/members/{member.public_id}/reset-password")
    assert answer.status_code == 409
    assert owner.post(f"/members/{member.public_id}/reset-password").status_code == 409
    assert mails_to("mia@acme.example") == []


def test_a_member_of_another_account_is_not_found(owner):
    stranger = MemberFactory()
    for path in ("reset-password", "reset-2-step-verification", "enable", "disable", "edit", "delete"):
        assert owner.get(f"/members/{stranger.public_id}/{path}").status_code == 404
        assert owner.post(f"/members/{stranger.public_id}/{path}").status_code == 404


# Reset 2-step verification


def test_the_owner_resets_the_second_step_of_a_member(app, account, owner):
    member = managed_member(account)
    TotpFactorFactory(person=member.person)
    person_id, browser = member.person_id, seat(app, member)
    answer = owner.confirm(f"/members/{member.public_id}/reset-2-step-verification")
    assert "2-step verification is reset" in owner.flashed(answer)
    assert db.session.scalars(select(TotpFactor).where(TotpFactor.person_id == person_id)).all() == []
    assert browser.get("/").status_code == 303
    assert len(mails_to("mia@acme.example")) == 1
    assert len(events("member.two_step_reset")) == 1


# Enable and disable


def test_disabling_a_member_signs_them_out_and_enabling_lets_them_in_again(app, account, owner):
    member = managed_member(account)
    browser, key, member_id, person_id = seat(app, member), member.public_id, member.id, member.person_id
    assert browser.get("/").status_code == 200
    assert "The member is disabled" in owner.flashed(owner.confirm(f"/members/{key}/disable"))
    assert browser.get("/").status_code == 303
    assert open_sessions(person_id) == []
    assert fresh(Member, member_id).status is MemberStatus.DISABLED
    assert "The member is enabled" in owner.flashed(owner.confirm(f"/members/{key}/enable"))
    assert fresh(Member, member_id).status is MemberStatus.ENABLED
    assert (len(events("member.disabled")), len(events("member.enabled"))) == (1, 1)


def test_what_is_done_already_is_said_and_not_done_again(account, owner):
    member = managed_member(account)
    answer = owner.post(f"/members/{member.public_id}/enable")
    assert answer.status_code == 409
    assert "not possible any more" in said_by(answer)[0]
    assert events("member.enabled") == []


def test_the_owner_can_neither_be_disabled_nor_deleted(app, account, owner):
    itself = db.session.scalar(select(Member).where(Member.account_id == account.id, Member.is_owner))
    staff = staff_desk(app)
    for desk in (owner, staff):
        assert desk.post(f"/members/{itself.public_id}/disable").status_code == 409
        assert desk.post(f"/members/{itself.public_id}/delete").status_code == 409
    assert fresh(Member, itself.id).status is MemberStatus.ENABLED


def test_many_are_disabled_at_once_and_each_result_is_said(account, owner):
    first, second = managed_member(account), managed_member(account, address="max@acme.example")
    done = managed_member(account, address="moe@acme.example", status=MemberStatus.DISABLED)
    itself = db.session.scalar(select(Member).where(Member.account_id == account.id, Member.is_owner))
    rows = [first, second, done, itself]
    asked = owner.get("/members/bulk/disable?" + "&".join(f"id={row.public_id}" for row in rows))
    assert asked.status_code == 200
    assert "4 rows" in asked.get_data(as_text=True)
    answer = owner.post("/members/bulk/disable", id=[row.public_id for row in rows])
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert (page.count(">Done<"), page.count(">Skipped<")) == (2, 2)
    for address in ("mia@acme.example", "max@acme.example", "moe@acme.example"):
        assert address in page
    found = [fresh(Member, row.id).status for row in rows]
    assert found == [MemberStatus.DISABLED] * 3 + [MemberStatus.ENABLED]
    assert len(events("member.disabled")) == 2


def test_one_foreign_member_among_many_stops_them_all(account, owner):
    own, stranger = managed_member(account), MemberFactory()
    for ids in ([own.public_id, stranger.public_id], [stranger.public_id], ["nobody"]):
        assert owner.post("/members/bulk/disable", id=ids).status_code == 404
    assert fresh(Member, own.id).status is MemberStatus.ENABLED
    assert fresh(Member, stranger.id).status is MemberStatus.ENABLED


def test_without_a_row_chosen_the_list_says_so(owner):
    answer = owner.post("/members/bulk/disable")
    assert "Choose at least one row first" in owner.flashed(answer)


# Reset MAC and IP address


def test_a_technician_resets_the_hardware_lock(app, account):
    license = LicenseFactory(account=account, resets_left=3)
    license_id, code = license.id, license.code
    desk = member_desk(app, account, MemberRole.LICENSES_EDIT)
    answer = desk.confirm(f"/licenses/{code}/reset-mac-ip")
    assert answer.location.endswith(f"/portal/10001/licenses/{code}")
    assert "The MAC and IP address are reset" in desk.flashed(answer)
    found = fresh(License, license_id)
    assert (found.mac_address, found.last_valid_ip, found.resets_left) == (None, None, 2)
    (reset,) = db.session.scalars(select(HardwareReset).where(HardwareReset.license_id == license_id)).all()
    assert reset.mac_address == "00:1A:2B:3C:4D:5E"
    assert len(events("license.hardware_lock_reset")) == 1
    details = desk.get(f"/licenses/{code}").get_data(as_text=True)
    assert "00:1A:2B:3C:4D:5E" in details  # in the history
    assert "/reset-mac-ip" not in details  # nothing is left to reset


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resets_left": 0}, "No resets are left for this license. Ask support for more."),
        ({"mac_address": None, "last_valid_ip": None}, "so there is nothing to reset"),
        ({"status": LicenseStatus.SUSPENDED}, "Only a license in use can be reset"),
    ],
    ids=["none-left", "nothing-saved", "suspended"],
)
def test_a_lock_that_cannot_be_reset_says_why(app, account, values, message):
    license = LicenseFactory(account=account, **values)
    license_id, code, before = license.id, license.code, license.resets_left
    desk = member_desk(app, account, MemberRole.LICENSES_EDIT)
    for answer in (desk.get(f"/licenses/{code}/reset-mac-ip"), desk.post(f"/licenses/{code}/reset-mac-ip")):
        assert answer.status_code == 409
        assert message in " ".join(said_by(answer))
    assert fresh(License, license_id).resets_left == before
    assert events("license.hardware_lock_reset") == []


@pytest.mark.parametrize("role", MEMBER_ROLES)
def test_only_who_edits_licenses_resets_their_lock(app, account, role):
    license = LicenseFactory(account=account)
    license_id = license.id
    may = P.LICENSES_RESET in MEMBER_GRANTS[role]
    answer = member_desk(app, account, role).post(f"/licenses/{license.code}/reset-mac-ip")
    assert answer.status_code == (303 if may else 403)
    assert fresh(License, license_id).resets_left == (2 if may else 3)


def test_a_license_of_another_account_is_neither_shown_nor_reset(app, account):
    license = LicenseFactory()
    license_id = license.id
    desk = member_desk(app, account, MemberRole.LICENSES_EDIT)
    assert desk.get(f"/licenses/{license.code}/reset-mac-ip").status_code == 404
    assert desk.post(f"/licenses/{license.code}/reset-mac-ip").status_code == 404
    assert fresh(License, license_id).resets_left == 3


@pytest.mark.parametrize("count", ["", "0", "-1", "101", "three", "1e2", "\0"])
def test_granting_resets_wants_a_sensible_number(app, session, count):
    license = LicenseFactory()
    license_id = license.id
    answer = staff_desk(app, StaffRole.SUPPORT_AGENT).post(f"/licenses/{license.code}/grant-resets", count=count)
    assert answer.status_code == 422
    assert said_by(answer)
    assert form_of(answer).controls["count"].invalid
    assert fresh(License, license_id).resets_left == 3


def test_support_grants_resets_and_the_customer_may_reset_again(app, account):
    license = LicenseFactory(account=account, resets_left=0)
    license_id, code = license.id, license.code
    agent = staff_desk(app, StaffRole.SUPPORT_AGENT)
    agent.flashed(agent.confirm(f"/licenses/{code}/grant-resets", count="2"))
    assert fresh(License, license_id).resets_left == 2
    desk = member_desk(app, account, MemberRole.LICENSES_EDIT)
    assert desk.get(f"/licenses/{code}/grant-resets").status_code == 404  # there is no such act in the portal
    desk.flashed(desk.confirm(f"/licenses/{code}/reset-mac-ip"))
    assert fresh(License, license_id).resets_left == 1


# How the confirmation is asked for


def test_a_script_gets_the_confirmation_as_a_fragment(account, owner):
    member = managed_member(account)
    whole = owner.get(f"/members/{member.public_id}/disable").get_data(as_text=True)
    part = owner.get(f"/members/{member.public_id}/disable", headers={"X-Fragment": "1"})
    assert part.status_code == 200
    text = part.get_data(as_text=True)
    assert "<html" in whole
    assert "<html" not in text
    assert form_of(part).action == f"/portal/10001/members/{member.public_id}/disable"
    assert "csrf_token" in text


def test_a_fragment_of_what_is_refused_has_the_same_status_as_its_page(account, owner):
    disabled = managed_member(account, status=MemberStatus.DISABLED)
    fragment = {"X-Fragment": "1"}
    answer = owner.get(f"/members/{disabled.public_id}/disable", headers=fragment)
    assert answer.status_code == 409
    assert "<html" not in answer.get_data(as_text=True)
    assert owner.get("/members/nobody/disable", headers=fragment).status_code == 404


def test_an_owner_elsewhere_is_a_stranger_here(app, account):
    member = managed_member(account)
    elsewhere = seat(app, OwnerFactory())
    answer = elsewhere.client.post(
        f"/portal/10001/members/{member.public_id}/disable", data={"csrf_token": elsewhere.token}
    )
    assert answer.status_code == 404
    assert fresh(Member, member.id).status is MemberStatus.ENABLED
