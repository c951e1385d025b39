"""Credit notes of the demo, for every reason: of whole invoices and of parts, of paid ones and of those still due."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.invoices import InvoiceStatus
from extensions import db
from models.account import Account
from models.credit_note import CreditReason as Reason
from models.invoice import Invoice
from services.credit_notes import issue_credit_note
from services.demo.world import World

_WHOLE: Final = 100
_NOTES: Final = (
    # account, days ago, reason, per cent of the invoice, description
    ("Acme Telecom", 640, Reason.OVERCHARGE, 20, "Extensions that were counted twice"),
    ("Acme Telecom", 250, Reason.REFUND, _WHOLE, "Returned within 14 days"),
    ("Acme Telecom", 120, Reason.GOODWILL, 10, "For the outage in the night"),
    ("Acme Telecom", 11, Reason.OVERCHARGE, 15, "Editions counted twice"),
    ("Borealis Hosting", 105, Reason.CANCELLED_SERVICE, _WHOLE, "The trial team was ended early"),
    ("Borealis Hosting", 40, Reason.TAX_CORRECTION, 5, "A tax rate was corrected"),
    ("Cirrus Voice", 310, Reason.GOODWILL, 10, "For the wait during the move"),
    ("Cirrus Voice", 4, Reason.OTHER, 25, "Agreed on the phone"),
    ("Copperfield Insurance", 33, Reason.GOODWILL, 8, "For two days without recordings"),
    ("Rheintal Spedition GmbH", 61, Reason.OVERCHARGE, 12, "Fewer seats than billed"),
    ("Tidewater Marine", 29, Reason.REFUND, _WHOLE, "Ordered twice"),
)


def put_credit_notes(world: World) -> None:
    """Put the credit notes on the agenda; each is for the newest invoice of its day."""
    for name, days, reason, percent, words in _NOTES:
        account = world.accounts[name]
        world.agenda.note(world.ago(days, 16, 45), _credit, world, account, reason, percent, words)


def _credit(world: World, account: Account, reason: Reason, percent: int, words: str, at: dt.datetime) -> None:
    issued = select(Invoice).where(
        Invoice.account_id == account.id,
        Invoice.status.not_in((InvoiceStatus.DRAFT, InvoiceStatus.VOID)),
        Invoice.amount_credited == 0,
        Invoice.total > 0,
    )
    newest = issued.order_by(Invoice.issued_on.desc(), Invoice.id.desc()).limit(1)
    invoice = db.session.scalars(newest.execution_options(populate_existing=True)).first()
    if invoice is None:
        return
    amount = None if percent == _WHOLE else max(1, invoice.total * percent // 100)
    issue_credit_note(invoice, reason=reason, amount=amount, description=words, actor=world.as_staff("finance"), now=at)
