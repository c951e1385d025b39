"""Moving items between licenses, and undoing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.transfers import (
    LicenseNotActive,
    NothingToTransfer,
    NotSoManyHeld,
    QuantityNotReadable,
    TransferBetweenAccounts,
    TransferBetweenCurrencies,
    TransferPlan,
    TransferToItself,
)
from extensions import db
from models import (
    Account,
    ItemTransfer,
    ItemTransferLine,
    LedgerEntry,
    License,
    LicenseItem,
    LicenseStatus,
    Product,
    TransferDirection,
)
from services.audit import timeline_of
from services.transfers import (
    ChangedSinceTransfer,
    TransfersNotAllowed,
    TransferUndone,
    UndoTooLate,
    held_items,
    licenses_to_transfer_between,
    preview_transfer,
    transfer_items,
    undo_transfer,
)
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(transfers_allowed=True)


@pytest.fixture
def seats(session: Session) -> Product:
    return ProductFactory(name="Seats")


@pytest.fixture
def source(account: Account, seats: Product) -> License:
    license = LicenseFactory(account=account)
    LicenseItemFactory(license=license, product=seats, quantity=10)
    return license


@pytest.fixture
def target(account: Account, seats: Product) -> License:
    license = LicenseFactory(account=account)
    LicenseItemFactory(license=license, product=seats, quantity=1)
    return license


def held(license: License, product: Product) -> int:
    found = select(LicenseItem.quantity).where(LicenseItem.license_id == license.id)
    return db.session.scalar(found.where(LicenseItem.product_id == product.id)) or 0


def test_a_transfer_moves_items_and_keeps_the_total(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    assert (held(source, seats), held(target, seats)) == (6, 5)


def test_a_transfer_writes_two_rows_of_history_and_two_events(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    lines = db.session.scalars(select(ItemTransferLine).order_by(ItemTransferLine.direction)).all()
    assert [(line.license_id, line.direction, line.quantity_before, line.quantity_after) for line in lines] == [
        (target.id, TransferDirection.GIVEN, 1, 5),
        (source.id, TransferDirection.TAKEN, 10, 6),
    ]
    assert (transfer.transferred_by, transfer.created_at) == ("Clerk", now)
    assert timeline_of("license", source.code)[0].after == {"to_license": target.code, "items": {"Seats": 4}}
    assert timeline_of("license", target.code)[0].event == "license.items_transferred_in"


def test_an_item_the_target_never_held_begins_at_zero(source: License, account: Account, now: dt.datetime) -> None:
    target, lines = LicenseFactory(account=account), ProductFactory(name="Lines")
    LicenseItemFactory(license=source, product=lines, quantity=3)
    transfer_items(source, target, {lines.code: 3}, actor=CLERK, now=now)
    assert (held(source, lines), held(target, lines)) == (0, 3)


def test_an_item_of_which_nothing_is_asked_stays(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    lines = ProductFactory(name="Lines")
    LicenseItemFactory(license=source, product=lines, quantity=3)
    transfer_items(source, target, {seats.code: 1, lines.code: 0}, actor=CLERK, now=now)
    assert held(source, lines) == 3
    assert rows_of(ItemTransferLine) == 2


def test_no_money_moves(source: License, target: License, seats: Product, now: dt.datetime) -> None:
    transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    assert rows_of(LedgerEntry) == 0


def _suspend(license: License) -> None:
    license.status = LicenseStatus.SUSPENDED


def _move_to_another_account(license: License) -> None:
    item = db.session.scalars(select(LicenseItem).where(LicenseItem.license_id == license.id)).one()
    db.session.delete(item)
    db.session.flush()
    license.account_id = AccountFactory(transfers_allowed=True).id


def _bill_in_euro(license: License) -> None:
    license.currency = "EUR"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (_suspend, LicenseNotActive),
        (_move_to_another_account, TransferBetweenAccounts),
        (_bill_in_euro, TransferBetweenCurrencies),
    ],
)
def test_both_licenses_must_be_active_and_of_one_account_and_currency(
    source: License,
    target: License,
    seats: Product,
    now: dt.datetime,
    change: Callable[[License], None],
    refusal: type[Exception],
) -> None:
    change(target)
    db.session.flush()
    with pytest.raises(refusal):
        transfer_items(source, target, {seats.code: 1}, actor=CLERK, now=now)
    with pytest.raises(refusal):
        preview_transfer(source, target, {seats.code: 1})
    assert held(source, seats) == 10


def test_the_source_must_be_active_too(source: License, target: License, seats: Product, now: dt.datetime) -> None:
    source.status = LicenseStatus.EXPIRED
    with pytest.raises(LicenseNotActive):
        transfer_items(source, target, {seats.code: 1}, actor=CLERK, now=now)


def test_a_license_gives_nothing_to_itself(source: License, seats: Product, now: dt.datetime) -> None:
    with pytest.raises(TransferToItself):
        transfer_items(source, source, {seats.code: 1}, actor=CLERK, now=now)


@pytest.mark.parametrize(
    ("quantity", "refusal"),
    [
        (11, NotSoManyHeld),
        (-1, QuantityNotReadable),
        (1.5, QuantityNotReadable),
        (True, QuantityNotReadable),
        (0, NothingToTransfer),
    ],
)
def test_only_what_is_held_can_be_moved(
    source: License, target: License, seats: Product, now: dt.datetime, quantity: Any, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        transfer_items(source, target, {seats.code: quantity}, actor=CLERK, now=now)
    assert (held(source, seats), held(target, seats)) == (10, 1)


def test_an_account_without_the_privilege_transfers_nothing(
    account: Account, source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    account.transfers_allowed = False
    with pytest.raises(TransfersNotAllowed):
        transfer_items(source, target, {seats.code: 1}, actor=CLERK, now=now)
    with pytest.raises(TransfersNotAllowed):
        preview_transfer(source, target, {seats.code: 1})
    assert rows_of(ItemTransfer) == 0


def test_the_preview_shows_both_sides_and_changes_nothing(source: License, target: License, seats: Product) -> None:
    lines = ProductFactory(name="Lines")
    LicenseItemFactory(license=source, product=lines, quantity=3)
    preview = preview_transfer(source, target, {seats.code: 4})
    assert [
        (line.label, line.moved, line.source_before, line.source_after, line.target_before, line.target_after)
        for line in preview
    ] == [("Lines", 0, 3, 3, 0, 0), ("Seats", 4, 10, 6, 1, 5)]
    assert held(source, seats) == 10


def test_the_items_to_choose_from_are_those_the_source_holds(source: License, target: License, seats: Product) -> None:
    LicenseItemFactory(license=source, product=ProductFactory(name="Lines"), quantity=0)
    assert [(item.code, item.name, item.held, item.there) for item in held_items(source, target)] == [
        (seats.code, "Seats", 10, 1)
    ]


def test_only_active_licenses_of_the_account_are_offered(account: Account, source: License, target: License) -> None:
    LicenseFactory(account=account, status=LicenseStatus.EXPIRED)
    LicenseFactory(account=AccountFactory(transfers_allowed=True))
    assert licenses_to_transfer_between(account.id) == sorted([source, target], key=lambda license: license.code)
    account.transfers_allowed = False
    with pytest.raises(TransfersNotAllowed):
        licenses_to_transfer_between(account.id)


def test_sixteen_transfers_at_once_keep_the_total_and_stay_above_zero(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    ids, code = (source.id, target.id), seats.code

    def move(_: int) -> int:
        giver, taker = (db.session.get_one(License, license_id) for license_id in ids)
        return transfer_items(giver, taker, {code: 3}, actor=CLERK, now=now).id

    results = at_once(move)
    assert len(refusals(results)) == 13
    assert {type(refusal) for refusal in refusals(results)} == {NotSoManyHeld}
    assert (held(source, seats), held(target, seats)) == (1, 10)


def test_transfers_in_both_directions_at_once_do_not_wait_in_a_circle(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    ids, code = (source.id, target.id), seats.code

    def move(place: int) -> int:
        giver, taker = (db.session.get_one(License, license_id) for license_id in ids[:: 1 if place % 2 else -1])
        return transfer_items(giver, taker, {code: 1}, actor=CLERK, now=now).id

    results = at_once(move)
    total = db.session.scalar(select(func.sum(LicenseItem.quantity)).where(LicenseItem.product_id == seats.id))
    assert total == 11
    assert rows_of(ItemTransfer) == 16 - len(refusals(results))


def test_the_guard_alone_keeps_the_total_when_no_license_is_locked(
    source: License, target: License, seats: Product, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.transfers._lock_licenses", lambda _giver, _taker: None)
    # Every plan sees all ten, as if nobody else were there.
    monkeypatch.setattr(
        "services.transfers.plan_transfer", lambda giver, taker, asked: TransferPlan(asked, giver.items, taker.items)
    )
    ids, code = (source.id, target.id), seats.code

    def move(_: int) -> int:
        giver, taker = (db.session.get_one(License, license_id) for license_id in ids)
        return transfer_items(giver, taker, {code: 3}, actor=CLERK, now=now).id

    results = at_once(move)
    assert len(refusals(results)) == 13
    assert (held(source, seats), held(target, seats)) == (1, 10)


def test_a_transfer_can_be_undone_within_a_day(
    source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    later = now + dt.timedelta(hours=24)
    undo_transfer(transfer, actor=CLERK, now=later)
    assert (held(source, seats), held(target, seats)) == (10, 1)
    assert (transfer.undone_at, transfer.undone_by) == (later, "Clerk")
    for license in (source, target):
        assert timeline_of("license", license.code)[0].event == "license.transfer_undone"


def test_after_a_day_a_transfer_stays(source: License, target: License, seats: Product, now: dt.datetime) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    with pytest.raises(UndoTooLate):
        undo_transfer(transfer, actor=CLERK, now=now + dt.timedelta(hours=24, seconds=1))
    assert held(source, seats) == 6


def test_a_transfer_is_undone_once(source: License, target: License, seats: Product, now: dt.datetime) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    undo_transfer(transfer, actor=CLERK, now=now)
    with pytest.raises(TransferUndone):
        undo_transfer(transfer, actor=CLERK, now=now)
    assert held(source, seats) == 10


def test_sixteen_who_undo_at_once_undo_once(source: License, target: License, seats: Product, now: dt.datetime) -> None:
    transfer_id = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now).id
    results = at_once(lambda _: undo_transfer(db.session.get_one(ItemTransfer, transfer_id), actor=CLERK, now=now).id)
    assert len(refusals(results)) == 15
    assert (held(source, seats), held(target, seats)) == (10, 1)


@pytest.mark.parametrize("side", ["source", "target"])
def test_what_changed_since_is_not_undone(
    source: License, target: License, seats: Product, now: dt.datetime, side: str
) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    changed = {"source": source, "target": target}[side]
    item = db.session.scalars(select(LicenseItem).where(LicenseItem.license_id == changed.id)).one()
    db.session.refresh(item)
    item.quantity += 1
    transfer_id = transfer.id
    db.session.commit()
    with pytest.raises(ChangedSinceTransfer), unit_of_work():
        undo_transfer(db.session.get_one(ItemTransfer, transfer_id), actor=CLERK, now=now)
    assert held(source, seats) + held(target, seats) == 12
    assert db.session.get_one(ItemTransfer, transfer_id).undone_at is None


def test_an_undo_needs_the_privilege_and_active_licenses_too(
    account: Account, source: License, target: License, seats: Product, now: dt.datetime
) -> None:
    transfer = transfer_items(source, target, {seats.code: 4}, actor=CLERK, now=now)
    target.status = LicenseStatus.TERMINATED
    with pytest.raises(LicenseNotActive):
        undo_transfer(transfer, actor=CLERK, now=now)
    account.transfers_allowed = False
    with pytest.raises(TransfersNotAllowed):
        undo_transfer(transfer, actor=CLERK, now=now)
    assert held(source, seats) == 6
