"""The order and invoice of a change: nothing changes before they are paid, and one at a time waits for that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.sentences import Sentence
from extensions import db
from models.invoice import Invoice
from models.order import Order, OrderKind, OrderLine, OrderStatus
from models.subscription import Subscription
from services.account_languages import written_for
from services.buying_on_credit import settle_on_credit
from services.invoices import create_invoice, issue_invoice, void_invoice
from services.ordering import LONGEST_KEY, OrderKeyMissing
from services.orders import place_order
from services.people import refuse_while_logged_in_as
from services.settings import number_setting
from services.subscriptions.locking import lock_subscription
from services.subscriptions.periods import ONE_DAY
from services.subscriptions.quotes import ChangeQuote, ChangeUnderWay, NoChangeUnderWay

_AT_ONCE: Final = 200


def open_for_change(subscription_id: int, key: str, actor: Actor) -> tuple[Subscription, Order | None]:
    """Lock a subscription and its account for a form; with the order that this form placed before.

    Refused: NotWhileLoggedInAs, OrderKeyMissing.
    """
    refuse_while_logged_in_as(actor)
    if not 0 < len(key) <= LONGEST_KEY:
        raise OrderKeyMissing
    subscription = lock_subscription(subscription_id)
    placed = select(Order).where(Order.account_id == subscription.account_id, Order.idempotency_key == key)
    return subscription, db.session.scalar(placed)


def order_change(
    subscription: Subscription,
    quote: ChangeQuote,
    wanted: Sequence[OrderLine],
    *,
    key: str,
    actor: Actor,
    now: dt.datetime,
) -> Invoice | None:
    """Place the order of a change and issue its invoice, due today. ``wanted`` is what is provided once it is paid.

    None where a postpaid account's credit covers it: it is paid, and the month's invoice brings it.
    """
    for line in wanted:
        line.description = written_for(subscription.account_id, line.description)
    words = ", ".join(line.description for line in wanted)
    order = place_order(
        subscription.account_id,
        description=f"{subscription.number}: {words}",
        kind=OrderKind.CHANGE,
        currency=quote.currency,
        net=quote.totals.net,
        tax=quote.totals.tax,
        actor=actor,
        now=now,
        idempotency_key=key,
    )
    for position, line in enumerate(wanted, start=1):
        line.account_id, line.order_id, line.position = subscription.account_id, order.id, position
        line.subscription_id, line.currency = subscription.id, quote.currency
    db.session.add_all(wanted)
    db.session.flush()
    if settle_on_credit(order, quote.lines, actor=actor, now=now):
        return None
    invoice = create_invoice(
        subscription.account,
        quote.lines,
        description=order.description,
        order=order,
        subscription_id=subscription.id,
        currency=quote.currency,
        actor=actor,
        now=now,
    )
    return issue_invoice(invoice, actor=actor, now=now, due_on=now.date())


def give_up_change(subscription_id: int, *, actor: Actor, now: dt.datetime) -> Invoice:
    """Void the invoice of a change that nobody has paid; everything stays as it is. One on credit is paid already.

    Refused: NoChangeUnderWay, InvoiceNotVoidable, PaymentUnderWay.
    """
    refuse_while_logged_in_as(actor)
    subscription = lock_subscription(subscription_id)
    order = change_under_way(subscription)
    invoice = invoice_of(order) if order is not None else None
    if order is None or invoice is None:
        raise NoChangeUnderWay
    return void_invoice(invoice, actor=actor, now=now, reason="The change was given up")


def abandoned_changes(*, now: dt.datetime, after: int = 0, limit: int = _AT_ONCE) -> Sequence[int]:
    """Row numbers of the subscriptions of changes that nobody paid anything of for so long that they are given up."""
    longest = number_setting("change_days") * ONE_DAY
    found = (
        select(OrderLine.subscription_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Invoice, Invoice.order_id == Order.id)
        .where(
            OrderLine.subscription_id > after,
            Order.kind == OrderKind.CHANGE,
            Order.status == OrderStatus.PLACED,
            Order.placed_at < now - longest,
            Invoice.can_void,
        )
    )
    ordered = found.distinct().order_by(OrderLine.subscription_id).limit(limit)
    return [each for each in db.session.scalars(ordered) if each is not None]


def change_under_way(subscription: Subscription) -> Order | None:
    """The order of a change that waits for its payment, or to be provided."""
    found = (
        select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            OrderLine.subscription_id == subscription.id,
            Order.kind == OrderKind.CHANGE,
            Order.status.in_((OrderStatus.PLACED, OrderStatus.PAID)),
            OrderLine.provisioned_at.is_(None),
        )
    )
    return db.session.scalars(found.limit(1)).first()


def refuse_while_changing(subscription: Subscription) -> None:
    """Refused: ChangeUnderWay."""
    order = change_under_way(subscription)
    if order is not None:
        invoice = invoice_of(order)
        if invoice is None:
            raise ChangeUnderWay("A change is being made right now. Reload the page in a moment.")
        raise ChangeUnderWay(
            Sentence("A change waits for invoice %(number)s. Pay it, or give that change up.", number=invoice.number)
        )


def invoice_of(order: Order) -> Invoice | None:
    """The invoice over an order; None where it is on credit."""
    return db.session.scalar(select(Invoice).where(Invoice.order_id == order.id).order_by(Invoice.id).limit(1))
