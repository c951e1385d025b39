"""Crediting invoices, in part and as a whole, paid and unpaid."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from models import Account, CreditNote, CreditNoteLine, CreditReason, Invoice, Payment, PaymentAllocation
from models.invoice import InvoiceStatus
from services.audit import target_of, timeline_of
from services.credit_notes import CreditAboveInvoice, CreditNotPositive, InvoiceNotCreditable, issue_credit_note
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, void_invoice
from tests.factories.people import AccountFactory
from tests.services.money import (
    CLERK,
    NINETEEN_PERCENT,
    assert_books_balance,
    draft,
    fund,
    funds,
    issued,
    receivable,
    rows_of,
    statement_of,
)
from tests.support.parallel import at_once, refusals


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


def credit(invoice: Invoice, now: dt.datetime, amount: int | None = None) -> CreditNote:
    return issue_credit_note(invoice, reason=CreditReason.OVERCHARGE, amount=amount, actor=CLERK, now=now)


def mixed(account: Account, now: dt.datetime) -> Invoice:
    lines = [
        InvoiceLineValues("Seats", unit_price=333, quantity=3, tax_rate=NINETEEN_PERCENT),
        InvoiceLineValues("Setup", unit_price=1_000),
        InvoiceLineValues("Books", unit_price=777, tax_rate=70_000),
    ]
    invoice = create_invoice(account, lines, description="Mixed", actor=CLERK, now=now)
    return issue_invoice(invoice, actor=CLERK, now=now)


def test_an_unpaid_invoice_credited_as_a_whole_owes_nothing(account: Account, now: dt.datetime) -> None:
    invoice = mixed(account, now)
    note = credit(invoice, now)
    assert (note.number, note.total, note.net_total, note.tax_total) == (
        "CN-2026-0001",
        invoice.total,
        invoice.net_total,
        invoice.tax_total,
    )
    assert (invoice.status, invoice.amount_due, invoice.amount_credited) == (InvoiceStatus.PAID, 0, invoice.total)
    assert (funds(account), receivable(account)) == (0, 0)
    lines = db.session.scalars(select(CreditNoteLine).order_by(CreditNoteLine.position)).all()
    assert [line.description for line in lines] == ["Seats", "Setup", "Books"]
    assert [line.amount for line in statement_of(account)] == [-invoice.total, invoice.total]
    assert timeline_of(*target_of(note))[0].after["invoice"] == invoice.number
    assert_books_balance()


def test_a_part_lowers_what_is_due(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now, net=10_000, tax_rate=NINETEEN_PERCENT)
    note = credit(invoice, now, 1_190)
    assert (note.net_total, note.tax_total) == (1_000, 190)
    assert (invoice.status, invoice.amount_due) == (InvoiceStatus.UNPAID, 10_710)
    assert receivable(account) == -10_710
    assert_books_balance()


def test_parts_of_several_rates_add_up_to_the_whole(account: Account, now: dt.datetime) -> None:
    invoice = mixed(account, now)
    for amount in (1, 500, 777, None):
        credit(invoice, now, amount)
    notes = db.session.scalars(select(CreditNote)).all()
    assert sum(note.net_total for note in notes) == invoice.net_total
    assert sum(note.tax_total for note in notes) == invoice.tax_total
    assert invoice.amount_credited == invoice.total
    assert receivable(account) == 0
    assert_books_balance()


def test_what_was_paid_becomes_balance_again(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    fund(account, 10_000, now)
    credit(invoice, now, 4_000)
    assert (invoice.status, invoice.amount_paid, invoice.amount_credited, invoice.amount_due) == (
        InvoiceStatus.PAID,
        6_000,
        4_000,
        0,
    )
    assert (funds(account), receivable(account)) == (4_000, 0)
    payment = db.session.scalars(select(Payment).execution_options(populate_existing=True)).one()
    assert payment.amount_allocated == 6_000
    assert statement_of(account)[-1].balance_after == 4_000
    assert_books_balance()


def test_what_is_due_becomes_less_before_payments_are_taken_back(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    fund(account, 7_000, now)
    credit(invoice, now, 5_000)
    assert (invoice.amount_paid, invoice.amount_credited, invoice.amount_due) == (5_000, 5_000, 0)
    assert (funds(account), receivable(account)) == (2_000, 0)


def test_the_newest_payment_is_taken_back_first(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    fund(account, 7_000, now)
    fund(account, 3_000, now)
    credit(invoice, now, 4_000)
    found = select(PaymentAllocation).where(PaymentAllocation.payment_id.is_not(None)).order_by(PaymentAllocation.id)
    rows = db.session.scalars(found.execution_options(populate_existing=True)).all()
    assert [(row.amount, row.amount_reversed) for row in rows] == [(7_000, 1_000), (3_000, 3_000)]
    assert funds(account) == 4_000


def test_no_more_is_credited_than_the_invoice(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    credit(invoice, now, 6_000)
    with pytest.raises(CreditAboveInvoice, match=r"40\.00 USD are not credited yet"):
        credit(invoice, now, 4_001)
    credit(invoice, now, 4_000)
    with pytest.raises(CreditAboveInvoice, match="as a whole already"):
        credit(invoice, now)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_credit_is_above_zero(account: Account, now: dt.datetime, amount: int) -> None:
    with pytest.raises(CreditNotPositive):
        credit(issued(account, now), now, amount)


def test_only_issued_invoices_are_credited(account: Account, now: dt.datetime) -> None:
    with pytest.raises(InvoiceNotCreditable):
        credit(draft(account, now), now)
    with pytest.raises(InvoiceNotCreditable):
        credit(void_invoice(issued(account, now), actor=CLERK, now=now), now)


def test_credits_at_once_never_pass_the_invoice(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    fund(account, 10_000, now)
    invoice_id = invoice.id
    results = at_once(lambda _: credit(db.session.get_one(Invoice, invoice_id), now, 1_500).id)
    assert len(refusals(results)) == 10
    assert (invoice.amount_credited, invoice.amount_paid) == (9_000, 1_000)
    assert funds(account) == 9_000
    assert rows_of(CreditNote) == 6
    assert_books_balance()
