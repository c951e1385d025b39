"""Packages and products as files name them: by their codes, which must be here already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from extensions import db
from models.package import Package
from models.product import Product
from services.imports.kind import Plan


def packages_by_code(codes: Iterable[str]) -> dict[str, Package]:
    return {each.code: each for each in db.session.scalars(select(Package).where(Package.code.in_(set(codes))))}


def products_by_code(codes: Iterable[str]) -> dict[str, int]:
    """The row numbers of products."""
    rows = db.session.execute(select(Product.code, Product.id).where(Product.code.in_(set(codes))))
    return {row.code: row.id for row in rows}


def find_package(line: int, code: str, packages: dict[str, Package], plan: Plan[Any]) -> Package | None:
    package = packages.get(code)
    if package is None:
        plan.refuse(line, "package", f"there is no package “{code}”. Add it to the catalogue first.")
    return package


def find_products(
    line: int, codes: Iterable[str], products: dict[str, int], plan: Plan[Any]
) -> Iterator[tuple[str, int]]:
    """The products of the column ``items`` by their codes."""
    for code in codes:
        if code in products:
            yield code, products[code]
        else:
            plan.refuse(line, "items", f"there is no product “{code}”. Add it to the catalogue first.")
