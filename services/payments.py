"""Payments that reached the provider: recorded, turned into funds, and used for the oldest debt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.postings import payment_received
from domain.refusals import Refusal
from models.account import Account
from models.invoice import Invoice
from models.payment import Payment, PaymentKind
from models.statement_line import StatementKind
from services.allocations import allocate, lock_invoices, open_invoices, settled_payment
from services.audit import record_event
from services.ledger import Entry, post
from services.locks import lock_accounts, locked
from services.statements import NewLine, write_statement_line


class AmountNotPositive(Refusal):
    message = "Enter an amount above zero."


class OtherCurrency(Refusal):
    """An account has one currency."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"This account is kept in {currency}. Enter the amount that arrived in {currency}.")


class ReceivedInFuture(Refusal):
    message = "The day the payment was received lies in the future. Enter the day it arrived."


class InvoiceOfAnother(Refusal):
    message = "One of the invoices belongs to another account. Choose invoices of the account that paid."


class NotReceivedMoney(Refusal):
    message = "Choose how the money arrived: the balance itself brings no money."


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
    _pay(payment, wanted, actor, now)
    return payment


def received_entry(payment: Payment) -> Entry:
    """What the ledger is told of money that arrived."""
    return Entry(
        event="payment.received",
        description=f"Payment {payment.number} received",
        transfers=payment_received(payment.amount),
        account_id=payment.account_id,
        currency=payment.currency,
        document_kind="payment",
        document_key=payment.number,
    )


def received_line(payment: Payment, booked_on: dt.date) -> NewLine:
    """What the statement says of money that arrived."""
    return NewLine(
        account_id=payment.account_id,
        kind=StatementKind.PAYMENT,
        amount=payment.amount,
        currency=payment.currency,
        document_number=payment.number,
        description=f"Payment {payment.number}" + (f" ({payment.reference})" if payment.reference else ""),
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
    _pay(payment, wanted, actor, now)
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


def _pay(payment: Payment, invoices: Sequence[Invoice], actor: Actor, now: dt.datetime) -> None:
    """Pay one after the other, each as far as the payment goes; those on which nothing is due are passed over."""
    for invoice in invoices:
        left = payment.amount - payment.amount_refunded - payment.amount_allocated
        part = min(left, invoice.amount_due if invoice.can_pay else 0)
        if part > 0:
            allocate(payment, invoice, part, actor=actor, now=now)


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
