"""Downloading documents over HTTP: whoever may read the record, as a file, and nobody else."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import Payment
from models.credit_note import CreditReason
from services.credit_notes import issue_credit_note
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, draft, fund, issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pdf import text_of


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", currency="USD")


@pytest.fixture
def documents(account, now):
    """The addresses of one of each kind."""
    invoice = issued(account, now, tax_rate=190_000)
    note = issue_credit_note(
        invoice, reason=CreditReason.GOODWILL, amount=1_190, description="", remark=None, actor=CLERK, now=now
    )
    fund(account, 5_000, now)
    payment = db.session.scalars(select(Payment)).one()
    return {
        "invoices": f"/invoices/{invoice.number}",
        "credit-notes": f"/credit-notes/{note.number}",
        "payments": f"/payments/{payment.number}",
    }


@pytest.mark.parametrize("kind", ["invoices", "credit-notes", "payments"])
def test_the_button_of_a_record_gives_its_pdf_as_a_file(app, account, documents, kind):
    for desk in (member_desk(app, account, MemberRole.OWNER), staff_desk(app)):
        assert "/pdf" in desk.get(documents[kind]).get_data(as_text=True)
        answer = desk.client.get(desk.get(f"{documents[kind]}/pdf").location)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.data.startswith(b"%PDF")


def test_every_amount_on_the_page_of_an_invoice_stands_on_its_paper(app, account, documents):
    desk = member_desk(app, account, MemberRole.OWNER)
    page = desk.get(documents["invoices"]).get_data(as_text=True)
    facts = re.search(r"(?s)<dl.*?</dl>", page).group()
    paper = text_of(desk.client.get(desk.get(f"{documents['invoices']}/pdf").location).data)
    total = re.search(r"\$119\.00", facts)
    assert total
    for amount in ("$100.00", "$19.00", "$119.00"):
        assert amount in page
        assert amount in paper


def test_the_page_says_why_a_line_costs_what_it_costs(app, account, now):
    from services.invoices import InvoiceLineValues, create_invoice, issue_invoice

    why = {"price": {"unit": 500, "period": "monthly"}, "quantity": 3, "changed_by": "Mia", "changed_at": "2026-05-01"}
    line = InvoiceLineValues("Seats", unit_price=500, quantity=3, explanation=why)
    invoice = issue_invoice(
        create_invoice(account, [line], description="x", actor=CLERK, now=now), actor=CLERK, now=now
    )
    page = member_desk(app, account, MemberRole.BILLING).get(f"/invoices/{invoice.number}").get_data(as_text=True)
    assert "Why this amount?" in page
    assert "3 × $5.00 monthly; asked for by Mia on May 1, 2026" in page


@pytest.mark.parametrize("kind", ["invoices", "credit-notes", "payments"])
def test_documents_of_another_account_are_not_found(app, account, documents, kind):
    location = member_desk(app, account, MemberRole.OWNER).get(f"{documents[kind]}/pdf").location
    other = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert other.get(f"{documents[kind]}/pdf").status_code == 404
    assert other.client.get(location.replace("10001", "10002")).status_code == 404
    assert other.client.get(location).status_code == 404


def test_who_may_not_read_invoices_gets_none(app, account, documents):
    location = member_desk(app, account, MemberRole.OWNER).get(f"{documents['invoices']}/pdf").location
    desk = member_desk(app, account, MemberRole.TICKETS)
    assert desk.client.get(location).status_code == 403


def test_a_draft_has_no_document(app, account, now):
    number = draft(account, now).number
    desk = staff_desk(app)
    assert desk.get(f"/invoices/{number}/pdf").status_code == 409
    assert desk.get(f"/papers/invoice/{number}.pdf").status_code == 409


@pytest.mark.parametrize("number", ["INV-1999-0001", "x" * 200, "%00", "..%2Fx"])
def test_a_number_that_is_none_is_not_found(app, account, number):
    assert staff_desk(app).get(f"/papers/invoice/{number}.pdf").status_code == 404
