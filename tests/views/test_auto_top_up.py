"""The rule of auto top-up over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import AutoTopUp
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by

PATH = "/auto-top-up/"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", currency="USD")


@pytest.fixture
def method(account):
    return PaymentMethodFactory(account=account, expires_on=None)


def rules():
    db.session.rollback()
    return db.session.scalars(select(AutoTopUp)).all()


def test_the_owner_sets_and_changes_the_rule(app, account, method):
    desk = member_desk(app, account, MemberRole.OWNER)
    for amount in ("200.00", "300.00"):
        answer = desk.confirm(PATH, enabled="y", threshold="50.00", amount=amount, method=method.public_id)
        assert "Auto top-up is saved" in desk.flashed(answer)
    (rule,) = rules()
    assert (rule.threshold, rule.amount, rule.is_enabled) == (5_000, 30_000, True)
    assert 'value="300.00"' in desk.get(PATH).get_data(as_text=True)


@pytest.mark.parametrize("amount", ["", "0", "-1", "NaN", "1.234", "9" * 30, "x"])
def test_an_amount_that_makes_no_sense_is_said(app, account, method, amount):
    desk = member_desk(app, account, MemberRole.OWNER)
    answer = desk.confirm(PATH, enabled="y", threshold="50.00", amount=amount, method=method.public_id)
    assert answer.status_code in (409, 422)
    assert said_by(answer)
    assert rules() == []


def test_a_method_of_another_account_is_no_choice(app, account, method):
    other = PaymentMethodFactory()
    db.session.commit()
    desk = member_desk(app, account, MemberRole.OWNER)
    answer = desk.confirm(PATH, enabled="y", threshold="1.00", amount="2.00", method=other.public_id)
    assert (answer.status_code, rules()) == (422, [])


def test_without_a_stored_method_the_page_leads_to_adding_one(app, account):
    assert "/add-payment-method/" in member_desk(app, account, MemberRole.OWNER).get(PATH).get_data(as_text=True)


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_nobody_else_sets_it(app, account, method, role):
    desk = member_desk(app, account, role)
    assert desk.get(PATH).status_code == 403
    assert desk.post(PATH, enabled="y", threshold="1.00", amount="2.00", method=method.public_id).status_code == 403
    assert rules() == []


def test_staff_set_none(app, account):
    assert staff_desk(app).get(PATH).status_code == 404
