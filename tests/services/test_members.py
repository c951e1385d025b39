"""Seats: adding, editing, disabling and deleting members, and their roles."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.contact import EmailNotReadable, TimeZoneUnknown
from domain.permissions import MemberRole
from extensions import db
from models import (
    Account,
    AccountStatus,
    Member,
    MemberInvitation,
    MemberRoleGrant,
    MemberStatus,
    NotificationDelivery,
    Person,
    SignInSession,
)
from services.audit import target_of, timeline_of
from services.invitations import MemberNotInvitable, invite_member
from services.members import (
    EmailMissing,
    EmailWithoutAccess,
    FieldNotEditable,
    IdentityNotManaged,
    MemberDisabledAlready,
    MemberExists,
    MemberNotDisabled,
    NameMissing,
    NotYourself,
    OwnerStays,
    PayLimitBelowZero,
    add_member,
    delete_member,
    disable_member,
    edit_member,
    enable_member,
)
from services.people import EmailNotUsable, NotWhileLoggedInAs
from services.records import RecordInUse
from services.roles import CannotHoldRoles, OwnershipIsNoRole, RolesNotYours, set_roles
from services.seats import live_seats
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    OwnershipChangeFactory,
    PersonFactory,
    SignInSessionFactory,
    StaffPersonFactory,
)
from tests.services.money import CLERK, member_actor, rows_of
from tests.support.parallel import at_once


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(name="Acme")


@pytest.fixture
def owner(account: Account) -> Actor:
    return member_actor(OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    return MemberFactory(account=account, person=PersonFactory(managed_by=account))


def values(account: Account, **others: Any) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "person.first_name": "Ada",
        "person.last_name": "Byron",
        "person.email": " Ada@Acme.Example ",
        "type": "billing",
        "portal_access": True,
        **others,
    }


def test_a_new_member_is_invited_by_mail(account: Account, owner: Actor, now: dt.datetime) -> None:
    member = add_member(values(account, pay_limit=5_000), actor=owner, now=now)
    assert (member.status, member.person.email, member.person.managed_by_account_id) == (
        MemberStatus.INVITED,
        "ada@acme.example",
        account.id,
    )
    assert (member.pay_limit, member.currency) == (5_000, "USD")
    invitation = db.session.scalars(select(MemberInvitation)).one()
    assert (invitation.email, invitation.expires_at) == ("ada@acme.example", now + dt.timedelta(days=30))
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert (mail.address, mail.secret) == ("ada@acme.example", True)
    assert "Acme" in mail.subject
    assert "/invitations/" in mail.text
    assert [event.event for event in timeline_of(*target_of(member))] == ["member.invited", "member.created"]


def test_an_invited_member_has_no_live_seat_yet(account: Account, owner: Actor, now: dt.datetime) -> None:
    member = add_member(values(account), actor=owner, now=now)
    assert live_seats(member.person_id) == []


def test_a_person_known_from_another_account_gets_a_second_seat(
    account: Account, owner: Actor, now: dt.datetime
) -> None:
    elsewhere = MemberFactory(person=PersonFactory(email="ada@acme.example", first_name="Augusta"))
    member = add_member(values(account), actor=owner, now=now)
    assert member.person_id == elsewhere.person_id
    assert member.person.first_name == "Augusta"
    assert member.person.managed_by_account_id is None


def test_a_member_is_not_added_twice(account: Account, owner: Actor, now: dt.datetime) -> None:
    add_member(values(account), actor=owner, now=now)
    with pytest.raises(MemberExists):
        add_member(values(account), actor=owner, now=now)


def test_an_address_of_staff_is_refused_without_telling(account: Account, owner: Actor, now: dt.datetime) -> None:
    StaffPersonFactory(email="ada@acme.example")
    with pytest.raises(EmailNotUsable) as refused:
        add_member(values(account), actor=owner, now=now)
    assert "staff" not in refused.value.message.lower()
    assert rows_of(Member) == 1


def test_a_person_whose_data_was_replaced_is_not_brought_back(account: Account, owner: Actor, now: dt.datetime) -> None:
    PersonFactory(email="ada@acme.example", erased_at=now)
    with pytest.raises(EmailNotUsable):
        add_member(values(account), actor=owner, now=now)


def test_without_portal_access_a_member_is_an_address_book_entry(
    account: Account, owner: Actor, now: dt.datetime
) -> None:
    member = add_member(values(account, **{"person.email": None, "portal_access": False}), actor=owner, now=now)
    assert (member.portal_access, member.person.email, member.can_sign_in) == (False, None, False)
    assert rows_of(MemberInvitation) == 0


@pytest.mark.parametrize(
    ("others", "refusal"),
    [
        ({"person.email": ""}, EmailMissing),
        ({"person.email": "no address"}, EmailNotReadable),
        ({"portal_access": False}, EmailWithoutAccess),
        ({"person.first_name": " ", "person.last_name": ""}, NameMissing),
        ({"time_zone": "Mars/Olympus"}, TimeZoneUnknown),
    ],
)
def test_bad_values_of_a_new_member_are_refused(
    account: Account, owner: Actor, now: dt.datetime, others: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        add_member(values(account, **others), actor=owner, now=now)


def test_a_negative_pay_limit_is_refused(account: Account, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(PayLimitBelowZero):
        add_member(values(account, pay_limit=-1), actor=owner, now=now)


def test_sending_an_invitation_again_replaces_the_first(account: Account, owner: Actor, now: dt.datetime) -> None:
    member = add_member(values(account), actor=owner, now=now)
    invite_member(member, actor=owner, now=now + dt.timedelta(days=1))
    db.session.expire_all()
    first, second = db.session.scalars(select(MemberInvitation).order_by(MemberInvitation.id))
    assert (first.is_open, second.is_open) == (False, True)
    assert first.token_hash != second.token_hash


def test_who_has_taken_their_seat_is_not_invited_again(member: Member, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(MemberNotInvitable):
        invite_member(member, actor=owner, now=now)


def test_an_edit_changes_seat_and_name(member: Member, owner: Actor, now: dt.datetime) -> None:
    changes = {"person.first_name": "Grace", "phone": "+1 555 0100", "pay_limit": 900}
    edit_member(member, changes, actor=owner, now=now)
    assert (member.phone, member.pay_limit, member.currency, member.version) == ("+1 555 0100", 900, "USD", 3)
    assert db.session.get_one(Person, member.person_id).first_name == "Grace"
    told = {event.event: event.after for event in timeline_of(*target_of(member))}
    assert told["member.edited"] == {"phone": "+1 555 0100"}
    assert told["member.pay_limit_changed"] == {"pay_limit": 900, "currency": "USD"}


def test_the_name_of_a_person_managed_elsewhere_stays(account: Account, owner: Actor, now: dt.datetime) -> None:
    member = MemberFactory(account=account)
    with pytest.raises(IdentityNotManaged):
        edit_member(member, {"person.first_name": "Grace"}, actor=owner, now=now)
    edit_member(member, {"person.first_name": "Grace"}, actor=CLERK, now=now)
    assert db.session.get_one(Person, member.person_id).first_name == "Grace"


def test_a_name_is_not_emptied(member: Member, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(NameMissing):
        edit_member(member, {"person.first_name": "", "person.last_name": " "}, actor=owner, now=now)


@pytest.mark.parametrize("field", ["is_owner", "status", "account_id", "person.email", "person.password_hash"])
def test_nothing_else_of_a_member_is_edited(member: Member, owner: Actor, now: dt.datetime, field: str) -> None:
    with pytest.raises(FieldNotEditable):
        edit_member(member, {field: "x"}, actor=owner, now=now)


def test_a_disabled_member_is_out_at_once(member: Member, owner: Actor, now: dt.datetime) -> None:
    SignInSessionFactory(person=member.person)
    disable_member(member, actor=owner, now=now)
    assert (member.status, live_seats(member.person_id)) == (MemberStatus.DISABLED, [])
    db.session.expire_all()
    assert db.session.scalars(select(SignInSession)).one().ended_at == now
    assert timeline_of(*target_of(member))[0].event == "member.disabled"


def test_the_session_stays_while_there_is_another_live_seat(member: Member, owner: Actor, now: dt.datetime) -> None:
    SignInSessionFactory(person=member.person)
    MemberFactory(person=member.person)
    disable_member(member, actor=owner, now=now)
    db.session.expire_all()
    assert db.session.scalars(select(SignInSession)).one().ended_at is None
    assert len(live_seats(member.person_id)) == 1


def test_a_seat_in_a_suspended_account_keeps_no_session(member: Member, owner: Actor, now: dt.datetime) -> None:
    SignInSessionFactory(person=member.person)
    MemberFactory(person=member.person, account=AccountFactory(status=AccountStatus.SUSPENDED, suspended_at=now))
    disable_member(member, actor=owner, now=now)
    db.session.expire_all()
    assert db.session.scalars(select(SignInSession)).one().ended_at == now


def test_the_owner_is_neither_disabled_nor_deleted(account: Account, now: dt.datetime) -> None:
    owner = OwnerFactory(account=account)
    with pytest.raises(OwnerStays):
        disable_member(owner, actor=CLERK, now=now)
    with pytest.raises(OwnerStays):
        delete_member(owner, actor=CLERK, now=now)
    assert owner.status is MemberStatus.ENABLED


def test_nobody_disables_or_deletes_themselves(member: Member, now: dt.datetime) -> None:
    with pytest.raises(NotYourself):
        disable_member(member, actor=member_actor(member), now=now)
    with pytest.raises(NotYourself):
        delete_member(member, actor=member_actor(member), now=now)


def test_a_disabled_member_is_not_disabled_again(member: Member, owner: Actor, now: dt.datetime) -> None:
    disable_member(member, actor=owner, now=now)
    with pytest.raises(MemberDisabledAlready):
        disable_member(member, actor=owner, now=now)


def test_an_enabled_member_comes_back_with_their_roles(member: Member, owner: Actor, now: dt.datetime) -> None:
    MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
    disable_member(member, actor=owner, now=now)
    enable_member(member, actor=owner, now=now)
    assert member.status is MemberStatus.ENABLED
    assert len(live_seats(member.person_id)) == 1
    assert rows_of(MemberRoleGrant) == 1
    with pytest.raises(MemberNotDisabled):
        enable_member(member, actor=owner, now=now)


def test_who_never_took_their_seat_is_invited_again_by_enabling(
    account: Account, owner: Actor, now: dt.datetime
) -> None:
    member = add_member(values(account), actor=owner, now=now)
    disable_member(member, actor=owner, now=now)
    assert enable_member(member, actor=owner, now=now).status is MemberStatus.INVITED


def test_a_deleted_member_is_gone_and_the_person_stays(member: Member, owner: Actor, now: dt.datetime) -> None:
    MemberRoleGrantFactory(member=member)
    SignInSessionFactory(person=member.person)
    person_id, target = member.person_id, target_of(member)
    delete_member(member, actor=owner, now=now)
    db.session.expire_all()
    assert rows_of(MemberRoleGrant) == 0
    assert db.session.get(Person, person_id) is not None
    assert db.session.scalars(select(SignInSession)).one().ended_at == now
    assert timeline_of(*target)[0].event == "member.deleted"


def test_a_member_with_a_history_is_not_deleted(account: Account, now: dt.datetime) -> None:
    change = OwnershipChangeFactory(from_member=OwnerFactory(account=account))
    with pytest.raises(RecordInUse):
        delete_member(db.session.get_one(Member, change.to_member_id), actor=CLERK, now=now)


def held(member: Member) -> set[MemberRole]:
    return set(db.session.scalars(select(MemberRoleGrant.role).where(MemberRoleGrant.member_id == member.id)))


def test_the_owner_sets_exactly_these_roles(member: Member, owner: Actor, now: dt.datetime) -> None:
    MemberRoleGrantFactory(member=member, role=MemberRole.BILLING)
    set_roles(member, ["tickets", MemberRole.LICENSES], actor=owner, now=now)
    assert held(member) == {MemberRole.TICKETS, MemberRole.LICENSES}
    event = timeline_of(*target_of(member))[0]
    assert (event.before, event.after) == ({"roles": ["billing"]}, {"roles": ["licenses", "tickets"]})
    grant = db.session.scalars(select(MemberRoleGrant)).first()
    assert grant is not None
    assert grant.granted_by_id == owner.person_id


def test_setting_the_same_roles_writes_nothing(member: Member, owner: Actor, now: dt.datetime) -> None:
    MemberRoleGrantFactory(member=member, role=MemberRole.BILLING)
    set_roles(member, ["billing"], actor=owner, now=now)
    assert timeline_of(*target_of(member)) == []


def test_a_member_who_is_not_the_owner_changes_no_roles(member: Member, owner: Actor, now: dt.datetime) -> None:
    other = MemberFactory(account=member.account)
    with pytest.raises(RolesNotYours):
        set_roles(member, ["tickets"], actor=member_actor(other), now=now)
    stranger = member_actor(OwnerFactory())
    with pytest.raises(RolesNotYours):
        set_roles(member, ["tickets"], actor=stranger, now=now)
    assert held(member) == set()


def test_ownership_is_not_given_as_a_role(member: Member, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(OwnershipIsNoRole):
        set_roles(member, ["owner"], actor=owner, now=now)


def test_an_unknown_role_is_an_error(member: Member, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(ValueError, match="superuser"):
        set_roles(member, ["superuser"], actor=owner, now=now)


def test_owner_and_address_book_entries_hold_no_roles(account: Account, now: dt.datetime) -> None:
    for seat in (OwnerFactory(account=account), MemberFactory(account=account, portal_access=False)):
        with pytest.raises(CannotHoldRoles):
            set_roles(seat, ["tickets"], actor=CLERK, now=now)


def test_roles_set_at_once_end_as_one_of_them(member: Member, now: dt.datetime) -> None:
    member_id = member.id
    wanted = [["tickets", "licenses"], ["billing"]]
    at_once(lambda place: set_roles(db.session.get_one(Member, member_id), wanted[place % 2], actor=CLERK, now=now).id)
    assert held(member) in ({MemberRole.TICKETS, MemberRole.LICENSES}, {MemberRole.BILLING})


def test_roles_are_out_of_reach_while_logged_in_as_the_owner(member: Member, owner: Actor, now: dt.datetime) -> None:
    visiting = dataclasses.replace(owner, name="Clerk", person_id=99, on_behalf_of_id=owner.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        set_roles(member, ["tickets"], actor=visiting, now=now)
