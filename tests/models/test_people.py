"""Accounts, people and seats: what the database itself refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from domain.permissions import MemberRole
from models import AccountStatus, Member, MemberStatus, Person, PersonKind
from tests.factories.people import (
    AccountAncestorFactory,
    AccountFactory,
    InterestFactory,
    MemberFactory,
    MemberInterestFactory,
    MemberInvitationFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    OwnershipChangeFactory,
    PayApprovalFactory,
    PersonFactory,
    StaffMemberFactory,
    StaffPersonFactory,
)

pytestmark = pytest.mark.usefixtures("session")


def test_a_name_of_one_letter_is_refused():
    with pytest.raises(IntegrityError, match="name_length"):
        AccountFactory(name="A", billing_name="Alpha")


def test_a_client_id_is_given_once():
    AccountFactory(client_id="10001")
    with pytest.raises(IntegrityError):
        AccountFactory(client_id="10001")


def test_an_account_is_not_its_own_parent(session):
    account = AccountFactory()
    account.parent_account_id = account.id
    with pytest.raises(IntegrityError, match="not_its_own_parent"):
        session.flush()


def test_an_imported_row_comes_in_once():
    AccountFactory(imported_from="telco", external_ref="7590-VHVEG")
    AccountFactory(imported_from="elsewhere", external_ref="7590-VHVEG")
    with pytest.raises(IntegrityError):
        AccountFactory(imported_from="telco", external_ref="7590-VHVEG")


def test_a_suspension_for_deletion_needs_its_day():
    with pytest.raises(IntegrityError, match="deletion_has_due_date"):
        AccountFactory(status=AccountStatus.SUSPENDED_FOR_DELETION)


def test_only_itself_stands_at_depth_zero():
    reseller, customer = AccountFactory(), AccountFactory()
    AccountAncestorFactory(account=customer)
    AccountAncestorFactory(account=customer, ancestor=reseller, depth=1)
    with pytest.raises(IntegrityError, match="itself_at_depth_zero"):
        AccountAncestorFactory(account=reseller, ancestor=customer, depth=0)


def test_an_email_is_kept_in_lower_case():
    with pytest.raises(IntegrityError, match="email_lower_case"):
        PersonFactory(email="Robin@people.example")


def test_two_people_do_not_share_an_email():
    PersonFactory(email="robin@people.example")
    with pytest.raises(IntegrityError):
        PersonFactory(email="robin@people.example")


def test_people_without_email_do_not_collide(session):
    PersonFactory(email=None)
    PersonFactory(email=None)
    assert len(session.scalars(select(Person).where(Person.email.is_(None))).all()) == 2


def test_a_member_cannot_become_staff():
    member = MemberFactory()
    with pytest.raises(IntegrityError):
        StaffMemberFactory(person=member.person)


def test_staff_cannot_take_a_seat():
    staff_member = StaffMemberFactory()
    with pytest.raises(IntegrityError):
        MemberFactory(person=staff_member.person)


def test_a_seat_cannot_claim_the_other_kind():
    person = StaffPersonFactory()
    with pytest.raises(IntegrityError, match="person_is_member"):
        MemberFactory(person=person, person_kind=PersonKind.STAFF)


def test_the_kind_of_a_person_with_a_seat_cannot_change(session):
    member = MemberFactory()
    member.person.kind = PersonKind.STAFF
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_person_has_one_seat_in_an_account_and_may_have_one_in_another():
    member = MemberFactory()
    MemberFactory(person=member.person)
    with pytest.raises(IntegrityError):
        MemberFactory(account=member.account, person=member.person)


def test_an_account_has_one_owner():
    owner = OwnerFactory()
    with pytest.raises(IntegrityError):
        MemberFactory(account=owner.account, is_owner=True)


def test_other_members_do_not_count_as_owners(session):
    owner = OwnerFactory()
    MemberFactory(account=owner.account)
    MemberFactory(account=owner.account)
    owners = session.scalars(select(Member).where(Member.account_id == owner.account_id, Member.is_owner)).all()
    assert owners == [owner]


def test_the_owner_cannot_be_disabled(session):
    owner = OwnerFactory()
    owner.status = MemberStatus.DISABLED
    with pytest.raises(IntegrityError, match="owner_not_disabled"):
        session.flush()


def test_ownership_is_no_role_row():
    with pytest.raises(IntegrityError, match="owner_is_on_member"):
        MemberRoleGrantFactory(role=MemberRole.OWNER)


def test_a_role_is_held_once():
    grant = MemberRoleGrantFactory()
    with pytest.raises(IntegrityError):
        MemberRoleGrantFactory(member=grant.member)


def test_a_role_stays_in_the_account_of_its_member():
    member, stranger = MemberFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        MemberRoleGrantFactory(member=member, account_id=stranger.id)


def test_an_owner_has_the_owner_role_beside_the_granted_ones(session):
    owner = OwnerFactory()
    MemberRoleGrantFactory(member=owner, role=MemberRole.TICKETS)
    session.expire_all()
    read = session.scalars(select(Member).options(selectinload(Member.role_grants))).one()
    assert read.roles == {MemberRole.OWNER, MemberRole.TICKETS}


def test_interests_of_a_member_go_with_the_seat(session):
    interest = MemberInterestFactory(interest=InterestFactory(name="Hosting"))
    member_id = interest.member_id
    session.expunge_all()
    session.delete(session.get(Member, member_id))
    session.flush()
    session.expire_all()
    assert session.get(type(interest), interest.id) is None


def test_a_member_has_one_open_invitation(session):
    first = MemberInvitationFactory()
    with session.begin_nested() as attempt:
        with pytest.raises(IntegrityError):
            MemberInvitationFactory(member=first.member)
        attempt.rollback()


def test_a_withdrawn_invitation_makes_room_for_a_new_one(session, now):
    first = MemberInvitationFactory()
    first.withdrawn_at = now
    session.flush()
    second = MemberInvitationFactory(member=first.member)
    assert (first.is_open, second.is_open) == (False, True)


def test_one_change_of_ownership_is_open_at_a_time():
    change = OwnershipChangeFactory()
    with pytest.raises(IntegrityError):
        OwnershipChangeFactory(from_member=change.from_member)


def test_ownership_moves_only_when_both_confirmed(session, now):
    change = OwnershipChangeFactory()
    change.status, change.to_confirmed_at = "done", now
    with pytest.raises(IntegrityError, match="done_when_both_confirmed"):
        session.flush()


def test_a_pay_approval_is_asked_for_a_positive_amount():
    with pytest.raises(IntegrityError, match="amount_positive"):
        PayApprovalFactory(amount=0)


def test_a_pay_limit_has_a_currency():
    with pytest.raises(IntegrityError, match="pay_limit_has_currency"):
        MemberFactory(pay_limit=10000)


def test_a_name_is_the_same_in_python_and_in_the_database(session):
    PersonFactory(first_name="", last_name="Miller")
    PersonFactory(first_name="Robin", last_name="")
    PersonFactory(first_name="Robin", last_name="Miller")
    for person, name in session.execute(select(Person, Person.name)):
        assert person.name == name
