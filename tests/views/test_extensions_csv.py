"""The CSV of hosted and rented extensions: one row for each extension item of the subscriptions shown (SPEC E1)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AuditEvent, ProductKind, SubscriptionStatus
from tests.factories.catalogue import PackageFactory, ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, SubscriptionFactory, SubscriptionItemFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of

LABEL = "Hosted/rented extensions CSV"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def subscriptions(account):
    """Two subscriptions of the account with three extension items between them, and one of somebody else."""
    hosted, rented, hosting = (
        ProductFactory(code=code, name=name, kind=kind)
        for code, name, kind in (
            ("hosted", "Hosted extension", ProductKind.EXTENSION),
            ("rented", "Rented extension", ProductKind.EXTENSION),
            ("hosting", "Hosting", ProductKind.SERVICE),
        )
    )
    license = LicenseFactory(account=account, code="LIC-A")
    reseller = AccountFactory(client_id="20002", name="Reseller")
    first = SubscriptionFactory(
        account=account, number="S-1", license=license, reseller_account=reseller, licensee="Lab of Acme",
        package=PackageFactory(code="team", name="Team"), renews_on=dt.date(2026, 5, 1),
    )  # fmt: skip
    second = SubscriptionFactory(
        account=account, number="S-2", status=SubscriptionStatus.EXPIRED, renews_on=None, reference="Branch office"
    )
    foreign = SubscriptionFactory(account=AccountFactory(name="Other"), number="S-3", licensee="Lab of others")
    for subscription, product, quantity in (
        (first, hosted, 20), (first, rented, 5), (first, hosting, 1), (second, hosted, 7), (second, hosting, 1),
        (foreign, hosted, 99),
    ):  # fmt: skip
        SubscriptionItemFactory(subscription=subscription, product=product, quantity=quantity)


@pytest.fixture
def owner(app, account, subscriptions):
    return member_desk(app, account, MemberRole.OWNER)


def rows(desk, query=""):
    """Number, product and quantity of each row of the file that the list offers; an empty list offers none."""
    links = dict(page_of(desk.get(f"/subscriptions/{query}")).links)
    if LABEL not in links:
        return []
    answer = desk.client.get(links[LABEL])
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    read = csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    return sorted((row["Subscription"], row["Product"], row["Quantity"]) for row in read)


FIRST = [("S-1", "Hosted extension", "20"), ("S-1", "Rented extension", "5")]
SECOND = [("S-2", "Hosted extension", "7")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", FIRST + SECOND),
        ("?sort=-number", FIRST + SECOND),
        ("?license=LIC-A", FIRST),
        ("?reseller_id=20002", FIRST),
        ("?reseller_id=30003", []),
        ("?licensee=lab", FIRST),
        ("?package=team", FIRST),
        ("?status=expired", SECOND),
        ("?status=expired&status=active", FIRST + SECOND),
        ("?renews_on.from=2026-05-01&renews_on.to=2026-05-01", FIRST),
        ("?q=branch", SECOND),
        ("?status=expired&license=LIC-A", []),
    ],
)
def test_it_holds_the_extension_items_of_the_subscriptions_that_are_shown(owner, query, found):
    assert rows(owner, query) == found
    shown = page_of(owner.get(f"/subscriptions/{query}")).text
    assert {number for number in ("S-1", "S-2") if number in shown.split()} == {row[0] for row in found}


def test_staff_have_it_over_all_accounts_and_by_reseller(app, subscriptions):
    desk = staff_desk(app)
    assert rows(desk) == [*FIRST, *SECOND, ("S-3", "Hosted extension", "99")]
    assert rows(desk, "?reseller_account=20002") == FIRST
    assert rows(desk, "?account=10001&q=lab") == FIRST


def test_each_row_tells_what_it_belongs_to(owner):
    answer = owner.get("/subscription-items/export.csv?kind=extension&license=LIC-A")
    row = next(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert (row["Package"], row["License"], row["Licensee"]) == ("Team", "LIC-A", "Lab of Acme")


def test_it_is_there_for_whoever_reads_subscriptions_and_nobody_else(app, account, subscriptions):
    readers = (MemberRole.SUBSCRIPTIONS, MemberRole.SUBSCRIPTIONS_EDIT)
    for role in readers:
        assert rows(member_desk(app, account, role)) == FIRST + SECOND
    assert rows(staff_desk(app, StaffRole.AUDITOR))
    for desk in (member_desk(app, account, MemberRole.BILLING), staff_desk(app, StaffRole.SALES)):
        assert desk.get("/subscription-items/export.csv?kind=extension").status_code == 403


def test_who_took_it_stands_in_the_audit(owner):
    rows(owner, "?license=LIC-A")
    taken = db.session.scalars(select(AuditEvent).where(AuditEvent.event.like("%export%"))).all()
    assert [(event.actor_person_id, event.after["slug"], event.after["filters"]) for event in taken] == [
        (owner.person.id, "subscription-items", {"kind": "extension", "license": "LIC-A"})
    ]
