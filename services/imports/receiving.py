"""Payments of an older system: what `record_received_payment` does, for many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from domain.actor import Actor
from extensions import db
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.payment import Payment, PaymentKind, PaymentStatus
from services.allocations import Part, allocate_many
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows
from services.imports.invoicing import start_of
from services.ledger import post_many
from services.locks import in_chunks, lock_accounts
from services.numbers import next_numbers
from services.payments import received_entry, received_line
from services.statements import write_statement_lines


@dataclass(frozen=True, slots=True)
class OldPayment:
    """Money that arrived elsewhere. It pays these invoices (row numbers) in their order, then the oldest debt."""

    account_id: int
    external_ref: str
    amount: int
    currency: str
    method: PaymentKind
    received_on: dt.date
    description: str = ""
    reference: str | None = None
    remark: str | None = None
    invoice_ids: tuple[int, ...] = ()


def write_old_payments(old: Sequence[OldPayment], *, actor: Actor, now: dt.datetime) -> list[Payment]:
    """Write them as settled, with numbers of our own, postings, statement lines, allocations and audit.

    What is left of a payment is funds of its account. Statement and ledger carry the day it was received.
    """
    debts = _lock_debts({each.account_id for each in old})
    lock_accounts(each.account_id for each in old)
    payments = _payments(old, now)
    insert_rows(payments, key=Payment.number)
    entries = [replace(received_entry(each), occurred_at=start_of(each.received_on)) for each in payments]
    post_many(entries, actor=actor, now=now)
    write_statement_lines([received_line(each, each.received_on) for each in payments], now=now)
    record_events([_happening(each) for each in payments], actor=actor, now=now)
    allocate_many(_parts(old, payments, debts), actor=actor, now=now)
    return payments


def _payments(old: Sequence[OldPayment], now: dt.datetime) -> list[Payment]:
    numbers = next_numbers(NumberedKind.PAYMENT, len(old), now=now)
    return [
        Payment(
            account_id=each.account_id,
            number=number,
            method=each.method,
            status=PaymentStatus.SETTLED,
            received_on=each.received_on,
            currency=each.currency,
            amount=each.amount,
            amount_allocated=0,
            amount_refunded=0,
            description=each.description[:255],
            reference=each.reference,
            remark=each.remark,
            settled_at=now,
            external_ref=each.external_ref,
            created_at=now,
        )
        for each, number in zip(old, numbers, strict=True)
    ]


def _lock_debts(account_ids: Iterable[int]) -> dict[int, list[Invoice]]:
    """The invoices of these accounts on which something is due, locked and read anew, the oldest debt first."""
    debts: dict[int, list[Invoice]] = {}
    for some in in_chunks(sorted(account_ids)):
        owed = select(Invoice).where(Invoice.account_id.in_(some), Invoice.can_pay).order_by(Invoice.id)
        locked = owed.with_for_update(key_share=True).execution_options(populate_existing=True)
        for invoice in sorted(db.session.scalars(locked), key=lambda each: (each.due_on, each.issued_on, each.id)):
            debts.setdefault(invoice.account_id, []).append(invoice)
    return debts


def _parts(old: Sequence[OldPayment], payments: Sequence[Payment], debts: dict[int, list[Invoice]]) -> list[Part]:
    """Which payment pays what: the invoices it names first, then the oldest debt of its account and currency."""
    due = {invoice.id: invoice.amount_due for owed in debts.values() for invoice in owed}
    parts = []
    for each, payment in zip(old, payments, strict=True):
        left = each.amount
        owed = [invoice for invoice in debts.get(each.account_id, ()) if invoice.currency == each.currency]
        named = {invoice_id: place for place, invoice_id in enumerate(each.invoice_ids)}
        for invoice in sorted(owed, key=lambda debt: named.get(debt.id, len(named))):
            amount = min(left, due[invoice.id])
            if amount:
                parts.append(Part(payment, invoice, amount))
                due[invoice.id] -= amount
                left -= amount
    return parts


def _happening(payment: Payment) -> Happening:
    after = {
        "amount": payment.amount,
        "currency": payment.currency,
        "method": payment.method,
        "received_on": payment.received_on,
        "reference": payment.reference,
        "external_ref": payment.external_ref,
    }
    return Happening("payment.created", payment, after=after)
