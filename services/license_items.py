"""The items of a license."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.dialects import postgresql, sqlite

from extensions import db
from models.license import License, LicenseItem


def make_items(license: License, product_ids: Iterable[int]) -> None:
    """Let the license hold nothing of those products it has never held, so that each has a row to be counted in."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {
            "account_id": license.account_id,
            "license_id": license.id,
            "product_id": product_id,
            "quantity": 0,
            "version": 1,
        }
        for product_id in sorted(product_ids)
    ]
    db.session.execute(
        dialect.insert(LicenseItem).values(rows).on_conflict_do_nothing(index_elements=["license_id", "product_id"])
    )
