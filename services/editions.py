"""Editions of the client app: those the provider offers, and how many of each the wizard sets up on a license."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.editions import EditionSeats, plan_editions
from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from extensions import db
from models.license import License, LicenseItem
from models.license_change import LicenseChange
from models.product import Edition, Product, ProductKind
from services.audit import record_event
from services.license_report import tell_report
from services.locks import guarded, locked
from services.records import RecordExists, create_record, edit_record

SEATS: Final = "quantity"
"""What the report calls the number of an edition."""


class ProductNoEdition(Refusal):
    message = "Choose a product of the kind “edition”: its quantity on a license is how many of it may be set up."


class WizardClosed(Refusal):
    message = "The app wizard is open only for a license that is in use or can still be activated or renewed."


class EditionsChanged(Refusal):
    """Somebody set other numbers since the page was opened."""

    def __init__(self, last: LicenseChange | None) -> None:
        said = [Sentence("The editions changed since you opened this page. Nothing was saved.")]
        if last is not None:
            said.append(
                Sentence(
                    "Last change: %(edition)s by %(person)s, from %(before)s to %(after)s.",
                    edition=last.edition or last.field,
                    person=last.changed_by,
                    before=last.before,
                    after=last.after,
                )
            )
        super().__init__(joined([*said, Sentence("Compare, and save again to keep what you typed.")]))


class _Change(NamedTuple):
    code: str
    name: str
    before: int
    after: int


def editions_of(license: License) -> list[EditionSeats]:
    """The editions that a license holds items of, in the provider's order; one no longer offered while it is set up."""
    found = db.session.execute(
        select(Edition.code, Edition.name, LicenseItem.quantity, LicenseItem.in_app)
        .join(LicenseItem, LicenseItem.product_id == Edition.product_id)
        .where(
            LicenseItem.license_id == license.id,
            LicenseItem.account_id == license.account_id,
            LicenseItem.quantity > 0,
            Edition.is_offered | (LicenseItem.in_app > 0),
        )
        .order_by(Edition.position, Edition.id)
    )
    return [EditionSeats(*row) for row in found]


def editions_missing(license: License) -> list[str]:
    """The names of the offered editions that a license holds no items of."""
    held = {seats.code for seats in editions_of(license)}
    offered = select(Edition.code, Edition.name).where(Edition.is_offered).order_by(Edition.position, Edition.id)
    return [name for code, name in db.session.execute(offered) if code not in held]


def set_editions(
    license: License,
    numbers: Mapping[str, int],
    *,
    seen: Mapping[str, int] | None = None,
    actor: Actor,
    now: dt.datetime,
) -> list[LicenseChange]:
    """Set how many of each edition are set up, by the edition's code; each change stands in the report.

    ``seen`` are the numbers that the page showed: where one is another now, nothing is saved. The license is locked, so
    of two who save at once the second one is told. Refused: WizardClosed, EditionsChanged, EditionNotHeld,
    SeatsNotReadable, MoreThanHeld.
    """
    locked(license)
    if not license.can_set_editions:
        raise WizardClosed
    seats = {each.code: each for each in editions_of(license)}
    if seen is not None and any(seats[code].in_app != number for code, number in seen.items() if code in seats):
        raise EditionsChanged(_last_change(license))
    plan = plan_editions(seats, numbers)
    products = _products_of(plan)
    for code, (before, after) in plan.items():
        _set(license, products[code], before, after)
    return _tell(license, [_Change(code, seats[code].name, *change) for code, change in plan.items()], actor, now)


def lower_editions(
    license: License, quantities: Mapping[int, int], *, actor: Actor, now: dt.datetime
) -> list[LicenseChange]:
    """Set up no more of an edition than the items will hold: product id -> quantity to come. Call it before they fall.

    The license is locked by the caller.
    """
    return _bring_to(license, quantities, lambda is_now, then: is_now > then, actor, now)


def raise_editions(
    license: License, numbers: Mapping[int, int], *, actor: Actor, now: dt.datetime
) -> list[LicenseChange]:
    """Set up again what a decrease that is taken back had lowered: product id -> number. Call it after they rose."""
    return _bring_to(license, numbers, lambda is_now, then: is_now < then, actor, now)


def create_edition(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Edition:
    """Offer another edition. Refused: ProductNoEdition, RecordExists."""
    _check_product(values["product"])
    return create_record(Edition, values, actor=actor, now=now)


def edit_edition(edition: Edition, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Edition:
    """Rename an edition, move it, or offer it no more: licenses on which it is set up keep it."""
    return edit_record(edition, changes, actor=actor, now=now)


def _check_product(product: Product) -> None:
    if product.kind is not ProductKind.EDITION:
        raise ProductNoEdition
    if db.session.scalar(select(Edition.id).where(Edition.product_id == product.id)) is not None:
        raise RecordExists(["product_id"])


def _bring_to(
    license: License,
    numbers: Mapping[int, int],
    is_due: Callable[[int, int], bool],
    actor: Actor,
    now: dt.datetime,
) -> list[LicenseChange]:
    found = (
        select(LicenseItem.product_id, LicenseItem.in_app, Edition.code, Edition.name)
        .join(Edition, Edition.product_id == LicenseItem.product_id)
        .where(LicenseItem.license_id == license.id, LicenseItem.product_id.in_(numbers))
        .order_by(Edition.position, Edition.id)
    )
    changes = []
    for product_id, in_app, code, name in db.session.execute(found).all():
        if is_due(in_app, numbers[product_id]):
            _set(license, product_id, in_app, numbers[product_id])
            changes.append(_Change(code, name, in_app, numbers[product_id]))
    return _tell(license, changes, actor, now)


def _products_of(codes: Collection[str]) -> dict[str, int]:
    found = select(Edition.code, Edition.product_id).where(Edition.code.in_(codes))
    return {row.code: row.product_id for row in db.session.execute(found)}


def _set(license: License, product_id: int, before: int, after: int) -> None:
    """Guarded: from the number that was read, and never above the quantity."""
    changed = (
        update(LicenseItem)
        .where(
            LicenseItem.license_id == license.id,
            LicenseItem.product_id == product_id,
            LicenseItem.in_app == before,
            LicenseItem.quantity >= after,
        )
        .values(in_app=after, version=LicenseItem.version + 1)
    )
    if not guarded(changed):
        raise EditionsChanged(_last_change(license))


def _tell(license: License, changes: Sequence[_Change], actor: Actor, now: dt.datetime) -> list[LicenseChange]:
    """Into the report, a row each, and into the audit, at once."""
    if not changes:
        return []
    told = [
        tell_report(license, SEATS, str(each.before), str(each.after), edition=each.name, actor=actor, now=now)
        for each in changes
    ]
    db.session.flush()
    before = {each.code: each.before for each in changes}
    after = {each.code: each.after for each in changes}
    event = AuditEvent.LICENSE_EDITIONS_CHANGED
    record_event(event, license, actor=actor, now=now, before=before, after=after)
    return told


def _last_change(license: License) -> LicenseChange | None:
    newest = select(LicenseChange).where(LicenseChange.license_id == license.id, LicenseChange.field == SEATS)
    return db.session.scalar(newest.order_by(LicenseChange.changed_at.desc(), LicenseChange.id.desc()).limit(1))
