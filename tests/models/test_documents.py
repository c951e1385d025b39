"""Orders, invoices, credit notes and statements: what the database itself refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from domain.invoices import InvoiceStatus
from models import Invoice, StatementKind
from tests.factories.base import NOW
from tests.factories.money import (
    CreditNoteFactory,
    CreditNoteLineFactory,
    DeliveryLinkFactory,
    DocumentFileFactory,
    DunningStepFactory,
    InvoiceFactory,
    InvoiceLineFactory,
    InvoiceTaxFactory,
    MonthCloseFactory,
    OrderFactory,
    StatementLineFactory,
)
from tests.factories.people import AccountFactory
from tests.factories.services import SubscriptionFactory

pytestmark = pytest.mark.usefixtures("session")


def test_an_order_placed_has_its_moment():
    with pytest.raises(IntegrityError, match="placed_has_its_moment"):
        OrderFactory(placed_at=None)


def test_a_number_is_given_once():
    InvoiceFactory(number="INV-2026-0001")
    with pytest.raises(IntegrityError):
        InvoiceFactory(number="INV-2026-0001")


def test_a_draft_has_a_provisional_number():
    with pytest.raises(IntegrityError, match="draft_number_is_provisional"):
        InvoiceFactory(draft=True, number="INV-2026-0001")


def test_an_issued_invoice_has_no_provisional_number():
    with pytest.raises(IntegrityError, match="draft_number_is_provisional"):
        InvoiceFactory(number="DRAFT-abcdefghjkmnpqrs")


@pytest.mark.parametrize("missing", ["issued_on", "due_on"])
def test_an_issued_invoice_has_its_days(missing):
    with pytest.raises(IntegrityError, match="issued_has_its_days"):
        InvoiceFactory(**{missing: None})


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"total": 10_001}, "total_adds_up"),
        ({"net_total": -1, "tax_total": 10_001, "total": 10_000}, "amounts_not_negative"),
        ({"amount_due": 9_999}, "amount_due_adds_up"),
        ({"amount_paid": -1}, "settled_not_negative|status_agrees"),
        ({"status": InvoiceStatus.PAID, "amount_paid": 10_001}, "amount_due_not_negative|status_agrees"),
        ({"status": InvoiceStatus.VOID, "amount_credited": 10_001}, "credited_at_most_total"),
        ({"status": InvoiceStatus.PAID}, "status_agrees"),
        ({"status": InvoiceStatus.PARTIALLY_PAID}, "status_agrees"),
        ({"amount_paid": 1}, "status_agrees"),
        ({"amount_credited": 10_000}, "status_agrees"),
        ({"status": InvoiceStatus.VOID, "amount_paid": 1}, "status_agrees"),
    ],
    ids=str,
)
def test_an_invoice_adds_up(wrong, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        InvoiceFactory(**wrong)


def test_a_void_invoice_is_owed_no_more():
    assert InvoiceFactory(void=True).amount_due == 0


def test_an_imported_invoice_comes_in_once_an_account():
    first = InvoiceFactory(external_ref="7590-VHVEG")
    InvoiceFactory(external_ref="7590-VHVEG")
    InvoiceFactory(account=first.account)
    InvoiceFactory(account=first.account)
    with pytest.raises(IntegrityError):
        InvoiceFactory(account=first.account, external_ref="7590-VHVEG")


def test_an_invoice_belongs_to_an_order_of_its_account():
    with pytest.raises(IntegrityError):
        InvoiceFactory(order=OrderFactory())


def test_an_invoice_bills_a_subscription_of_its_account():
    with pytest.raises(IntegrityError):
        InvoiceFactory(subscription=SubscriptionFactory())


def test_an_invoice_without_a_subscription_is_fine(session):
    invoice = InvoiceFactory()
    assert session.scalar(select(Invoice.subscription_id).where(Invoice.id == invoice.id)) is None


def test_a_line_stays_in_the_account_of_its_invoice():
    invoice, stranger = InvoiceFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        InvoiceLineFactory(invoice=invoice, account_id=stranger.id)


def test_a_line_stays_in_the_currency_of_its_invoice():
    with pytest.raises(IntegrityError):
        InvoiceLineFactory(currency="EUR")


@pytest.mark.parametrize("make", [InvoiceLineFactory, CreditNoteLineFactory])
def test_a_line_adds_up(make):
    with pytest.raises(IntegrityError, match="total_adds_up"):
        make(total=1)


def test_two_lines_do_not_share_a_position():
    line = InvoiceLineFactory()
    with pytest.raises(IntegrityError):
        InvoiceLineFactory(invoice=line.invoice, position=line.position)


def test_a_rate_stands_once_in_the_breakdown():
    tax = InvoiceTaxFactory()
    with pytest.raises(IntegrityError):
        InvoiceTaxFactory(invoice=tax.invoice)


def test_a_credit_note_belongs_to_an_invoice_of_its_account():
    invoice, stranger = InvoiceFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        CreditNoteFactory(invoice=invoice, account=stranger, order=OrderFactory(account=stranger))


def test_a_credit_note_is_over_something():
    with pytest.raises(IntegrityError, match="total_adds_up"):
        CreditNoteFactory(net_total=0)


def test_a_credit_note_settles_at_most_itself():
    with pytest.raises(IntegrityError, match="allocated_at_most_total"):
        CreditNoteFactory(amount_allocated=1_001)


def test_a_place_in_the_statement_is_taken_once():
    line = StatementLineFactory()
    StatementLineFactory(sequence=line.sequence)
    with pytest.raises(IntegrityError):
        StatementLineFactory(account=line.account, sequence=line.sequence)


def test_a_document_stands_once_in_the_statement():
    line = StatementLineFactory(document_number="INV-1")
    StatementLineFactory(account=line.account, document_number="INV-1", kind=StatementKind.INVOICE_VOIDED)
    with pytest.raises(IntegrityError):
        StatementLineFactory(account=line.account, document_number="INV-1")


def test_a_step_is_taken_once_an_invoice():
    step = DunningStepFactory(step="final_warning")
    DunningStepFactory(step="final_warning")
    with pytest.raises(IntegrityError):
        DunningStepFactory(invoice=step.invoice, step="final_warning")


def test_a_month_is_closed_once():
    MonthCloseFactory(month="2026-04")
    with pytest.raises(IntegrityError):
        MonthCloseFactory(month="2026-04")


def test_a_document_is_stored_once():
    stored = DocumentFileFactory()
    with pytest.raises(IntegrityError):
        DocumentFileFactory(account_id=stored.account_id, document_key=stored.document_key)


def test_a_delivery_link_expires_after_it_was_made():
    with pytest.raises(IntegrityError, match="expires_after_creation"):
        DeliveryLinkFactory(expires_at=NOW)


def test_what_can_be_done_with_an_invoice_is_the_same_in_python_and_in_the_database(session):
    InvoiceFactory()
    InvoiceFactory(paid=True)
    InvoiceFactory(void=True)
    InvoiceFactory(draft=True)
    InvoiceFactory(partially_paid=True)
    InvoiceFactory(amount_credited=4_000)
    found = session.execute(select(Invoice, Invoice.can_pay, Invoice.can_issue, Invoice.can_void).order_by(Invoice.id))
    said = []
    for invoice, can_pay, can_issue, can_void in found:
        assert (invoice.can_pay, invoice.can_issue, invoice.can_void) == (can_pay, can_issue, can_void)
        said.append((invoice.can_pay, invoice.can_issue, invoice.can_void))
    assert said == [
        (True, False, True),
        (False, False, False),
        (False, False, False),
        (False, True, False),
        (True, False, False),
        (True, False, False),
    ]
