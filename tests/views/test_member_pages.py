"""The pages by which an owner runs their own team, over HTTP (SPEC B2, B3, B5)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import Interest, Member, MemberInterest, MemberInvitation, MemberRoleGrant, MemberStatus, Person
from tests.factories.people import (
    AccountFactory,
    InterestFactory,
    MemberFactory,
    MemberInterestFactory,
    MemberInvitationFactory,
    MemberRoleGrantFactory,
    PersonFactory,
    TotpFactorFactory,
)
from tests.support.desk import managed_member, member_desk, seat, staff_desk
from tests.support.pages import form_of, said_by

MEMBER_ROLES = [role for role in MemberRole if role is not MemberRole.OWNER]
ACTS = ("change-roles", "access-on", "access-off", "withdraw-invitation", "invite", "make-owner", "preview")


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def member(account):
    found = managed_member(account)
    MemberRoleGrantFactory(member=found, role=MemberRole.BILLING)
    return found


def held(member_id):
    db.session.rollback()
    return set(db.session.scalars(select(MemberRoleGrant.role).where(MemberRoleGrant.member_id == member_id)))


def page_of(desk, member):
    return desk.get(f"/members/{member.public_id}").get_data(as_text=True)


# Roles


def test_the_page_of_roles_says_what_each_grants_and_ticks_those_held(owner, member):
    page = owner.get(f"/members/{member.public_id}/change-roles").get_data(as_text=True)
    for words in (
        "Read licenses",
        "pay invoices in the account&#39;s name",
        "Includes Billing.",
        "Download releases.",
    ):
        assert words in page
    assert 'checked class="form-check-input"' in page or "checked" in page
    assert 'formaction="/portal/10001/members/' in page
    assert "Preview as this member" in page


def test_the_owner_saves_exactly_the_roles_that_are_ticked(owner, member):
    member_id, path = member.id, f"/members/{member.public_id}/change-roles"
    answer = owner.post(path, role=["tickets", "payments"], seen="billing")
    assert "The roles are saved" in owner.flashed(answer)
    assert held(member_id) == {MemberRole.TICKETS, MemberRole.PAYMENTS}
    page = owner.get(f"/members/{member.public_id}").get_data(as_text=True)
    assert "Through Payments." in page


def test_roles_that_changed_meanwhile_are_not_overwritten(owner, member):
    member_id, path = member.id, f"/members/{member.public_id}/change-roles"
    for seen in ("", "tickets", "nonsense"):
        answer = owner.post(path, role=["tickets"], seen=seen)
        assert answer.status_code == 409
        assert "changed the roles of this member meanwhile" in said_by(answer)[0]
    assert held(member_id) == {MemberRole.BILLING}


@pytest.mark.parametrize("typed", ["owner", "superuser", "\0", "billing,tickets", ""])
def test_a_role_that_is_none_is_refused(owner, member, typed):
    member_id = member.id
    answer = owner.post(f"/members/{member.public_id}/change-roles", role=[typed], seen="billing")
    assert answer.status_code == 422
    assert held(member_id) == {MemberRole.BILLING}


def test_roles_are_given_to_many_and_said_for_each(app, owner, account, member):
    other, book = MemberFactory(account=account), MemberFactory(account=account, portal_access=False)
    ids = [member.public_id, other.public_id, book.public_id]
    rows = [member.id, other.id]
    asked = owner.get(f"/members/bulk/give-roles?id={'&id='.join(ids)}")
    assert asked.status_code == 200
    answer = owner.post("/members/bulk/give-roles", id=ids, role=["tickets", "licenses"])
    text = answer.get_data(as_text=True)
    assert (answer.status_code, text.count("Done"), text.count("Skipped")) == (200, 2, 1)
    assert held(rows[0]) == {MemberRole.BILLING, MemberRole.TICKETS, MemberRole.LICENSES}
    assert held(rows[1]) == {MemberRole.TICKETS, MemberRole.LICENSES}
    owner.post("/members/bulk/take-roles", id=ids[:2], role=["tickets", "billing"])
    assert (held(rows[0]), held(rows[1])) == ({MemberRole.LICENSES}, {MemberRole.LICENSES})


def test_many_get_no_roles_without_a_tick(owner, member):
    member_id = member.id
    for act in ("give-roles", "take-roles"):
        answer = owner.post(f"/members/bulk/{act}", id=[member.public_id])
        assert (answer.status_code, said_by(answer)) == (422, ["Choose at least one role."])
    assert held(member_id) == {MemberRole.BILLING}


def test_giving_roles_stands_above_the_list_and_not_with_one_member(owner, member):
    assert "/members/bulk/give-roles" in owner.get("/members/").get_data(as_text=True)
    page = page_of(owner, member)
    assert "/change-roles" in page
    assert "/give-roles" not in page


# Who may


@pytest.mark.parametrize("role", MEMBER_ROLES)
def test_members_with_a_role_run_nobody(app, account, member, role):
    desk = member_desk(app, account, role)
    for act in ACTS:
        assert desk.get(f"/members/{member.public_id}/{act}").status_code == 403
        assert desk.post(f"/members/{member.public_id}/{act}").status_code == 403
    for act in ("give-roles", "take-roles"):
        assert desk.post(f"/members/bulk/{act}", id=[member.public_id], role=["tickets"]).status_code == 403


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_change_roles_as_far_as_theirs_go(app, member, role):
    desk, member_id = staff_desk(app, role), member.id
    may = P.MEMBERS_GRANT in STAFF_GRANTS[role]
    answer = desk.post(f"/members/{member.public_id}/change-roles", role=["tickets"], seen="billing")
    assert answer.status_code == (303 if may else 403)
    assert (MemberRole.TICKETS in held(member_id)) is may


def test_staff_are_offered_no_preview(app, member):
    page = staff_desk(app).get(f"/members/{member.public_id}/change-roles").get_data(as_text=True)
    assert "Preview as this member" not in page


def test_a_stranger_finds_no_member(app, member):
    stranger = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    for act in ACTS:
        assert stranger.get(f"/members/{member.public_id}/{act}").status_code == 404
    assert stranger.client.get(f"/portal/10001/members/{member.public_id}/change-roles").status_code == 404


def test_roles_count_from_the_next_click(app, owner, account, member):
    browser = seat(app, member)
    assert browser.get("/invoices/").status_code == 200
    owner.post(f"/members/{member.public_id}/change-roles", role=[], seen="billing")
    assert browser.get("/invoices/").status_code == 403
    assert P.INVOICES_READ in MEMBER_GRANTS[MemberRole.BILLING]


# Portal access and invitations


def test_access_is_switched_on_with_an_address_and_off_again(owner, account):
    book = MemberFactory(account=account, person=PersonFactory(email=None, managed_by=account), portal_access=False)
    member_id, key = book.id, book.public_id
    assert "address book only" in page_of(owner, book)
    wrong = owner.post(f"/members/{key}/access-on", email="nobody")
    assert (wrong.status_code, form_of(wrong).values["email"]) == (422, "nobody")
    answer = owner.post(f"/members/{key}/access-on", email="cleo@acme.example")
    assert "invitation is on its way" in owner.flashed(answer)
    assert db.session.get_one(Member, member_id, populate_existing=True).status is MemberStatus.INVITED
    page = owner.get(f"/members/{key}").get_data(as_text=True)
    assert "Sent to cleo@acme.example" in page
    assert "works until" in page
    owner.flashed(owner.confirm(f"/members/{key}/access-off"))
    db.session.rollback()
    found = db.session.get_one(Member, member_id, populate_existing=True)
    assert db.session.get_one(Person, found.person_id, populate_existing=True).email is None


def test_an_invitation_is_withdrawn_and_sent_again(owner, account):
    member = managed_member(account, status=MemberStatus.INVITED)
    MemberInvitationFactory(member=member, expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
    path = f"/members/{member.public_id}"
    assert "invitation is withdrawn" in owner.flashed(owner.confirm(f"{path}/withdraw-invitation"))
    assert "withdrawn" in page_of(owner, member)
    again = owner.confirm(f"{path}/withdraw-invitation")
    assert again.status_code == 409
    owner.flashed(owner.confirm(f"{path}/invite"))
    db.session.rollback()
    states = [row.is_open for row in db.session.scalars(select(MemberInvitation).order_by(MemberInvitation.id))]
    assert states == [False, True]


def test_an_expired_invitation_is_shown_as_such(owner, account):
    member = managed_member(account, status=MemberStatus.INVITED)
    MemberInvitationFactory(member=member, expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert "Expired" in page_of(owner, member)


def test_who_was_invited_in_vain_and_is_enabled_waits_again(owner, account):
    member = managed_member(account, status=MemberStatus.INVITED)
    MemberInvitationFactory(member=member)
    member_id, path = member.id, f"/members/{member.public_id}"
    for act in ("withdraw-invitation", "disable", "enable"):
        owner.flashed(owner.confirm(f"{path}/{act}"))
    assert db.session.get_one(Member, member_id, populate_existing=True).status is MemberStatus.INVITED


# What the page says


def test_the_page_tells_two_step_last_seen_and_who_manages_the_sign_in(app, owner, account, member):
    browser, page = seat(app, member), page_of(owner, member)
    assert "Managed by this account" in page
    assert "Off" in page
    TotpFactorFactory(person=db.session.get_one(Person, member.person_id))
    browser.get("/")
    db.session.rollback()
    assert db.session.get_one(Member, member.id, populate_existing=True).last_seen_at is not None
    assert "On" in page_of(owner, member)
    other = MemberFactory(account=account)
    assert "Not managed by this account" in page_of(owner, other)


def test_being_seen_is_written_every_five_minutes_at_most(app, account, member):
    member_id, browser = member.id, seat(app, member)
    browser.get("/")
    db.session.rollback()
    first = db.session.get_one(Member, member_id, populate_existing=True).last_seen_at
    browser.get("/")
    db.session.rollback()
    assert db.session.get_one(Member, member_id, populate_existing=True).last_seen_at == first


# Interests, and the limits of the form


def test_interests_are_ticked_in_the_form_and_retired_ones_stay(owner, account, member):
    phones, hosting = InterestFactory(name="Phones", position=1), InterestFactory(name="Hosting", position=2)
    gone = InterestFactory(name="Fax", retired=True)
    MemberInterestFactory(member=member, interest=gone)
    member_id, path = member.id, f"/members/{member.public_id}/edit"
    page = owner.get(path)
    assert "Phones" in page.get_data(as_text=True)
    assert "Fax" not in page.get_data(as_text=True)
    sent = {**form_of(page).values, "interests": [phones.public_id, hosting.public_id]}
    assert "saved" in owner.flashed(owner.client.post(f"{owner.base}{path}", data=sent))
    db.session.rollback()
    names = select(Interest.name).join(MemberInterest).where(MemberInterest.member_id == member_id)
    assert set(db.session.scalars(names)) == {"Phones", "Hosting", "Fax"}
    assert "Hosting" in owner.get(f"/members/{member.public_id}").get_data(as_text=True)
    wrong = owner.client.post(f"{owner.base}{path}", data={**sent, "interests": ["nonsense"]})
    assert wrong.status_code == 422


def test_the_provider_manages_the_interests(app, session):
    admin = staff_desk(app)
    answer = admin.confirm("/interests/new", name="Security", position="3")
    assert "Interest Security added" in admin.flashed(answer)
    assert staff_desk(app, StaffRole.AUDITOR).get("/interests/").status_code == 200
    assert staff_desk(app, StaffRole.SALES).get("/interests/").status_code == 403


def test_a_first_user_does_not_rename_themselves(owner, account):
    own = db.session.scalars(select(Member).where(Member.account_id == account.id)).one()
    answer = owner.confirm(f"/members/{own.public_id}/edit", **{"person.first_name": "Another"})
    assert answer.status_code == 409
    assert "first user" in said_by(answer)[0]
