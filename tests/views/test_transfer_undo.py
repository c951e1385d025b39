"""Undoing a transfer of items from its page, within a day (SPEC E4)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import AuditEvent, ItemTransfer, LicenseItem
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of, said_by

PATH = "/transfers/confirm?source=LIC-A&target=LIC-B&items-phones=4"
TAKERS = [role for role in MemberRole if role is not MemberRole.OWNER]
CLERKS = [role for role in StaffRole if role is not StaffRole.ADMINISTRATOR]


@pytest.fixture
def account(session):
    made = AccountFactory(client_id="10001", name="Acme", transfers_allowed=True)
    phones = ProductFactory(code="phones", name="Phones")
    for code, quantity in (("LIC-A", 10), ("LIC-B", 2)):
        LicenseItemFactory(license=LicenseFactory(account=made, code=code), product=phones, quantity=quantity)
    return made


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def undo(owner):
    """The address of undoing four phones that went from the first license to the second."""
    answer = owner.post(PATH)
    assert answer.status_code == 303
    return f"{answer.location.removeprefix(owner.base)}/undo"


def held():
    """What the first and the second license hold, as the database has it now."""
    db.session.rollback()
    return [item.quantity for item in db.session.scalars(select(LicenseItem).order_by(LicenseItem.id))]


def the_transfer():
    return db.session.scalars(select(ItemTransfer)).one()


def test_the_result_of_a_transfer_offers_to_undo_it(owner, account):
    result = owner.client.get(owner.post(PATH).location)
    page = page_of(result)
    assert "Within 24 hours this can be undone" in page.text
    undo = next(url for label, url in page.links if label == "Undo transfer")
    assert {"LIC-A", "LIC-B", "Phones"} <= set(page.text.split())
    assert "Both licenses hold what they held before" in owner.flashed(owner.confirm(undo.removeprefix(owner.base)))
    assert held() == [10, 2]
    assert "Undo transfer" not in [label for label, _url in page_of(owner.client.get(undo.removesuffix("/undo"))).links]


def test_both_licenses_and_the_audit_say_who_undid_it(owner, undo):
    owner.confirm(undo)
    db.session.rollback()
    assert the_transfer().undone_by == owner.person.name
    told = db.session.scalars(select(AuditEvent.target_key).where(AuditEvent.event == "license.transfer_undone"))
    assert sorted(told) == ["LIC-A", "LIC-B"]


def test_opening_the_question_undoes_nothing(owner, undo):
    assert "items go back" in owner.get(undo).get_data(as_text=True)
    assert held() == [6, 6]


def test_staff_undo_it_too(app, undo):
    desk = staff_desk(app)
    assert desk.confirm(undo).status_code == 303
    assert held() == [10, 2]


def test_a_transfer_is_found_in_the_list_of_transfers(app, owner, undo):
    for desk in (owner, staff_desk(app), staff_desk(app, StaffRole.AUDITOR)):
        assert f"{desk.base}{undo.removesuffix('/undo')}" in [
            url for _label, url in page_of(desk.get("/item-transfers/")).links
        ]


@pytest.mark.parametrize("role", TAKERS)
def test_members_without_the_right_undo_nothing(app, account, undo, role):
    assert P.TRANSFERS_MAKE not in MEMBER_GRANTS[role]
    desk = member_desk(app, account, role)
    assert [desk.get(undo).status_code, desk.post(undo).status_code] == [403, 403]
    assert held() == [6, 6]


@pytest.mark.parametrize("role", CLERKS)
def test_staff_without_the_right_undo_nothing(app, undo, role):
    assert P.TRANSFERS_MAKE not in STAFF_GRANTS[role]
    desk = staff_desk(app, role)
    assert [desk.get(undo).status_code, desk.post(undo).status_code] == [403, 403]
    assert "Undo transfer" not in desk.get(undo.removesuffix("/undo")).get_data(as_text=True)
    assert held() == [6, 6]


def test_a_foreign_transfer_and_one_that_never_was_are_not_found(app, undo):
    stranger = member_desk(app, AccountFactory(client_id="10002", transfers_allowed=True), MemberRole.OWNER)
    for path in (undo, undo.removesuffix("/undo"), "/item-transfers/nothing/undo", "/item-transfers/%00/undo"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(undo).status_code == 404
    assert held() == [6, 6]


def test_after_a_day_the_question_says_so_and_the_answer_changes_nothing(owner, undo):
    the_transfer().created_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=24, seconds=1)
    asked, sent = owner.get(undo), owner.post(undo)
    assert [asked.status_code, sent.status_code] == [200, 409]
    for answer in (asked, sent):
        assert "these are over. Transfer the items back instead." in page_of(answer).text
        assert not [form for form in page_of(answer).forms if form.action.endswith("/undo")]
    assert held() == [6, 6]


def test_undone_twice_it_is_undone_once(owner, undo):
    assert [owner.post(undo).status_code for _time in range(2)] == [303, 409]
    assert said_by(owner.post(undo)) == ["This transfer was undone already."]
    assert held() == [10, 2]


def test_what_changed_since_is_refused_with_the_reason(owner, undo):
    item = db.session.scalars(select(LicenseItem).order_by(LicenseItem.id)).first()
    item.quantity = 7
    answer = owner.post(undo)
    assert answer.status_code == 409
    assert "The licenses have changed since this transfer" in said_by(answer)[0]
    assert held() == [7, 6]
    assert the_transfer().undone_at is None


def test_an_account_that_lost_the_privilege_undoes_nothing_and_its_menu_is_without(owner, account, undo):
    assert f"{owner.base}/item-transfers/" in [url for _label, url in page_of(owner.get("/")).links]
    account.transfers_allowed = False
    answer = owner.post(undo)
    assert answer.status_code == 409
    assert "Ask support to switch this on" in said_by(answer)[0]
    assert f"{owner.base}/item-transfers/" not in [url for _label, url in page_of(owner.get("/")).links]
    assert held() == [6, 6]
