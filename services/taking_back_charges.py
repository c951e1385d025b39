"""What was ordered on credit and is given back: taken off the next invoice, or credited on the bill that has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from extensions import db
from models.credit import UnbilledCharge
from models.credit_note import CreditReason
from models.invoice import Invoice
from models.subscription import Subscription
from services.credit_notes import issue_credit_note, left_of
from services.orders import cancel_order
from services.unbilled import billed_lines, charges_in_force, take_off


def is_of(subscription: Subscription) -> ColumnElement[bool]:
    """Whether a charge is of a subscription: what it was bought with, what was added, and its renewals."""
    of_itself = UnbilledCharge.subscription_id == subscription.id
    if subscription.order_id is None:
        return of_itself
    return or_(of_itself, UnbilledCharge.order_id == subscription.order_id)


def take_back(charges: Sequence[UnbilledCharge], *, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Let charges be owed no more, and cancel those of their orders of which nothing is left and nothing was provided.

    What is not billed is taken off. What a bill asks for already is credited on it, line by line, as far as that was
    not credited yet. The bills are locked, then the account. Refused: PaymentUnderWay while somebody pays one of them.
    """
    take_off([each for each in charges if each.is_unbilled], reason=reason, actor=actor, now=now)
    for invoice_id, lines in billed_lines(charges).items():
        invoice = db.session.get_one(Invoice, invoice_id, populate_existing=True)
        if invoice.status is not InvoiceStatus.VOID and left_of(invoice, lines):
            issue_credit_note(
                invoice, of=lines, reason=CreditReason.CANCELLED_SERVICE, remark=reason, actor=actor, now=now
            )
    given_back = {each.id for each in charges}
    for order_id in sorted({each.order_id for each in charges if each.order_id is not None}):
        if all(each.id in given_back for each in charges_in_force(UnbilledCharge.order_id == order_id)):
            cancel_order(order_id, actor=actor, now=now)
