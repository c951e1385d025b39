"""Subscriptions from a CSV file: as they stand in the older system on the day of the import."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import or_, select

from domain.actor import Actor
from domain.money import LARGEST_AMOUNT, AmountTooLarge, minor_to_text
from domain.periods import Period, period_on
from extensions import db
from models.account import Account
from models.license import License
from models.package import Package
from models.price import BillingPeriod
from models.subscription import Subscription, SubscriptionStatus
from services.imports.catalogue import find_package, find_products, packages_by_code, products_by_code
from services.imports.cells import amount, choice, currency, day, priced_quantities, text, yes_or_no
from services.imports.columns import Column
from services.imports.kind import Plan
from services.imports.owned import OWNER_COLUMNS, Owned, OwnedImport, refuse_other_currency
from services.imports.problems import Problem
from services.imports.subscribing import MONTHS, OldItem, OldSubscription, write_old_subscriptions

_TEXT: Final = text(120)

COLUMNS: Final = (
    Column("external_ref", _TEXT, "The subscription's number in the older system; ours is given anew.", filled=True),
    *OWNER_COLUMNS,
    Column("package", text(60), "Code of a package that is here.", filled=True),
    Column("status", choice(SubscriptionStatus), "`active` (when blank), `expired`, `suspended` or `terminated`."),
    Column("period", choice(BillingPeriod, BillingPeriod.ONCE), "`monthly`, `quarterly`, `yearly` or `two_yearly`.",
           filled=True),
    Column("started_on", day(), "The first day of all.", filled=True),
    Column("current_period_from", day(), "The first day of the period that runs. Blank, with the next: worked out from"
           " `started_on` for the day of the import, or for the day before `terminated_on`."),
    Column("current_period_to", day(), "The last day of it."),
    Column("renews", yes_or_no(), "`yes` (when blank) or `no`: it ends with the period."),
    Column("terminated_on", day(), "The first day without it, when it is terminated."),
    Column("currency", currency(), "That of the account.", filled=True),
    Column("recurring_price", amount(), "Of one whole period, before tax. Blank: the sum of the items."),
    Column("items", priced_quantities(), "Product code, quantity and price of one, `extension:25:1.80; recording:4:6`."
           " They add up to the recurring price.", default=()),
    Column("license", _TEXT, "Code or `external_ref` of a license of the account."),
    Column("licensee", _TEXT, "Who uses it, when it is not the account itself."),
    Column("reference", _TEXT, "The customer's own reference."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One subscription. Amounts are in minor units; an item is product code, quantity and price of one."""

    line: int
    external_ref: str
    client_id: str | None
    account_ref: str | None
    package: str
    status: SubscriptionStatus | None
    period: BillingPeriod
    started_on: dt.date
    current_period_from: dt.date | None
    current_period_to: dt.date | None
    renews: bool | None
    terminated_on: dt.date | None
    currency: str
    recurring_price: int | None
    items: tuple[tuple[str, int, int], ...]
    license: str | None
    licensee: str | None
    reference: str | None

    @property
    def price(self) -> int:
        return self.recurring_price if self.recurring_price is not None else self.sum_of_items

    @property
    def sum_of_items(self) -> int:
        return sum(quantity * price for _, quantity, price in self.items)

    @property
    def is_terminated(self) -> bool:
        return self.status is SubscriptionStatus.TERMINATED


