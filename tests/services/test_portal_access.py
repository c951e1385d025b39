"""Portal access switched on and off, and leaving an account."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.contact import EmailNotReadable
from extensions import db
from models import (
    Account,
    Member,
    MemberInvitation,
    MemberStatus,
    NotificationDelivery,
    Passkey,
    Person,
    SignInSession,
    SocialIdentity,
    TotpFactor,
)
from services.audit import target_of, timeline_of
from services.members import EmailMissing, MemberExists, NotYourself, OwnerStays
from services.people import EmailNotUsable, NotWhileLoggedInAs
from services.portal_access import (
    AccessNotYours,
    FirstUserStays,
    HasNoPortalAccess,
    HasPortalAccess,
    NotYourSeat,
    leave_account,
    switch_portal_access_off,
    switch_portal_access_on,
)
from services.roles import roles_held
from services.seats import live_seats
from services.step_up import ProofNeeded
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    OwnershipChangeFactory,
    PasskeyFactory,
    PersonFactory,
    SignInSessionFactory,
    SocialIdentityFactory,
    StaffPersonFactory,
    TotpFactorFactory,
)
from tests.services.money import CLERK, member_actor, rows_of


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(name="Acme")


@pytest.fixture
def owner(account: Account) -> Actor:
    return member_actor(OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    person = PersonFactory(managed_by=account, email="mia@acme.example", password_hash="hash")
    found = MemberFactory(account=account, person=person)
    MemberRoleGrantFactory(member=found)
    return found


@pytest.fixture
def contact(account: Account) -> Member:
    """Somebody of the address book."""
    return MemberFactory(account=account, person=PersonFactory(email=None, managed_by=account), portal_access=False)


def test_access_switched_on_invites_to_the_address(contact: Member, owner: Actor, now: dt.datetime) -> None:
    switch_portal_access_on(contact, email=" Cleo@Acme.Example", actor=owner, now=now)
    person = db.session.get_one(Person, contact.person_id)
    assert (contact.portal_access, contact.status, person.email) == (True, MemberStatus.INVITED, "cleo@acme.example")
    assert db.session.scalars(select(MemberInvitation.email)).all() == ["cleo@acme.example"]
    assert live_seats(contact.person_id) == []
    events = [event.event for event in timeline_of(*target_of(contact))]
    assert events == ["member.invited", "member.portal_access_given"]


def test_an_address_known_from_another_account_becomes_a_seat_of_that_person(
    contact: Member, owner: Actor, now: dt.datetime
) -> None:
    known, name_only = MemberFactory(person=PersonFactory(email="cleo@acme.example")), contact.person_id
    switch_portal_access_on(contact, email="cleo@acme.example", actor=owner, now=now)
    assert contact.person_id == known.person_id
    assert db.session.get(Person, name_only) is None


@pytest.mark.parametrize(
    ("email", "refusal"), [("", EmailMissing), (None, EmailMissing), ("a@b.example, c@d.example", EmailNotReadable)]
)
def test_access_needs_one_readable_address(contact: Member, owner: Actor, now: dt.datetime, email, refusal) -> None:
    with pytest.raises(refusal):
        switch_portal_access_on(contact, email=email, actor=owner, now=now)


def test_addresses_of_staff_and_of_members_here_are_refused(
    contact: Member, member: Member, owner: Actor, now: dt.datetime
) -> None:
    StaffPersonFactory(email="sam@foyer.example")
    with pytest.raises(EmailNotUsable):
        switch_portal_access_on(contact, email="sam@foyer.example", actor=owner, now=now)
    with pytest.raises(MemberExists):
        switch_portal_access_on(contact, email="mia@acme.example", actor=owner, now=now)


def test_access_switched_off_leaves_a_name_without_any_way_in(member: Member, owner: Actor, now: dt.datetime) -> None:
    for factory in (TotpFactorFactory, PasskeyFactory, SocialIdentityFactory, SignInSessionFactory):
        factory(person=member.person)
    switch_portal_access_off(member, actor=owner, now=now)
    person = db.session.get_one(Person, member.person_id, populate_existing=True)
    assert (person.email, person.password_hash, person.email_verified_at) == (None, None, None)
    assert [rows_of(model) for model in (TotpFactor, Passkey, SocialIdentity)] == [0, 0, 0]
    assert db.session.scalars(select(SignInSession.ended_at)).one() is not None
    assert (member.portal_access, roles_held(member)) == (False, set())


def test_a_person_who_signs_in_elsewhere_too_keeps_their_sign_in(
    account: Account, owner: Actor, now: dt.datetime
) -> None:
    person = PersonFactory(email="ada@books.example", first_name="Ada", managed_by=account)
    member, elsewhere = MemberFactory(account=account, person=person), MemberFactory(person=person)
    session = SignInSessionFactory(person=person)
    switch_portal_access_off(member, actor=owner, now=now)
    assert person.email == "ada@books.example"
    assert elsewhere.person_id == person.id
    assert session.ended_at is None
    here = db.session.get_one(Person, member.person_id)
    assert (here.id == person.id, here.email, here.first_name) == (False, None, "Ada")


def test_access_switched_off_closes_the_open_invitation(contact: Member, owner: Actor, now: dt.datetime) -> None:
    switch_portal_access_on(contact, email="cleo@acme.example", actor=owner, now=now)
    switch_portal_access_off(contact, actor=owner, now=now)
    assert db.session.scalars(select(MemberInvitation.withdrawn_at)).all() == [now]
    switch_portal_access_on(contact, email="cleo@acme.example", actor=owner, now=now)
    assert rows_of(MemberInvitation) == 2


def test_access_is_switched_by_the_owner_and_by_staff_only(
    member: Member, contact: Member, owner: Actor, now: dt.datetime
) -> None:
    for actor in (member_actor(member), member_actor(OwnerFactory())):
        with pytest.raises(AccessNotYours):
            switch_portal_access_off(member, actor=actor, now=now)
        with pytest.raises(AccessNotYours):
            switch_portal_access_on(contact, email="x@acme.example", actor=actor, now=now)
    switch_portal_access_off(member, actor=CLERK, now=now)
    assert not member.portal_access


def test_access_that_is_there_or_not_is_not_switched_twice(
    member: Member, contact: Member, owner: Actor, now: dt.datetime
) -> None:
    with pytest.raises(HasPortalAccess):
        switch_portal_access_on(member, email="x@acme.example", actor=owner, now=now)
    with pytest.raises(HasNoPortalAccess):
        switch_portal_access_off(contact, actor=owner, now=now)


def test_the_owner_keeps_their_access(owner: Actor, now: dt.datetime) -> None:
    seat = db.session.get_one(Member, owner.member_id)
    for actor in (owner, CLERK):
        with pytest.raises(OwnerStays):
            switch_portal_access_off(seat, actor=actor, now=now)


def test_staff_who_are_members_too_do_not_lock_themselves_out(member: Member, now: dt.datetime) -> None:
    with pytest.raises(NotYourself):
        switch_portal_access_off(
            member, actor=dataclasses.replace(CLERK, person_id=member.person_id, proved_at=now), now=now
        )


def test_access_wants_a_recent_proof_and_ones_own_name(
    member: Member, contact: Member, owner: Actor, now: dt.datetime
) -> None:
    late = dataclasses.replace(owner, proved_at=None)
    visiting = dataclasses.replace(owner, on_behalf_of_id=owner.person_id)
    for actor, stop in ((late, ProofNeeded), (visiting, NotWhileLoggedInAs)):
        with pytest.raises(stop):
            switch_portal_access_off(member, actor=actor, now=now)
        with pytest.raises(stop):
            switch_portal_access_on(contact, email="x@acme.example", actor=actor, now=now)


# Leaving


def test_a_member_leaves_by_themselves_and_the_owner_is_told(member: Member, owner: Actor, now: dt.datetime) -> None:
    person, account_id, target = member.person, member.account_id, target_of(member)
    leave_account(member, actor=member_actor(member), now=now)
    assert live_seats(person.id) == []
    assert db.session.scalars(select(Member).where(Member.account_id == account_id)).one().is_owner
    assert person.email == "mia@acme.example"
    assert "member.left" in [event.event for event in timeline_of(*target)]
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.person_id == owner.person_id
    assert "left Acme" in mail.subject


def test_a_seat_that_something_refers_to_stays_without_its_person(
    member: Member, owner: Actor, now: dt.datetime
) -> None:
    OwnershipChangeFactory(from_member=db.session.get_one(Member, owner.member_id), to_member=member)
    left = leave_account(member, actor=member_actor(member), now=now)
    assert (left.portal_access, left.status) == (False, MemberStatus.DISABLED)
    assert db.session.get_one(Person, left.person_id).email is None


def test_nobody_leaves_for_another(member: Member, owner: Actor, now: dt.datetime) -> None:
    for actor in (owner, CLERK, dataclasses.replace(member_actor(member), person_id=owner.person_id)):
        with pytest.raises(NotYourSeat):
            leave_account(member, actor=actor, now=now)


def test_the_owner_does_not_leave(owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(OwnerStays):
        leave_account(db.session.get_one(Member, owner.member_id), actor=owner, now=now)


def test_a_first_user_leaves_only_while_another_has_full_rights(account: Account, now: dt.datetime) -> None:
    first = MemberFactory(account=account, is_first=True)
    new_owner = MemberFactory(account=account, is_owner=True, status=MemberStatus.INVITED)
    with pytest.raises(FirstUserStays):
        leave_account(first, actor=member_actor(first), now=now)
    new_owner.status = MemberStatus.ENABLED
    db.session.flush()
    leave_account(first, actor=member_actor(first), now=now)
    assert db.session.scalars(select(Member.id)).all() == [new_owner.id]


def test_staff_who_are_logged_in_as_a_member_do_not_leave_for_them(
    member: Member, owner: Actor, now: dt.datetime
) -> None:
    visiting = dataclasses.replace(member_actor(member), on_behalf_of_id=member.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        leave_account(member, actor=visiting, now=now)
