"""The PDF of a document: what stands in it, that it is made once, and that its bytes never change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from extensions import db
from models import Account, CreditNote, DocumentFile, DocumentKind, Invoice, Job, Payment
from models.credit_note import CreditReason
from services.credit_notes import issue_credit_note
from services.document_jobs import JOB
from services.documents import DocumentNotMade, NotIssued, document_of, typesetter
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice
from services.settings import change_setting
from services.stored_files import stored_files
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, draft, fund, issued, rows_of
from tests.support.due_jobs import run_due_jobs
from tests.support.pdf import text_of
from tests.support.together import all_at_once


@pytest.fixture(autouse=True)
def _store(tmp_path):
    stored_files.bind_folder(tmp_path / "files")


@pytest.fixture
def account(session) -> Account:
    return AccountFactory(billing_name="Ελληνική شركة GmbH", billing_city="Köln", billing_country="DE", currency="EUR")


def pdf(document, now):
    db.session.commit()
    return document_of(document, now=now).content


def test_an_invoice_says_who_what_how_much_and_why(account, now):
    change_setting("seller_name", "House Ltd", actor=CLERK, now=now)
    price = {"price": {"unit": 10_000, "period": "monthly", "valid_from": "2026-01-01"}, "quantity": 2}
    rule = {"tax_rule": {"name": "VAT 19 %", "valid_from": "2020-07-01", "valid_to": None}}
    why = {**price, **rule, "changed_by": "Mia", "changed_at": "2026-05-01T10:00:00"}
    lines = [
        InvoiceLineValues("Extensions", unit_price=10_000, quantity=2, tax_rate=190_000, explanation=why),
        InvoiceLineValues("Books", unit_price=1_050, tax_rate=70_000),
    ]
    invoice = issue_invoice(create_invoice(account, lines, description="x", actor=CLERK, now=now), actor=CLERK, now=now)
    text = " ".join(text_of(pdf(invoice, now), "-layout").split())  # where lines break depends on the fonts there are
    for wanted in (
        invoice.number,
        "House Ltd",
        "Köln",
        "Extensions",
        "€100.00",
        "€200.00",
        "19 %",
        "2 × €100.00 monthly (price from Jan 1, 2026)",
        "VAT 19 %, in force from Jul 1, 2020",
        "asked for by Mia on May 1, 2026",
        "€38.00",
        "€0.74",
        "€249.24",
    ):
        assert wanted in text, wanted


def test_the_same_bytes_come_for_ever_whatever_changes_around_them(account, now):
    invoice = issued(account, now)
    first = pdf(invoice, now)
    change_setting("seller_name", "Renamed Ltd", actor=CLERK, now=now)
    account.billing_name = "Somebody else"
    fund(account, 10_000, now)
    assert pdf(invoice, now) == first
    assert rows_of(DocumentFile) == 1


def test_what_changes_after_the_issue_does_not_reach_a_paper_that_is_made_late(account, now):
    invoice = issued(account, now)
    account.billing_name = "Somebody else"
    assert "Somebody else" not in text_of(pdf(invoice, now))


def test_many_who_ask_at_once_get_the_same_bytes(account, now):
    invoice_id = issued(account, now).id
    made = all_at_once(lambda _number: document_of(db.session.get_one(Invoice, invoice_id), now=now).sha256, times=8)
    assert len(set(made)) == 1, made
    assert rows_of(DocumentFile) == 1


def test_the_issue_asks_for_its_paper_and_a_job_makes_it(account, now):
    invoice = issued(account, now)
    issue_credit_note(
        invoice, reason=CreditReason.GOODWILL, amount=1_000, description="", remark=None, actor=CLERK, now=now
    )
    assert len(db.session.scalars(select(Job).where(Job.kind == JOB)).all()) == 2
    assert run_due_jobs(JOB, now=now) == 2
    kinds = set(db.session.scalars(select(DocumentFile.kind)))
    assert kinds == {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}


def test_a_credit_note_names_its_invoice_its_reason_and_its_tax(account, now):
    invoice = issued(account, now, tax_rate=190_000)
    note = issue_credit_note(
        invoice, reason=CreditReason.OVERCHARGE, amount=1_190, description="", remark=None, actor=CLERK, now=now
    )
    text = text_of(pdf(note, now))
    for wanted in (note.number, invoice.number, "Overcharge", "€10.00", "€1.90", "€11.90"):
        assert wanted in text, wanted
    assert isinstance(note, CreditNote)


def test_a_receipt_says_what_was_paid_with_it(account, now):
    invoice = issued(account, now)
    fund(account, 15_000, now)
    payment = db.session.scalars(select(Payment)).one()
    text = text_of(pdf(payment, now))
    for wanted in (payment.number, invoice.number, "€100.00", "Kept as balance", "€50.00", "€150.00"):
        assert wanted in text, wanted


def test_a_draft_has_no_paper(account, now):
    with pytest.raises(NotIssued):
        pdf(draft(account, now), now)


def test_a_paper_that_cannot_be_set_stores_nothing(account, now, monkeypatch):
    invoice = issued(account, now)
    monkeypatch.setattr("services.documents.TEMPLATE", "missing.typ")
    with pytest.raises(DocumentNotMade):
        pdf(invoice, now)
    assert rows_of(DocumentFile) == 0
    typesetter.close()
