"""A right that was taken away is gone with the next click, however long the page was open before."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import (
    Account,
    AccountStatus,
    AllowedNetwork,
    Member,
    MemberRoleGrant,
    MemberStatus,
    Person,
    StaffMember,
    StaffStatus,
)
from tests.factories.people import AccountFactory, AllowedNetworkFactory, MemberFactory, MemberRoleGrantFactory
from tests.support.desk import Desk, seat, staff_desk

SIGN_IN = 303


@pytest.fixture
def account(app: Flask, session: Session) -> Account:
    return AccountFactory(client_id="20777")


@pytest.fixture
def member(account: Account) -> Member:
    found = MemberFactory(account=account)
    MemberRoleGrantFactory(member=found, role=MemberRole.BILLING)
    return found


@pytest.fixture
def desk(app: Flask, member: Member) -> Desk:
    """Somebody with the list of invoices open."""
    made = seat(app, member)
    assert made.get("/invoices/").status_code == 200
    return made


@pytest.fixture
def elsewhere(member: Member) -> Member:
    """Another seat of the same person, so that their session goes on."""
    return MemberFactory(person=db.session.get_one(Person, member.person_id))


def test_a_role_that_was_taken(desk: Desk) -> None:
    db.session.execute(delete(MemberRoleGrant))
    assert desk.get("/invoices/").status_code == 403
    assert desk.get("/").status_code == 200


def test_a_seat_that_was_disabled(desk: Desk, member: Member, elsewhere: Member) -> None:
    db.session.execute(update(Member).where(Member.id == member.id).values(status=MemberStatus.DISABLED))
    assert desk.get("/invoices/").status_code == 404


def test_a_seat_whose_access_was_switched_off(desk: Desk, member: Member, elsewhere: Member) -> None:
    db.session.execute(update(Member).where(Member.id == member.id).values(portal_access=False))
    assert desk.get("/invoices/").status_code == 404


def test_a_seat_that_was_deleted(desk: Desk, member: Member, elsewhere: Member) -> None:
    db.session.execute(delete(MemberRoleGrant))
    db.session.execute(delete(Member).where(Member.id == member.id))
    assert desk.get("/invoices/").status_code == 404


def test_the_last_seat(desk: Desk) -> None:
    db.session.execute(update(Member).values(status=MemberStatus.DISABLED))
    assert desk.get("/invoices/").status_code == SIGN_IN


def test_an_account_that_was_suspended(desk: Desk, account: Account, elsewhere: Member) -> None:
    db.session.execute(update(Account).where(Account.id == account.id).values(status=AccountStatus.SUSPENDED))
    assert desk.get("/invoices/").status_code == 404
    assert desk.client.get("/accounts").status_code == 200


def test_an_account_that_admits_other_networks_only(desk: Desk, account: Account) -> None:
    AllowedNetworkFactory(person=None, account=account, cidr="192.0.2.0/24")
    refused = desk.get("/invoices/")
    assert refused.status_code == 403
    assert "From this network you may not come in" in refused.get_data(as_text=True)
    db.session.execute(update(AllowedNetwork).values(cidr="127.0.0.0/8"))
    assert desk.get("/invoices/").status_code == 200


@pytest.fixture
def clerk(app: Flask, session: Session) -> Desk:
    """A clerk with the list of invoices open."""
    made = staff_desk(app, StaffRole.BILLING)
    assert made.get("/invoices/").status_code == 200
    return made


def test_staff_who_were_disabled(clerk: Desk) -> None:
    db.session.execute(update(StaffMember).values(status=StaffStatus.DISABLED))
    assert clerk.get("/invoices/").status_code == SIGN_IN


def test_staff_whose_role_changed(clerk: Desk) -> None:
    db.session.execute(update(StaffMember).values(role=StaffRole.SUPPORT_AGENT))
    assert clerk.get("/invoices/").status_code == 403
    assert clerk.get("/tickets/").status_code == 200
