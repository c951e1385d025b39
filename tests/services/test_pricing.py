"""Prices from the catalogue: by currency, period and day, and nothing without one."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from models import BillingPeriod, Package
from models.product import CatalogueStatus
from services.pricing import NotForSale, NotInCatalogue, PriceMissing, price_list
from tests.factories.catalogue import PackageFactory, PriceFactory, ProductFactory

MAY = dt.date(2026, 5, 1)
JUNE = dt.date(2026, 6, 1)
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture
def package(session: Session) -> Package:
    return PackageFactory(code="business")


def price(code="business", *, on=MAY, currency="USD", period=BillingPeriod.MONTHLY):
    return price_list({code}, currency=currency).price_of(code, period, on)


def test_a_price_holds_from_its_first_day_up_to_the_day_it_ends(package) -> None:
    PriceFactory(package=package, amount=4_900, valid_from=MAY, valid_to=JUNE)
    assert [price(on=day).amount for day in (MAY, JUNE - ONE_DAY)] == [4_900, 4_900]
    for day in (MAY - ONE_DAY, JUNE):
        with pytest.raises(PriceMissing, match="no monthly price in USD on"):
            price(on=day)


def test_the_price_that_began_last_is_the_price(package) -> None:
    PriceFactory(package=package, amount=4_900, valid_from=MAY)
    PriceFactory(package=package, amount=5_900, valid_from=JUNE)
    found = [price(on=day) for day in (JUNE - ONE_DAY, JUNE)]
    assert [each.amount for each in found] == [4_900, 5_900]
    assert found[1].explanation == {"unit": 5_900, "period": "monthly", "valid_from": "2026-06-01"}


def test_another_currency_or_period_has_its_own_price(package) -> None:
    PriceFactory(package=package, valid_from=MAY)
    for other in ({"currency": "EUR"}, {"period": BillingPeriod.YEARLY}):
        with pytest.raises(PriceMissing):
            price(**other)


def test_a_product_has_a_price_of_its_own(session: Session) -> None:
    product = ProductFactory(code="phone")
    PriceFactory(package=None, product=product, amount=0, period=BillingPeriod.ONCE)
    assert price("phone", period=BillingPeriod.ONCE).amount == 0


def test_what_is_unknown_or_retired_is_refused(package) -> None:
    PriceFactory(package=package)
    for code in ("", "nothing", "business'--", "b" * 10_000):
        with pytest.raises(NotInCatalogue):
            price(code)
    package.status = CatalogueStatus.RETIRED
    with pytest.raises(NotForSale, match="is not for sale"):
        price()
