"""From a basket to an invoice: the server prices and taxes every line, and each line says why it costs that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from domain.actor import Actor, Source
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.periods import nth_period
from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.totals import DocumentTotals
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.order import Order, OrderKind, OrderLine
from models.package import Package
from models.price import BillingPeriod
from services.buying_on_credit import settle_on_credit
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, totals_of
from services.locks import lock_accounts
from services.orders import place_order
from services.pricing import CataloguePrice, NotForSale, price_list
from services.taxes import LineTax, tax_table

MOST_OF_ONE: Final = 100_000
MOST_PACKAGES: Final = 100
"""Each becomes a subscription and a license of its own, in the transaction that provides the order."""
MOST_LINES: Final = 200
LONGEST_KEY: Final = 120


class BasketEmpty(Refusal):
    message = "There is nothing in the basket yet. Add a package first."


class BasketTooLong(Refusal):
    message = Sentence(
        "An order has at most %(most_lines)s lines. Place the rest as a second order.", most_lines=MOST_LINES
    )


class QuantityNotAllowed(Refusal):
    message = Sentence(
        "Enter a whole number from 1 to %(most_of_one)s as quantity, and of a package at most %(most_packages)s.",
        most_of_one=MOST_OF_ONE,
        most_packages=MOST_PACKAGES,
    )


class PriceChangedMeanwhile(Refusal):
    message = (
        "The price changed since this page was shown. Nothing was ordered: look at the new total, then order again."
    )


class StartNotAllowed(Refusal):
    message = "What you order begins today. Ask us in a ticket for another day."


class OrderKeyMissing(Refusal):
    message = "This form cannot be sent again. Reload the page and order from there."


@dataclass(frozen=True, slots=True)
class BasketItem:
    """What somebody wants: no price, since that is the catalogue's. ``first_day`` is today where nothing is said."""

    code: str
    quantity: int = 1
    period: BillingPeriod = BillingPeriod.MONTHLY
    first_day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A priced line; ``package_id`` where it is one."""

    values: InvoiceLineValues
    package_id: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs this account now: the lines, tax and totals that its invoice will have."""

    currency: str
    lines: tuple[QuotedLine, ...]
    totals: DocumentTotals

    @property
    def values(self) -> tuple[InvoiceLineValues, ...]:
        return tuple(line.values for line in self.lines)


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order with the invoice over it; without one it is settled on credit, and the month's invoice brings it."""

    order: Order
    invoice: Invoice | None

    @property
    def on_credit(self) -> bool:
        return self.invoice is None


def quote_basket(account: Account, items: Sequence[BasketItem], *, actor: Actor, now: dt.datetime) -> Quote:
    """Price and tax a basket; writes nothing, and asks as often for one line as for many.

    Refused: BasketEmpty, BasketTooLong, QuantityNotAllowed, NotInCatalogue, NotForSale, PriceMissing, StartNotAllowed,
    TaxRulesUnclear, AmountTooLarge.
    """
    if not items:
        raise BasketEmpty
    if len(items) > MOST_LINES:
        raise BasketTooLong
    if any(type(item.quantity) is not int or not 1 <= item.quantity <= MOST_OF_ONE for item in items):
        raise QuantityNotAllowed
    today = now.date()
    prices = price_list({item.code for item in items}, currency=account.currency)
    priced = [prices.price_of(item.code, item.period, today) for item in items]
    packages = [item for item, price in zip(items, priced, strict=True) if isinstance(price.offered, Package)]
    if sum(item.quantity for item in packages) > MOST_PACKAGES:
        raise QuantityNotAllowed
    if actor.source is Source.PORTAL:
        _require_in_store(priced)
        if any(item.first_day not in (None, today) for item in items):
            raise StartNotAllowed
    days = [item.first_day or today for item in items]
    taxes = tax_table(account, {price.offered.product_class_id for price in priced}, set(days))
    lines = tuple(
        _line(item, price, taxes.tax_of(price.offered.product_class_id, day), day, actor=actor, now=now)
        for item, price, day in zip(items, priced, days, strict=True)
    )
    totals = totals_of([line.values for line in lines])
    if totals.total > LARGEST_AMOUNT:
        raise AmountTooLarge
    return Quote(account.currency, lines, totals)


