"""Orders: what an account asked for, before and above its invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import or_, select, update

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from extensions import db
from models.invoice import Invoice
from models.number_series import NumberedKind
from models.order import Order, OrderKind, OrderLine, OrderStatus
from services.account_languages import written_for
from services.audit import record_event
from services.jobs import enqueue
from services.locks import guarded, reread, rows_changed
from services.numbers import next_number
from services.people import refuse_while_logged_in_as

FULFIL_JOB: Final = "fulfil_order"


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
    idempotency_key: str | None = None,
) -> Order:
    """Place an order over what its invoice will ask for."""
    refuse_while_logged_in_as(actor)
    order = Order(
        account_id=account_id,
        number=next_number(NumberedKind.ORDER, now=now),
        kind=kind,
        status=OrderStatus.PLACED,
        description=written_for(account_id, description),
        currency=currency,
        net_total=net,
        tax_total=tax,
        total=net + tax,
        placed_at=now,
        placed_by_id=actor.person_id,
        external_ref=external_ref,
        idempotency_key=idempotency_key,
        created_at=now,
    )
    db.session.add(order)
    db.session.flush()
    record_event("order.placed", order, actor=actor, now=now, after={"total": order.total, "currency": currency})
    return order


def mark_order_paid(invoice: Invoice, *, now: dt.datetime) -> bool:
    """Say of the order of a paid invoice that it is paid, and ask that what it is about be provided.

    An order further along stays as it is.
    """
    return mark_paid(invoice.order_id, now=now)


def mark_paid(order_id: int, *, now: dt.datetime) -> bool:
    """The same of an order by its row number, however it was paid; its lines are written already."""
    paid = guarded(
        update(Order)
        .where(Order.id == order_id, Order.status == OrderStatus.PLACED)
        .values(status=OrderStatus.PAID, version=Order.version + 1)
    )
    if paid:
        _ask_to_fulfil([order_id], now)
    return paid


def mark_orders_paid(invoice_ids: Collection[int], *, now: dt.datetime) -> int:
    """Say the same of the orders of those of these invoices that are paid now; give how many orders changed.

    The invoices are locked, so nobody else says it meanwhile.
    """
    paid = select(Invoice.order_id).where(Invoice.id.in_(invoice_ids), Invoice.status == InvoiceStatus.PAID)
    placed = db.session.scalars(
        select(Order.id).where(Order.id.in_(paid), Order.status == OrderStatus.PLACED).order_by(Order.id)
    ).all()
    changed = rows_changed(
        update(Order)
        .where(Order.id.in_(placed), Order.status == OrderStatus.PLACED)
        .values(status=OrderStatus.PAID, version=Order.version + 1)
    )
    _ask_to_fulfil(placed, now)
    return changed


def cancel_order(order_id: int, *, actor: Actor, now: dt.datetime) -> bool:
    """Say of an order that it comes to nothing. One that was provided already stays as it is."""
    open_statuses = (OrderStatus.PLACED, OrderStatus.PAID)
    order = db.session.get_one(Order, order_id)
    before = order.status
    cancelled = guarded(
        update(Order)
        .where(Order.id == order_id, Order.status.in_(open_statuses))
        .values(status=OrderStatus.CANCELLED, cancelled_at=now, version=Order.version + 1)
    )
    if cancelled:
        reread(order)
        record_event("order.cancelled", order, actor=actor, now=now, before={"status": before})
    return cancelled


def _ask_to_fulfil(order_ids: Sequence[int], now: dt.datetime) -> None:
    """Ask for what can be provided by itself: packages, and what is about a subscription."""
    provided = select(OrderLine.order_id).where(
        OrderLine.order_id.in_(order_ids),
        OrderLine.provisioned_at.is_(None),
        or_(OrderLine.package_id.is_not(None), OrderLine.subscription_id.is_not(None)),
    )
    for order_id in sorted(set(db.session.scalars(provided))):
        enqueue(FULFIL_JOB, {"order_id": order_id}, now=now, unique_key=f"{FULFIL_JOB}:{order_id}")
