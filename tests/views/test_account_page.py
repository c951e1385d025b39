"""The account's own page, and leaving an account, over HTTP (SPEC B1, B4)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Account, Member
from services.account_settings import OWN_FIELDS
from tests.factories.people import AccountFactory, OwnerFactory
from tests.support.desk import member_desk, seat, staff_desk
from tests.support.pages import form_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", country="DE", vat_id="DE136695976")


@pytest.fixture
def owner(app, account):
    return seat(app, OwnerFactory(account=account))


def fresh(account_id):
    db.session.rollback()
    return db.session.get_one(Account, account_id, populate_existing=True)


def sent(desk, **typed):
    values = form_of(desk.get("/account/")).values
    return desk.client.post(f"{desk.base}/account/update", data={**values, **typed})


def test_the_page_shows_the_client_id_to_copy_and_the_balance(owner):
    page = owner.get("/account/").get_data(as_text=True)
    assert 'data-copy="10001"' in page
    assert "Balance" in page
    assert "DE136695976" in page
    assert '/portal/10001/account/"' in owner.get("/").get_data(as_text=True)


def test_the_owner_updates_contact_and_billing_data(owner, account):
    account_id = account.id
    answer = sent(owner, contact_name="Ada", billing_city="Köln", billing_email=" Bills@Acme.Example")
    assert "The account is saved" in owner.flashed(answer)
    found = fresh(account_id)
    assert (found.contact_name, found.billing_city, found.billing_email) == ("Ada", "Köln", "bills@acme.example")


@pytest.mark.parametrize("name", ["country", "currency", "vat_id", "pricing_model", "tax_exempt", "status", "name"])
def test_what_decides_tax_and_prices_is_not_changed_here(owner, account, name):
    assert name not in OWN_FIELDS
    account_id, before = account.id, getattr(account, name)
    owner.flashed(sent(owner, contact_name="Ada", **{name: "XX"}))
    assert getattr(fresh(account_id), name) == before


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"contact_email": "nobody"}, 422),
        ({"billing_email": "a@b.example, c@d.example"}, 422),
        ({"time_zone": "Mars/Olympus"}, 409),
        ({"billing_name": ""}, 422),
        ({"billing_name": "   "}, 409),
        ({"billing_city": "x" * 121}, 422),
        ({"contact_name": "a\0b"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_kept_to_be_corrected(owner, account, typed, status):
    account_id = account.id
    answer = sent(owner, contact_phone="+49 221 1", **typed)
    assert (answer.status_code, bool(said_by(answer))) == (status, True)
    assert "<title>Error:" in answer.get_data(as_text=True)
    assert form_of(answer).values["contact_phone"] == "+49 221 1"
    assert fresh(account_id).contact_phone is None


@pytest.mark.parametrize("version", ["", "7", "many", "-1", "9" * 40, "9" * 5000])
def test_a_stale_save_is_refused_and_may_be_repeated(owner, account, version):
    account_id = account.id
    answer = sent(owner, contact_name="Ada", version=version)
    assert answer.status_code == 409
    assert fresh(account_id).contact_name is None
    again = owner.client.post(f"{owner.base}/account/update", data=form_of(answer).values)
    assert again.status_code == 303
    assert fresh(account_id).contact_name == "Ada"


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_other_members_neither_see_nor_change_it(app, account, role):
    desk = member_desk(app, account, role)
    assert desk.get("/account/").status_code == 403
    assert desk.post("/account/update", contact_name="Ada").status_code == 403


def test_strangers_and_staff_find_no_such_page(app, account):
    stranger = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert stranger.client.get("/portal/10001/account/").status_code == 404
    assert staff_desk(app).get("/account/").status_code == 404


# Leaving


def test_a_member_leaves_after_being_asked(app, account, owner):
    desk = member_desk(app, account, MemberRole.BILLING)
    assert "Leave Acme" in desk.get("/leave/").get_data(as_text=True)
    assert db.session.scalar(select(Member.id).where(Member.is_owner.is_(False))) is not None
    answer = desk.confirm("/leave/")
    assert (answer.status_code, answer.location) == (303, "/")
    assert desk.get("/").status_code in (303, 404)
    db.session.rollback()
    assert db.session.scalars(select(Member.is_owner)).all() == [True]


def test_the_owner_is_told_why_they_stay(owner):
    answer = owner.confirm("/leave/")
    assert answer.status_code == 409
    assert "Move the ownership to another member first" in said_by(answer)[0]


def test_a_seat_is_not_left_without_our_token(app, account, owner):
    desk = member_desk(app, account, MemberRole.BILLING)
    assert desk.client.post("/portal/10001/leave/").status_code == 400
    assert desk.get("/").status_code == 200
