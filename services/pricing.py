"""Prices from the catalogue: the server's own, by currency, period and day, whatever a form said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.package import Package
from models.price import BillingPeriod, Price
from models.product import CatalogueStatus, Product

Offered = Package | Product


class NotInCatalogue(Refusal):
    message = "There is no such product or package in the catalogue. Reload the page to see what is offered."


class NotForSale(Refusal):
    """The message names what is sold no more, or not yet."""


class PriceMissing(Refusal):
    """The message names what has no price, and in which currency and period."""


@dataclass(frozen=True, slots=True)
class CataloguePrice:
    """What one of a product or package costs before tax, and since when."""

    offered: Offered
    period: BillingPeriod
    amount: int
    currency: str
    valid_from: dt.date

    @property
    def explanation(self) -> dict[str, Any]:
        """The part of a line's explanation that is about its price."""
        return {"unit": self.amount, "period": self.period.value, "valid_from": self.valid_from.isoformat()}


@dataclass(frozen=True, slots=True)
class PriceList:
    """Some of the catalogue in one currency; asking it needs no query."""

    currency: str
    offered: Mapping[str, Offered]
    prices: Mapping[tuple[str, BillingPeriod], tuple[Price, ...]]

    def price_of(self, code: str, period: BillingPeriod, on: dt.date, *, is_sold: bool = False) -> CataloguePrice:
        """The price in force on a day; of several the one that began last.

        What ``is_sold`` already keeps its price though it was retired since. Refused: NotInCatalogue, NotForSale (a
        draft or retired), PriceMissing.
        """
        offered = self.offered.get(code)
        if offered is None:
            raise NotInCatalogue
        if offered.status is not CatalogueStatus.ACTIVE and not is_sold:
            raise NotForSale(Sentence("%(offered)s is not for sale.", offered=offered.name))
        in_force = [
            price
            for price in self.prices.get((code, period), ())
            if price.valid_from <= on and (price.valid_to is None or on < price.valid_to)
        ]
        if not in_force:
            raise PriceMissing(
                Sentence(
                    "%(offered)s has no %(period)s price in %(currency)s on %(day)s. Choose another period, or have a "
                    "price added to the catalogue.",
                    offered=offered.name,
                    period=period,
                    currency=self.currency,
                    day=on,
                )
            )
        price = max(in_force, key=lambda each: each.valid_from)
        return CataloguePrice(offered, period, price.amount, self.currency, price.valid_from)


def price_list(codes: Collection[str], *, currency: str) -> PriceList:
    """Load what is sold by these codes, with its prices in a currency: three queries, however many codes there are.

    Products and packages share their codes' namespace here: of the same code, the package is meant.
    """
    wanted = set(codes)
    products = {row.id: row for row in db.session.scalars(select(Product).where(Product.code.in_(wanted)))}
    packages = {row.id: row for row in db.session.scalars(select(Package).where(Package.code.in_(wanted)))}
    offered: dict[str, Offered] = {row.code: row for row in products.values()}
    offered |= {row.code: row for row in packages.values()}
    found = select(Price).where(
        Price.currency == currency,
        or_(Price.product_id.in_(products), Price.package_id.in_(packages)),
    )
    prices: dict[tuple[str, BillingPeriod], tuple[Price, ...]] = {}
    for price in db.session.scalars(found):
        row: Offered = products[price.product_id] if price.product_id else packages[price.package_id or 0]
        if offered[row.code] is row:
            prices[row.code, price.period] = (*prices.get((row.code, price.period), ()), price)
    return PriceList(currency, offered, prices)
