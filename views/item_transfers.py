"""Transfers of items that were made, and undoing one within a day (SPEC E4)."""

from __future__ import annotations

import datetime as dt

from domain.permissions import P
from models import ItemTransfer
from panel import STAFF, Action, CheckItem, Column, DateRange, Lookup, Related, Resource, Visit, reading
from services.transfers import TransferUndone, UndoTooLate, can_still_undo, undo_transfer


def time_left(_visit: Visit, transfer: ItemTransfer, now: dt.datetime) -> list[CheckItem]:
    """Whether the day is over, said before the button is shown."""
    if can_still_undo(transfer, now=now):
        return []
    return [CheckItem("24 hours", "blocks", UndoTooLate.message)]


class ItemTransferResource(Resource):
    model, slug, title, noun = ItemTransfer, "item-transfers", "Transfers of items", "Transfer of items"
    description = "Which items went from one license to another, who moved them, and what was undone."
    group, icon, label, status = "Services", "arrow-left-right", "from_license.code", ""
    columns = (
        Column("created_at", "Time", link=True, sort=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("from_license.code", "Taken from"),
        Column("to_license.code", "Given to"),
        Column("transferred_by", "By"),
        Column("undone_at", "Undone"),
        Column("undone_by", "Undone by", list=False),
    )
    filters = (
        DateRange("created_at", "Date"),
        Lookup("from_license", "Taken from"),
        Lookup("to_license", "Given to"),
        Lookup("account", realms={STAFF}),
    )
    default_sort = "-created_at"
    load = ("from_license",)
    grants = reading(P.TRANSFERS_READ)
    actions = (
        Action(
            undo_transfer,
            "Undo transfer",
            grant=P.TRANSFERS_MAKE,
            when=ItemTransfer.can_undo,
            why_not=TransferUndone.message,
            sensitive=True,
            checks=time_left,
            confirm="The items go back, and both licenses hold what they held before. This is possible within 24 "
            "hours, as long as nothing else changed these items.",
            done="The transfer is undone. Both licenses hold what they held before.",
            danger=True,
            name="undo",
        ),
    )
    related = (
        Related(
            "lines",
            columns=(
                Column("license.code", "License"),
                "direction",
                Column("product.name", "Item"),
                "quantity",
                Column("quantity_before", "Before"),
                Column("quantity_after", "After"),
            ),
            label="Items",
        ),
    )

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """In the menu of staff, and of accounts that may transfer."""
        return visit.owner_id is None or bool(visit.context.transfers_allowed)
