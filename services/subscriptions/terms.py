"""What a subscription costs in a period, and by which lines: asked by renewal, preview and rehearsal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from domain.actor import Actor
from domain.periods import PricedPeriod
from domain.proration import price_of
from domain.sentences import counted
from extensions import db
from models.package import Package, PackageItem
from models.product import Product
from models.subscription import Subscription, SubscriptionItem
from services.changing_prices import ChangedThing, renewal_line
from services.invoices import InvoiceLineValues
from services.ordering import explained
from services.pricing import PriceList, PriceMissing, price_list
from services.taxes import TaxTable

LOADED = (
    selectinload(Subscription.account),
    selectinload(Subscription.package).selectinload(Package.items).selectinload(PackageItem.product),
    selectinload(Subscription.next_package).selectinload(Package.items).selectinload(PackageItem.product),
    selectinload(Subscription.items).selectinload(SubscriptionItem.product),
)


@dataclass(frozen=True, slots=True)
class TermItem:
    """So many of a product; ``unit_price`` is of one more for one whole period, in minor units before tax."""

    product: Product
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan with its items. ``price`` is of one whole period, and may be less or more than its items by themselves."""

    package: Package
    price: int
    items: tuple[TermItem, ...]

    @property
    def flat(self) -> int:
        """What the plan costs beside its items; below zero where it is cheaper than they are."""
        return self.price - sum(item.quantity * item.unit_price for item in self.items)

    def item(self, product_id: int) -> TermItem | None:
        """The item of a product, if the plan has it."""
        return next((item for item in self.items if item.product.id == product_id), None)

    def with_at_least(self, product_id: int, quantity: int) -> Terms:
        """With so many of a product, as far as the plan has it and allows it; the price grows with them."""
        item = self.item(product_id)
        if item is None:
            return self
        included = next((each for each in self.package.items if each.product_id == product_id), None)
        most = quantity if included is None or included.maximum is None else included.maximum
        more = max(0, min(quantity, most) - item.quantity)
        raised = tuple(replace(each, quantity=each.quantity + more) if each is item else each for each in self.items)
        return replace(self, price=self.price + more * item.unit_price, items=raised)


def load_subscription(subscription_id: int) -> Subscription:
    """A subscription with all that its terms are made of."""
    found = select(Subscription).where(Subscription.id == subscription_id).options(*LOADED)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def load_package(package_id: int) -> Package:
    """A package with what it includes."""
    with_items = selectinload(Package.items).selectinload(PackageItem.product)
    return db.session.scalars(select(Package).where(Package.id == package_id).options(with_items)).one()


def current_terms(subscription: Subscription) -> Terms:
    """As they are now."""
    items = tuple(TermItem(each.product, each.quantity, each.unit_price) for each in subscription.items)
    return Terms(subscription.package, subscription.recurring_price, items)


def prices_of_next(subscription: Subscription) -> PriceList | None:
    """The catalogue's prices of the plan that waits for the renewal, if one does."""
    package: Package | None = subscription.next_package
    return price_list(codes_of([package]), currency=subscription.currency) if package is not None else None


def renewal_terms(subscription: Subscription, prices: PriceList | None, on: dt.date) -> Terms:
    """As they will be from the next period on, with what waits for it. Refused: PriceMissing."""
    quantities = {each.product.code: renews_with(each) for each in subscription.items}
    if subscription.next_package is not None and prices is not None:
        return plan_terms(subscription, subscription.next_package, quantities, prices, on, is_sold=True)
    return staying_terms(subscription)


def staying_terms(subscription: Subscription) -> Terms:
    """The plan in use as it renews, with the quantities that wait for the renewal."""
    items = tuple(TermItem(each.product, renews_with(each), each.unit_price) for each in subscription.items)
    change = sum((renews_with(each) - each.quantity) * each.unit_price for each in subscription.items)
    return Terms(subscription.package, max(0, subscription.recurring_price + change), items)


def plan_terms(
    subscription: Subscription,
    package: Package,
    quantities: Mapping[str, int],
    prices: PriceList,
    on: dt.date,
    *,
    is_sold: bool = False,
) -> Terms:
    """Another plan: its price with what it includes, and what goes beyond at the price of one more.

    What the plan does not have is dropped. One that ``is_sold`` already may be retired since. Refused: NotForSale,
    PriceMissing.
    """
    price, items = prices.price_of(package.code, subscription.period, on, is_sold=is_sold).amount, []
    for included in package.items:
        quantity = max(included.quantity, quantities.get(included.product.code, 0))
        if included.maximum is not None:
            quantity = min(quantity, included.maximum)
        unit = _unit_price(
            prices, included.product, subscription, on, needed=quantity > included.quantity, is_sold=is_sold
        )
        price += (quantity - included.quantity) * unit
        items.append(TermItem(included.product, quantity, unit))
    return Terms(package, price, tuple(items))


def codes_of(packages: Sequence[Package]) -> set[str]:
    """What a price list has to hold for these plans."""
    return {package.code for package in packages} | {
        item.product.code for package in packages for item in package.items
    }


def lines_of(
    terms: Terms, subscription_id: int, priced: PricedPeriod, taxes: TaxTable, *, actor: Actor, now: dt.datetime
) -> list[InvoiceLineValues]:
    """The lines of a period: the items, and the plan where it costs something beside them.

    A plan that is cheaper than its items, or costs nothing, is one line.
    """
    if terms.flat < 0 or terms.price == 0:
        return [_plan_line(terms, terms.price, subscription_id, priced, taxes, actor, now)]
    lines = [_plan_line(terms, terms.flat, subscription_id, priced, taxes, actor, now)] if terms.flat else []
    for item in terms.items:
        if item.quantity and item.unit_price:
            tax = taxes.tax_of(item.product.product_class_id, priced.period.first)
            thing = ChangedThing(item.product, subscription_id, priced.period, tax)
            lines.append(renewal_line(thing, priced, item.unit_price, item.quantity, actor=actor, now=now))
    return lines


def _plan_line(
    terms: Terms,
    amount: int,
    subscription_id: int,
    priced: PricedPeriod,
    taxes: TaxTable,
    actor: Actor,
    now: dt.datetime,
) -> InvoiceLineValues:
    tax = taxes.tax_of(terms.package.product_class_id, priced.period.first)
    regular = priced.numerator == priced.denominator
    price = {"unit": amount} | ({} if regular else {"times": f"{priced.numerator}/{priced.denominator}"})
    days = {"left": priced.period.days, "of": priced.period.days}
    words = terms.package.name
    if not regular:
        words = counted("%(plan)s, %(count)s day", "%(plan)s, %(count)s days", priced.period.days, plan=words)
    return InvoiceLineValues(
        words,
        price_of(amount, priced),
        tax_rate=tax.rate_ppm,
        tax_name=tax.name,
        treatment=tax.treatment,
        tax_rule_id=tax.rule_id,
        subscription_id=subscription_id,
        period_from=priced.period.first,
        period_to=priced.period.last,
        explanation=explained(tax, actor=actor, now=now, price=price, quantity=1, days=days),
    )


def _unit_price(
    prices: PriceList, product: Product, subscription: Subscription, on: dt.date, *, needed: bool, is_sold: bool
) -> int:
    """Of one more; what is only ever included need not be sold by itself."""
    try:
        return prices.price_of(product.code, subscription.period, on, is_sold=is_sold).amount
    except PriceMissing:
        if needed:
            raise
        return 0


def renews_with(item: SubscriptionItem) -> int:
    """So many it will count from the renewal on."""
    return item.quantity if item.pending_quantity is None else item.pending_quantity
