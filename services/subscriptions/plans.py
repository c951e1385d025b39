"""Another plan: the dearer one for the difference of the days left, the cheaper one at renewal (SPEC E2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from domain.actor import Actor
from domain.sentences import Sentence
from extensions import db
from models.invoice import Invoice
from models.order import OrderLine
from models.package import Package, PackageItem
from models.product import CatalogueStatus
from models.subscription import Subscription, SubscriptionChangeKind
from services.changing_prices import ChangedThing, plan_line
from services.invoices import InvoiceLineValues
from services.ordering import PriceChangedMeanwhile
from services.pricing import NotForSale, PriceMissing, price_list
from services.subscriptions.applying import plan_before, take_plan
from services.subscriptions.change_orders import invoice_of, open_for_change, order_change, refuse_while_changing
from services.subscriptions.history import tell_change
from services.subscriptions.periods import ONE_DAY, billed_ahead
from services.subscriptions.quotes import (
    ChangeQuote,
    NothingChanges,
    PaidPeriod,
    PlanNotOffered,
    billed_until,
    check_running,
    paid_periods,
    taxes_of,
    totals_or_nothing,
)
from services.subscriptions.sold import written
from services.subscriptions.terms import Terms, codes_of, current_terms, plan_terms, staying_terms

_PACKAGE_LOADED = (selectinload(Package.items).selectinload(PackageItem.product),)


def offered_plans(subscription: Subscription, *, now: dt.datetime) -> list[tuple[Package, Terms]]:
    """The other plans of the same kind with a price in this currency and period, with their terms, by price."""
    found = select(Package).where(
        Package.status == CatalogueStatus.ACTIVE,
        Package.id != subscription.package_id,
        Package.in_store.is_(True),
        Package.product_class_id == subscription.package.product_class_id,
        Package.license_kind.is_not_distinct_from(subscription.package.license_kind),
    )
    packages = db.session.scalars(found.options(*_PACKAGE_LOADED)).all()
    prices = price_list(codes_of(packages), currency=subscription.currency)
    offered = []
    for package in packages:
        try:
            offered.append((package, plan_terms(subscription, package, _quantities(subscription), prices, now.date())))
        except (PriceMissing, NotForSale):
            continue  # sold for other periods or currencies only
    return sorted(offered, key=lambda each: each[1].price)


def quote_plan(subscription: Subscription, code: str, *, actor: Actor, now: dt.datetime) -> ChangeQuote:
    """Price another plan; writes nothing. A dearer one costs the difference of the days left, a cheaper one nothing.

    Choosing the plan in use again takes back a cheaper one that waits for the renewal, for the difference where that is
    billed already. Refused: SubscriptionNotChangeable, ChangeUnderWay, PlanNotOffered, NothingChanges,
    NextPeriodBilled, TaxRulesUnclear.
    """
    check_running(subscription, now)
    refuse_while_changing(subscription)
    paid, current = paid_periods(subscription, now), current_terms(subscription)
    if code == subscription.package.code:
        if subscription.next_package_id is None:
            raise NothingChanges
        stays = staying_terms(subscription)
        ahead = [part for part in paid if part.is_next]
        return _quote_of(subscription, _lines(subscription, ahead, stays, actor, now), stays, at_renewal=False)
    terms = next((terms for package, terms in offered_plans(subscription, now=now) if package.code == code), None)
    if terms is None:
        raise PlanNotOffered
    if terms.price <= current.price:
        if billed_ahead(subscription):
            raise billed_until(subscription)
        return _quote_of(subscription, [], terms, at_renewal=True)
    return _quote_of(subscription, _lines(subscription, paid, terms, actor, now), terms, at_renewal=False)


def change_plan(
    subscription_id: int, code: str, *, expected_total: int, key: str, actor: Actor, now: dt.datetime
) -> Invoice | None:
    """Take another plan: a dearer one when its invoice is paid or is on credit (see order_change), a cheaper one at
    renewal. Refused: as quote_plan, PriceChangedMeanwhile, OrderKeyMissing, NotWhileLoggedInAs.
    """
    subscription, placed = open_for_change(subscription_id, key, actor)
    if placed is not None:
        return invoice_of(placed)
    quote = quote_plan(subscription, code, actor=actor, now=now)
    terms = quote.terms
    if terms is None or quote.totals.total != expected_total:
        raise PriceChangedMeanwhile
    if quote.lines:
        line = OrderLine(
            package_id=terms.package.id,
            quantity=1,
            unit_price=quote.totals.net,
            net=quote.totals.net,
            description=Sentence("%(old)s to %(new)s", old=plan_before(subscription, terms), new=terms.package.name),
            terms=written(terms),
        )
        return order_change(subscription, quote, [line], key=key, actor=actor, now=now)
    if not quote.at_renewal:
        take_plan(subscription, terms, actor=actor, now=now)
        return None
    before = subscription.next_package.name if subscription.next_package is not None else subscription.package.name
    subscription.next_package_id = terms.package.id
    db.session.flush()
    tell_change(
        subscription,
        SubscriptionChangeKind.DOWNGRADED,
        actor=actor,
        now=now,
        before=before,
        after=terms.package.name,
        effective_on=subscription.current_period_to + ONE_DAY,
    )
    return None


def _lines(
    subscription: Subscription, parts: Sequence[PaidPeriod], terms: Terms, actor: Actor, now: dt.datetime
) -> list[InvoiceLineValues]:
    """What dearer terms cost beyond what each of these periods is paid or billed with."""
    taxes = taxes_of(subscription, [terms.package.product_class_id], now)
    lines = []
    for part in parts:
        tax = taxes.tax_of(terms.package.product_class_id, now.date())
        line = plan_line(
            ChangedThing(None, subscription.id, part.period, tax),
            old_price=part.terms.price,
            new_price=terms.price,
            old=part.terms.package.name,
            new=terms.package.name,
            actor=actor,
            now=now,
            on=part.begins,
        )
        lines += [line] if line is not None else []
    return lines


def _quote_of(
    subscription: Subscription, lines: Sequence[InvoiceLineValues], terms: Terms, *, at_renewal: bool
) -> ChangeQuote:
    return ChangeQuote(
        subscription.currency,
        tuple(lines),
        totals_or_nothing(lines),
        subscription.recurring_price,
        terms.price,
        terms=terms,
        at_renewal=at_renewal,
    )


def _quantities(subscription: Subscription) -> Mapping[str, int]:
    return {item.product.code: item.quantity for item in subscription.items}
