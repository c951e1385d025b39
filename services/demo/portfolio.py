"""Who has what in the demo: contracts and licenses of the cast by name, those of the others drawn from the seed."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Final

from sqlalchemy import select

from domain.periods import add_months
from extensions import db
from models.account import Account
from models.license import License, LicenseStatus
from models.license_kind import LicenseDuration
from models.price import BillingPeriod
from models.subscription import SubscriptionChangeKind as Change
from models.subscription import SubscriptionStatus as Status
from services.demo.companies import GONE, Company
from services.demo.contracts import Contract, sign, tell
from services.demo.licenses import activate, change_editions, issue_loose_license, set_status
from services.demo.world import World
from services.licenses import reset_hardware_lock
from services.transfers import transfer_items

_B = BillingPeriod
_PACKAGES: Final = ("business-50", "hosted-20", "call-center-25", "business-200", "team-10", "multi-tenant-100")
_PERIODS: Final = (*(_B.YEARLY,) * 7, _B.TWO_YEARLY, _B.YEARLY, _B.YEARLY, _B.QUARTERLY)
_DURATIONS: Final = tuple(LicenseDuration)
_STATUSES: Final = tuple(LicenseStatus)


def put_contracts_of_cast(world: World, companies: list[Company]) -> None:
    """The contracts of the four accounts that the contract of the demo names."""
    habits = {company.name: company.habit for company in companies}
    today = world.today

    def contract(name: str, plan: str, period: BillingPeriod, started_on: dt.date, **more: object) -> Contract:
        account = world.accounts[name]
        earliest = account.created_at.date() + dt.timedelta(days=6)
        made = Contract(account, plan, period, max(started_on, earliest), habits[name], **more)  # type: ignore[arg-type]
        sign(world, made)
        return made

    # Acme: billed every month, the last bill being 17 days old, unpaid and overdue.
    headquarters = contract(
        "Acme Telecom",
        "business-50",
        _B.MONTHLY,
        add_months(today - dt.timedelta(days=17), -35),
        size=60,
        reference="Headquarters",
        grows_on=world.day(5),
    )
    _put_history(world, headquarters)
    contract("Acme Telecom", "business-50", _B.YEARLY, world.day(700), reference="Branch Peoria")
    contract("Acme Telecom", "business-50", _B.YEARLY, world.day(400), reference="Branch Joliet", size=40)
    contract("Acme Telecom", "call-center-25", _B.QUARTERLY, world.day(330), reference="Order desk")
    contract("Acme Telecom", "support-contract", _B.YEARLY, world.day(485))
    contract("Acme Telecom", "hosted-20", _B.YEARLY, world.day(358), reference="Hosted lab", licensee="Lab of Acme")
    contract("Acme Telecom", "setup-days", _B.ONCE, world.day(690))
    contract("Acme Telecom", "multi-tenant-100", _B.TWO_YEARLY, world.day(500), reference="Resale platform",
             licensee="Customers of Acme")  # fmt: skip
    # Borealis: prepaid, from the balance.
    contract("Borealis Hosting", "hosted-20", _B.MONTHLY, add_months(today - dt.timedelta(days=9), -13), size=200)
    contract("Borealis Hosting", "team-10", _B.YEARLY, world.day(820))
    contract("Borealis Hosting", "support-contract", _B.YEARLY, world.day(776), ends=Status.EXPIRED,
             ends_on=world.day(46), renews=True)  # fmt: skip
    contract("Borealis Hosting", "team-10", _B.MONTHLY, world.day(200), ends=Status.TERMINATED, ends_on=world.day(110),
             reference="Trial team")  # fmt: skip
    # Cirrus: a customer of Acme, pays by bank transfer.
    contract("Cirrus Voice", "business-50", _B.QUARTERLY, add_months(today - dt.timedelta(days=12), -27), size=80,
             licensee="Cirrus Austin")  # fmt: skip
    contract("Cirrus Voice", "team-10", _B.YEARLY, world.day(610))
    # Delta: stopped paying, and was suspended for it.
    contract("Delta Dental", "business-50", _B.QUARTERLY, world.day(1000), ends=Status.SUSPENDED, ends_on=world.day(60))
    contract(
        "Delta Dental", "hosted-20", _B.MONTHLY, world.day(200), ends=Status.EXPIRED, ends_on=world.day(72), size=50
    )


def put_contracts_of_others(world: World, companies: list[Company]) -> None:
    """One to three contracts for each of the others, some of them ended."""
    chance = world.chance("contracts")
    endings = {
        5: Status.EXPIRED,
        11: Status.TERMINATED,
        17: Status.SUSPENDED,
        23: Status.EXPIRED,
        29: Status.TERMINATED,
    }
    for place, company in enumerate(companies):
        account = world.accounts[company.name]
        if company.name == GONE:
            _put_contract_of_gone(world, account, company)
            continue
        begins = company.founded_on + dt.timedelta(days=chance.randrange(1, 6))
        age = (world.today - begins).days
        ends = endings.get(place, Status.ACTIVE)
        ends_on = world.day(max(3, min(age - 30, 20 + place))) if ends is not Status.ACTIVE and age > 40 else None
        first = Contract(
            account,
            _PACKAGES[place % len(_PACKAGES)],
            _PERIODS[place % len(_PERIODS)],
            begins,
            company.habit,
            size=chance.choice((40, 60, 80, 100, 150)),
            ends=ends if ends_on is not None else Status.ACTIVE,
            ends_on=ends_on,
            renews=place % 9 != 4,
            grows_on=begins + dt.timedelta(days=80) if place % 7 == 2 else None,
            trial=place % 13 == 6,
            reference=chance.choice((None, company.city, "Main office")),
        )
        sign(world, first)
        if place % 4 == 0:
            support = Contract(account, "support-contract", _B.YEARLY, begins + dt.timedelta(days=2), company.habit)
            sign(world, support)


def _put_contract_of_gone(world: World, account: Account, company: Company) -> None:
    begins = company.founded_on + dt.timedelta(days=3)
    ends_on = add_months(begins, 12)
    sign(world, Contract(account, "team-10", _B.YEARLY, begins, company.habit, ends=Status.TERMINATED, ends_on=ends_on))


def put_loose_licenses(world: World) -> None:
    """Licenses that no subscription pays for, so that every kind is there in every state and for every term."""
    chance = world.chance("licenses")
    accounts = [account for account in world.accounts.values() if account.name not in ("Delta Dental", GONE)]
    for place in range(60):
        account = accounts[place % 4] if place % 3 == 0 else chance.choice(accounts)
        age = (world.now - account.created_at).days
        duration, status = _DURATIONS[place % len(_DURATIONS)], _STATUSES[(place // 2 + place) % len(_STATUSES)]
        days = chance.randrange(5, max(6, min(900, age - 10)))
        if duration is LicenseDuration.TRIAL and status in (LicenseStatus.ACTIVE, LicenseStatus.NOT_ACTIVATED):
            days = min(days, 5 + place % 20)
        if duration is LicenseDuration.PERPETUAL and status is LicenseStatus.EXPIRED:
            duration = LicenseDuration.YEARLY
        plan = (*_PACKAGES, "business-30")[place % 7]
        world.agenda.note(world.ago(days, 9, place), _issue, world, account, plan, duration, status, place)


def _issue(
    world: World,
    account: Account,
    plan: str,
    duration: LicenseDuration,
    status: LicenseStatus,
    place: int,
    at: dt.datetime,
) -> None:
    reference = (None, "Reception", "Warehouse", "Lab", "Old building")[place % 5]
    license = issue_loose_license(world, account, plan, duration, at, reference=reference)
    if status is LicenseStatus.NOT_ACTIVATED:
        return
    _use(world, account, license, at + dt.timedelta(hours=2), resets=place % 4 if place % 2 or place < 12 else 0)
    if status is not LicenseStatus.ACTIVE:
        moment = min(world.now, at + dt.timedelta(days=3))
        world.agenda.note(moment, set_status, world, license, status)


def _use(world: World, account: Account, license: License, at: dt.datetime, *, resets: int) -> None:
    """Activate a license, and move it to another device as often as it was reset."""
    world.agenda.note(min(at, world.now), activate, world, license)
    for number in range(resets):
        moved = at + dt.timedelta(hours=6 * (number + 1))
        world.agenda.note(min(moved, world.now), _move, world, account, license)


def _move(world: World, account: Account, license: License, at: dt.datetime) -> None:
    if license.can_reset:
        reset_hardware_lock(license, actor=world.as_owner(account), now=at, reason="New server")
        activate(world, license, at)


def put_client_app_changes(world: World) -> None:
    """What was changed in the app's wizard over the last year."""
    for number in range(90):
        world.agenda.note(world.ago(360 - number * 4, 8 + number % 9, number % 60), _change_some_license, world, number)


