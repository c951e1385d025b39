"""Allocations: which part of a payment settles which invoice. Here alone the paid and due amounts of invoices move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import case, select, update

from domain.actor import Actor
from domain.invoices import PAYABLE_STATUSES, InvoiceStatus, status_of
from domain.postings import funds_applied
from domain.refusals import Refusal
from extensions import db
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.payment import Payment, PaymentAllocation, PaymentKind, PaymentStatus
from services.account_languages import written_for
from services.audit import Happening, record_events
from services.ledger import Entry, post, post_many
from services.locks import guarded, in_chunks, reread, rows_changed
from services.numbers import next_number
from services.orders import mark_order_paid, mark_orders_paid

OLDEST_FIRST: Final = (Invoice.due_on, Invoice.issued_on, Invoice.id)
"""In which order debt is paid."""


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
    idempotency_key: str | None = None,
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
        description=written_for(account_id, description),
        reference=reference or None,
        remark=remark or None,
        paid_by_id=paid_by_id,
        settled_at=now,
        external_ref=external_ref,
        idempotency_key=idempotency_key,
        created_at=now,
    )
    db.session.add(payment)
    db.session.flush()
    return payment


def allocate(
    payment: Payment, invoice: Invoice, amount: int, *, actor: Actor, now: dt.datetime, overdraft: int | None = 0
) -> PaymentAllocation:
    """Let a part of a settled payment pay (a part of) an invoice, out of the funds it brought.

    ``overdraft`` is how far below zero the funds may fall (services/ledger.py, Entry).

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
    allocation = _allocation(payment, invoice, amount, now)
    db.session.add(allocation)
    db.session.flush()
    reread(payment)
    reread(invoice)
    post(replace(_entry(allocation, payment, invoice), overdraft=overdraft), actor=actor, now=now)
    if invoice.status is InvoiceStatus.PAID:
        mark_order_paid(invoice, now=now)
    record_events([_told(payment, invoice, before, invoice.status, amount)], actor=actor, now=now)
    return allocation


@dataclass(frozen=True, slots=True)
class Part:
    """What part of a payment is to pay (a part of) which invoice."""

    payment: Payment
    invoice: Invoice
    amount: int


def allocate_many(parts: Sequence[Part], *, actor: Actor, now: dt.datetime) -> None:
    """Do what `allocate` does for many at the cost of few statements, as an import needs it.

    The rows in the session keep the values they were read with: read them anew to go on with them.
    """
    record_events(_told_of_many(parts), actor=actor, now=now)
    for some in in_chunks(parts):
        _move_amounts(some, now)
        allocations = [_allocation(part.payment, part.invoice, part.amount, now) for part in some]
        db.session.add_all(allocations)
        db.session.flush()
        entries = [_entry(each, part.payment, part.invoice) for each, part in zip(allocations, some, strict=True)]
        post_many(entries, actor=actor, now=now)


def _move_amounts(parts: Sequence[Part], now: dt.datetime) -> None:
    """Move what is used of the payments and due on the invoices, each by a guarded update of all of them at once."""
    used, paid = dict[int, int](), dict[int, int]()
    for part in parts:
        used[part.payment.id] = used.get(part.payment.id, 0) + part.amount
        paid[part.invoice.id] = paid.get(part.invoice.id, 0) + part.amount
    allocated = Payment.amount_allocated + case(used, value=Payment.id)
    payments = update(Payment).where(
        Payment.id.in_(used), Payment.settled_at.is_not(None), allocated <= Payment.amount - Payment.amount_refunded
    )
    if rows_changed(payments.values(amount_allocated=allocated, version=Payment.version + 1)) != len(used):
        raise PaymentUsedUp
    part_of = case(paid, value=Invoice.id)
    invoices = update(Invoice).where(
        Invoice.id.in_(paid), Invoice.status.in_(PAYABLE_STATUSES), Invoice.amount_due >= part_of
    )
    values = {
        "amount_paid": Invoice.amount_paid + part_of,
        "amount_due": Invoice.amount_due - part_of,
        "status": case((Invoice.amount_due == part_of, InvoiceStatus.PAID), else_=InvoiceStatus.PARTIALLY_PAID),
        "version": Invoice.version + 1,
    }
    if rows_changed(invoices.values(values)) != len(paid):
        raise InvoiceNotPayable
    mark_orders_paid(paid, now=now)


def _told_of_many(parts: Sequence[Part]) -> list[Happening]:
    """The events of parts in their order; of several that pay one invoice, each goes on where the last one stopped."""
    paid: dict[int, int] = {}
    told = []
    for part in parts:
        invoice = part.invoice
        so_far = paid.get(invoice.id, invoice.amount_paid)
        paid[invoice.id] = so_far + part.amount
        before, after = (
            status_of(total=invoice.total, paid=amount, credited=invoice.amount_credited)
            for amount in (so_far, paid[invoice.id])
        )
        told.append(_told(part.payment, invoice, before, after, part.amount))
    return told


def open_invoices(account_id: int, currency: str) -> list[Invoice]:
    """The invoices of an account on which something is due, the oldest debt first."""
    found = select(Invoice).where(Invoice.account_id == account_id, Invoice.currency == currency, Invoice.can_pay)
    return list(db.session.scalars(found.order_by(*OLDEST_FIRST)))


def paid_by(payment: Payment) -> list[tuple[str, int]]:
    """Which invoices have how much of a payment, by number, less what was taken back."""
    in_force = PaymentAllocation.amount - PaymentAllocation.amount_reversed
    found = (
        select(Invoice.number, in_force)
        .join(PaymentAllocation, PaymentAllocation.invoice_id == Invoice.id)
        .where(PaymentAllocation.payment_id == payment.id, in_force > 0)
        .order_by(PaymentAllocation.id)
    )
    return [(number, amount) for number, amount in db.session.execute(found)]


def lock_invoices(invoices: Iterable[Invoice]) -> None:
    """Lock these invoices in one order and read them anew."""
    ids = sorted(invoice.id for invoice in invoices)
    in_order = select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id).with_for_update(key_share=True)
    db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _allocation(payment: Payment, invoice: Invoice, amount: int, now: dt.datetime) -> PaymentAllocation:
    return PaymentAllocation(
        account_id=payment.account_id,
        payment_id=payment.id,
        invoice_id=invoice.id,
        currency=payment.currency,
        amount=amount,
        created_at=now,
    )


def _entry(allocation: PaymentAllocation, payment: Payment, invoice: Invoice) -> Entry:
    return Entry(
        event="payment.allocated",
        description=f"Payment {payment.number} for invoice {invoice.number}",
        transfers=funds_applied(allocation.amount),
        account_id=payment.account_id,
        currency=payment.currency,
        document_kind="payment",
        document_key=payment.number,
        idempotency_key=f"payment.allocated:{allocation.id}",
    )


def _told(payment: Payment, invoice: Invoice, before: InvoiceStatus, after: InvoiceStatus, amount: int) -> Happening:
    return Happening(
        "invoice.paid" if after is InvoiceStatus.PAID else "invoice.partially_paid",
        invoice,
        before={"status": before},
        after={"status": after, "payment": payment.number, "amount": amount, "currency": invoice.currency},
    )
