"""Other quantities, priced before they are saved, and in force once what they cost is paid (SPEC E1, E2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from domain.actor import Actor
from domain.sentences import Sentence
from models.invoice import Invoice
from models.order import OrderLine
from models.subscription import Subscription, SubscriptionChangeKind, SubscriptionItem
from services.changing_prices import ChangedThing, changed_words, more_line
from services.invoices import InvoiceLineValues
from services.ordering import MOST_OF_ONE, PriceChangedMeanwhile
from services.pricing import NotForSale, PriceList, PriceMissing, price_list
from services.subscriptions.applying import raise_quantity
from services.subscriptions.change_orders import invoice_of, open_for_change, order_change, refuse_while_changing
from services.subscriptions.history import tell_change
from services.subscriptions.periods import ONE_DAY, billed_ahead
from services.subscriptions.quotes import (
    ChangeQuote,
    ItemChange,
    NothingChanges,
    PaidPeriod,
    QuantityNotPossible,
    billed_until,
    check_running,
    paid_periods,
    taxes_of,
    totals_or_nothing,
)
from services.subscriptions.terms import renews_with
from services.taxes import LineTax


def quote_quantities(
    subscription: Subscription, wanted: Mapping[str, int], *, actor: Actor, now: dt.datetime
) -> ChangeQuote:
    """Price other quantities by product code; writes nothing. Products that are not named stay as they are.

    Refused: SubscriptionNotChangeable, ChangeUnderWay, QuantityNotPossible, NothingChanges, NextPeriodBilled,
    TaxRulesUnclear, AmountTooLarge.
    """
    check_running(subscription, now)
    refuse_while_changing(subscription)
    changes = _item_changes(subscription, wanted, now)
    if not changes:
        raise NothingChanges
    paid = paid_periods(subscription, now)
    if any(each.wanted < each.renews_with for each in changes) and billed_ahead(subscription):
        raise billed_until(subscription)
    taxes = taxes_of(subscription, [each.item.product.product_class_id for each in changes], now)
    lines = []
    for change in changes:
        for part in paid:
            tax = taxes.tax_of(change.item.product.product_class_id, now.date())
            line = _more(subscription, change, part, tax, actor, now)
            lines += [line] if line is not None else []
    more = sum((each.wanted - each.renews_with) * each.item.unit_price for each in changes)
    before = subscription.recurring_price + sum(
        (renews_with(each) - each.quantity) * each.unit_price for each in subscription.items
    )
    at_renewal = any(each.wanted < each.renews_with for each in changes)
    return ChangeQuote(
        subscription.currency,
        tuple(lines),
        totals_or_nothing(lines),
        before,
        max(0, before + more),
        items=tuple(changes),
        at_renewal=at_renewal,
    )


def save_quantities(
    subscription_id: int,
    wanted: Mapping[str, int],
    *,
    expected_total: int,
    key: str,
    actor: Actor,
    now: dt.datetime,
) -> Invoice | None:
    """Save other quantities. What is more takes effect when the invoice that is given back is paid, or at once when it
    costs nothing or is on credit (see order_change); what is less at renewal.

    ``expected_total`` is what the person saw. The same key again gives the same invoice. Refused: as quote_quantities,
    PriceChangedMeanwhile, OrderKeyMissing, NotWhileLoggedInAs.
    """
    subscription, placed = open_for_change(subscription_id, key, actor)
    if placed is not None:
        return invoice_of(placed)
    quote = quote_quantities(subscription, wanted, actor=actor, now=now)
    if quote.totals.total != expected_total:
        raise PriceChangedMeanwhile
    for change in quote.items:
        if change.wanted < change.renews_with:
            _lower_at_renewal(subscription, change, actor, now)
    more = [each for each in quote.items if each.wanted > each.renews_with]
    if not quote.lines:
        for change in more:
            raise_quantity(subscription, change.item, change.wanted, actor=actor, now=now)
        return None
    ordered = [
        OrderLine(
            product_id=each.item.product_id,
            quantity=each.wanted,
            unit_price=each.item.unit_price,
            net=sum(line.net for line in quote.lines if line.product_id == each.item.product_id),
            description=changed_words(each.item.product.name, str(each.now), str(each.wanted)),
        )
        for each in more
    ]
    return order_change(subscription, quote, ordered, key=key, actor=actor, now=now)


def limits_of(subscription: Subscription, *, now: dt.datetime) -> dict[str, tuple[int, int]]:
    """The fewest and the most of each product by its code: what the plan allows, and no more than it renews with of
    what the plan does not have or nobody can buy one more of.
    """
    included = {each.product_id: each for each in subscription.package.items}
    unpriced = {item.product.code for item in subscription.items if not item.unit_price}
    prices = price_list(unpriced, currency=subscription.currency) if unpriced else None
    limits = {}
    for item in subscription.items:
        allowed, kept = included.get(item.product_id), renews_with(item)
        least = 0 if allowed is None else allowed.minimum
        most = kept if allowed is None else MOST_OF_ONE if allowed.maximum is None else allowed.maximum
        if prices is not None and not item.unit_price and not _is_sold(prices, subscription, item, now):
            most = min(most, max(kept, least))
        limits[item.product.code] = (least, most)
    return limits


def _is_sold(prices: PriceList, subscription: Subscription, item: SubscriptionItem, now: dt.datetime) -> bool:
    """Whether it is free by its price, rather than by having none."""
    try:
        prices.price_of(item.product.code, subscription.period, now.date())
    except (PriceMissing, NotForSale):
        return False
    return True


def _more(
    subscription: Subscription,
    change: ItemChange,
    part: PaidPeriod,
    tax: LineTax,
    actor: Actor,
    now: dt.datetime,
) -> InvoiceLineValues | None:
    """What goes beyond what a period is paid or billed with; nothing where its plan does not have the product."""
    paid = part.terms.item(change.item.product_id)
    if paid is None:
        return None
    raised = part.terms.with_at_least(change.item.product_id, change.wanted).item(change.item.product_id)
    return more_line(
        ChangedThing(change.item.product, subscription.id, part.period, tax),
        paid.unit_price,
        paid_quantity=paid.quantity,
        before=paid.quantity if part.is_next else change.now,
        after=raised.quantity if raised is not None else paid.quantity,
        actor=actor,
        now=now,
        on=part.begins,
    )


def _item_changes(subscription: Subscription, wanted: Mapping[str, int], now: dt.datetime) -> list[ItemChange]:
    """What is really different. Refused: QuantityNotPossible."""
    items = {item.product.code: item for item in subscription.items}
    if set(wanted) - set(items):
        raise QuantityNotPossible("This subscription does not have one of these products. Reload the page.")
    found, limits = [], limits_of(subscription, now=now)
    for code, target in wanted.items():
        item = items[code]
        kept = renews_with(item)
        if target == kept:
            continue
        least, most = limits[code]
        if type(target) is not int or not least <= target <= most:
            raise QuantityNotPossible(
                Sentence(
                    "%(product)s: enter a whole number from %(least)s to %(most)s.",
                    product=item.product.name,
                    least=least,
                    most=most,
                )
            )
        found.append(ItemChange(item, item.quantity, kept, target))
    return found


def _lower_at_renewal(subscription: Subscription, change: ItemChange, actor: Actor, now: dt.datetime) -> None:
    change.item.pending_quantity = change.wanted if change.wanted < change.item.quantity else None
    tell_change(
        subscription,
        SubscriptionChangeKind.QUANTITY_DECREASED,
        actor=actor,
        now=now,
        before=f"{change.item.product.name}: {change.renews_with}",
        after=str(change.wanted),
        item=change.item,
        effective_on=subscription.current_period_to + ONE_DAY,
    )
