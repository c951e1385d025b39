"""Moving the ownership over HTTP: proposed, seen by the two who are asked, and answered (SPEC B4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import Member, OwnershipChange
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory
from tests.support.desk import member_desk, seat, staff_desk
from tests.support.pages import said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def old(account):
    return OwnerFactory(account=account)


@pytest.fixture
def new(account):
    return MemberFactory(account=account)


@pytest.fixture
def desks(app, old, new):
    return seat(app, old), seat(app, new)


def owner_of(account_id):
    db.session.rollback()
    return db.session.scalars(select(Member.id).where(Member.account_id == account_id, Member.is_owner)).all()


def test_the_owner_proposes_and_the_member_becomes_owner(desks, account, old, new):
    owner, member = desks
    key, new_id, account_id = new.public_id, new.id, account.id
    assert "proposed" in owner.flashed(owner.confirm(f"/members/{key}/make-owner"))
    assert "It is proposed that" in owner.get("/members/").get_data(as_text=True)
    for desk in desks:
        assert "/portal/10001/ownership/" in desk.get("/").get_data(as_text=True)
    page = owner.get("/ownership/").get_data(as_text=True)
    assert "/ownership/withdraw" in page
    assert "/ownership/confirm" not in page
    assert "Become owner of Acme" in member.get("/ownership/").get_data(as_text=True)
    assert owner.post("/ownership/confirm").status_code == 409
    answer = member.post("/ownership/confirm")
    assert "The ownership has moved" in member.flashed(answer)
    assert owner_of(account_id) == [new_id]
    assert member.get("/members/").status_code == 200
    assert owner.get("/members/").status_code == 403
    assert owner.get("/invoices/").status_code == 200


def test_declined_and_withdrawn_nothing_moves(desks, account, old, new):
    owner, member = desks
    account_id, old_id = account.id, old.id
    for path, desk in (("decline", member), ("withdraw", owner)):
        owner.flashed(owner.confirm(f"/members/{new.public_id}/make-owner"))
        assert "stays as it was" in desk.flashed(desk.post(f"/ownership/{path}"))
        assert owner_of(account_id) == [old_id]
    assert "No change of ownership is open" in owner.get("/ownership/").get_data(as_text=True)
    assert owner.post("/ownership/confirm").status_code == 409


def test_who_is_not_asked_finds_nothing(app, desks, account, new):
    owner, member = desks
    bystander = member_desk(app, account, MemberRole.BILLING)
    stranger = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert member.get("/ownership/").status_code == 404
    owner.flashed(owner.confirm(f"/members/{new.public_id}/make-owner"))
    for path in ("confirm", "decline", "withdraw"):
        assert bystander.post(f"/ownership/{path}").status_code == 404
        assert stranger.client.get(f"/portal/10001/ownership/{path}").status_code in (404, 405)
    assert bystander.get("/ownership/").status_code == 404
    assert stranger.client.get("/portal/10001/ownership/").status_code == 404
    assert member.post("/ownership/withdraw").status_code == 409
    assert db.session.scalars(select(OwnershipChange)).one().is_open


@pytest.mark.parametrize("role", list(StaffRole))
def test_staff_propose_and_confirm_for_an_owner_as_far_as_their_role_goes(app, desks, account, new, role):
    _owner, member = desks
    desk, account_id, new_id = staff_desk(app, role), account.id, new.id
    may = P.OWNERSHIP_MOVE in STAFF_GRANTS[role]
    answer = desk.post(f"/members/{new.public_id}/make-owner")
    assert answer.status_code == (303 if may else 403)
    if not may:
        return
    change = db.session.scalars(select(OwnershipChange)).one().public_id
    path = f"/ownership-changes/{change}"
    assert desk.get(path).status_code == 200
    without = desk.post(f"{path}/confirm-for-owner")
    assert (without.status_code, bool(said_by(without))) == (422, True)
    desk.flashed(desk.post(f"{path}/confirm-for-owner", reason="Has left the company"))
    member.flashed(member.post("/ownership/confirm"))
    assert owner_of(account_id) == [new_id]
    assert desk.post(f"{path}/withdraw").status_code == 409


def test_an_answer_without_our_token_is_turned_away(desks, new):
    owner, member = desks
    owner.flashed(owner.confirm(f"/members/{new.public_id}/make-owner"))
    assert member.client.post("/portal/10001/ownership/confirm").status_code == 400
