"""What can be bought: products, packages, their prices, and the tax on them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from domain.permissions import P
from models import Edition, Package, Price, Product, ProductKind, TaxRule
from panel import STAFF, Choice, Column, DateRange, Lookup, Reference, Related, Resource, Text, Visit, YesNo, reading
from services.editions import create_edition, edit_edition
from services.taxes import create_tax_rule, edit_tax_rule

_EDITED = {"create": P.STAFF_CATALOGUE_EDIT, "edit": P.STAFF_CATALOGUE_EDIT}
_PRODUCT_CLASS = Reference(label="name", key="code", search=("name", "code"))


class ProductResource(Resource):
    model, slug, title = Product, "products", "Products"
    group, icon, key, label = "Catalogue", "box-seam", "code", "name"
    realms = frozenset({STAFF})
    columns = (
        Column("code", sort=True, link=True),
        Column("name", sort=True),
        Column("kind"),
        Column("product_class.name", "Product class"),
        Column("unit"),
        Column("status"),
        Column("description", list=False),
        Column("created_at", list=False, sort=True),
    )
    filters = (Choice("kind"), Choice("status"))
    search = ("code", "name")
    default_sort = "name"
    form = {
        "create": ("code", "name", "kind", "product_class", "unit", "status", "description"),
        "edit": ("name", "kind", "product_class", "unit", "status", "description"),
    }
    references = {"product_class": _PRODUCT_CLASS}
    grants = {**reading(P.STAFF_CATALOGUE_READ), **_EDITED}


def edition_products(_visit: Visit) -> ColumnElement[bool]:
    """The products an edition may be counted by: each by one."""
    free = Product.id.not_in(select(Edition.product_id))
    return (Product.kind == ProductKind.EDITION) & free


class EditionResource(Resource):
    model, slug, title = Edition, "editions", "Editions"
    description = "What the app wizard sets up on a license, as many as the license's items hold of the product."
    group, icon, key, label, status = "Catalogue", "phone", "code", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("position", sort=True),
        Column("code", link=True),
        Column("name"),
        Column("product.name", "Product"),
        Column("is_offered", "Offered"),
        Column("created_at", "Added", list=False),
    )
    filters = (YesNo("is_offered", "Offered"),)
    default_sort = "position"
    form = {"create": ("code", "name", "product", "position", "is_offered"), "edit": ("name", "position", "is_offered")}
    references = {"product": Reference(label="name", key="code", search=("name", "code"), where=edition_products)}
    labels = {"is_offered": "Offered"}
    help = {
        "product": "A product of the kind “edition”. Its quantity on a license is the most that can be set up.",
        "position": "Editions are shown in this order, the lowest number first.",
        "is_offered": "One that is not offered stays on licenses where it is set up.",
    }
    saves = {"create": create_edition, "edit": edit_edition}
    grants = {**reading(P.STAFF_CATALOGUE_READ), **_EDITED}


class PackageResource(Resource):
    model, slug, title = Package, "packages", "Packages"
    group, icon, key, label = "Catalogue", "boxes", "code", "name"
    realms = frozenset({STAFF})
    columns = (
        Column("code", sort=True, link=True),
        Column("name", sort=True),
        Column("license_kind"),
        Column("product_class.name", "Product class"),
        Column("status"),
        Column("in_store"),
        Column("trial_days", list=False),
        Column("description", list=False),
        Column("created_at", list=False, sort=True),
    )
    filters = (Choice("license_kind"), Choice("status"), YesNo("in_store"))
    search = ("code", "name")
    default_sort = "name"
    form = {
        "create": ("code", "name", "product_class", "license_kind", "status", "in_store", "trial_days", "description"),
        "edit": ("name", "product_class", "status", "in_store", "trial_days", "description"),
    }
    references = {"product_class": _PRODUCT_CLASS}
    grants = {**reading(P.STAFF_CATALOGUE_READ), **_EDITED}
    related = (
        Related("items", columns=("product.name", "quantity", "minimum", "maximum")),
        Related("prices", columns=("period", "amount", "valid_from", "valid_to"), order="-valid_from"),
    )


class PriceResource(Resource):
    model, slug, title = Price, "prices", "Prices"
    description = "Before tax, for a product or a package, in one currency and for one period."
    group, icon, label, status = "Catalogue", "tag", "public_id", ""
    realms = frozenset({STAFF})
    columns = (
        Column("package.name", "Package"),
        Column("product.name", "Product"),
        Column("period"),
        Column("amount", sort=True, link=True),
        Column("valid_from", sort=True),
        Column("valid_to"),
        Column("created_at", list=False, sort=True),
    )
    filters = (Lookup("package"), Lookup("product"), Text("currency", exact=True), Choice("period"))
    default_sort = "-valid_from"
    form = {"create": ("product", "package", "currency", "period", "amount", "valid_from", "valid_to")}
    grants = {**reading(P.STAFF_CATALOGUE_READ), "create": P.STAFF_CATALOGUE_EDIT}


class TaxRuleResource(Resource):
    model, slug, title = TaxRule, "tax-rules", "Tax rules"
    description = "The rate of a product class in a country, from one day to another. Prices are before tax."
    group, icon, label, status = "Catalogue", "percent", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", link=True),
        Column("country", sort=True),
        Column("region"),
        Column("product_class.name", "Product class"),
        Column("rate"),
        Column("valid_from", sort=True),
        Column("valid_to"),
        Column("created_at", list=False, sort=True),
    )
    filters = (Text("country", exact=True), DateRange("valid_from"))
    default_sort = "country"
    form = {
        "create": ("name", "country", "region", "product_class", "rate", "valid_from", "valid_to"),
        "edit": ("name", "valid_to"),
    }
    references = {"product_class": _PRODUCT_CLASS}
    saves = {"create": create_tax_rule, "edit": edit_tax_rule}
    help = {"valid_to": "The first day without it. An issued invoice keeps the rule it was made with."}
    grants = {
        **reading(P.STAFF_TAX_RULES_READ),
        "create": P.STAFF_TAX_RULES_EDIT,
        "edit": P.STAFF_TAX_RULES_EDIT,
    }
