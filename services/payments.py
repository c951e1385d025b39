"""Payments that reached the provider: recorded, turned into funds, and used for the oldest debt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.invoices import pay_in_order
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.postings import LedgerAccountKind, payment_received
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.payment import Payment, PaymentKind
from models.statement_line import StatementKind
from services.allocations import allocate, lock_invoices, open_invoices, settled_payment
from services.audit import record_event
from services.ledger import Entry, balance_of, post
from services.locks import lock_accounts, locked
from services.paying.claims import claimed_ids
from services.paying.followers import tell_followers
from services.statements import NewLine, write_statement_line

LONGEST_NUMBER: Final = 40


class AmountNotPositive(Refusal):
    message = "Enter an amount above zero."


class OtherCurrency(Refusal):
    """An account has one currency."""

    def __init__(self, currency: str) -> None:
        super().__init__(
            Sentence(
                "This account is kept in %(currency)s. Enter the amount that arrived in %(currency)s.",
                currency=currency,
            )
        )


class ReceivedInFuture(Refusal):
    message = "The day the payment was received lies in the future. Enter the day it arrived."


class InvoiceOfAnother(Refusal):
    message = "One of the invoices belongs to another account. Choose invoices of the account that paid."


class NotReceivedMoney(Refusal):
    message = "Choose how the money arrived: the balance itself brings no money."


class InvoiceNotFound(Refusal):
    """A number that was typed is none of the account's."""

    def __init__(self, number: str) -> None:
        super().__init__(
            Sentence("This account has no invoice %(number)s. Enter numbers like INV-2026-000001.", number=number)
        )


def record_received_payment(
    account: Account,
    *,
    amount: int,
    currency: str,
    method: PaymentKind,
    received_on: dt.date,
    actor: Actor,
    now: dt.datetime,
    reference: str | None = None,
    remark: str | None = None,
    invoices: Sequence[Invoice] = (),
    external_ref: str | None = None,
) -> Payment:
    """Take money that arrived into the account's funds, and pay with it: the given invoices, then the oldest debt.

    What is left stays as balance. Refused: AmountNotPositive, AmountTooLarge, OtherCurrency, ReceivedInFuture,
    InvoiceOfAnother, NotReceivedMoney.
    """
    _check(account, amount, currency, method, received_on, invoices, now)
    wanted = [*invoices, *(debt for debt in open_invoices(account.id, currency) if debt not in invoices)]
    lock_invoices(wanted)
    lock_accounts([account.id])
    payment = settled_payment(
        account_id=account.id,
        amount=amount,
        currency=currency,
        method=method,
        received_on=received_on,
        reference=reference,
        remark=remark,
        external_ref=external_ref,
        now=now,
    )
    post(received_entry(payment), actor=actor, now=now)
    write_statement_line(received_line(payment, now.date()), now=now)
    after = {
        "amount": amount,
        "currency": currency,
        "method": method,
        "received_on": received_on,
        "reference": reference,
    }
    record_event("payment.recorded", payment, actor=actor, now=now, after=after)
    pay_with(payment, invoices, overdraft=None, actor=actor, now=now)
    cover_debt(payment, wanted, actor=actor, now=now)
    tell_followers(payment, actor=actor, now=now)
    return payment


def received_entry(payment: Payment) -> Entry:
    """What the ledger is told of money that arrived."""
    return Entry(
        event="payment.received",
        description=f"Payment {payment.number} received",
        transfers=payment_received(payment.amount, fee=payment.fee or 0),  # none before a bulk of rows is written
        account_id=payment.account_id,
        currency=payment.currency,
        document_kind="payment",
        document_key=payment.number,
    )


def received_line(payment: Payment, booked_on: dt.date) -> NewLine:
    """What the statement says of money that arrived."""
    words = Sentence("Payment %(number)s", number=payment.number)
    if payment.reference:
        words = Sentence("Payment %(number)s (%(reference)s)", number=payment.number, reference=payment.reference)
    return NewLine(
        account_id=payment.account_id,
        kind=StatementKind.PAYMENT,
        amount=payment.amount,
        currency=payment.currency,
        document_number=payment.number,
        description=words,
        booked_on=booked_on,
    )


