"""Licenses from a CSV file: with their codes, their hardware lock and what they hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.hardware import normalise_ip, normalise_mac
from extensions import db
from models.account import Account
from models.license import License, LicenseItem, LicenseStatus
from models.license_kind import LicenseDuration, LicenseKind
from models.package import Package
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows, insert_values
from services.imports.catalogue import find_package, find_products, packages_by_code, products_by_code
from services.imports.cells import choice, day, quantities, rule, text, whole
from services.imports.columns import Column
from services.imports.invoicing import start_of
from services.imports.kind import Plan
from services.imports.owned import OWNER_COLUMNS, Owned, OwnedImport
from services.imports.problems import Problem
from services.settings import number_setting

_TEXT: Final = text(120)
_MOST_RESETS: Final = 1000

COLUMNS: Final = (
    Column("external_ref", _TEXT, "The license's number in the older system.", filled=True),
    *OWNER_COLUMNS,
    Column("code", text(60, 4), "The code that devices use. Unique over all accounts, and kept as it is.", filled=True),
    Column("package", text(60), "Code of a package that is here.", filled=True),
    Column("kind", choice(LicenseKind), "Blank: that of the package."),
    Column("duration", choice(LicenseDuration), "`trial`, `monthly`, `yearly`, `two_yearly` or `perpetual`.",
           filled=True),
    Column("status", choice(LicenseStatus), "Blank: `active` with an activation day, else `not_activated`."),
    Column("expires_on", day(), "The last day it works. Blank for perpetual ones."),
    Column("activated_on", day(), "The day a device first used it."),
    Column("mac_address", rule(normalise_mac), "The hardware it is locked to."),
    Column("last_valid_ip", rule(normalise_ip), "The address it was last used from."),
    Column("activation_limit", whole(smallest=1), "How many devices. Blank: 1.", default=1),
    Column("resets_left", whole(_MOST_RESETS), "Resets of the MAC and IP address. Blank: what a new license has."),
    Column("items", quantities(), "Product code and quantity, like `extension:50; recording:4`.", default=()),
    Column("licensee", _TEXT, "Who uses it, when it is not the account itself."),
    Column("app_name", text(60), "The client app's own name, with branding."),
    Column("reference", _TEXT, "The customer's own reference."),
)  # fmt: skip

# What is compared when the license is here already. What devices and people change every day is not.
_COMPARED: Final = ("code", "kind", "duration", "expires_on", "licensee", "app_name", "reference")


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """One license; an item is product code and quantity."""

    line: int
    external_ref: str
    client_id: str | None
    account_ref: str | None
    code: str
    package: str
    kind: LicenseKind | None
    duration: LicenseDuration
    status: LicenseStatus | None
    expires_on: dt.date | None
    activated_on: dt.date | None
    mac_address: str | None
    last_valid_ip: str | None
    activation_limit: int
    resets_left: int | None
    items: tuple[tuple[str, int], ...]
    licensee: str | None
    app_name: str | None
    reference: str | None


class LicenseImport(OwnedImport[LicenseRow]):
    """Licenses. Devices go on with the codes they have."""

    name = "licenses"
    noun = "license"
    about = "The licenses of accounts. Packages and products must be here already."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._packages: dict[str, Package] = {}
        self._products: dict[str, int] = {}
        self._codes: set[str] = set()

    def row(self, line: int, values: dict[str, Any]) -> LicenseRow:
        return LicenseRow(line=line, **values)

    def faults(self, row: LicenseRow) -> Iterator[Problem]:
        yield from super().faults(row)
        if row.duration is LicenseDuration.PERPETUAL and row.expires_on is not None:
            yield Problem(row.line, "expires_on", "a perpetual license never expires. Leave this blank.")
        if row.activated_on is not None and row.activated_on > self.now.date():
            yield Problem(row.line, "activated_on", "this day lies in the future.")

    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        rows = db.session.execute(
            select(License, Package.code)
            .join(Package, Package.id == License.package_id)
            .where(License.account_id.in_(account_ids), License.external_ref.in_(refs))
        )
        return {
            (each.account_id, each.external_ref or ""): {
                **{name: getattr(each, name) for name in _COMPARED},
                "package": package,
            }
            for each, package in rows
        }

    def wanted(self, row: LicenseRow, refers: dict[str, Any]) -> dict[str, Any]:
        return {**{name: getattr(row, name) for name in _COMPARED}, "package": row.package}

    def look_up(self, rows: Sequence[tuple[LicenseRow, Account]]) -> None:
        self._packages = packages_by_code(row.package for row, _ in rows)
        self._products = products_by_code(code for row, _ in rows for code, _ in row.items)
        codes = {row.code for row, _ in rows}
        self._codes = set(db.session.scalars(select(License.code).where(License.code.in_(codes))))

    def refers(self, row: LicenseRow, account: Account, plan: Plan[Owned[LicenseRow]]) -> Iterator[tuple[str, Any]]:
        package = find_package(row.line, row.package, self._packages, plan)
        if package is not None and package.license_kind is None and row.kind is None:
            plan.refuse(row.line, "kind", f"package “{row.package}” has no license kind. Enter one here.")
        yield "package", package
        yield "items", dict(find_products(row.line, (code for code, _ in row.items), self._products, plan))

    def check_new(self, row: LicenseRow, account: Account, plan: Plan[Owned[LicenseRow]]) -> None:
        if row.code in self._codes:
            plan.refuse(row.line, "code", "another license has this code already.")

    def identities(self, new: Owned[LicenseRow]) -> Iterator[tuple[str, Hashable]]:
        yield from super().identities(new)
        yield "code", new.row.code

    def write(self, new: Sequence[Owned[LicenseRow]], *, actor: Actor) -> Counter[str]:
        licenses = [_license(each, self.now) for each in new]
        insert_rows(licenses, key=License.code)
        pairs = list(zip(new, licenses, strict=True))
        insert_values(LicenseItem, [item for each, row in pairs for item in _items(each, row)])
        record_events([_happening(each, row) for each, row in pairs], actor=actor, now=self.now)
        return Counter(licenses=len(licenses))


def _license(new: Owned[LicenseRow], now: dt.datetime) -> License:
    row = new.row
    activated = LicenseStatus.ACTIVE if row.activated_on else LicenseStatus.NOT_ACTIVATED
    return License(
        account_id=new.account.id,
        code=row.code,
        kind=row.kind or new.refers["package"].license_kind,
        package_id=new.refers["package"].id,
        status=row.status or activated,
        duration=row.duration,
        currency=new.account.currency,
        expires_on=row.expires_on,
        reference=row.reference,
        app_name=row.app_name,
        licensee=row.licensee,
        mac_address=row.mac_address,
        last_valid_ip=row.last_valid_ip,
        activated_at=start_of(row.activated_on) if row.activated_on else None,
        activation_limit=row.activation_limit,
        resets_left=number_setting("license_resets") if row.resets_left is None else row.resets_left,
        external_ref=row.external_ref,
        created_at=now,
    )


def _items(new: Owned[LicenseRow], row: License) -> Iterator[dict[str, Any]]:
    for code, quantity in new.row.items:
        product_id = new.refers["items"][code]
        yield {"account_id": row.account_id, "license_id": row.id, "product_id": product_id, "quantity": quantity}


def _happening(new: Owned[LicenseRow], row: License) -> Happening:
    after = {
        "kind": row.kind,
        "package": new.row.package,
        "status": row.status,
        "duration": row.duration,
        "expires_on": row.expires_on,
        "items": dict(new.row.items),
        "external_ref": row.external_ref,
    }
    return Happening("license.created", row, after=after)
