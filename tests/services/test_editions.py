"""The app wizard: numbers within the items, each change in the report and the audit, and nobody's save lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.editions import EditionNotHeld, EditionSeats, MoreThanHeld
from extensions import db
from models import Edition, ItemTransfer, License, LicenseChange, LicenseItem, LicenseStatus, Product, ProductKind
from services.audit import timeline_of
from services.editions import (
    EditionsChanged,
    ProductNoEdition,
    WizardClosed,
    create_edition,
    edit_edition,
    editions_missing,
    editions_of,
    lower_editions,
    set_editions,
)
from services.records import RecordExists
from services.transfers import ChangedSinceTransfer, transfer_items, undo_transfer
from tests.factories.catalogue import EditionFactory, ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

MEMBER = Actor("Robin Miller", Source.PORTAL, ip="192.0.2.1")


def edition(code: str, position: int) -> Edition:
    product = ProductFactory(code=f"edition-{code}", kind=ProductKind.EDITION)
    return EditionFactory(code=code, name=code.capitalize(), product=product, position=position)


@pytest.fixture
def office(session: Session) -> Edition:
    return edition("office", 1)


@pytest.fixture
def agent(session: Session) -> Edition:
    return edition("agent", 2)


@pytest.fixture
def license(office: Edition, agent: Edition) -> License:
    license = LicenseFactory(account=AccountFactory(transfers_allowed=True))
    LicenseItemFactory(license=license, product=agent.product, quantity=3)
    LicenseItemFactory(license=license, product=office.product, quantity=10)
    LicenseItemFactory(license=license, product=ProductFactory(name="Lines"), quantity=7)
    return license


def numbers(license: License) -> dict[str, int]:
    return {each.code: each.in_app for each in editions_of(license)}


def report() -> list[tuple[str | None, str, str | None, str | None]]:
    rows = db.session.scalars(select(LicenseChange).order_by(LicenseChange.id))
    return [(row.edition, row.field, row.before, row.after) for row in rows]


def test_the_editions_on_a_license_are_shown_in_the_providers_order(license: License) -> None:
    assert editions_of(license) == [
        EditionSeats("office", "Office", 10, 0),
        EditionSeats("agent", "Agent", 3, 0),
    ]


def test_those_that_the_license_lacks_are_named(license: License) -> None:
    edition("supervisor", 3)
    EditionFactory(is_offered=False, product=ProductFactory(kind=ProductKind.EDITION))
    assert editions_missing(license) == ["Supervisor"]


def test_an_edition_no_longer_offered_is_shown_while_it_is_set_up(
    license: License, agent: Edition, now: dt.datetime
) -> None:
    set_editions(license, {"agent": 1}, actor=MEMBER, now=now)
    edit_edition(agent, {"is_offered": False}, actor=CLERK, now=now)
    assert numbers(license) == {"office": 0, "agent": 1}
    set_editions(license, {"agent": 0}, actor=MEMBER, now=now)
    assert numbers(license) == {"office": 0}


def test_each_change_stands_in_the_report_and_all_of_them_in_one_event(license: License, now: dt.datetime) -> None:
    set_editions(license, {"office": 8, "agent": 0}, actor=MEMBER, now=now)
    set_editions(license, {"office": 2, "agent": 3}, actor=MEMBER, now=now)
    assert report() == [
        ("Office", "quantity", "0", "8"),
        ("Office", "quantity", "8", "2"),
        ("Agent", "quantity", "0", "3"),
    ]
    row = db.session.scalars(select(LicenseChange)).first()
    assert row is not None
    assert (row.changed_at, row.changed_by, row.ip, row.license_kind) == (
        now,
        "Robin Miller",
        "192.0.2.1",
        license.kind,
    )
    event = timeline_of("license", license.code)[0]
    assert (event.event, event.before, event.after) == (
        "license.editions_changed",
        {"office": 8, "agent": 0},
        {"office": 2, "agent": 3},
    )


def test_a_save_without_a_change_writes_nothing(license: License, now: dt.datetime) -> None:
    assert set_editions(license, {"office": 0, "agent": 0}, actor=MEMBER, now=now) == []
    assert rows_of(LicenseChange) == 0
    assert timeline_of("license", license.code) == []


@pytest.mark.parametrize(
    ("asked", "refusal"), [({"office": 5, "agent": 4}, MoreThanHeld), ({"office": 5, "gone": 1}, EditionNotHeld)]
)
def test_one_number_that_cannot_be_saves_none(
    license: License, now: dt.datetime, asked: dict[str, int], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        set_editions(license, asked, actor=MEMBER, now=now)
    assert numbers(license) == {"office": 0, "agent": 0}
    assert rows_of(LicenseChange) == 0


@pytest.mark.parametrize("status", [LicenseStatus.SUSPENDED, LicenseStatus.TERMINATED])
def test_the_wizard_is_closed_for_a_license_that_was_taken_away(
    license: License, now: dt.datetime, status: LicenseStatus
) -> None:
    license.status = status
    with pytest.raises(WizardClosed):
        set_editions(license, {"office": 1}, actor=MEMBER, now=now)


def test_numbers_that_changed_since_they_were_seen_are_not_overwritten(license: License, now: dt.datetime) -> None:
    set_editions(license, {"office": 4}, actor=MEMBER, now=now)
    with pytest.raises(EditionsChanged, match="Office by Robin Miller, from 0 to 4"):
        set_editions(license, {"office": 7, "agent": 1}, seen={"office": 0, "agent": 0}, actor=CLERK, now=now)
    assert numbers(license) == {"office": 4, "agent": 0}
    set_editions(license, {"office": 7}, seen={"office": 4, "agent": 0}, actor=CLERK, now=now)
    assert numbers(license) == {"office": 7, "agent": 0}


def test_of_sixteen_who_save_at_once_one_is_heard(license: License, now: dt.datetime) -> None:
    license_id = license.id

    def save(place: int) -> int:
        found = db.session.get_one(License, license_id)
        return len(set_editions(found, {"office": place % 9 + 1}, seen={"office": 0}, actor=MEMBER, now=now))

    results = at_once(save)
    assert len(refusals(results)) == 15
    assert {type(refusal) for refusal in refusals(results)} == {EditionsChanged}
    assert len(report()) == 1
    assert str(numbers(license)["office"]) == report()[0][3]


def test_the_guard_alone_hears_one_when_no_license_is_locked(
    license: License, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.editions.locked", lambda row: row)
    license_id = license.id

    def save(_: int) -> int:
        return len(set_editions(db.session.get_one(License, license_id), {"office": 5}, actor=MEMBER, now=now))

    results = at_once(save)
    assert sum(result for result in results if isinstance(result, int)) == 1
    assert report() == [("Office", "quantity", "0", "5")]


def test_the_database_keeps_the_numbers_within_the_items(license: License, now: dt.datetime) -> None:
    set_editions(license, {"office": 10}, actor=MEMBER, now=now)
    item = db.session.scalars(select(LicenseItem).where(LicenseItem.in_app > 0)).one()
    item.quantity = 9
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_items_that_will_fall_take_the_numbers_with_them(license: License, office: Edition, now: dt.datetime) -> None:
    set_editions(license, {"office": 10, "agent": 2}, actor=MEMBER, now=now)
    lower_editions(license, {office.product_id: 6}, actor=CLERK, now=now)
    assert numbers(license) == {"office": 6, "agent": 2}
    assert report()[-1] == ("Office", "quantity", "10", "6")


def test_items_that_stay_above_the_numbers_leave_them(license: License, office: Edition, now: dt.datetime) -> None:
    set_editions(license, {"office": 5}, actor=MEMBER, now=now)
    assert lower_editions(license, {office.product_id: 5}, actor=CLERK, now=now) == []


@pytest.fixture
def target(license: License) -> License:
    return LicenseFactory(account=license.account)


def moved(license: License, target: License, product: Product, now: dt.datetime) -> ItemTransfer:
    return transfer_items(license, target, {product.code: 6}, actor=CLERK, now=now)


def test_a_transfer_takes_what_was_set_up_when_the_rest_is_too_little(
    license: License, target: License, office: Edition, now: dt.datetime
) -> None:
    set_editions(license, {"office": 9}, actor=MEMBER, now=now)
    moved(license, target, office.product, now)
    assert numbers(license)["office"] == 4
    assert numbers(target) == {"office": 0}
    assert report()[-1] == ("Office", "quantity", "9", "4")


def test_an_undo_sets_it_up_again(license: License, target: License, office: Edition, now: dt.datetime) -> None:
    set_editions(license, {"office": 9}, actor=MEMBER, now=now)
    undo_transfer(moved(license, target, office.product, now), actor=CLERK, now=now)
    assert numbers(license)["office"] == 9
    assert report()[-1] == ("Office", "quantity", "4", "9")


@pytest.mark.parametrize("side", ["license", "target"])
def test_numbers_changed_since_a_transfer_keep_it_from_being_undone(
    license: License, target: License, office: Edition, now: dt.datetime, side: str
) -> None:
    transfer = moved(license, target, office.product, now)
    set_editions({"license": license, "target": target}[side], {"office": 2}, actor=MEMBER, now=now)
    with pytest.raises(ChangedSinceTransfer):
        undo_transfer(transfer, actor=CLERK, now=now)


def test_an_edition_is_counted_by_a_product_of_that_kind(session: Session, now: dt.datetime) -> None:
    values: dict[str, Any] = {"code": "video", "name": "Video", "position": 5, "is_offered": True}
    with pytest.raises(ProductNoEdition):
        create_edition({**values, "product": ProductFactory(kind=ProductKind.EXTENSION)}, actor=CLERK, now=now)
    product = ProductFactory(kind=ProductKind.EDITION)
    made = create_edition({**values, "product": product}, actor=CLERK, now=now)
    assert timeline_of("edition", made.code)[0].event == "edition.created"
    with pytest.raises(RecordExists):
        create_edition({**values, "code": "again", "product": product}, actor=CLERK, now=now)
