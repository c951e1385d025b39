"""A payment above the limit over HTTP: refused, asked for, approved, paid (SPEC B7)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import PayApproval
from services.ledger import open_ledger_accounts
from tests.factories.people import AccountFactory, PayApprovalFactory
from tests.services.money import fund, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by


@pytest.fixture
def account(session, now):
    found = AccountFactory(client_id="10001", name="Acme")
    open_ledger_accounts([(found.id, found.currency)], now=now)
    return found


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def payer(app, account):
    return member_desk(app, account, MemberRole.PAYMENTS, pay_limit=5_000, currency="USD")


@pytest.fixture
def number(account):
    now = dt.datetime.now(dt.UTC)
    fund(account, 50_000, now)
    return issued(account, now, net=10_000).number


def test_a_payment_above_the_limit_leads_to_the_owner_and_back(owner, payer, number):
    refused = payer.confirm(f"/invoices/{number}/pay")
    assert refused.status_code == 409
    assert "You may pay up to $50.00" in said_by(refused)[0]
    assert f"/portal/10001/invoices/{number}/ask-the-owner" in refused.get_data(as_text=True)
    asked = payer.confirm(f"/invoices/{number}/ask-the-owner", note="New phones")
    assert "The owner is asked" in payer.flashed(asked)
    assert "A payment waits for your approval" in owner.get("/").get_data(as_text=True)
    key = db.session.scalars(select(PayApproval.public_id)).one()
    assert "New phones" in owner.get(f"/pay-approvals/{key}").get_data(as_text=True)
    assert "The payment is approved" in owner.flashed(owner.confirm(f"/pay-approvals/{key}/approve"))
    assert "The invoice is paid" in payer.flashed(payer.confirm(f"/invoices/{number}/pay"))
    assert "waits for your approval" not in owner.get("/").get_data(as_text=True)
    db.session.rollback()
    assert db.session.scalars(select(PayApproval.status)).one() == "used"


def test_the_owner_needs_nobody(owner, number):
    answer = owner.confirm(f"/invoices/{number}/ask-the-owner")
    assert (answer.status_code, said_by(answer)) == (409, ["You may pay this invoice without asking. Pay it."])
    assert "/ask-the-owner" not in owner.get(f"/invoices/{number}").get_data(as_text=True)


def test_a_declined_question_is_closed(owner, payer, account, number):
    payer.flashed(payer.confirm(f"/invoices/{number}/ask-the-owner"))
    key = db.session.scalars(select(PayApproval.public_id)).one()
    owner.flashed(owner.confirm(f"/pay-approvals/{key}/decline", reason="Not this month"))
    assert owner.get(f"/pay-approvals/{key}/approve").status_code == 409
    assert payer.confirm(f"/invoices/{number}/pay").status_code == 409


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_members_with_a_role_decide_nothing(app, account, role):
    approval, desk = PayApprovalFactory(), member_desk(app, account, role)
    own = PayApprovalFactory(member__account=account)
    for act in ("approve", "decline"):
        assert desk.post(f"/pay-approvals/{own.public_id}/{act}").status_code == 403
    assert desk.get(f"/pay-approvals/{approval.public_id}").status_code in (403, 404)


def test_the_question_of_another_is_not_withdrawn(payer, account):
    own = PayApprovalFactory(member__account=account)
    answer = payer.confirm(f"/pay-approvals/{own.public_id}/withdraw")
    assert (answer.status_code, said_by(answer)) == (409, ["Only who asked the question withdraws it."])


def test_staff_read_approvals_and_decide_none(app, account):
    own = PayApprovalFactory(member__account=account)
    for role, status in ((StaffRole.ADMINISTRATOR, 200), (StaffRole.BILLING, 200), (StaffRole.SALES, 403)):
        desk = staff_desk(app, role)
        assert desk.get(f"/pay-approvals/{own.public_id}").status_code == status
        assert desk.post(f"/pay-approvals/{own.public_id}/approve").status_code == 404


def test_an_approval_of_another_account_is_not_found(owner):
    foreign = PayApprovalFactory()
    for act in ("", "/approve", "/decline", "/withdraw"):
        assert owner.get(f"/pay-approvals/{foreign.public_id}{act}").status_code == 404
