"""Invoices and payments from CSV: documents of ours, statements and ledger that agree, and a second import."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from models import Account, Invoice, InvoiceLine, InvoiceTax, LedgerEntry, MonthClose, Payment, PaymentAllocation
from services.books import check_books
from services.imports import ImportRefused
from services.invoices import pay_invoice_from_balance, void_invoice
from services.unit_of_work import unit_of_work
from tests.services.imports.files import (
    CLERK,
    all_of,
    bring_in,
    bring_in_samples,
    changed,
    count_everything,
    csv_of,
    look_at,
    make_catalogue,
    places_of,
    problems_of,
    sample,
)
from tests.services.money import funds, issued, receivable, statement_of

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
PAYMENT = ("external_ref", "account_ref", "received_on", "currency", "amount", "method", "invoices")


@pytest.fixture(autouse=True)
def _what_the_documents_refer_to(session: Session) -> None:
    make_catalogue()
    bring_in_samples(NOW, "accounts", "licenses", "subscriptions")


def account(ref: str) -> Account:
    return db.session.scalars(select(Account).where(Account.external_ref == ref)).one()


def invoice(ref: str) -> Invoice:
    return db.session.scalars(
        select(Invoice).where(Invoice.external_ref == ref).execution_options(populate_existing=True)
    ).one()


def test_an_invoice_is_issued_with_a_number_of_ours_and_keeps_its_own(session: Session) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    first = invoice("2026/0118")
    assert (first.number, first.status, first.issued_on, first.due_on) == (
        "INV-2026-0003",
        "unpaid",
        dt.date(2026, 3, 12),
        dt.date(2026, 3, 26),
    )
    assert (first.net_total, first.tax_total, first.total, first.amount_due) == (98_00, 18_62, 116_62, 116_62)
    assert first.billing["vat_id"] == "DE136695976"
    [line] = [each for each in all_of(InvoiceLine) if each.invoice_id == first.id]
    assert (line.net, line.tax, line.tax_rate, line.total) == (98_00, 18_62, 190_000, 116_62)
    [tax] = [each for each in all_of(InvoiceTax) if each.invoice_id == first.id]
    assert (tax.name, tax.net, tax.tax) == ("Tax 19 %", 98_00, 18_62)
    assert receivable(account("K-1002")) == -116_62
    assert check_books() == []


def test_statement_and_ledger_carry_the_days_of_the_file(session: Session) -> None:
    bring_in_samples(NOW, "invoices", "payments")
    assert [
        (line.kind, line.booked_on, line.amount, line.balance_after) for line in statement_of(account("K-1002"))
    ] == [
        ("invoice", dt.date(2026, 3, 12), -116_62, -116_62),
        ("payment", dt.date(2026, 3, 20), 120_00, 3_38),
    ]
    entry = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.event == "invoice.issued", LedgerEntry.document_key == "INV-2026-0003")
    ).one()
    assert entry.occurred_at == dt.datetime(2026, 3, 12, tzinfo=dt.UTC)


def test_a_payment_pays_the_invoices_it_names_then_the_oldest_debt_and_the_rest_is_balance(session: Session) -> None:
    bring_in_samples(NOW, "invoices", "payments")
    assert (invoice("2026/0117").status, invoice("2026/0160").status) == ("paid", "partially_paid")
    assert (invoice("2026/0160").amount_paid, invoice("2026/0160").amount_due) == (100_00, 14_00)
    assert (funds(account("K-1001")), receivable(account("K-1001"))) == (0, -14_00)
    assert (funds(account("K-1002")), receivable(account("K-1002"))) == (3_38, 0)
    assert [each.number for each in all_of(Payment)] == ["PAY-2026-0001", "PAY-2026-0002", "PAY-2026-0003"]
    assert check_books() == []


def test_several_payments_of_one_file_share_an_invoice(session: Session) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    content = csv_of(
        PAYMENT,
        ("Z-1", "K-1001", "2026-04-01", "USD", "50.00", "card", "2026/0160; 2026/0117"),
        ("Z-2", "K-1001", "2026-04-02", "USD", "100.00", "card", "INV-2026-0002"),
        ("Z-3", "K-1001", "2026-04-03", "USD", "100.00", "other", ""),
    )
    bring_in("payments", content, NOW)
    assert (invoice("2026/0160").status, invoice("2026/0117").status) == ("paid", "paid")
    parts = [(each.payment_id, each.amount) for each in all_of(PaymentAllocation)]
    first, second, third = (each.id for each in all_of(Payment))
    assert parts == [(first, 50_00), (second, 64_00), (second, 36_00), (third, 78_00)]
    assert funds(account("K-1001")) == 22_00
    assert check_books() == []


def test_what_is_left_of_an_imported_payment_can_be_spent(session: Session) -> None:
    bring_in_samples(NOW, "invoices", "payments")
    with unit_of_work():
        bill = issued(account("K-1002"), NOW, net=3_00)
        pay_invoice_from_balance(bill, actor=CLERK, now=NOW)
    assert (bill.status, funds(account("K-1002"))) == ("paid", 38)
    assert check_books() == []


def test_numbers_go_on_without_a_gap_after_a_refused_file(session: Session) -> None:
    with pytest.raises(ImportRefused):
        bring_in("invoices", changed("invoices", 4, "116.62", "116.63"), NOW)
    bring_in("invoices", sample("invoices"), NOW)
    look_at("invoices", changed("invoices", 2, "2026/0117", "2026/0116"), NOW)
    with unit_of_work():
        assert issued(account("K-1003"), NOW).number == "INV-2026-0004"
    assert check_books() == []


def test_documents_are_passed_over_the_second_time(session: Session) -> None:
    bring_in_samples(NOW, "invoices", "payments")
    before = count_everything()
    assert bring_in("invoices", sample("invoices"), NOW).there == 3
    assert bring_in("payments", sample("payments"), NOW).there == 3
    assert count_everything() == before


def test_an_invoice_over_nothing_is_paid_at_once(session: Session) -> None:
    bring_in("invoices", changed("invoices", 2, "114.00,,,114.00", "0,,,"), NOW)
    assert (invoice("2026/0117").status, invoice("2026/0117").total) == ("paid", 0)
    assert check_books() == []


@pytest.mark.parametrize(
    ("line", "old", "new", "column"),
    [
        (2, "USD", "EUR", "currency"),
        (2, "114.00,,,114.00", "114.00,,,115.00", "total"),
        (2, "114.00,,,114.00", "-114.00,,,", "net"),
        (2, "114.00,,,114.00", "1e3,,,", "net"),
        (2, "2026-03-01,2026-03-15", "2026-03-01,2026-02-15", "due_on"),
        (2, "2026-03-01,2026-03-15", "2026-06-01,2026-06-15", "issued_on"),
        (2, "S-1", "S-2", "subscription"),
        (3, "2026/0160", "2026/0117", "external_ref"),
        (4, "18.62,19,", "18.62,,", "tax_rate"),
        (4, "18.62,19,", "18.62,101,", "tax_rate"),
    ],
)
def test_an_invoice_that_cannot_be_is_refused(line: int, old: str, new: str, column: str) -> None:
    assert places_of("invoices", changed("invoices", line, old, new), NOW) == [(line, column)]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("2026/0117", "2026/9999", "invoices"),
        ("2026/0117", "2026/0118", "invoices"),
        ("114.00", "0.00", "amount"),
        ("cheque", "balance", "method"),
        ("2026-03-10", "2026-08-10", "received_on"),
        ("USD", "GBP", "currency"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(old: str, new: str, column: str) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    assert places_of("payments", changed("payments", 2, old, new), NOW) == [(2, column)]


def test_a_void_invoice_is_not_paid(session: Session) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    with unit_of_work():
        void_invoice(invoice("2026/0117"), actor=CLERK, now=NOW)
    assert problems_of("payments", sample("payments"), NOW) == [
        (2, "invoices", "invoice “2026/0117” is void and cannot be paid.")
    ]


def test_a_closed_month_takes_no_documents(session: Session) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    db.session.add(MonthClose(month="2026-03", closed_at=NOW))
    db.session.commit()
    assert bring_in("invoices", sample("invoices"), NOW).there == 3  # those that are here are here
    assert places_of("invoices", changed("invoices", 2, "2026/0117", "2026/0116"), NOW) == [(2, "issued_on")]
    assert places_of("payments", sample("payments"), NOW) == [(2, "received_on"), (4, "received_on")]


def test_an_invoice_that_says_something_else_is_named_and_stays_frozen(session: Session) -> None:
    bring_in("invoices", sample("invoices"), NOW)
    [(line, column, message)] = problems_of("invoices", changed("invoices", 2, "114.00,,,114.00", "115.00,,,"), NOW)
    assert (line, column) == (2, "net")
    assert "“114.00”, not “115.00”" in message
