"""Orders that nobody pays: what was not provided is not owed, so after some days their invoices are voided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from extensions import db
from models.invoice import Invoice
from models.order import Order, OrderKind, OrderStatus
from services.invoices import void_invoice
from services.settings import number_setting

_AT_ONCE: Final = 200


def unpaid_orders(*, today: dt.date, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of orders of which nothing was paid so long after it was due; go on after the last one given."""
    longest = dt.timedelta(days=number_setting("order_days"))
    found = (
        select(Order.id)
        .join(Invoice, Invoice.order_id == Order.id)
        .where(
            Order.id > after,
            Order.kind == OrderKind.PURCHASE,
            Order.status == OrderStatus.PLACED,
            Invoice.due_on < today - longest,
            Invoice.can_void,
        )
    )
    return db.session.scalars(found.order_by(Order.id).limit(limit)).all()


def give_up_order(order_id: int, *, actor: Actor, now: dt.datetime) -> Invoice:
    """Void the invoice over an order, which comes to nothing with it. Refused: InvoiceNotVoidable, PaymentUnderWay."""
    invoice = db.session.scalars(select(Invoice).where(Invoice.order_id == order_id)).one()
    return void_invoice(invoice, actor=actor, now=now, reason="Nobody paid the order in time")
