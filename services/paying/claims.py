"""Claims on invoices: while one is open, the invoice is paid by that payment and by nothing else.

Whoever asks or opens one holds the lock of the invoice, so what is read here stays true until the unit of work ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from domain.refusals import Refusal
from extensions import db
from models.invoice import Invoice
from models.payment import Payment
from models.payment_claim import PaymentClaim
from services.locks import rows_changed
from services.records import flush_or_refuse


class PaymentUnderWay(Refusal):
    message = (
        "A payment of this invoice is under way or being checked, so that nothing is taken twice. Wait until it is"
        " done: reload the page in a minute to see it as it is."
    )


@dataclass(frozen=True, slots=True)
class InvoicePart:
    """So much of an invoice, in minor units of its currency."""

    invoice: Invoice
    amount: int


def open_claims(payment: Payment) -> Sequence[PaymentClaim]:
    """The claims that a payment holds, in the order in which they were asked for."""
    found = select(PaymentClaim).where(PaymentClaim.payment_id == payment.id, PaymentClaim.released_at.is_(None))
    return db.session.scalars(found.order_by(PaymentClaim.id)).all()


def claimed_invoices(payment: Payment) -> Sequence[Invoice]:
    """The invoices on which a payment holds a claim."""
    claims = select(PaymentClaim.invoice_id).where(
        PaymentClaim.payment_id == payment.id, PaymentClaim.released_at.is_(None)
    )
    return db.session.scalars(select(Invoice).where(Invoice.id.in_(claims)).order_by(Invoice.id)).all()


def is_claimed(invoice: Invoice) -> bool:
    """Whether somebody is paying the invoice through a gateway."""
    return bool(claimed_ids([invoice]))


def claimed_ids(invoices: Iterable[Invoice]) -> set[int]:
    """The row numbers of those of these invoices that somebody is paying through a gateway."""
    ids = [invoice.id for invoice in invoices]
    found = select(PaymentClaim.invoice_id).where(PaymentClaim.invoice_id.in_(ids), PaymentClaim.released_at.is_(None))
    return set(db.session.scalars(found))


def refuse_while_claimed(invoice: Invoice) -> None:
    """Refused: PaymentUnderWay."""
    if is_claimed(invoice):
        raise PaymentUnderWay


def claim_invoices(payment: Payment, parts: Iterable[InvoicePart], *, now: dt.datetime) -> None:
    """Open a claim on each; the database refuses a second one on the same invoice. Refused: PaymentUnderWay."""
    db.session.add_all(
        PaymentClaim(
            account_id=payment.account_id,
            payment_id=payment.id,
            invoice_id=part.invoice.id,
            currency=payment.currency,
            amount=part.amount,
            created_at=now,
        )
        for part in parts
    )
    flush_or_refuse({"uq_payment_claim_open": PaymentUnderWay, "payment_claim.invoice_id": PaymentUnderWay})


def release_claims(payment: Payment, *, now: dt.datetime) -> int:
    """Close all claims of a payment; give how many were open."""
    return rows_changed(
        update(PaymentClaim)
        .where(PaymentClaim.payment_id == payment.id, PaymentClaim.released_at.is_(None))
        .values(released_at=now)
    )
