"""What those whose role covers money are told of documents: an invoice, a credit note, a receipt, each with its PDF.

Written in the transaction that makes the document, once; the PDF is set and attached when the mail is sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from domain.actor import Actor
from domain.permissions import P
from domain.sentences import Amount, Sentence, joined
from extensions import db
from models.account import Account
from models.credit_note import CreditNote
from models.document_file import DocumentKind
from models.invoice import Invoice
from models.notification import NotificationKind
from models.payment import Payment
from services.allocations import paid_by
from services.document_jobs import DocumentName
from services.notifications import tell_account
from services.paying.followers import followers


def tell_of_invoice(invoice: Invoice, *, now: dt.datetime) -> None:
    """Tell who reads invoices of one that was just issued."""
    tell_account(
        invoice.account_id,
        P.INVOICES_READ,
        "invoice_issued",
        now=now,
        kind=NotificationKind.INVOICES,
        unique_key=f"invoice:{invoice.number}",
        target=invoice,
        document=DocumentName(DocumentKind.INVOICE, invoice.number),
        invoice=invoice.number,
        description=invoice.description,
        total=Amount(invoice.total, invoice.currency),
        due=Amount(invoice.amount_due, invoice.currency) if invoice.amount_due else "",
        due_on=invoice.due_on or "",
        **_account(invoice.account_id),
    )


def tell_of_credit_note(note: CreditNote, invoice: Invoice, *, now: dt.datetime) -> None:
    """Tell who reads credit notes of one that was just issued, and what is due on its invoice now."""
    tell_account(
        note.account_id,
        P.CREDIT_NOTES_READ,
        "credit_note_issued",
        now=now,
        kind=NotificationKind.INVOICES,
        unique_key=f"credit-note:{note.number}",
        target=note,
        document=DocumentName(DocumentKind.CREDIT_NOTE, note.number),
        credit_note=note.number,
        invoice=invoice.number,
        total=Amount(note.total, note.currency),
        due=Amount(invoice.amount_due, invoice.currency) if invoice.amount_due else "",
        due_on=invoice.due_on or "",
        **_account(note.account_id),
    )


def tell_of_receipt(payment: Payment, *, actor: Actor, now: dt.datetime) -> None:
    """Follow payments: tell who reads them of money that has arrived, and what it paid."""
    if payment.settled_at is None:
        return
    parts = paid_by(payment)
    rest = payment.amount - sum(amount for _number, amount in parts)
    tell_account(
        payment.account_id,
        P.PAYMENTS_READ,
        "payment_received",
        now=now,
        kind=NotificationKind.PAYMENTS,
        unique_key=f"receipt:{payment.number}",
        target=payment,
        document=DocumentName(DocumentKind.RECEIPT, payment.number),
        payment=payment.number,
        total=Amount(payment.amount, payment.currency),
        received_on=payment.received_on,
        paid=_paid(parts, payment.currency),
        rest=Amount(rest, payment.currency) if rest else "",
        **_account(payment.account_id),
    )


def follow_payments() -> None:
    """Hear of every settled payment from now on. Asked twice it follows once."""
    if tell_of_receipt not in followers:
        followers.append(tell_of_receipt)


def _account(account_id: int) -> dict[str, Any]:
    account = db.session.get_one(Account, account_id)
    return {"account": account.name, "client_id": account.client_id}


def _paid(parts: Sequence[tuple[str, int]], currency: str) -> str:
    """What a payment paid, in a row; empty for funds."""
    paid = [
        Sentence("invoice %(number)s (%(amount)s)", number=number, amount=Amount(amount, currency))
        for number, amount in parts
    ]
    return joined(paid, ", ") if paid else ""
