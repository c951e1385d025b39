"""The ticket of a failed payment: one for each invoice, which opens, tells of each further failure, and closes itself.

Only of charges that nobody sat before: whoever pays on a page sees there what went wrong (SPEC D12).
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.permissions import P
from domain.sentences import Amount, Sentence, joined
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.notification import NotificationKind
from models.payment import Payment, PaymentAllocation, PaymentStatus
from models.payment_claim import PaymentClaim
from models.ticket import Ticket
from services.account_languages import language_of_account
from services.dunning import next_try
from services.mail_texts import mail_texts
from services.notifications import tell_account
from services.paying.followers import followers
from services.ticket_types import house_ticket_type
from services.tickets import add_message, close_ticket, open_ticket

TYPE_KEY: Final = "failed-payment"
TYPE_NAME: Final = "Failed payment"


def follow_payments() -> None:
    """Hear of every settled and failed payment from now on. Asked twice it follows once."""
    if keep_tickets not in followers:
        followers.append(keep_tickets)


def keep_tickets(payment: Payment, *, actor: Actor, now: dt.datetime) -> None:
    """Open or add to the tickets of what a failed payment should have paid; close those of what a settled one paid."""
    if payment.settled_at is not None:
        for invoice in _paid_invoices(payment):
            close_ticket_of(invoice, actor=actor, now=now)
    elif payment.status is PaymentStatus.FAILED and payment.payment_method_id is not None:
        for invoice in _wanted_invoices(payment):
            _tell_of_failure(invoice, payment, actor, now)


def close_ticket_of(invoice: Invoice, *, actor: Actor, now: dt.datetime) -> Ticket | None:
    """Solve the ticket of an invoice on which nothing is due any more."""
    ticket = ticket_of(invoice)
    if invoice.can_pay or ticket is None or not ticket.can_solve:
        return None
    speaker = language_of_account(invoice.account_id)
    text = speaker.say(Sentence("Invoice %(number)s is paid. Thank you.", number=invoice.number))
    add_message(ticket, speaker.say("Paid"), text, actor=actor, now=now)
    return close_ticket(ticket, actor=actor, now=now)


def ticket_of(invoice: Invoice) -> Ticket | None:
    """The ticket of the failed payments of an invoice; of several the newest."""
    found = select(Ticket).where(Ticket.invoice_id == invoice.id, Ticket.account_id == invoice.account_id)
    return db.session.scalar(found.order_by(Ticket.id.desc()).limit(1))


def _tell_of_failure(invoice: Invoice, payment: Payment, actor: Actor, now: dt.datetime) -> None:
    account = db.session.get_one(Account, invoice.account_id)
    amount = Amount(payment.amount, payment.currency)
    again = next_try(invoice, today=now.date())
    link = f"{mail_texts.base_url}/portal/{account.client_id}/pay/?invoice={invoice.number}"
    speaker = language_of_account(account.id)
    what_failed = Sentence(
        "Payment %(number)s over %(amount)s failed: %(reason)s",
        number=payment.number,
        amount=amount,
        reason=str(payment.failure_reason),
    )
    what_follows = Sentence("It is not tried again by itself.")
    if again:
        what_follows = Sentence("The next try is on %(day)s.", day=again)
    text = speaker.say(joined([what_failed, what_follows, Sentence("Pay now: %(link)s", link=f"<{link}>")], "\n\n"))
    subject = speaker.say(Sentence("Payment of invoice %(number)s failed", number=invoice.number))
    ticket = ticket_of(invoice)
    if ticket is None:
        values = {
            "account_id": account.id,
            "ticket_type": house_ticket_type(TYPE_KEY, TYPE_NAME, actor=actor, now=now),
            "subject": subject,
            "description": text,
            "invoice_id": invoice.id,
        }
        ticket = open_ticket(values, actor=actor, now=now)
    else:
        add_message(ticket, subject, text, actor=actor, now=now)
    tell_account(
        account.id,
        P.INVOICES_READ,
        "payment_failed",
        now=now,
        kind=NotificationKind.PAYMENTS,
        unique_key=f"payment-failed:{payment.number}:{invoice.number}",
        target=ticket,
        account=account.name,
        client_id=account.client_id,
        invoice=invoice.number,
        amount=amount,
        reason=payment.failure_reason or "",
        next_try=again or "",
        ticket=ticket.number,
    )


def _wanted_invoices(payment: Payment) -> list[Invoice]:
    claimed = select(PaymentClaim.invoice_id).where(PaymentClaim.payment_id == payment.id)
    return list(db.session.scalars(select(Invoice).where(Invoice.id.in_(claimed)).order_by(Invoice.id)))


def _paid_invoices(payment: Payment) -> list[Invoice]:
    paid = select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment.id)
    return list(db.session.scalars(select(Invoice).where(Invoice.id.in_(paid)).order_by(Invoice.id)))
