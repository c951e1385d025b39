"""Allocations: which part of a payment settles which invoice. Here alone the paid and due amounts of invoices move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import case, select, update

from domain.actor import Actor
from domain.invoices import PAYABLE_STATUSES, InvoiceStatus
from domain.postings import funds_applied
from domain.refusals import Refusal
from extensions import db
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.payment import Payment, PaymentAllocation, PaymentKind, PaymentStatus
from services.audit import record_event
from services.ledger import Entry, post
from services.locks import guarded
from services.numbers import next_number
from services.orders import mark_order_paid


class InvoiceNotPayable(Refusal):
    message = "Nothing is due on this invoice now. Reload the page to see it as it is."


class PaymentUsedUp(Refusal):
    message = "This payment does not have so much left. Reload the page to see what is left of it."


def settled_payment(
    *,
    account_id: int,
    amount: int,
    currency: str,
    method: PaymentKind,
    received_on: dt.date,
    now: dt.datetime,
    description: str = "",
    reference: str | None = None,
    remark: str | None = None,
    paid_by_id: int | None = None,
    external_ref: str | None = None,
) -> Payment:
    """Write a payment whose money is here already; nothing of it is allocated yet."""
    payment = Payment(
        account_id=account_id,
        number=next_number(NumberedKind.PAYMENT, now=now),
        method=method,
        status=PaymentStatus.SETTLED,
        received_on=received_on,
        currency=currency,
        amount=amount,
        description=description[:255],
        reference=reference or None,
        remark=remark or None,
        paid_by_id=paid_by_id,
        settled_at=now,
        external_ref=external_ref,
        created_at=now,
    )
    db.session.add(payment)
    db.session.flush()
    return payment


def allocate(payment: Payment, invoice: Invoice, amount: int, *, actor: Actor, now: dt.datetime) -> PaymentAllocation:
    """Let a part of a settled payment pay (a part of) an invoice, out of the funds it brought.

    Refused: PaymentUsedUp, InvoiceNotPayable when less is due, NotEnoughFunds when the funds went elsewhere meanwhile.
    """
    if amount <= 0:
        raise ValueError("an allocation moves more than nothing")
    allocated = Payment.amount_allocated + amount
    if not guarded(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.settled_at.is_not(None),
            allocated <= Payment.amount - Payment.amount_refunded,
        )
        .values(amount_allocated=allocated, version=Payment.version + 1)
    ):
        raise PaymentUsedUp
    before = invoice.status
    if not guarded(
        update(Invoice)
        .where(Invoice.id == invoice.id, Invoice.status.in_(PAYABLE_STATUSES), Invoice.amount_due >= amount)
        .values(
            amount_paid=Invoice.amount_paid + amount,
            amount_due=Invoice.amount_due - amount,
            status=case((Invoice.amount_due == amount, InvoiceStatus.PAID), else_=InvoiceStatus.PARTIALLY_PAID),
            version=Invoice.version + 1,
        )
    ):
        raise InvoiceNotPayable
    allocation = PaymentAllocation(
        account_id=payment.account_id,
        payment_id=payment.id,
        invoice_id=invoice.id,
        currency=payment.currency,
        amount=amount,
        created_at=now,
    )
    db.session.add(allocation)
    db.session.flush()
    db.session.refresh(payment)
    db.session.refresh(invoice)
    entry = Entry(
        event="payment.allocated",
        description=f"Payment {payment.number} for invoice {invoice.number}",
        transfers=funds_applied(amount),
        account_id=payment.account_id,
        currency=payment.currency,
        document_kind="payment",
        document_key=payment.number,
        idempotency_key=f"payment.allocated:{allocation.id}",
    )
    post(entry, actor=actor, now=now)
    _tell(payment, invoice, before, amount, actor, now)
    return allocation


def open_invoices(account_id: int, currency: str) -> list[Invoice]:
    """The invoices of an account on which something is due, the oldest debt first."""
    found = select(Invoice).where(Invoice.account_id == account_id, Invoice.currency == currency, Invoice.can_pay)
    return list(db.session.scalars(found.order_by(Invoice.due_on, Invoice.issued_on, Invoice.id)))


def lock_invoices(invoices: Iterable[Invoice]) -> None:
    """Lock these invoices in one order and read them anew."""
    ids = sorted(invoice.id for invoice in invoices)
    in_order = select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id).with_for_update(key_share=True)
    db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _tell(
    payment: Payment, invoice: Invoice, before: InvoiceStatus, amount: int, actor: Actor, now: dt.datetime
) -> None:
    paid = invoice.status is InvoiceStatus.PAID
    if paid:
        mark_order_paid(invoice)
    record_event(
        "invoice.paid" if paid else "invoice.partially_paid",
        invoice,
        actor=actor,
        now=now,
        before={"status": before},
        after={"status": invoice.status, "payment": payment.number, "amount": amount, "currency": invoice.currency},
    )
