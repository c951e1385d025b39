"""Transfers: items moved from one license of an account to another, and back again within a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.refusals import Refusal
from domain.transfers import Holding, LicenseNotActive, NotSoManyHeld, TransferPlan, plan_transfer
from extensions import db
from models.account import Account, AccountStatus
from models.item_transfer import ItemTransfer, ItemTransferLine, TransferDirection
from models.license import License, LicenseItem
from models.product import Product
from services.audit import record_event
from services.editions import lower_editions
from services.license_items import make_items
from services.locks import guarded, reread
from services.people import refuse_while_logged_in_as
from services.step_up import require_recent_proof
from services.transfer_editions import editions_before, restore_editions

UNDO_WITHIN: Final = dt.timedelta(hours=24)
MOST_ACCOUNTS: Final = 200
_LONGEST_NAME: Final = 120


class TransfersNotAllowed(Refusal):
    message = "Your account may not transfer items between licenses. Ask support to switch this on."


class TransferUndone(Refusal):
    message = "This transfer was undone already."


class UndoTooLate(Refusal):
    message = "A transfer can be undone within 24 hours, and these are over. Transfer the items back instead."


class ChangedSinceTransfer(Refusal):
    message = "The licenses have changed since this transfer, so it cannot be undone. Transfer the items back instead."


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item of the license to take from, and how many of it the other one has."""

    code: str
    name: str
    held: int
    there: int


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One item on both licenses, as they are and as they would be."""

    code: str
    label: str
    moved: int
    source_before: int
    source_after: int
    target_before: int
    target_after: int


def transferring_accounts() -> list[Account]:
    """The active accounts that may transfer items, by name: the provider grants this to few."""
    granted = select(Account).where(Account.transfers_allowed, Account.status == AccountStatus.ACTIVE)
    return list(db.session.scalars(granted.order_by(Account.name, Account.id).limit(MOST_ACCOUNTS)))


def licenses_to_transfer_between(account_id: int) -> list[License]:
    """The active licenses of an account, by code. Refused: TransfersNotAllowed."""
    _check_privilege(account_id)
    active = select(License).where(License.account_id == account_id, License.can_transfer).order_by(License.code)
    return list(db.session.scalars(active))


def held_items(source: License, target: License) -> list[HeldItem]:
    """What can be taken from a license, by name."""
    held, products = _quantities(source, target)
    return [
        HeldItem(code, products[code].name, quantity, held[target.id].get(code, 0))
        for code, quantity in sorted(held[source.id].items(), key=lambda item: products[item[0]].name)
        if quantity
    ]


def preview_transfer(source: License, target: License, quantities: Mapping[str, int]) -> list[PreviewLine]:
    """What a transfer would make of both licenses; all items of the source are listed. Refused as a transfer."""
    held, products = _quantities(source, target)
    plan = _plan(source, target, quantities, held)
    return [
        PreviewLine(
            code=code,
            label=products[code].name,
            moved=plan.moved.get(code, 0),
            source_before=held[source.id][code],
            source_after=after,
            target_before=held[target.id].get(code, 0),
            target_after=plan.taker.get(code, 0),
        )
        for code, after in sorted(plan.giver.items(), key=lambda item: products[item[0]].name)
    ]


def transfer_items(
    source: License, target: License, quantities: Mapping[str, int], *, actor: Actor, now: dt.datetime
) -> ItemTransfer:
    """Move so many of each product (by its code) from one license to the other; no money moves.

    Refused: TransfersNotAllowed, TransferBetweenAccounts, TransferToItself, TransferBetweenCurrencies,
    LicenseNotActive, NothingToTransfer, QuantityNotReadable, NotSoManyHeld.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    _lock_licenses(source, target)
    held, products = _quantities(source, target)
    plan = _plan(source, target, quantities, held)
    moved = {products[code].id: quantity for code, quantity in plan.moved.items()}
    transfer = ItemTransfer(
        account_id=source.account_id,
        from_license_id=source.id,
        to_license_id=target.id,
        transferred_by=actor.name[:_LONGEST_NAME],
        transferred_by_person_id=actor.person_id,
        created_at=now,
    )
    db.session.add(transfer)
    db.session.flush()
    in_app = editions_before(source, target)
    lower_editions(source, {products[code].id: plan.giver[code] for code in plan.moved}, actor=actor, now=now)
    make_items(target, moved)
    for license, direction in ((source, TransferDirection.TAKEN), (target, TransferDirection.GIVEN)):
        for product_id, quantity in sorted(moved.items()):
            _move(transfer, license, direction, product_id, quantity, in_app.get((license.id, product_id), 0))
    db.session.flush()
    items = {products[code].name: quantity for code, quantity in plan.moved.items()}
    out, into = {"to_license": target.code, "items": items}, {"from_license": source.code, "items": items}
    record_event("license.items_transferred_out", source, actor=actor, now=now, after=out)
    record_event("license.items_transferred_in", target, actor=actor, now=now, after=into)
    return transfer


def can_still_undo(transfer: ItemTransfer, *, now: dt.datetime) -> bool:
    """Whether the time to undo a transfer is not over."""
    return now - transfer.created_at <= UNDO_WITHIN