def order_basket(
    account: Account,
    items: Sequence[BasketItem],
    *,
    key: str,
    actor: Actor,
    now: dt.datetime,
    description: str = "",
    kind: OrderKind = OrderKind.PURCHASE,
    expected_total: int | None = None,
) -> PlacedOrder:
    """Order a basket and issue the invoice over it; the same key again gives the same order, whatever else was sent.

    A postpaid account whose credit covers the total has no invoice to pay first: the order is paid, and billed with the
    month.

    ``expected_total`` is what the person saw: another total now is refused, not charged. Refused: OrderKeyMissing,
    PriceChangedMeanwhile, NotWhileLoggedInAs, and what quote_basket refuses.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise OrderKeyMissing
    lock_accounts([account.id])
    placed = _placed_before(account, key)
    if placed is not None:
        return placed
    quote = quote_basket(account, items, actor=actor, now=now)
    if expected_total is not None and expected_total != quote.totals.total:
        raise PriceChangedMeanwhile
    words = description or ", ".join(line.values.description for line in quote.lines)
    order = place_order(
        account.id,
        description=words,
        kind=kind,
        currency=quote.currency,
        net=quote.totals.net,
        tax=quote.totals.tax,
        actor=actor,
        now=now,
        idempotency_key=key,
    )
    db.session.add_all(_order_lines(order, quote))
    db.session.flush()
    if settle_on_credit(order, quote.values, actor=actor, now=now):
        return PlacedOrder(order, None)
    invoice = create_invoice(account, quote.values, description=words, order=order, actor=actor, now=now)
    return PlacedOrder(order, issue_invoice(invoice, actor=actor, now=now))


def explained(
    tax: LineTax, *, actor: Actor, now: dt.datetime, price: dict[str, Any], quantity: int, **more: Any
) -> dict[str, Any]:
    """Why a line costs what it costs, as its invoice keeps it: price, quantity, tax, who asked for it and when."""
    return {
        "price": price,
        "quantity": quantity,
        **more,
        **tax.explanation,
        "changed_by": actor.name,
        "changed_at": now.isoformat(),
    }


def _line(
    item: BasketItem, price: CataloguePrice, tax: LineTax, first_day: dt.date, *, actor: Actor, now: dt.datetime
) -> QuotedLine:
    months = item.period.months
    period = nth_period(first_day, months, 0) if months else None
    whole = {"days": {"left": period.days, "of": period.days}} if period else {}
    offered = price.offered
    is_package = isinstance(offered, Package)
    values = InvoiceLineValues(
        description=offered.name,
        unit_price=price.amount,
        quantity=item.quantity,
        tax_rate=tax.rate_ppm,
        tax_name=tax.name,
        treatment=tax.treatment,
        tax_rule_id=tax.rule_id,
        product_id=None if is_package else offered.id,
        period_from=period.first if period else None,
        period_to=period.last if period else None,
        explanation=explained(tax, actor=actor, now=now, price=price.explanation, quantity=item.quantity, **whole),
    )
    return QuotedLine(values, offered.id if is_package else None)


def _require_in_store(priced: Sequence[CataloguePrice]) -> None:
    """Members order what is in the store; everything else is sold by staff."""
    for price in priced:
        if not isinstance(price.offered, Package) or not price.offered.in_store:
            raise NotForSale(
                Sentence("%(offered)s is not for sale here. Ask us in a ticket.", offered=price.offered.name)
            )


def _placed_before(account: Account, key: str) -> PlacedOrder | None:
    found = (
        select(Order)
        .where(Order.account_id == account.id, Order.idempotency_key == key)
        .options(selectinload(Order.invoices))
    )
    order = db.session.scalars(found).first()
    return PlacedOrder(order, next(iter(order.invoices), None)) if order is not None else None


def _order_lines(order: Order, quote: Quote) -> list[OrderLine]:
    return [
        OrderLine(
            account_id=order.account_id,
            order_id=order.id,
            position=position,
            description=line.values.description,
            package_id=line.package_id,
            product_id=line.values.product_id,
            quantity=line.values.quantity,
            currency=quote.currency,
            unit_price=line.values.unit_price,
            net=line.values.net,
            period_from=line.values.period_from,
            period_to=line.values.period_to,
        )
        for position, line in enumerate(quote.lines, start=1)
    ]
