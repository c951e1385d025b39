"""The invariants of the books: right after every act, and each breach found with its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.sentences import as_kept, from_kept
from extensions import db
from models import (
    Account,
    CreditNoteLine,
    CreditReason,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    ItemTransferLine,
    LedgerAccount,
    NumberSeries,
    OrderKind,
    Payment,
    PaymentAllocation,
    Product,
    StatementKind,
    StatementLine,
    TransferDirection,
    UnbilledCharge,
)
from models.ledger import LedgerAccountKind
from services.books import INVARIANTS, Finding, check_books
from services.catalogs import catalog
from services.credit_notes import issue_credit_note
from services.invoices import InvoiceLineValues, pay_invoice_from_balance, void_invoice
from services.orders import place_order
from services.transfers import transfer_items
from services.unbilled import keep_unbilled
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.services.money import CLERK, NINETEEN_PERCENT, draft, fund, issued
from tests.support.bare_text import english_words


@pytest.fixture
def account(session: Session, now: dt.datetime) -> Account:
    """An account on which a bit of everything happened."""
    account = AccountFactory(transfers_allowed=True)
    first = issued(account, now, tax_rate=NINETEEN_PERCENT)
    fund(account, 50_000, now)
    pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    issue_credit_note(first, reason=CreditReason.GOODWILL, amount=1_190, actor=CLERK, now=now)
    void_invoice(issued(AccountFactory(), now), actor=CLERK, now=now)
    draft(account, now)
    on_credit = place_order(
        account.id, description="x", kind=OrderKind.PURCHASE, currency="USD", net=39, tax=7, actor=CLERK, now=now
    )
    cents = [InvoiceLineValues("Cents", unit_price=13, tax_rate=NINETEEN_PERCENT) for _ in range(3)]
    keep_unbilled(account, cents, now=now, order=on_credit)
    product: Product = ProductFactory()
    source = LicenseItemFactory(license=LicenseFactory(account=account), product=product, quantity=5).license
    transfer_items(source, LicenseFactory(account=account), {product.code: 2}, actor=CLERK, now=now)
    return account


_DATA = ("EUR", "USD", *(kind.value.replace("_", " ") for kind in StatementKind))


def found(invariant: str) -> list[Finding]:
    db.session.flush()
    return [finding for finding in check_books() if finding.invariant == invariant]


def first_invoice() -> Invoice:
    return db.session.scalars(select(Invoice).where(Invoice.number == "INV-2026-0001")).one()


def test_empty_books_are_right(session: Session) -> None:
    assert check_books() == []


def test_books_are_right_after_all_that_can_happen(account: Account) -> None:
    assert check_books() == []


def _pot(kind: LedgerAccountKind, change: int) -> None:
    moved = LedgerAccount.balance + change
    db.session.execute(update(LedgerAccount).where(LedgerAccount.kind == kind).values(balance=moved))


def _break_a_balance() -> None:
    _pot(LedgerAccountKind.BANK, 1)
    _pot(LedgerAccountKind.REVENUE, -1)


def _break_the_ledger() -> None:
    _pot(LedgerAccountKind.BANK, 1)


def _break_a_line() -> None:
    of_first = InvoiceLine.invoice_id == first_invoice().id
    db.session.execute(update(InvoiceLine).where(of_first).values(net=1, total=1 + InvoiceLine.tax))


def _lose_all_lines() -> None:
    db.session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id == first_invoice().id))


def _break_the_tax_breakdown() -> None:
    db.session.execute(update(InvoiceTax).where(InvoiceTax.invoice_id == first_invoice().id).values(tax=1))


def _break_a_credit_note_line() -> None:
    db.session.execute(update(CreditNoteLine).values(net=1, tax=0, total=1))


def _lose_an_allocation() -> None:
    db.session.execute(delete(PaymentAllocation).where(PaymentAllocation.invoice_id == first_invoice().id))


def _break_what_a_payment_says() -> None:
    db.session.execute(update(Payment).where(Payment.number == "PAY-2026-0001").values(amount_allocated=7))


def _break_what_an_invoice_says() -> None:
    invoice = first_invoice()
    invoice.amount_paid -= 1
    invoice.amount_credited += 1


def _lose_a_statement_line() -> None:
    db.session.execute(
        delete(StatementLine).where(
            StatementLine.kind == StatementKind.INVOICE, StatementLine.document_number == "INV-2026-0001"
        )
    )


def _break_a_running_balance() -> None:
    db.session.execute(update(StatementLine).values(balance_after=StatementLine.balance_after + 1))


def _break_a_statement_amount() -> None:
    credit = StatementLine.kind == StatementKind.CREDIT_NOTE
    db.session.execute(update(StatementLine).where(credit).values(amount=StatementLine.amount + 1))


def _skip_a_number() -> None:
    first_invoice().number = "OLD-1"


def _take_a_number_before_its_turn() -> None:
    db.session.execute(update(NumberSeries).where(NumberSeries.prefix == "INV").values(next_number=3))


def _overdraw_without_a_limit() -> None:
    funds = LedgerAccount.kind == LedgerAccountKind.FUNDS
    db.session.execute(update(LedgerAccount).where(funds).values(balance=-1, minimum=None))


def _set_aside_for_nothing() -> None:
    funds = LedgerAccount.kind == LedgerAccountKind.FUNDS
    db.session.execute(update(LedgerAccount).where(funds).values(reserved=1))


def _charge_too_much() -> None:
    db.session.execute(update(UnbilledCharge).values(total=UnbilledCharge.total + 1))


def _break_a_transfer() -> None:
    taken = ItemTransferLine.direction == TransferDirection.TAKEN
    values = {"quantity": 1, "quantity_after": ItemTransferLine.quantity_before - 1}
    db.session.execute(update(ItemTransferLine).where(taken).values(**values))


@pytest.mark.parametrize(
    ("breach", "invariant", "key"),
    [
        (_break_the_ledger, "The ledger sums to zero", "USD"),
        (_break_a_balance, "Balances are the sums of their postings", "bank/USD"),
        (_break_a_line, "Lines and tax make the total", "INV-2026-0001"),
        (_lose_all_lines, "Lines and tax make the total", "INV-2026-0001"),
        (_break_the_tax_breakdown, "Lines and tax make the total", "INV-2026-0001"),
        (_break_a_credit_note_line, "Lines and tax make the total", "CN-2026-0001"),
        (_lose_an_allocation, "Allocations are within what was paid or credited", "PAY-2026-0001"),
        (_break_what_a_payment_says, "Allocations are within what was paid or credited", "PAY-2026-0001"),
        (_break_what_an_invoice_says, "Amounts due follow from the allocations", "INV-2026-0001"),
        (_lose_a_statement_line, "Statements are the sum of the documents", "client"),
        (_break_a_statement_amount, "Statements are the sum of the documents", "client"),
        (_lose_a_statement_line, "Statements close with the account's position", "client"),
        (_break_a_running_balance, "Statements close with the account's position", "client"),
        (_skip_a_number, "Numbers have no gaps", "INV-2026-0001"),
        (_take_a_number_before_its_turn, "Numbers have no gaps", "INV-2026-0003"),
        (_overdraw_without_a_limit, "Balances are within their credit limits", "client"),
        (_set_aside_for_nothing, "Reserved credit is what is held", "client"),
        (_charge_too_much, "Orders on credit are what they are charged", "order"),
        (_break_a_transfer, "Transfers keep the totals", "transfer"),
    ],
)
def test_a_breach_is_found_with_its_row(account: Account, breach: Callable[[], None], invariant: str, key: str) -> None:
    breach()
    findings = found(invariant)
    assert findings
    keys = {"client": account.client_id, "transfer": findings[0].key, "order": findings[0].key}
    assert keys.get(key, key) in {finding.key for finding in findings}
    assert all(finding.detail for finding in findings)
    assert [from_kept(as_kept(finding.detail)) for finding in findings] == [finding.detail for finding in findings]
    assert all(english_words(catalog("en-XA").say(finding.detail), _DATA) == [] for finding in findings)


def test_no_invariant_floods_the_page(session: Session, now: dt.datetime) -> None:
    account = AccountFactory()
    for _ in range(21):
        draft(account, now)
    db.session.execute(update(InvoiceLine).values(net=1, total=1 + InvoiceLine.tax))
    assert len(found("Lines and tax make the total")) == 20


def test_every_invariant_has_a_name_of_its_own() -> None:
    assert len(set(INVARIANTS)) == len(INVARIANTS) == 12
