"""Orders: what an account asked for, before and above its invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select, update

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from extensions import db
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.order import Order, OrderKind, OrderStatus
from services.audit import record_event
from services.locks import guarded, rows_changed
from services.numbers import next_number
from services.people import refuse_while_logged_in_as


def place_order(
    account_id: int,
    *,
    description: str,
    kind: OrderKind,
    currency: str,
    net: int,
    tax: int,
    actor: Actor,
    now: dt.datetime,
    external_ref: str | None = None,
) -> Order:
    """Place an order over what its invoice will ask for."""
    refuse_while_logged_in_as(actor)
    order = Order(
        account_id=account_id,
        number=next_number(NumberedKind.ORDER, now=now),
        kind=kind,
        status=OrderStatus.PLACED,
        description=description[:255],
        currency=currency,
        net_total=net,
        tax_total=tax,
        total=net + tax,
        placed_at=now,
        placed_by_id=actor.person_id,
        external_ref=external_ref,
        created_at=now,
    )
    db.session.add(order)
    db.session.flush()
    record_event("order.placed", order, actor=actor, now=now, after={"total": order.total, "currency": currency})
    return order


def mark_order_paid(invoice: Invoice) -> bool:
    """Say of the order of a paid invoice that it is paid; an order further along stays as it is."""
    return guarded(
        update(Order)
        .where(Order.id == invoice.order_id, Order.status == OrderStatus.PLACED)
        .values(status=OrderStatus.PAID, version=Order.version + 1)
    )


def mark_orders_paid(invoice_ids: Collection[int]) -> int:
    """Say the same of the orders of those of these invoices that are paid now; give how many orders changed."""
    paid = select(Invoice.order_id).where(Invoice.id.in_(invoice_ids), Invoice.status == InvoiceStatus.PAID)
    return rows_changed(
        update(Order)
        .where(Order.id.in_(paid), Order.status == OrderStatus.PLACED)
        .values(status=OrderStatus.PAID, version=Order.version + 1)
    )
