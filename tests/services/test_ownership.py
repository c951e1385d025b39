"""The ownership of an account moves when both sides confirm, and nothing else moves with it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.permissions import MemberRole
from domain.role_words import GIVEN_ROLES
from extensions import db
from models import (
    Account,
    AccountStatus,
    AuditEvent,
    Member,
    MemberStatus,
    NotificationDelivery,
    OwnershipChange,
    OwnershipChangeStatus,
    PayApproval,
)
from services.ownership import (
    LIVES,
    ConfirmedAlready,
    NotAsked,
    NotFitToOwn,
    OwnershipChangeClosed,
    OwnershipChangeOpen,
    OwnershipNotYours,
    confirm_for_owner,
    confirm_ownership_change,
    decline_ownership_change,
    expire_ownership_changes,
    open_ownership_change,
    propose_ownership_change,
    withdraw_ownership_change,
)
from services.people import NotWhileLoggedInAs
from services.roles import roles_held
from services.step_up import ProofNeeded
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PayApprovalFactory,
    PersonFactory,
)
from tests.factories.services import SubscriptionFactory
from tests.services.money import CLERK, member_actor
from tests.support.parallel import at_once, refusals

CLOCK = Actor("expire ownership changes", Source.JOB)


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(name="Acme")


@pytest.fixture
def old(account: Account) -> Member:
    return OwnerFactory(account=account)


@pytest.fixture
def new(account: Account) -> Member:
    found = MemberFactory(account=account)
    MemberRoleGrantFactory(member=found, role=MemberRole.TICKETS)
    return found


def owners(account: Account) -> list[int]:
    return list(db.session.scalars(select(Member.id).where(Member.account_id == account.id, Member.is_owner)))


def told(event: str) -> set[int | None]:
    return set(db.session.scalars(select(NotificationDelivery.person_id).where(NotificationDelivery.event == event)))


def test_the_ownership_moves_when_both_sides_have_confirmed(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    assert (change.from_confirmed_at, change.to_confirmed_at, change.expires_at) == (now, None, now + LIVES)
    assert owners(account) == [old.id]
    assert told("ownership_proposed") == {old.person_id, new.person_id}
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    assert change.status is OwnershipChangeStatus.DONE
    assert owners(account) == [new.id]
    assert roles_held(old) == set(GIVEN_ROLES)
    assert roles_held(new) == set()
    assert told("ownership_moved") == {old.person_id, new.person_id}
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "account.ownership_moved")).one()
    assert (event.before, event.after) == ({"owner": str(old.person)}, {"owner": str(new.person)})


def test_nothing_else_moves_with_it(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    subscription, asked = (
        SubscriptionFactory(account=account),
        PayApprovalFactory(member=MemberFactory(account=account)),
    )
    columns = {column.key: getattr(subscription, column.key) for column in subscription.__mapper__.column_attrs}
    phone, first = new.phone, old.is_first
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    db.session.expire_all()
    assert {name: getattr(subscription, name) for name in columns} == columns
    assert (new.phone, old.is_first, new.is_first, asked.is_open) == (phone, first, False, True)


def test_a_new_owner_need_not_ask_any_more(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    asked = PayApprovalFactory(member=new)
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    assert db.session.get_one(PayApproval, asked.id).status == "withdrawn"


def test_staff_propose_and_both_sides_confirm(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    assert change.from_confirmed_at is None
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    assert owners(account) == [old.id]
    confirm_ownership_change(change, actor=member_actor(old), now=now)
    assert owners(account) == [new.id]


def test_staff_confirm_for_an_owner_who_left_with_a_reason_and_both_are_told(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    confirm_for_owner(change, actor=CLERK, now=now, reason="Retired, letter of the board received")
    assert owners(account) == [old.id]
    assert told("ownership_confirmed_for_owner") == {old.person_id, new.person_id}
    recorded = select(AuditEvent).where(AuditEvent.event == "ownership_change.confirmed_for_owner")
    assert db.session.scalars(recorded).one().after == {"reason": "Retired, letter of the board received"}
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    assert owners(account) == [new.id]


def test_members_never_confirm_for_the_owner(old: Member, new: Member, now: dt.datetime) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    for member in (old, new):
        with pytest.raises(OwnershipNotYours):
            confirm_for_owner(change, actor=member_actor(member), now=now, reason="I want it")


def test_only_the_owner_and_staff_propose(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    for member in (new, MemberFactory(account=account), OwnerFactory()):
        with pytest.raises(OwnershipNotYours):
            propose_ownership_change(new, actor=member_actor(member), now=now)


def test_only_the_two_sides_confirm_and_decline(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    for actor in (member_actor(MemberFactory(account=account)), member_actor(OwnerFactory()), CLERK):
        with pytest.raises(NotAsked):
            confirm_ownership_change(change, actor=actor, now=now)
        with pytest.raises(NotAsked):
            decline_ownership_change(change, actor=actor, now=now)
    with pytest.raises(OwnershipNotYours):
        withdraw_ownership_change(change, actor=member_actor(new), now=now)


@pytest.mark.parametrize(
    "unfit",
    [
        ({}, {"status": MemberStatus.INVITED}),
        ({}, {"status": MemberStatus.DISABLED}),
        ({}, {"portal_access": False}),
        ({"email_verified_at": None}, {}),
        ({"disabled_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, {}),
    ],
)
def test_the_new_owner_is_an_enabled_member_with_a_verified_address(
    account: Account, old: Member, now: dt.datetime, unfit: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    person, seat = unfit
    member = MemberFactory(account=account, person=PersonFactory(**person), **seat)
    with pytest.raises(NotFitToOwn):
        propose_ownership_change(member, actor=member_actor(old), now=now)
    with pytest.raises(NotFitToOwn):
        propose_ownership_change(old, actor=member_actor(old), now=now)


def test_who_became_unfit_meanwhile_does_not_become_owner(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    confirm_ownership_change(change, actor=member_actor(new), now=now)
    new.status = MemberStatus.DISABLED
    db.session.flush()
    with pytest.raises(NotFitToOwn):
        confirm_ownership_change(change, actor=member_actor(old), now=now)


def test_the_ownership_of_a_suspended_account_does_not_move(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    change = propose_ownership_change(new, actor=CLERK, now=now)
    confirm_for_owner(change, actor=CLERK, now=now, reason="Left")
    account.status = AccountStatus.SUSPENDED
    db.session.flush()
    with pytest.raises(OwnershipChangeClosed):
        confirm_ownership_change(change, actor=member_actor(new), now=now)


def test_one_change_is_open_at_a_time(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    propose_ownership_change(new, actor=member_actor(old), now=now)
    other = MemberFactory(account=account)
    db.session.commit()
    with pytest.raises(OwnershipChangeOpen):
        propose_ownership_change(other, actor=CLERK, now=now)


def test_a_side_confirms_once(old: Member, new: Member, now: dt.datetime) -> None:
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    with pytest.raises(ConfirmedAlready):
        confirm_ownership_change(change, actor=member_actor(old), now=now)
    with pytest.raises(ConfirmedAlready):
        confirm_for_owner(change, actor=CLERK, now=now, reason="Left")


def test_declined_withdrawn_and_done_changes_are_closed(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    for close, actor in ((decline_ownership_change, new), (withdraw_ownership_change, old)):
        change = propose_ownership_change(new, actor=member_actor(old), now=now)
        close(change, actor=member_actor(actor), now=now)
        assert told("ownership_not_moved") == {old.person_id, new.person_id}
        for act in (confirm_ownership_change, decline_ownership_change):
            with pytest.raises(OwnershipChangeClosed):
                act(change, actor=member_actor(new), now=now)
        with pytest.raises(OwnershipChangeClosed):
            withdraw_ownership_change(change, actor=member_actor(old), now=now)
    assert owners(account) == [old.id]


def test_after_14_days_it_has_expired(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    later = now + LIVES
    with pytest.raises(OwnershipChangeClosed):
        confirm_ownership_change(change, actor=dataclasses.replace(member_actor(new), proved_at=later), now=later)
    assert open_ownership_change(account.id, now=later) is None
    assert expire_ownership_changes(actor=CLOCK, now=later - dt.timedelta(seconds=1)) == 0
    assert expire_ownership_changes(actor=CLOCK, now=later) == 1
    assert change.status is OwnershipChangeStatus.EXPIRED
    assert expire_ownership_changes(actor=CLOCK, now=later) == 0


def test_an_expired_one_does_not_stand_in_the_way(old: Member, new: Member, now: dt.datetime) -> None:
    first = propose_ownership_change(new, actor=CLERK, now=now)
    propose_ownership_change(new, actor=CLERK, now=now + LIVES)
    assert first.status is OwnershipChangeStatus.EXPIRED


def test_it_wants_a_recent_proof_and_ones_own_name(old: Member, new: Member, now: dt.datetime) -> None:
    late = dataclasses.replace(member_actor(old), proved_at=now - dt.timedelta(minutes=16))
    visiting = dataclasses.replace(member_actor(old), on_behalf_of_id=old.person_id)
    for actor, stop in ((late, ProofNeeded), (visiting, NotWhileLoggedInAs)):
        with pytest.raises(stop):
            propose_ownership_change(new, actor=actor, now=now)
    change = propose_ownership_change(new, actor=CLERK, now=now)
    for actor, stop in ((late, ProofNeeded), (visiting, NotWhileLoggedInAs)):
        with pytest.raises(stop):
            confirm_ownership_change(change, actor=actor, now=now)
    for act in (decline_ownership_change, withdraw_ownership_change):
        with pytest.raises(NotWhileLoggedInAs):
            act(change, actor=visiting, now=now)


def test_both_sides_at_the_same_moment_make_one_owner(
    account: Account, old: Member, new: Member, now: dt.datetime
) -> None:
    change_id = propose_ownership_change(new, actor=CLERK, now=now).id
    sides, account_id = [member_actor(old), member_actor(new)], account.id
    results = at_once(
        lambda place: (
            confirm_ownership_change(db.session.get_one(OwnershipChange, change_id), actor=sides[place % 2], now=now).id
        ),
        times=8,
    )
    assert len(refusals(results)) == 6
    counted = select(func.count()).where(Member.account_id == account_id, Member.is_owner)
    assert db.session.scalar(counted) == 1
    assert db.session.get_one(OwnershipChange, change_id).status is OwnershipChangeStatus.DONE
    assert db.session.get_one(Member, new.id).is_owner


def test_proposals_at_the_same_moment_are_one(account: Account, old: Member, now: dt.datetime) -> None:
    members = [MemberFactory(account=account).id for _n in range(4)]
    actor = member_actor(old)
    results = at_once(
        lambda place: propose_ownership_change(db.session.get_one(Member, members[place]), actor=actor, now=now).id,
        times=4,
    )
    assert len(refusals(results)) == 3


def test_nobody_ever_sees_two_owners_or_none(account: Account, old: Member, new: Member, now: dt.datetime) -> None:
    """Another reader looks all the time while the ownership moves."""
    change = propose_ownership_change(new, actor=member_actor(old), now=now)
    db.session.commit()
    seen: set[int] = set()
    engine, account_id, done = db.engine, account.id, threading.Event()

    def watch() -> None:
        counted = select(func.count()).where(Member.account_id == account_id, Member.is_owner)
        while not done.is_set():
            with Session(engine) as other:
                seen.add(other.scalar(counted) or 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        confirm_ownership_change(change, actor=member_actor(new), now=now)
        db.session.commit()
    finally:
        done.set()
        watcher.join(timeout=10)
    assert seen <= {1}
