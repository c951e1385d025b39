"""What members order themselves: the packages in the store, priced for their account (SPEC E10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.package import Package, PackageItem
from models.price import BillingPeriod
from models.product import CatalogueStatus
from services.pricing import CataloguePrice, NotForSale, PriceMissing, price_list
from services.subscriptions.trials import plans_had


class NotInStore(Refusal):
    message = "There is no such package in the store. Reload the page to see what is offered."


@dataclass(frozen=True, slots=True)
class StoreItem:
    """A package with its prices in the account's currency, the shortest period first."""

    package: Package
    prices: tuple[CataloguePrice, ...]
    can_try: bool

    def price_for(self, period: str) -> CataloguePrice | None:
        """The price of one of the periods offered, by its word."""
        return next((price for price in self.prices if price.period.value == period), None)


def store_items(account: Account, *, now: dt.datetime) -> Sequence[StoreItem]:
    """Everything that the account can order, by name: a few queries, however many there are."""
    with_items = selectinload(Package.items).selectinload(PackageItem.product)
    found = select(Package).where(Package.status == CatalogueStatus.ACTIVE, Package.in_store.is_(True))
    packages = db.session.scalars(found.options(with_items).order_by(Package.name)).all()
    prices = price_list({package.code for package in packages}, currency=account.currency)
    had = plans_had(account.id)
    items = []
    for package in packages:
        offered = []
        for period in BillingPeriod:
            try:
                offered.append(prices.price_of(package.code, period, now.date()))
            except (PriceMissing, NotForSale):
                continue  # sold for other periods or currencies only
        if offered:
            can_try = package.trial_days > 0 and package.id not in had and any(p.period.months for p in offered)
            items.append(StoreItem(package, tuple(offered), can_try))
    return items


def store_item(account: Account, code: str, *, now: dt.datetime) -> StoreItem:
    """One of them. Refused: NotInStore."""
    found = next((item for item in store_items(account, now=now) if item.package.code == code), None)
    if found is None:
        raise NotInStore
    return found