def allocate_payment(
    payment: Payment, *, actor: Actor, now: dt.datetime, invoices: Sequence[Invoice] | None = None
) -> Payment:
    """Use what is left of a payment: for these invoices in their order, or for the oldest debt when none are given.

    Refused: InvoiceOfAnother, NotEnoughFunds when the money was spent from the balance meanwhile.
    """
    if invoices is not None and any(invoice.account_id != payment.account_id for invoice in invoices):
        raise InvoiceOfAnother
    wanted = open_invoices(payment.account_id, payment.currency) if invoices is None else list(invoices)
    lock_invoices(wanted)
    locked(payment)
    lock_accounts([payment.account_id])
    before = payment.amount_allocated
    pay_with(payment, wanted, actor=actor, now=now)
    if payment.amount_allocated != before:
        record_event(
            "payment.allocated",
            payment,
            actor=actor,
            now=now,
            before={"amount_allocated": before},
            after={"amount_allocated": payment.amount_allocated},
        )
    return payment


def invoices_named(text: str, *, account_id: int) -> list[Invoice]:
    """The invoices of an account that are named by number, in the order typed. Refused: InvoiceNotFound."""
    numbers = list(dict.fromkeys(number for part in text.split(",") if (number := part.strip()[:LONGEST_NUMBER])))
    found = select(Invoice).where(Invoice.account_id == account_id, Invoice.number.in_(numbers))
    by_number = {invoice.number: invoice for invoice in db.session.scalars(found)} if numbers else {}
    for number in numbers:
        if number not in by_number:
            raise InvoiceNotFound(number)
    return [by_number[number] for number in numbers]


def cover_debt(payment: Payment, invoices: Sequence[Invoice], *, actor: Actor, now: dt.datetime) -> None:
    """Pay debt with money that came in just now. A balance below zero is the older debt: it is filled up first."""
    held = balance_of(LedgerAccountKind.FUNDS, account_id=payment.account_id, currency=payment.currency)
    pay_with(payment, invoices, most=max(0, held), overdraft=None, actor=actor, now=now)


def pay_with(
    payment: Payment,
    invoices: Sequence[Invoice],
    *,
    actor: Actor,
    now: dt.datetime,
    most: int = LARGEST_AMOUNT,
    overdraft: int | None = 0,
) -> None:
    """Pay one after the other, each as far as the payment goes, and ``most`` of it. All of them are locked.

    Passed over are those on which nothing is due, and those that somebody is just paying through a gateway.
    ``overdraft`` is None where the money came in just now: what it pays is there for certain.
    """
    claimed = claimed_ids(invoices)
    dues = [invoice.amount_due if invoice.can_pay and invoice.id not in claimed else 0 for invoice in invoices]
    left = payment.amount - payment.amount_refunded - payment.amount_allocated
    for invoice, part in zip(invoices, pay_in_order(min(left, most), dues), strict=True):
        if part > 0:
            allocate(payment, invoice, part, overdraft=overdraft, actor=actor, now=now)


def _check(
    account: Account,
    amount: int,
    currency: str,
    method: PaymentKind,
    received_on: dt.date,
    invoices: Sequence[Invoice],
    now: dt.datetime,
) -> None:
    if amount <= 0:
        raise AmountNotPositive
    if amount > LARGEST_AMOUNT:
        raise AmountTooLarge
    if currency != account.currency:
        raise OtherCurrency(account.currency)
    if received_on > now.date() + dt.timedelta(days=1):  # where the clerk sits, tomorrow may have begun
        raise ReceivedInFuture
    if any(invoice.account_id != account.id for invoice in invoices):
        raise InvoiceOfAnother
    if method is PaymentKind.BALANCE:
        raise NotReceivedMoney
