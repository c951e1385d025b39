"""What a transfer does to the editions that the app wizard has set up: lowered with the items, and back by an undo."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from domain.actor import Actor
from extensions import db
from models.item_transfer import ItemTransfer, ItemTransferLine
from models.license import License, LicenseItem
from services.editions import raise_editions


def editions_before(*licenses: License) -> dict[tuple[int, int], int]:
    """How many of each product the app wizard has set up, by license id and product id."""
    found = select(LicenseItem.license_id, LicenseItem.product_id, LicenseItem.in_app)
    rows = db.session.execute(found.where(LicenseItem.license_id.in_([license.id for license in licenses])))
    return {(license_id, product_id): in_app for license_id, product_id, in_app in rows}


def restore_editions(transfer: ItemTransfer, license: License, *, actor: Actor, now: dt.datetime) -> None:
    """Set up again on a license what the transfer took from the app wizard; the items are there already."""
    lowered = select(ItemTransferLine.product_id, ItemTransferLine.in_app_before).where(
        ItemTransferLine.transfer_id == transfer.id,
        ItemTransferLine.license_id == license.id,
        ItemTransferLine.in_app_before > ItemTransferLine.quantity_after,
    )
    numbers = {line.product_id: line.in_app_before for line in db.session.execute(lowered)}
    raise_editions(license, numbers, actor=actor, now=now)