def _change_some_license(world: World, number: int, at: dt.datetime) -> None:
    active = select(License.id).where(License.status == LicenseStatus.ACTIVE).order_by(License.id)
    license_ids = db.session.scalars(active).all()
    if license_ids:
        license = db.session.get_one(License, world.chance(f"wizard {number}").choice(license_ids))
        change_editions(world, license, db.session.get_one(Account, license.account_id), at)


def put_transfer_of_acme(world: World) -> None:
    """A transfer between two licenses of Acme a week ago; three equal packages are left to try it with."""
    world.agenda.note(world.ago(7, 10, 30), _transfer, world, world.accounts["Acme Telecom"])


def _transfer(world: World, account: Account, at: dt.datetime) -> None:
    package = world.packages["business-50"]
    equal = select(License).where(License.account_id == account.id, License.package_id == package.id)
    active = equal.where(License.status == LicenseStatus.ACTIVE).order_by(License.id)
    source, target = db.session.scalars(active.limit(2)).all()
    transfer_items(source, target, {"extension": 5}, actor=world.as_owner(account), now=at)


def _put_history(world: World, contract: Contract) -> None:
    """Changes of every kind that a subscription saw before its quantities of today."""
    actor = world.as_member("subscriptions-edit@acme.example")
    for days, kind, before, after in (
        (300, Change.REFERENCE_UPDATED, "Main", "Headquarters"),
        (260, Change.QUANTITY_DECREASED, "40", "30"),
        (220, Change.UPGRADED, "Business 30", "Business 50"),
        (180, Change.DOWNGRADED, "Business 200", "Business 50"),
        (140, Change.SUSPENDED, "active", "suspended"),
        (139, Change.RESUMED, "suspended", "active"),
        (100, Change.EXPIRED, "active", "expired"),
        (98, Change.REACTIVATED, "expired", "active"),
    ):
        words = partial(tell, contract, kind, actor, before=before, after=after)
        world.agenda.note(world.ago(days, 14), words)