class SubscriptionImport(OwnedImport[SubscriptionRow]):
    """Subscriptions. Nothing is billed by the import; from the current period on, they renew here."""

    name = "subscriptions"
    noun = "subscription"
    about = "What accounts pay again and again. Packages and products must be here already."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._packages: dict[str, Package] = {}
        self._products: dict[str, int] = {}
        self._licenses: dict[tuple[int, str], int] = {}

    def row(self, line: int, values: dict[str, Any]) -> SubscriptionRow:
        return SubscriptionRow(line=line, **values)

    def faults(self, row: SubscriptionRow) -> Iterator[Problem]:
        yield from super().faults(row)
        yield from (Problem(row.line, column, words) for column, words in _faults(row, self.now.date()))

    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        rows = db.session.execute(
            select(Subscription, Package.code)
            .join(Package, Package.id == Subscription.package_id)
            .where(Subscription.account_id.in_(account_ids), Subscription.external_ref.in_(refs))
        )
        return {(each.account_id, each.external_ref or ""): _kept(each, code) for each, code in rows}

    def wanted(self, row: SubscriptionRow, refers: dict[str, Any]) -> dict[str, Any]:
        values = {each.name: getattr(row, each.name) for each in fields(row)}
        price = minor_to_text(row.price, row.currency)
        return {name: values[name] for name in _COMPARED} | {"recurring_price": price}

    def look_up(self, rows: Sequence[tuple[SubscriptionRow, Account]]) -> None:
        self._packages = packages_by_code(row.package for row, _ in rows)
        self._products = products_by_code(code for row, _ in rows for code, _, _ in row.items)
        names = {row.license for row, _ in rows if row.license}
        found = db.session.execute(
            select(License.id, License.account_id, License.code, License.external_ref).where(
                License.account_id.in_({account.id for _, account in rows}),
                or_(License.code.in_(names), License.external_ref.in_(names)),
            )
        ).all()
        self._licenses = {(each.account_id, each.external_ref): each.id for each in found if each.external_ref}
        self._licenses |= {(each.account_id, each.code): each.id for each in found}

    def refers(
        self, row: SubscriptionRow, account: Account, plan: Plan[Owned[SubscriptionRow]]
    ) -> Iterator[tuple[str, Any]]:
        refuse_other_currency(row.line, row.currency, account, plan)
        yield "package", find_package(row.line, row.package, self._packages, plan)
        yield "items", dict(find_products(row.line, (code for code, _, _ in row.items), self._products, plan))
        if row.license:
            license_id = self._licenses.get((account.id, row.license))
            if license_id is None:
                words = f"account {account.client_id} has no license “{row.license}”. Import the licenses first."
                plan.refuse(row.line, "license", words)
            yield "license", license_id

    def write(self, new: Sequence[Owned[SubscriptionRow]], *, actor: Actor) -> Counter[str]:
        old = [_old(each, self.now.date()) for each in new]
        return Counter(subscriptions=len(write_old_subscriptions(old, actor=actor, now=self.now)))


_COMPARED: Final = (
    "package",
    "status",
    "period",
    "started_on",
    "terminated_on",
    "currency",
    "licensee",
    "reference",
)


def _kept(subscription: Subscription, package: str) -> dict[str, Any]:
    kept = {name: getattr(subscription, name) for name in _COMPARED if name != "package"}
    price = minor_to_text(subscription.recurring_price, subscription.currency)
    return {**kept, "package": package, "recurring_price": price}


def _faults(row: SubscriptionRow, today: dt.date) -> Iterator[tuple[str, str]]:
    """Column and words for what does not go together within a row."""
    begins, ends = row.current_period_from, row.current_period_to
    if row.recurring_price is None and not row.items:
        yield "recurring_price", "enter the price, or items with their prices."
    elif row.sum_of_items > LARGEST_AMOUNT:
        yield "items", AmountTooLarge.message
    elif row.items and row.price != row.sum_of_items:
        total, price = (minor_to_text(each, row.currency) for each in (row.sum_of_items, row.price))
        yield "items", f"the items come to {total}, and the recurring price is {price}."
    if (begins is None) != (ends is None):
        yield "current_period_to", "enter both days of the current period, or neither."
    elif begins is not None and ends is not None and not row.started_on <= begins <= ends:
        yield "current_period_from", "the current period begins after the start, and ends after it begins."
    elif begins is None and row.started_on > today:
        yield "started_on", "a subscription that begins later needs the days of its first period."
    if row.is_terminated and row.terminated_on is None:
        yield "terminated_on", "enter the day it was terminated."
    elif row.terminated_on is not None and not row.is_terminated:
        yield "terminated_on", "only a subscription with the status terminated has this day."
    elif row.terminated_on is not None and row.terminated_on < row.started_on:
        yield "terminated_on", "it cannot end before it began."


def _old(new: Owned[SubscriptionRow], today: dt.date) -> OldSubscription:
    row, products = new.row, new.refers["items"]
    return OldSubscription(
        account_id=new.account.id,
        external_ref=row.external_ref,
        package_id=new.refers["package"].id,
        package_name=new.refers["package"].name,
        period=row.period,
        started_on=row.started_on,
        current_period=_current_period(row, today),
        currency=row.currency,
        recurring_price=row.price,
        items=tuple(OldItem(products[code], quantity, price) for code, quantity, price in row.items),
        status=row.status or SubscriptionStatus.ACTIVE,
        renews=row.renews is not False,
        terminated_on=row.terminated_on,
        license_id=new.refers.get("license"),
        licensee=row.licensee,
        reference=row.reference,
    )


def _current_period(row: SubscriptionRow, today: dt.date) -> Period:
    if row.current_period_from is not None and row.current_period_to is not None:
        return Period(row.current_period_from, row.current_period_to)
    last_day = row.terminated_on - dt.timedelta(days=1) if row.terminated_on else today
    return period_on(row.started_on, MONTHS[row.period], max(row.started_on, last_day))
