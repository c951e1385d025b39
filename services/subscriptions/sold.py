"""The terms that were sold, kept with the period or the order over them: what is provided is what was paid for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from extensions import db
from models.product import Product
from models.subscription import Subscription, SubscriptionPeriod
from services.subscriptions.terms import (
    TermItem,
    Terms,
    load_package,
    prices_of_next,
    renewal_terms,
)


def written(terms: Terms) -> dict[str, Any]:
    """Terms as a row keeps them, with prices of a whole period in minor units.

    ``package_id``, ``price``, and ``items``: ``product_id``, ``quantity``, ``unit_price``.
    """
    items = [
        {"product_id": item.product.id, "quantity": item.quantity, "unit_price": item.unit_price}
        for item in terms.items
    ]
    return {"package_id": terms.package.id, "price": terms.price, "items": items}


def read(kept: dict[str, Any]) -> Terms:
    """The same terms again; names and codes of plan and products are those of now."""
    ids = [item["product_id"] for item in kept["items"]]
    products = {row.id: row for row in db.session.scalars(select(Product).where(Product.id.in_(ids)))}
    items = tuple(
        TermItem(products[each["product_id"]], each["quantity"], each["unit_price"]) for each in kept["items"]
    )
    return Terms(load_package(kept["package_id"]), kept["price"], items)


def terms_of_period(subscription: Subscription, period: SubscriptionPeriod) -> Terms:
    """What a period was billed with. Of one that was imported nobody knows: what would be billed now."""
    if period.terms is not None:
        return read(period.terms)
    return renewal_terms(subscription, prices_of_next(subscription), period.period_from)
