"""Giving and taking roles, for one member and for many."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.permissions import MemberRole
from extensions import db
from models import Account, Member
from services.audit import target_of, timeline_of
from services.people import NotWhileLoggedInAs
from services.roles import (
    CannotHoldRoles,
    NoRoleChosen,
    OwnershipIsNoRole,
    RolesChangedMeanwhile,
    RolesNotYours,
    add_roles,
    remove_roles,
    roles_held,
    set_roles,
)
from services.step_up import ProofNeeded
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, member_actor
from tests.support.parallel import at_once

BOTH = [add_roles, remove_roles]


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


@pytest.fixture
def owner(account: Account) -> Actor:
    return member_actor(OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    found = MemberFactory(account=account)
    MemberRoleGrantFactory(member=found, role=MemberRole.BILLING)
    return found


def test_roles_are_added_to_those_held(member: Member, owner: Actor, now: dt.datetime) -> None:
    add_roles(member, ["tickets", "billing"], actor=owner, now=now)
    assert roles_held(member) == {MemberRole.BILLING, MemberRole.TICKETS}
    (event,) = timeline_of(*target_of(member))
    assert (event.before, event.after) == ({"roles": ["billing"]}, {"roles": ["billing", "tickets"]})


def test_roles_are_taken_as_far_as_they_are_held(member: Member, owner: Actor, now: dt.datetime) -> None:
    remove_roles(member, ["tickets", "billing"], actor=owner, now=now)
    assert roles_held(member) == set()


def test_what_changes_nothing_is_not_recorded(member: Member, owner: Actor, now: dt.datetime) -> None:
    version = member.version
    add_roles(member, ["billing"], actor=owner, now=now)
    remove_roles(member, ["tickets"], actor=owner, now=now)
    assert timeline_of(*target_of(member)) == []
    assert member.version == version


@pytest.mark.parametrize("act", BOTH)
def test_at_least_one_role_is_chosen(
    act: Callable[..., Member], member: Member, owner: Actor, now: dt.datetime
) -> None:
    with pytest.raises(NoRoleChosen):
        act(member, [], actor=owner, now=now)


@pytest.mark.parametrize("act", BOTH)
def test_only_the_owner_of_this_account_and_staff_change_roles(
    act: Callable[..., Member], member: Member, owner: Actor, now: dt.datetime
) -> None:
    other, stranger = MemberFactory(account=member.account), OwnerFactory()
    for actor in (member_actor(member), member_actor(other), member_actor(stranger)):
        with pytest.raises(RolesNotYours):
            act(member, ["billing"], actor=actor, now=now)
    act(member, ["billing"], actor=CLERK, now=now)


@pytest.mark.parametrize("act", BOTH)
def test_ownership_is_no_role(act: Callable[..., Member], member: Member, owner: Actor, now: dt.datetime) -> None:
    with pytest.raises(OwnershipIsNoRole):
        act(member, ["owner"], actor=owner, now=now)


@pytest.mark.parametrize("act", BOTH)
def test_the_owner_and_the_address_book_hold_no_roles(
    act: Callable[..., Member], account: Account, owner: Actor, now: dt.datetime
) -> None:
    for seat in (db.session.get_one(Member, owner.member_id), MemberFactory(account=account, portal_access=False)):
        with pytest.raises(CannotHoldRoles):
            act(seat, ["tickets"], actor=owner, now=now)


@pytest.mark.parametrize("act", BOTH)
def test_roles_want_a_recent_proof_and_ones_own_name(
    act: Callable[..., Member], member: Member, owner: Actor, now: dt.datetime
) -> None:
    with pytest.raises(ProofNeeded):
        act(member, ["tickets"], actor=dataclasses.replace(owner, proved_at=now - dt.timedelta(minutes=16)), now=now)
    with pytest.raises(NotWhileLoggedInAs):
        act(member, ["tickets"], actor=dataclasses.replace(owner, on_behalf_of_id=owner.person_id), now=now)
    assert roles_held(member) == {MemberRole.BILLING}


def test_roles_that_changed_since_the_page_was_opened_are_not_overwritten(
    member: Member, owner: Actor, now: dt.datetime
) -> None:
    with pytest.raises(RolesChangedMeanwhile):
        set_roles(member, ["tickets"], actor=owner, now=now, seen=[])
    set_roles(member, ["tickets"], actor=owner, now=now, seen=["billing"])
    assert roles_held(member) == {MemberRole.TICKETS}


def test_two_who_add_different_roles_at_once_both_count(member: Member, now: dt.datetime) -> None:
    member_id, roles = member.id, ["tickets", "licenses", "support_chat", "release_manager"]
    at_once(
        lambda place: add_roles(db.session.get_one(Member, member_id), [roles[place]], actor=CLERK, now=now).id, times=4
    )
    assert roles_held(db.session.get_one(Member, member_id)) == {MemberRole.BILLING, *map(MemberRole, roles)}