def undo_transfer(transfer: ItemTransfer, *, actor: Actor, now: dt.datetime) -> ItemTransfer:
    """Put both licenses back as they were, within 24 hours and if nothing changed on them since.

    Refused: TransferUndone, UndoTooLate, ChangedSinceTransfer, LicenseNotActive, TransfersNotAllowed.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    source = db.session.get_one(License, transfer.from_license_id)
    target = db.session.get_one(License, transfer.to_license_id)
    _lock_licenses(source, target)
    _check_privilege(source.account_id)
    if not (source.can_transfer and target.can_transfer):
        raise LicenseNotActive
    if not can_still_undo(transfer, now=now):
        raise UndoTooLate
    marked = (
        update(ItemTransfer)
        .where(ItemTransfer.id == transfer.id, ItemTransfer.can_undo)
        .values(undone_at=now, undone_by=actor.name[:_LONGEST_NAME], undone_by_person_id=actor.person_id)
    )
    if not guarded(marked):
        raise TransferUndone
    lines = select(ItemTransferLine).where(ItemTransferLine.transfer_id == transfer.id)
    for line in db.session.scalars(lines.order_by(ItemTransferLine.license_id, ItemTransferLine.product_id)):
        _put_back(line)
    for license in (source, target):
        restore_editions(transfer, license, actor=actor, now=now)
    reread(transfer)
    for license, other in ((source, target), (target, source)):
        after = {"transfer": transfer.public_id, "other_license": other.code}
        record_event("license.transfer_undone", license, actor=actor, now=now, after=after)
    return transfer


def _quantities(source: License, target: License) -> tuple[dict[int, dict[str, int]], dict[str, Product]]:
    """What both hold, by license and product code, and the products."""
    held: dict[int, dict[str, int]] = {source.id: {}, target.id: {}}
    products: dict[str, Product] = {}
    items = (
        select(LicenseItem.license_id, LicenseItem.quantity, Product)
        .join(Product, Product.id == LicenseItem.product_id)
        .where(LicenseItem.license_id.in_(held))
    )
    for license_id, quantity, product in db.session.execute(items):
        held[license_id][product.code] = quantity
        products[product.code] = product
    return held, products


def _plan(
    source: License, target: License, quantities: Mapping[str, int], held: Mapping[int, Mapping[str, int]]
) -> TransferPlan:
    _check_privilege(source.account_id)
    return plan_transfer(_holding(source, held), _holding(target, held), quantities)


def _holding(license: License, held: Mapping[int, Mapping[str, int]]) -> Holding:
    return Holding(
        license=license.id,
        account=license.account_id,
        currency=license.currency,
        active=license.can_transfer,
        items=held[license.id],
    )


def _check_privilege(account_id: int) -> None:
    allowed = db.session.scalar(select(Account.transfers_allowed).where(Account.id == account_id))
    if not allowed:
        raise TransfersNotAllowed


def _lock_licenses(source: License, target: License) -> None:
    """Lock both in one order, so that transfers there and back do not wait in a circle, and read them anew."""
    db.session.flush()
    both = select(License).where(License.id.in_({source.id, target.id})).order_by(License.id)
    fresh = both.with_for_update(key_share=True).execution_options(populate_existing=True)
    db.session.scalars(fresh).all()


def _move(
    transfer: ItemTransfer, license: License, direction: TransferDirection, product_id: int, quantity: int, in_app: int
) -> None:
    """Change one quantity, never below zero, and write the history of it."""
    change = quantity if direction is TransferDirection.GIVEN else -quantity
    after = db.session.scalar(
        update(LicenseItem)
        .where(
            LicenseItem.license_id == license.id,
            LicenseItem.product_id == product_id,
            LicenseItem.quantity + change >= LicenseItem.in_app,
        )
        .values(quantity=LicenseItem.quantity + change, version=LicenseItem.version + 1)
        .returning(LicenseItem.quantity)
        .execution_options(synchronize_session=False)
    )
    if after is None:
        raise NotSoManyHeld(_held(license.id, product_id), quantity)
    db.session.add(
        ItemTransferLine(
            account_id=transfer.account_id,
            transfer_id=transfer.id,
            license_id=license.id,
            product_id=product_id,
            direction=direction,
            quantity=quantity,
            quantity_before=after - change,
            quantity_after=after,
            in_app_before=in_app,
        )
    )


def _put_back(line: ItemTransferLine) -> None:
    """Set the quantity of before, if it is still the one that the transfer left."""
    back = (
        update(LicenseItem)
        .where(
            LicenseItem.license_id == line.license_id,
            LicenseItem.product_id == line.product_id,
            LicenseItem.quantity == line.quantity_after,
            LicenseItem.in_app == min(line.in_app_before, line.quantity_after),
        )
        .values(quantity=line.quantity_before, version=LicenseItem.version + 1)
    )
    if not guarded(back):
        raise ChangedSinceTransfer


def _held(license_id: int, product_id: int) -> int:
    item = (LicenseItem.license_id == license_id, LicenseItem.product_id == product_id)
    return db.session.scalar(select(LicenseItem.quantity).where(*item)) or 0
