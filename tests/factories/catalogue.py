"""Products, packages, prices, tax rules, releases, articles and financing options."""

from __future__ import annotations

import datetime as dt

import factory

from models import (
    ArticleKind,
    BillingPeriod,
    Download,
    Edition,
    FinancingOption,
    FinancingRequest,
    LicenseKind,
    Package,
    PackageItem,
    Price,
    Product,
    ProductClass,
    ProductKind,
    Release,
    ReleaseFile,
    ResourceArticle,
    TaxRule,
)
from tests.factories.base import NOW, RowFactory
from tests.factories.people import AccountFactory, FileFactory, PersonFactory, digest_of


class ProductClassFactory(RowFactory):
    class Meta:
        model = ProductClass

    code = factory.Sequence(lambda n: f"class-{n}")
    name = factory.Sequence(lambda n: f"Class {n}")
    created_at = NOW


class TaxRuleFactory(RowFactory):
    class Meta:
        model = TaxRule

    name = "VAT 19 %"
    country = "DE"
    product_class = factory.SubFactory(ProductClassFactory)
    rate = 190_000
    valid_from = dt.date(2021, 1, 1)
    created_at = NOW


class ProductFactory(RowFactory):
    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"extension-{n}")
    name = factory.Sequence(lambda n: f"Extension {n}")
    kind = ProductKind.EXTENSION
    product_class = factory.SubFactory(ProductClassFactory)
    created_at = NOW


class EditionFactory(RowFactory):
    class Meta:
        model = Edition

    code = factory.Sequence(lambda n: f"edition-{n}")
    name = factory.Sequence(lambda n: f"Edition {n}")
    product = factory.SubFactory(ProductFactory, kind=ProductKind.EDITION)
    created_at = NOW


class PackageFactory(RowFactory):
    class Meta:
        model = Package

    code = factory.Sequence(lambda n: f"package-{n}")
    name = factory.Sequence(lambda n: f"Package {n}")
    product_class = factory.SubFactory(ProductClassFactory)
    license_kind = LicenseKind.BUSINESS
    created_at = NOW


class PackageItemFactory(RowFactory):
    class Meta:
        model = PackageItem

    package = factory.SubFactory(PackageFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = 10
    maximum = 500


class PriceFactory(RowFactory):
    """The price of a package; give ``package=None, product=…`` for one of a product."""

    class Meta:
        model = Price

    package = factory.SubFactory(PackageFactory)
    currency = "USD"
    period = BillingPeriod.MONTHLY
    amount = 4_900
    valid_from = dt.date(2024, 1, 1)
    created_at = NOW


class ReleaseFactory(RowFactory):
    class Meta:
        model = Release

    product = factory.SubFactory(ProductFactory)
    version_number = factory.Sequence(lambda n: f"7.{n}.0")
    published_on = dt.date(2026, 5, 1)
    is_published = True
    notes = "Faster start."
    created_at = NOW


class ReleaseFileFactory(RowFactory):
    class Meta:
        model = ReleaseFile

    release = factory.SubFactory(ReleaseFactory)
    file = factory.SubFactory(FileFactory)
    name = factory.SelfAttribute("file.name")
    size = factory.SelfAttribute("file.size")
    sha256 = factory.Sequence(digest_of)
    created_at = NOW


class DownloadFactory(RowFactory):
    class Meta:
        model = Download

    account_id = factory.LazyFunction(lambda: AccountFactory().id)
    release_file = factory.SubFactory(ReleaseFileFactory)
    person = factory.SubFactory(PersonFactory)
    downloaded_at = NOW
    ip = "192.0.2.10"


class ResourceArticleFactory(RowFactory):
    class Meta:
        model = ResourceArticle

    kind = ArticleKind.ARTICLE
    title = factory.Sequence(lambda n: f"How to number extensions, part {n}")
    body = "Begin with three digits."
    is_published = True
    published_on = dt.date(2026, 5, 1)
    created_at = NOW


class FinancingOptionFactory(RowFactory):
    class Meta:
        model = FinancingOption

    code = factory.Sequence(lambda n: f"option-{n}")
    name = factory.Sequence(lambda n: f"{12 * (n + 1)} months")
    created_at = NOW


class FinancingRequestFactory(RowFactory):
    class Meta:
        model = FinancingRequest

    account = factory.SubFactory(AccountFactory)
    option = factory.SubFactory(FinancingOptionFactory)
    requested_by = factory.SubFactory(PersonFactory)
    currency = "USD"
    amount = 1_200_000
    contact = "Robin Miller"
    email = "robin@people.example"
    created_at = NOW
