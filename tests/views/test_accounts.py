"""The customer app of the provider over HTTP: open, view, suspend, delete, undo."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from sqlalchemy import select

from domain.permissions import StaffRole
from extensions import db
from models import Account, AccountStatus, Member
from models.audit import AuditChain
from models.ticket import TicketStatus
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory, OwnerFactory
from tests.factories.support import TicketFactory
from tests.services.money import fund
from tests.support.desk import Desk, staff_desk
from tests.support.pages import form_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme & Sons")


@pytest.fixture
def admin(app, session):
    return staff_desk(app)


def fresh():
    db.session.rollback()
    return db.session.scalar(
        select(Account).where(Account.client_id == "10001").execution_options(populate_existing=True)
    )


TYPED = {
    "name": "Grüne Wiese GmbH",
    "country": "DE",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "pricing_model": "app",
    "payment_mode": "postpaid",
    "credit_limit": "500.00",
    "owner_first_name": "Olivia",
    "owner_last_name": "Owner",
    "owner_email": "olivia@wiese.example",
}


# Open


def test_the_form_that_opens_an_account_is_grouped_and_says_what_can_never_be_changed(admin):
    page = html.unescape(admin.get("/accounts/new").get_data(as_text=True))
    for title in ("Organisation", "Owner", "Billing", "Contact", "References"):
        assert f"<legend>{title}</legend>" in page
    assert "It can never be changed after the account is opened." in page
    for offered in (
        '<option value="DE">Germany</option>',
        '<option value="EUR">EUR – Euro</option>',
        "Europe/Sarajevo",
    ):
        assert offered in page


def test_a_new_account_gets_its_values_its_billing_name_and_an_invited_owner(admin):
    answer = admin.confirm("/accounts/new", **TYPED)
    assert "Grüne Wiese GmbH added." in admin.flashed(answer)
    account = db.session.scalars(select(Account)).one()
    assert (account.country, account.currency, account.time_zone) == ("DE", "EUR", "Europe/Berlin")
    assert (account.pricing_model, account.payment_mode) == ("app", "postpaid")
    assert figures_of(account.id, day=dt.datetime.now(dt.UTC).date()).limit == 50_000
    assert account.billing_name == "Grüne Wiese GmbH"
    assert db.session.scalars(select(Member)).one().is_owner


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"name": "x"}, 409),
        ({"country": "XX"}, 422),
        ({"country": "Germany"}, 422),
        ({"currency": "EURO"}, 422),
        ({"time_zone": "Mars/Olympus"}, 422),
        ({"pricing_model": ""}, 422),
        ({"vat_id": "DE1"}, 409),
        ({"owner_email": "not an address"}, 422),
        ({"name": "a\0b"}, 422),
        ({"name": "x" * 300}, 422),
        ({"credit_limit": ""}, 409),
        ({"credit_limit": "much"}, 422),
        ({"credit_limit": "-1"}, 409),
    ],
)
def test_a_value_that_is_not_right_is_said_and_what_was_typed_is_kept(admin, typed, status):
    answer = admin.confirm("/accounts/new", **{**TYPED, **typed})
    assert answer.status_code == status
    assert said_by(answer)
    assert form_of(answer).values["owner_last_name"] == "Owner"
    assert db.session.scalar(select(Account)) is None


def test_neither_the_pricing_model_nor_the_currency_can_be_edited(admin, account):
    controls = form_of(admin.get("/accounts/10001/edit")).controls
    assert not {"pricing_model", "currency"} & controls.keys()
    assert {"customer_ref", "billing_ref", "type_ref"} <= controls.keys()
    admin.confirm("/accounts/10001/edit", pricing_model="app", currency="EUR", customer_ref="B-7")
    assert (fresh().pricing_model, fresh().currency, fresh().customer_ref) == ("license", "USD", "B-7")


# View


def test_the_view_menu_leads_to_every_list_of_the_account(admin, account):
    page = admin.get("/accounts/10001").get_data(as_text=True)
    for slug in ("members", "licenses", "subscriptions", "invoices", "credit-notes", "statements", "payments", "tickets",
                 "audit", "prospects", "orders"):  # fmt: skip
        address = f"/{slug}/?account=10001"
        assert f'href="/staff{address}"' in page
        assert "Acme &amp; Sons" in admin.get(address).get_data(as_text=True), slug
    assert 'href="/staff/accounts/?parent=10001">Customer accounts</a>' in page


def test_the_view_menu_offers_an_agent_only_what_an_agent_may_open(app, account):
    page = staff_desk(app, StaffRole.SUPPORT_AGENT).get("/accounts/10001").get_data(as_text=True)
    assert "/staff/licenses/?account=10001" in page
    for slug in ("invoices", "payments", "audit", "statements"):
        assert f"/staff/{slug}/?account=10001" not in page


# Suspend


def test_suspending_ends_the_members_session_with_the_next_click_and_they_come_back_after_it(app, admin, account):
    person = OwnerFactory(account=account).person
    browser = Desk(app, person, "/portal/10001")
    assert browser.get("/").status_code == 200
    admin.confirm("/accounts/10001/suspend", reason="Asked for it")
    assert browser.get("/").status_code in (303, 404)
    assert fresh().status is AccountStatus.SUSPENDED
    admin.confirm("/accounts/10001/reactivate")
    assert Desk(app, person, "/portal/10001").get("/").status_code == 200


# Delete


def test_the_checklist_shows_what_blocks_and_leads_to_what_clears_it(admin, account, now):
    fund(account, 500, now)
    TicketFactory(account=account, status=TicketStatus.OPEN)
    page = html.unescape(admin.get("/accounts/10001/deletion").get_data(as_text=True))
    assert "The balance is $5.00." in page
    assert "/staff/tickets/?account=10001&status=open" in page
    assert "All are paid." in page
    assert 'name="typed_name"' not in page  # nothing to confirm while something blocks
    answer = admin.post("/accounts/10001/deletion", reason="x", typed_name="Acme & Sons")
    assert answer.status_code == 409
    assert "In the way: funds, tickets" in said_by(answer)[0]
    assert fresh().status is AccountStatus.ACTIVE


@pytest.mark.parametrize("typed", ["", "acme & sons", "10001", "Acme &amp; Sons"])
def test_nothing_is_deleted_without_the_name_typed(admin, account, typed):
    answer = admin.confirm("/accounts/10001/deletion", reason="Asked for it", typed_name=typed)
    assert answer.status_code == 422
    assert fresh().status is AccountStatus.ACTIVE


def test_an_account_is_suspended_for_deletion_and_undone(admin, account):
    answer = admin.confirm("/accounts/10001/deletion", reason="Asked for it", typed_name="Acme & Sons")
    assert "Suspended for deletion. It can be undone until" in admin.flashed(answer)
    assert fresh().status is AccountStatus.SUSPENDED_FOR_DELETION
    assert admin.get("/accounts/10001/reactivate").status_code == 409
    admin.confirm("/accounts/10001/undo-deletion")
    assert fresh().status is AccountStatus.ACTIVE


@pytest.mark.parametrize("role", [StaffRole.BILLING, StaffRole.SALES, StaffRole.SUPPORT_AGENT, StaffRole.AUDITOR])
def test_only_administrators_delete(app, account, role):
    desk = staff_desk(app, role)
    for act in ("deletion", "undo-deletion", "suspend"):
        assert desk.get(f"/accounts/10001/{act}").status_code == 403
        assert desk.post(f"/accounts/10001/{act}", typed_name="Acme & Sons", reason="x").status_code == 403
    assert "/accounts/10001/deletion" not in desk.get("/accounts/10001").get_data(as_text=True)


def test_an_account_that_is_not_there_is_not_found(admin):
    for act in ("deletion", "undo-deletion", "verify-audit"):
        assert admin.get(f"/accounts/99999/{act}").status_code == 404
        assert admin.get(f"/accounts/%00/{act}").status_code == 404


# Audit


def test_the_audit_of_an_account_is_verified_by_a_button(app, admin, account):
    admin.confirm("/accounts/10001/suspend", reason="x")
    auditor = staff_desk(app, StaffRole.AUDITOR)
    answer = auditor.confirm("/accounts/10001/verify-audit")
    assert "The audit is intact: 1 events" in auditor.flashed(answer)
    chain = db.session.scalars(select(AuditChain).where(AuditChain.key == f"account-{fresh().id}")).one()
    chain.last_sequence = 2
    db.session.commit()
    answer = auditor.confirm("/accounts/10001/verify-audit")
    assert answer.status_code == 409
    assert "broken at event #2" in said_by(answer)[0]
    assert staff_desk(app, StaffRole.SALES).get("/accounts/10001/verify-audit").status_code == 403
