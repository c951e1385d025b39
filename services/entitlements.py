"""What a license entitles a device to, in the words that are signed for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from domain.entitlements import believed_until, moment
from extensions import db
from models.account import Account
from models.license import License, LicenseActivation, LicenseItem
from models.package import Package
from models.product import Product
from services.editions import editions_of
from services.settings import number_setting

FORMAT: Final = 1
"""Goes up when a field changes its meaning or goes; new fields come without."""


def entitlements_of(
    license: License, activation: LicenseActivation, *, nonce: str, issuer: str, now: dt.datetime
) -> Mapping[str, object]:
    """Everything a device may do, and until when it may believe that. ``nonce`` is the one of its request."""
    package = db.session.get_one(Package, license.package_id)
    zone = db.session.scalars(select(Account.time_zone).where(Account.id == license.account_id)).one()
    days = number_setting("activation_valid_days")
    return {
        **_said_always(license, activation, nonce, issuer, now),
        "valid_until": moment(believed_until(now, days=days, last_day=license.expires_on, zone=zone)),
        "license": {
            "code": license.code,
            "type": license.kind.value,
            "status": license.status.value,
            "duration": license.duration.value,
            "expires_on": license.expires_on.isoformat() if license.expires_on else None,
            "package": {"code": package.code, "name": package.name},
            "app_name": license.app_name,
            "licensee": license.licensee,
            "activation_limit": license.activation_limit,
        },
        "items": _items(license),
        "editions": [
            {"edition": seat.code, "name": seat.name, "seats": seat.in_app}
            for seat in editions_of(license)
            if seat.in_app
        ],
    }


def deactivation_of(
    license: License, activation: LicenseActivation, *, nonce: str, issuer: str, now: dt.datetime
) -> Mapping[str, object]:
    """The receipt that a device gave its activation back. It entitles to nothing."""
    ended = moment(activation.deactivated_at or now)
    return {
        **_said_always(license, activation, nonce, issuer, now),
        "license": {"code": license.code},
        "deactivated_at": ended,
    }


def _said_always(
    license: License, activation: LicenseActivation, nonce: str, issuer: str, now: dt.datetime
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "issuer": issuer,
        "nonce": nonce,
        "issued_at": moment(now),
        "device": {
            "activation": activation.public_id,
            "mac_address": activation.mac_address,
            "ip": activation.ip,
            "activated_at": moment(activation.activated_at),
        },
    }


def _items(license: License) -> list[dict[str, object]]:
    """Each product that the license holds, by its code; what it holds none of is left out."""
    held = (
        select(Product.code, Product.name, Product.kind, LicenseItem.quantity)
        .join(Product, Product.id == LicenseItem.product_id)
        .where(LicenseItem.license_id == license.id, LicenseItem.quantity > 0)
        .order_by(Product.code)
    )
    return [
        {"product": code, "name": name, "kind": kind.value, "quantity": quantity}
        for code, name, kind, quantity in db.session.execute(held)
    ]
