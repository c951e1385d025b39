"""Staff record what arrived, use payments for invoices and credit invoices, over HTTP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from domain.permissions import STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import CreditNote, Invoice, Payment, PaymentKind
from tests.factories.people import AccountFactory
from tests.services.money import assert_books_balance, draft, fund, funds, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by

PATH = "/received-payments/?account=10001"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


def record(desk, path=PATH, **values):
    return desk.post(
        path,
        **{"amount": "100.00", "received_on": "2026-05-04", "method": "cheque", "reference": "CH-1", **values},
    )


def payments():
    db.session.rollback()
    return db.session.scalars(select(Payment)).all()


def fresh(model, row_id):
    db.session.rollback()
    return db.session.get(model, row_id, populate_existing=True)


def test_a_bookkeeper_records_a_cheque_that_pays_the_chosen_invoice_first(app, account, now):
    older, newer = issued(account, now, net=8_000), issued(account, now, net=9_000)
    older_id, newer_id = older.id, newer.id
    desk = staff_desk(app, StaffRole.BILLING)
    answer = desk.confirm(
        PATH, amount="100.00", method="cheque", received_on="2026-05-04", reference="CH-1", invoices=newer.number
    )
    assert "is recorded: $100.00 paid invoices." in desk.flashed(answer)
    (payment,) = payments()
    assert (payment.method, payment.amount, payment.reference) == (PaymentKind.CHEQUE, 10_000, "CH-1")
    assert fresh(Invoice, newer_id).status is InvoiceStatus.PAID
    assert fresh(Invoice, older_id).amount_paid == 1_000
    assert_books_balance()


def test_what_nothing_is_due_for_stays_as_balance(app, account, now):
    account_id = account.id
    assert record(staff_desk(app)).status_code == 303
    assert funds(fresh(type(account), account_id)) == 10_000


def test_a_customer_is_found_by_name_and_by_client_id_and_asked_for_anew_otherwise(app, account):
    desk = staff_desk(app)
    for typed, status in (("Acme", 200), ("10001", 200), ("nobody", 422), ("", 200), ("%00", 422)):
        assert desk.get(f"/received-payments/?account={typed}").status_code == status, typed
    assert "data-lookup-url" in desk.get("/received-payments/").get_data(as_text=True)


@pytest.mark.parametrize(
    "amount", ["0", "-5", "NaN", "inf", "1e3", "10.001", "99999999999999999999", "1,000.00", "", "10 EUR", "١٠"]
)
def test_an_amount_that_cannot_be_is_refused_and_what_was_typed_stays(app, account, amount):
    answer = record(staff_desk(app), amount=amount)
    assert answer.status_code == 422
    assert said_by(answer)
    assert "CH-1" in answer.get_data(as_text=True)
    assert payments() == []


@pytest.mark.parametrize(
    "values",
    [
        {"received_on": "2999-01-01"},
        {"received_on": "soon"},
        {"method": "balance"},
        {"method": "gold"},
        {"reference": "a\0b"},
        {"invoices": "INV-OF-ANOTHER"},
    ],
)
def test_other_bad_input_is_refused(app, account, values):
    answer = record(staff_desk(app), **values)
    assert answer.status_code == 422
    assert said_by(answer)
    assert payments() == []


@pytest.mark.parametrize("role", list(StaffRole))
def test_only_who_records_payments_does(app, account, role):
    may = P.STAFF_PAYMENTS_RECORD in STAFF_GRANTS[role]
    desk = staff_desk(app, role)
    assert desk.get(PATH).status_code == (200 if may else 403)
    assert record(desk).status_code == (303 if may else 403)
    assert len(payments()) == may


def test_members_find_no_such_page(app, account):
    desk = member_desk(app, account, MemberRole.OWNER)
    assert desk.get("/received-payments/").status_code == 404


# Allocate


def test_what_is_left_of_a_payment_pays_the_oldest_debt_or_the_named_invoice(app, account, now):
    fund(account, 10_000, now)
    first, second = issued(account, now, net=4_000), issued(account, now, net=5_000)
    first_id, second_id, named = first.id, second.id, second.number
    number = db.session.scalars(select(Payment.number)).one()
    desk = staff_desk(app, StaffRole.BILLING)
    assert "$50.00" in desk.flashed(desk.confirm(f"/payments/{number}/allocate", invoices=named))
    assert (fresh(Invoice, first_id).amount_due, fresh(Invoice, second_id).amount_due) == (4_000, 0)
    assert "$40.00" in desk.flashed(desk.confirm(f"/payments/{number}/allocate"))
    assert fresh(Invoice, first_id).amount_due == 0
    assert_books_balance()


def test_an_invoice_of_another_account_is_not_paid_by_it(app, account, now):
    fund(account, 10_000, now)
    foreign = issued(AccountFactory(), now, net=4_000)
    foreign_id, foreign_number = foreign.id, foreign.number
    number = db.session.scalars(select(Payment.number)).one()
    answer = staff_desk(app).post(f"/payments/{number}/allocate", invoices=foreign_number)
    assert answer.status_code == 409
    assert said_by(answer) == [f"This account has no invoice {foreign_number}. Enter numbers like INV-2026-000001."]
    assert fresh(Invoice, foreign_id).amount_due == 4_000


# Credit notes


def test_staff_credit_a_part_and_then_all_that_is_left(app, account, now):
    invoice = issued(account, now, net=10_000)
    invoice_id, number = invoice.id, invoice.number
    desk = staff_desk(app, StaffRole.BILLING)
    assert "over $25.00" in desk.flashed(desk.confirm(f"/invoices/{number}/credit", amount="25.00", reason="goodwill"))
    assert fresh(Invoice, invoice_id).amount_due == 7_500
    assert "over $75.00" in desk.flashed(desk.confirm(f"/invoices/{number}/credit", whole="y", reason="refund"))
    found = fresh(Invoice, invoice_id)
    assert (found.status, found.amount_due, found.amount_credited) == (InvoiceStatus.PAID, 0, 10_000)
    assert desk.get(f"/invoices/{number}/credit").status_code == 409
    assert_books_balance()


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"amount": "100.01", "reason": "refund"}, 409),
        ({"amount": "-1", "reason": "refund"}, 409),
        ({"amount": "0", "reason": "refund"}, 409),
        ({"amount": "NaN", "reason": "refund"}, 409),
        ({"amount": "1.001", "reason": "refund"}, 409),
        ({"reason": "refund"}, 422),
        ({"amount": "1.00", "whole": "y", "reason": "refund"}, 422),
        ({"amount": "1.00", "reason": "because"}, 422),
        ({"amount": "1.00"}, 422),
    ],
)
def test_a_credit_note_that_cannot_be_is_refused(app, account, now, values, status):
    invoice = issued(account, now, net=10_000)
    number = invoice.number
    answer = staff_desk(app).post(f"/invoices/{number}/credit", **values)
    assert answer.status_code == status
    assert said_by(answer)
    assert db.session.scalars(select(CreditNote)).all() == []


def test_a_draft_is_not_credited(app, account, now):
    number = draft(account, now).number
    assert staff_desk(app).get(f"/invoices/{number}/credit").status_code == 409


@pytest.mark.parametrize("role", list(StaffRole))
def test_only_who_issues_credit_notes_does(app, account, now, role):
    number = issued(account, now, net=10_000).number
    may = P.STAFF_CREDIT_NOTES_ISSUE in STAFF_GRANTS[role]
    answer = staff_desk(app, role).post(f"/invoices/{number}/credit", amount="1.00", reason="goodwill")
    assert answer.status_code == (303 if may else 403)
