"""Payments received, and what they pay."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.money import LARGEST_AMOUNT, AmountTooLarge
from extensions import db
from models import Account, Payment, PaymentKind, PaymentStatus
from models.invoice import InvoiceStatus
from services.allocations import InvoiceNotPayable, PaymentUsedUp, allocate
from services.audit import timeline_of
from services.invoices import pay_invoice_from_balance
from services.ledger import NotEnoughFunds
from services.payments import (
    AmountNotPositive,
    InvoiceOfAnother,
    NotReceivedMoney,
    OtherCurrency,
    ReceivedInFuture,
    allocate_payment,
    record_received_payment,
)
from tests.factories.money import PaymentFactory
from tests.factories.people import AccountFactory
from tests.services.money import (
    CLERK,
    assert_books_balance,
    draft,
    fund,
    funds,
    issued,
    receivable,
    rows_of,
    statement_of,
)
from tests.support.parallel import at_once


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


def receive(account: Account, now: dt.datetime, **values: Any) -> Payment:
    given = {
        "amount": 10_000,
        "currency": "USD",
        "method": PaymentKind.BANK_TRANSFER,
        "received_on": now.date(),
        **values,
    }
    return record_received_payment(account, actor=CLERK, now=now, **given)


def test_money_without_a_debt_stays_as_balance(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now, reference="Wire 77")
    assert (payment.number, payment.amount_allocated, payment.reference) == ("PAY-2026-0001", 0, "Wire 77")
    assert funds(account) == 10_000
    assert [(line.amount, line.balance_after) for line in statement_of(account)] == [(10_000, 10_000)]
    assert timeline_of("payment", payment.number)[0].event == "payment.recorded"
    assert_books_balance()


def test_a_payment_covers_the_oldest_debt_first(account: Account, now: dt.datetime) -> None:
    newer, older = issued(account, now), issued(account, now - dt.timedelta(days=30))
    payment = receive(account, now, amount=15_000)
    assert (older.status, older.amount_due) == (InvoiceStatus.PAID, 0)
    assert (newer.status, newer.amount_due) == (InvoiceStatus.PARTIALLY_PAID, 5_000)
    assert payment.amount_allocated == 15_000
    assert (funds(account), receivable(account)) == (0, -5_000)
    assert_books_balance()


def test_the_chosen_invoice_comes_before_older_debt(account: Account, now: dt.datetime) -> None:
    newer, older = issued(account, now), issued(account, now - dt.timedelta(days=30))
    receive(account, now, amount=12_000, invoices=[newer])
    assert (newer.amount_due, older.amount_due) == (0, 8_000)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"amount": 0}, AmountNotPositive),
        ({"amount": -5}, AmountNotPositive),
        ({"amount": LARGEST_AMOUNT + 1}, AmountTooLarge),
        ({"currency": "EUR"}, OtherCurrency),
        ({"received_on": dt.date(2026, 5, 17)}, ReceivedInFuture),
        ({"method": PaymentKind.BALANCE}, NotReceivedMoney),
    ],
)
def test_bad_values_are_refused(
    account: Account, now: dt.datetime, values: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        receive(account, now, **values)
    assert rows_of(Payment) == 0


def test_an_invoice_of_another_account_is_refused(account: Account, now: dt.datetime) -> None:
    foreign = issued(AccountFactory(), now)
    with pytest.raises(InvoiceOfAnother):
        receive(account, now, invoices=[foreign])
    payment = receive(account, now)
    with pytest.raises(InvoiceOfAnother):
        allocate_payment(payment, invoices=[foreign], actor=CLERK, now=now)
    assert foreign.amount_due == 10_000


def test_what_is_left_of_a_payment_pays_later_debt(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now, amount=15_000)
    invoice = issued(account, now)
    allocate_payment(payment, actor=CLERK, now=now)
    assert (invoice.status, payment.amount_allocated) == (InvoiceStatus.PAID, 10_000)
    assert_books_balance()


def test_money_spent_from_the_balance_cannot_be_allocated_again(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now)
    pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    issued(account, now)
    with pytest.raises(NotEnoughFunds):
        allocate_payment(payment, actor=CLERK, now=now)


def test_a_payment_is_never_allocated_above_its_amount(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now, amount=100)
    fund(account, 50_000, now)
    with pytest.raises(PaymentUsedUp):
        allocate(payment, issued(account, now), 101, actor=CLERK, now=now)


def test_an_invoice_is_never_paid_above_what_is_due(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now, amount=50_000)
    with pytest.raises(InvoiceNotPayable):
        allocate(payment, issued(account, now), 10_001, actor=CLERK, now=now)


def test_payments_received_at_once_are_all_there(account: Account, now: dt.datetime) -> None:
    invoice = issued(account, now, net=100_000)
    account_id = account.id
    at_once(lambda _: receive(db.session.get_one(Account, account_id), now).id)
    assert invoice.status is InvoiceStatus.PAID
    assert (funds(account), receivable(account)) == (60_000, 0)
    assert statement_of(account)[-1].balance_after == 60_000
    assert [line.sequence for line in statement_of(account)] == list(range(1, 18))
    assert_books_balance()


def test_a_draft_is_paid_by_nothing(account: Account, now: dt.datetime) -> None:
    payment = receive(account, now, amount=50_000)
    with pytest.raises(InvoiceNotPayable):
        allocate(payment, draft(account, now), 100, actor=CLERK, now=now)


def test_money_that_has_not_arrived_pays_nothing(account: Account, now: dt.datetime) -> None:
    fund(account, 50_000, now)
    pending = PaymentFactory(account=account, status=PaymentStatus.PENDING, settled_at=None, amount=10_000)
    with pytest.raises(PaymentUsedUp):
        allocate(pending, issued(account, now), 10_000, actor=CLERK, now=now)
