"""What the demo's provider sells: classes, tax, products with editions, and packages with their prices."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

from domain.tax import TaxRule as TaxRate
from models.base import new_public_id
from models.license_kind import LicenseKind as Kind
from models.package import Package, PackageItem
from models.price import BillingPeriod, Price
from models.product import CatalogueStatus, Edition, Product, ProductKind
from models.tax import ProductClass, TaxRule
from services.demo.world import World, keep
from services.imports.bulk import insert_values
from services.records import create_record

CLASSES: Final = {
    "software": "Software and licenses",
    "services": "Hosting and services",
    "support": "Support contracts",
    "hardware": "Phones and devices",
}

# Rates as the law says them; of countries without a rule no tax is taken.
TAX: Final = (
    # country, name, parts per million, from, until
    ("DE", "Umsatzsteuer 19 %", 190_000, dt.date(2021, 1, 1), None),
    ("AT", "Umsatzsteuer 20 %", 200_000, dt.date(1984, 1, 1), None),
    ("FR", "TVA 20 %", 200_000, dt.date(2014, 1, 1), None),
    ("NL", "Btw 21 %", 210_000, dt.date(2012, 10, 1), None),
    ("ES", "IVA 21 %", 210_000, dt.date(2012, 9, 1), None),
    ("GB", "VAT 20 %", 200_000, dt.date(2011, 1, 4), None),
    ("SK", "DPH 20 %", 200_000, dt.date(2011, 1, 1), dt.date(2025, 1, 1)),
    ("SK", "DPH 23 %", 230_000, dt.date(2025, 1, 1), None),
)

# What one costs in US cents for a month; other currencies and periods follow from it.
PRODUCTS: Final = (
    # code, name, kind, class, unit, cents a month
    ("platform-business", "{platform} Business", ProductKind.PLATFORM, "software", "system", 4_900),
    ("platform-call-center", "{platform} Call center", ProductKind.PLATFORM, "software", "system", 12_900),
    ("platform-multi-tenant", "{platform} Multi-tenant", ProductKind.PLATFORM, "software", "system", 29_900),
    ("extension", "Extension", ProductKind.EXTENSION, "software", "extension", 180),
    ("extension-hosted", "Hosted extension", ProductKind.EXTENSION, "services", "extension", 490),
    ("edition-office", "{client_app} Office", ProductKind.EDITION, "software", "seat", 250),
    ("edition-business", "{client_app} Business", ProductKind.EDITION, "software", "seat", 420),
    ("edition-agent", "{client_app} Agent", ProductKind.EDITION, "software", "seat", 1_150),
    ("edition-supervisor", "{client_app} Supervisor", ProductKind.EDITION, "software", "seat", 1_850),
    ("recording", "Call recording", ProductKind.ADD_ON, "software", "channel", 600),
    ("fax", "Fax to e-mail", ProductKind.ADD_ON, "services", "line", 350),
    ("hosting", "Hosting", ProductKind.SERVICE, "services", "server", 3_900),
    ("setup", "Setup and training", ProductKind.SERVICE, "services", "day", 89_000),
    ("support", "Support contract", ProductKind.SUPPORT, "support", "contract", 7_500),
    ("desk-phone-classic", "Desk phone, classic", ProductKind.HARDWARE, "hardware", "piece", 9_900),
    ("desk-phone", "Desk phone", ProductKind.HARDWARE, "hardware", "piece", 11_900),
)


class Plan(NamedTuple):
    """One package. ``contents``: product code and how many come with it, the first being what a change counts."""

    code: str
    name: str
    kind: Kind | None
    product_class: str
    contents: tuple[tuple[str, int], ...]
    in_store: bool = True
    trial_days: int = 0
    status: CatalogueStatus = CatalogueStatus.ACTIVE


PACKAGES: Final = (
    Plan(
        "business-50",
        "{platform} Business 50",
        Kind.BUSINESS,
        "software",
        (("extension", 50), ("platform-business", 1), ("edition-office", 20), ("recording", 4)),
    ),
    Plan(
        "business-200",
        "{platform} Business 200",
        Kind.BUSINESS,
        "software",
        (("extension", 200), ("platform-business", 1), ("edition-office", 80), ("edition-business", 20)),
    ),
    Plan(
        "call-center-25",
        "{platform} Call center 25",
        Kind.CALL_CENTER,
        "software",
        (("edition-agent", 25), ("platform-call-center", 1), ("edition-supervisor", 3), ("recording", 25)),
    ),
    Plan(
        "multi-tenant-100",
        "{platform} Multi-tenant 100",
        Kind.MULTI_TENANT,
        "software",
        (("extension", 100), ("platform-multi-tenant", 1), ("edition-business", 40), ("fax", 5)),
    ),
    Plan(
        "hosted-20",
        "Hosted {platform} 20",
        Kind.HOSTED,
        "services",
        (("extension-hosted", 20), ("hosting", 1), ("edition-office", 10)),
        trial_days=30,
    ),
    Plan(
        "team-10",
        "{client_app} Team 10",
        Kind.CLIENT_APP,
        "software",
        (("edition-business", 10), ("edition-office", 5)),
        trial_days=14,
    ),
    Plan("support-contract", "Support contract", None, "support", (("support", 1),)),
    Plan("setup-days", "Setup and training", None, "services", (("setup", 2),), in_store=False),
    Plan(
        "business-30",
        "{platform} Business 30 (2019)",
        Kind.BUSINESS,
        "software",
        (("extension", 30), ("platform-business", 1)),
        in_store=False,
        status=CatalogueStatus.RETIRED,
    ),
    Plan(
        "hosted-ai",
        "Hosted {platform} with transcripts",
        Kind.HOSTED,
        "services",
        (("extension-hosted", 10), ("recording", 10), ("hosting", 1)),
        in_store=False,
        status=CatalogueStatus.DRAFT,
    ),
)

CURRENCIES: Final = ("USD", "EUR", "GBP")
_RATE_PER_MILLE: Final = {"USD": 1_000, "EUR": 920, "GBP": 790}
MONTHS: Final = {
    BillingPeriod.MONTHLY: 1,
    BillingPeriod.QUARTERLY: 3,
    BillingPeriod.YEARLY: 12,
    BillingPeriod.TWO_YEARLY: 24,
}
# A longer period is cheaper: so many months are paid of it.
_MONTHS_PAID: Final = {
    BillingPeriod.ONCE: 1,
    BillingPeriod.MONTHLY: 1,
    BillingPeriod.QUARTERLY: 3,
    BillingPeriod.YEARLY: 10,
    BillingPeriod.TWO_YEARLY: 19,
}
_CENTS: Final = {code: cents for code, *_, cents in PRODUCTS}


def price_of(code: str, currency: str, period: BillingPeriod) -> int:
    """What one of a product costs for a period, before tax, in minor units."""
    return _CENTS[code] * _MONTHS_PAID[period] * _RATE_PER_MILLE[currency] // 1_000


def make_catalogue(world: World) -> None:
    """Everything that is for sale, as on the first day of the history."""
    at = world.beginning
    classes = {}
    for code, name in CLASSES.items():
        values = {"code": code, "name": name}
        classes[code] = create_record(ProductClass, values, actor=world.system, now=at)
    for country, name, rate, valid_from, valid_to in TAX:
        world.tax_rules.append(
            TaxRate(country=country, rate_ppm=rate, valid_from=valid_from, valid_to=valid_to, product_class="")
        )
        for product_class in classes.values():
            rule = {
                "name": name,
                "country": country,
                "rate": rate,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "product_class": product_class,
            }
            create_record(TaxRule, rule, actor=world.system, now=at)
    for place, (code, name, kind, product_class_code, unit, _cents) in enumerate(PRODUCTS):
        product = _make_product(world, code, name, kind, classes[product_class_code], unit, at)
        if kind is ProductKind.EDITION:
            keep(Edition(code=code.removeprefix("edition-"), name=product.name, product_id=product.id, position=place,
                        created_at=at))  # fmt: skip
    for plan in PACKAGES:
        _make_package(world, plan, classes[plan.product_class], at)


def tax_name(country: str, rate: int, on: dt.date) -> str:
    """What a tax rule is called on a document."""
    for of, name, ppm, valid_from, valid_to in TAX:
        if (of, ppm) == (country, rate) and valid_from <= on and (valid_to is None or on < valid_to):
            return name
    return ""


def _make_product(
    world: World, code: str, name: str, kind: ProductKind, product_class: ProductClass, unit: str, at: dt.datetime
) -> Product:
    values = {
        "code": code,
        "name": _worded(world, name),
        "kind": kind,
        "product_class": product_class,
        "unit": unit,
        "status": CatalogueStatus.RETIRED if code == "desk-phone-classic" else CatalogueStatus.ACTIVE,
        "description": f"Counted by the {unit}.",
    }
    product = create_record(Product, values, actor=world.system, now=at)
    prices: list[dict[str, Any]] = []
    periods = (BillingPeriod.ONCE,) if code.startswith(("setup", "desk-phone")) else tuple(MONTHS)
    for currency in CURRENCIES:
        for period in periods:
            amount = price_of(code, currency, period)
            _price(prices, at, product_id=product.id, currency=currency, period=period, amount=amount)
    insert_values(Price, prices)
    world.products[code] = product
    return product


def _make_package(world: World, plan: Plan, product_class: ProductClass, at: dt.datetime) -> None:
    values = {
        "code": plan.code,
        "name": _worded(world, plan.name),
        "product_class": product_class,
        "license_kind": plan.kind,
        "status": plan.status,
        "in_store": plan.in_store,
        "trial_days": plan.trial_days,
    }
    package = create_record(Package, values, actor=world.system, now=at)
    for code, quantity in plan.contents:
        keep(PackageItem(package_id=package.id, product_id=world.products[code].id, quantity=quantity, minimum=1))
    once, prices = plan.code == "setup-days", list[dict[str, Any]]()
    for currency in CURRENCIES:
        for period in (BillingPeriod.ONCE,) if once else tuple(MONTHS):
            amount = sum(quantity * price_of(code, currency, period) for code, quantity in plan.contents)
            _price(prices, at, package_id=package.id, currency=currency, period=period, amount=amount)
    insert_values(Price, prices)
    world.packages[plan.code] = package


def _price(prices: list[dict[str, Any]], at: dt.datetime, **values: object) -> None:
    of = {"product_id": None, "package_id": None, "valid_to": None, "version": 1, **values}
    prices.append({**of, "public_id": new_public_id(), "valid_from": at.date(), "created_at": at})


def _worded(world: World, text: str) -> str:
    return text.format(platform=world.platform_name, client_app=world.client_app_name)
