"""Writing, issuing, voiding and paying invoices."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import Account, Invoice, InvoiceTax, Order, OrderStatus, Payment, PaymentAllocation, PaymentKind
from models.invoice import InvoiceStatus
from services.allocations import InvoiceNotPayable
from services.audit import timeline_of
from services.invoices import (
    InvoiceBelowZero,
    InvoiceLineValues,
    InvoiceNotIssuable,
    InvoiceNotVoidable,
    InvoiceWithoutLines,
    create_invoice,
    issue_invoice,
    pay_invoice_from_balance,
    void_invoice,
)
from services.ledger import NotEnoughFunds
from services.pay_approvals import AbovePayLimit
from services.people import NotWhileLoggedInAs
from services.settings import change_setting
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory
from tests.services.money import (
    CLERK,
    NINETEEN_PERCENT,
    assert_books_balance,
    draft,
    fund,
    funds,
    issued,
    member_actor,
    receivable,
    rows_of,
    statement_of,
)
from tests.support.parallel import at_once, refusals


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


def test_a_draft_has_lines_tax_totals_and_a_provisional_number(account: Account, now: dt.datetime) -> None:
    lines = [
        InvoiceLineValues("Seats", unit_price=333, quantity=3, tax_rate=NINETEEN_PERCENT),
        InvoiceLineValues("Setup", unit_price=1_000),
    ]
    invoice = create_invoice(account, lines, description="Seats and setup", actor=CLERK, now=now)
    assert invoice.number.startswith("DRAFT-")
    assert (invoice.net_total, invoice.tax_total, invoice.total, invoice.amount_due) == (1_999, 190, 2_189, 2_189)
    taxes = db.session.scalars(select(InvoiceTax).order_by(InvoiceTax.rate.desc())).all()
    assert [(row.name, row.net, row.tax) for row in taxes] == [("Tax 19 %", 999, 190), ("Tax 0 %", 1_000, 0)]
    assert db.session.get_one(Order, invoice.order_id).total == 2_189


def test_an_invoice_without_lines_is_refused(account: Account, now: dt.datetime) -> None:
    with pytest.raises(InvoiceWithoutLines):
        create_invoice(account, [], description="Nothing", actor=CLERK, now=now)


def test_an_invoice_below_zero_is_refused(account: Account, now: dt.datetime) -> None:
    with pytest.raises(InvoiceBelowZero):
        draft(account, now, net=-1)


def test_issuing_gives_number_days_billing_data_ledger_entry_and_statement_line(
    account: Account, now: dt.datetime
) -> None:
    invoice = issued(account, now, net=10_000, tax_rate=NINETEEN_PERCENT)
    assert invoice.number == "INV-2026-0001"
    assert (invoice.status, invoice.issued_on, invoice.due_on) == (
        InvoiceStatus.UNPAID,
        dt.date(2026, 5, 15),
        dt.date(2026, 5, 29),
    )
    assert invoice.billing["name"] == account.billing_name
    assert receivable(account) == -11_900
    assert [(line.amount, line.balance_after) for line in statement_of(account)] == [(-11_900, -11_900)]
    assert "invoice.issued" in [event.event for event in timeline_of("invoice", invoice.number)]
    assert_books_balance()


def test_the_billing_data_of_an_issued_invoice_stays_when_the_account_changes(
    account: Account, now: dt.datetime
) -> None:
    invoice = issued(account, now)
    name, account.billing_name = account.billing_name, "Renamed"
    db.session.flush()
    db.session.refresh(invoice)
    assert invoice.billing["name"] == name


def test_the_seller_of_an_issued_invoice_stays_when_the_settings_change(account: Account, now: dt.datetime) -> None:
    for key, text in {"seller_name": "House Ltd", "seller_vat_id": "DE136695976"}.items():
        change_setting(key, text, actor=CLERK, now=now)
    invoice = issued(account, now)
    change_setting("seller_name", "Other Ltd", actor=CLERK, now=now)
    db.session.refresh(invoice)
    assert (invoice.billing["seller"]["name"], invoice.billing["seller"]["vat_id"]) == ("House Ltd", "DE136695976")


def test_an_invoice_is_issued_only_once(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    with pytest.raises(InvoiceNotIssuable):
        issue_invoice(invoice, actor=CLERK, now=now)
    assert receivable(account) == -10_000


def test_an_invoice_over_nothing_is_paid_at_once(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now, net=0)
    assert invoice.status is InvoiceStatus.PAID
    assert receivable(account) == 0


def test_parallel_issuing_leaves_no_gap_and_no_twin(account: Account, now: dt.datetime) -> None:
    drafts = [draft(account, now).id for _ in range(16)]
    at_once(lambda place: issue_invoice(db.session.get_one(Invoice, drafts[place]), actor=CLERK, now=now))
    numbers = sorted(db.session.scalars(select(Invoice.number)))
    assert numbers == [f"INV-2026-{counter:04}" for counter in range(1, 17)]
    assert [line.sequence for line in statement_of(account)] == list(range(1, 17))
    assert statement_of(account)[-1].balance_after == -160_000
    assert_books_balance()


def test_sixteen_who_issue_the_same_draft_issue_it_once(account: Account, now: dt.datetime) -> None:
    invoice_id = draft(account, now).id
    results = at_once(lambda _: issue_invoice(db.session.get_one(Invoice, invoice_id), actor=CLERK, now=now))
    assert {type(refusal) for refusal in refusals(results)} == {InvoiceNotIssuable}
    assert len(refusals(results)) == 15
    assert receivable(account) == -10_000


def test_voiding_takes_back_the_debt(account: Account, now: dt.datetime) -> None:
    invoice = void_invoice(issued(account, now, tax_rate=NINETEEN_PERCENT), actor=CLERK, now=now, reason="Typed twice")
    assert (invoice.status, invoice.amount_due, invoice.number) == (InvoiceStatus.VOID, 0, "INV-2026-0001")
    assert receivable(account) == 0
    assert [line.amount for line in statement_of(account)] == [-11_900, 11_900]
    assert timeline_of("invoice", invoice.number)[0].after["reason"] == "Typed twice"
    assert_books_balance()


def test_a_paid_invoice_cannot_be_voided(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now)
    fund(account, 1, now)
    with pytest.raises(InvoiceNotVoidable):
        void_invoice(invoice, actor=CLERK, now=now)
    assert invoice.status is InvoiceStatus.PARTIALLY_PAID


def test_a_draft_cannot_be_voided(account: Account, now: dt.datetime) -> None:
    with pytest.raises(InvoiceNotVoidable):
        void_invoice(draft(account, now), actor=CLERK, now=now)


def test_paying_from_the_balance_takes_the_funds_and_settles_the_invoice(account: Account, now: dt.datetime) -> None:
    fund(account, 15_000, now)
    invoice = pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    assert (invoice.status, invoice.amount_paid, invoice.amount_due) == (InvoiceStatus.PAID, 10_000, 0)
    assert (funds(account), receivable(account)) == (5_000, 0)
    payment = db.session.scalars(select(Payment).where(Payment.method == PaymentKind.BALANCE)).one()
    assert (payment.amount, payment.amount_allocated) == (10_000, 10_000)
    assert db.session.scalars(select(PaymentAllocation)).one().invoice_id == invoice.id
    assert [(line.amount, line.balance_after) for line in statement_of(account)] == [
        (15_000, 15_000),
        (-10_000, 5_000),
        (0, 5_000),
    ]
    assert db.session.get_one(Order, invoice.order_id).status is OrderStatus.PAID
    assert [event.event for event in timeline_of("payment", payment.number)] == ["payment.settled"]
    assert_books_balance()


def test_a_paid_invoice_is_not_paid_again(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    invoice = pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    with pytest.raises(InvoiceNotPayable):
        pay_invoice_from_balance(invoice, actor=CLERK, now=now)
    assert funds(account) == 10_000


def test_a_draft_is_not_payable(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    with pytest.raises(InvoiceNotPayable):
        pay_invoice_from_balance(draft(account, now), actor=CLERK, now=now)


def test_too_little_balance_is_refused_with_what_is_missing_and_changes_nothing(
    account: Account, now: dt.datetime
) -> None:
    fund(account, 4_000, now)
    invoice_id = issued(account, now).id
    db.session.commit()
    with pytest.raises(NotEnoughFunds, match=r"The balance is 40\.00 USD.* 60\.00 USD are missing"), unit_of_work():
        pay_invoice_from_balance(db.session.get_one(Invoice, invoice_id), actor=CLERK, now=now)
    assert db.session.get_one(Invoice, invoice_id).status is InvoiceStatus.UNPAID
    assert funds(account) == 4_000
    assert rows_of(Payment) == 1


def test_sixteen_who_pay_the_same_invoice_pay_it_once(account: Account, now: dt.datetime) -> None:
    fund(account, 500_000, now)
    invoice_id = issued(account, now).id
    results = at_once(lambda _: pay_invoice_from_balance(db.session.get_one(Invoice, invoice_id), actor=CLERK, now=now))
    assert len(refusals(results)) == 15
    assert {type(refusal) for refusal in refusals(results)} == {InvoiceNotPayable}
    assert funds(account) == 490_000
    assert rows_of(Payment) == 2
    assert sorted(db.session.scalars(select(Payment.number))) == ["PAY-2026-0001", "PAY-2026-0002"]
    assert_books_balance()


def test_the_guard_alone_pays_once_when_no_row_is_locked(
    account: Account, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.invoices.locked", lambda row: row)
    monkeypatch.setattr("services.invoices.lock_accounts", lambda _ids: None)
    fund(account, 500_000, now)
    invoice_id = issued(account, now).id
    results = at_once(lambda _: pay_invoice_from_balance(db.session.get_one(Invoice, invoice_id), actor=CLERK, now=now))
    assert len(refusals(results)) == 15
    assert funds(account) == 490_000


def test_sixteen_invoices_on_a_balance_for_five_are_paid_five_times(account: Account, now: dt.datetime) -> None:
    fund(account, 50_000, now)
    invoices = [issued(account, now).id for _ in range(16)]
    results = at_once(
        lambda place: pay_invoice_from_balance(db.session.get_one(Invoice, invoices[place]), actor=CLERK, now=now)
    )
    assert {type(refusal) for refusal in refusals(results)} == {NotEnoughFunds}
    assert len(refusals(results)) == 11
    assert funds(account) == 0
    assert receivable(account) == -110_000
    assert_books_balance()


def test_a_member_pays_up_to_their_limit(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    member = MemberFactory(account=account, pay_limit=10_000, currency="USD")
    invoice = pay_invoice_from_balance(issued(account, now), actor=member_actor(member), now=now)
    assert invoice.status is InvoiceStatus.PAID


def test_above_the_pay_limit_the_owner_has_to_pay(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    member = MemberFactory(account=account, pay_limit=9_999, currency="USD")
    with pytest.raises(AbovePayLimit, match=r"up to 99\.99 USD on an invoice alone, and this would be 100\.00 USD"):
        pay_invoice_from_balance(issued(account, now), actor=member_actor(member), now=now)
    assert funds(account) == 20_000


def test_the_owner_has_no_pay_limit(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    owner = OwnerFactory(account=account, pay_limit=1, currency="USD")
    invoice = pay_invoice_from_balance(issued(account, now), actor=member_actor(owner), now=now)
    assert invoice.status is InvoiceStatus.PAID


def test_paying_is_out_of_reach_while_logged_in_as_a_member(account: Account, now: dt.datetime) -> None:
    fund(account, 20_000, now)
    owner = OwnerFactory(account=account)
    visiting = Actor("Clerk", Source.PORTAL, person_id=99, member_id=owner.id, on_behalf_of_id=owner.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        pay_invoice_from_balance(issued(account, now), actor=visiting, now=now)
    assert funds(account) == 20_000
