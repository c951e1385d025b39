"""My customer licenses: a reseller sees the licenses of all accounts below, and nothing else of them (SPEC B8, E8)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re

import pytest

from domain.permissions import MemberRole, P, grants_of_member
from extensions import db
from models import Account
from panel.scope import switched_off
from services.resellers import place_below
from tests.factories.activity import NotificationFactory
from tests.factories.people import AccountFactory
from tests.factories.services import (
    HardwareResetFactory,
    LicenseChangeFactory,
    LicenseFactory,
    LicenseItemFactory,
    SubscriptionFactory,
)
from tests.support.desk import member_desk
from tests.support.pages import page_of


def below(name: str, parent: Account | None, number: int) -> Account:
    return place_below(AccountFactory(name=name, client_id=str(number)), parent)


@pytest.fixture
def tree(session):
    """Top above middle above lower above bottom; a neighbour of middle below top, and a stranger with a customer."""
    top = below("Top", None, 10001)
    middle = below("Middle", top, 10002)
    lower = below("Lower", middle, 10003)
    bottom = below("Bottom", lower, 10004)
    neighbour = below("Neighbour", top, 10005)
    stranger = below("Stranger", None, 10006)
    strange = below("Strange customer", stranger, 10007)
    accounts = (top, middle, lower, bottom, neighbour, stranger, strange)
    for account in accounts:
        LicenseFactory(account=account, code=f"LIC-{account.client_id}")
    return {account.name: account for account in accounts}


@pytest.fixture
def reseller(app, tree):
    return member_desk(app, tree["Top"], MemberRole.OWNER)


def rows(desk, query=""):
    answer = desk.get(f"/customer-licenses/export.csv{query}")
    assert answer.status_code == 200
    found = csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    return sorted((row["Customer"], row["Code"]) for row in found)


def test_a_reseller_sees_the_licenses_of_every_depth_but_not_their_own(reseller):
    assert rows(reseller) == [
        ("Bottom", "LIC-10004"),
        ("Lower", "LIC-10003"),
        ("Middle", "LIC-10002"),
        ("Neighbour", "LIC-10005"),
    ]


@pytest.mark.parametrize(("name", "found"), [("Middle", 2), ("Lower", 1), ("Bottom", 0), ("Stranger", 1)])
def test_each_level_sees_what_is_below_it_and_not_beside_or_above(app, tree, name, found):
    desk = member_desk(app, tree[name], MemberRole.OWNER)
    assert len(rows(desk)) == found
    assert all(customer not in ("Top", "Neighbour", name) for customer, _ in rows(desk))


@pytest.mark.parametrize(("client_id", "found"), [("10004", ["LIC-10004"]), ("10003", ["LIC-10003"])])
def test_it_is_filtered_by_customer(reseller, client_id, found):
    assert [code for _, code in rows(reseller, f"?account={client_id}")] == found


def test_only_the_accounts_below_are_offered_as_customers(reseller):
    offered = json.loads(reseller.get("/customer-licenses/lookup/account?q=").get_data())
    assert {each["value"] for each in offered} == {"10002", "10003", "10004", "10005"}
    assert json.loads(reseller.get("/customer-licenses/lookup/account?q=Strange").get_data()) == []


def said_above(answer):
    """The notices above the list."""
    return re.findall(r'class="notice.*?<p>(.*?)</p>', answer.get_data(as_text=True), re.DOTALL)


@pytest.mark.parametrize("client_id", ["10001", "10006", "10007"])
def test_a_foreign_customer_in_the_address_is_like_one_that_does_not_exist(reseller, client_id):
    assert rows(reseller, f"?account={client_id}") == rows(reseller, "?account=99999")
    named, missing = (reseller.get(f"/customer-licenses/?account={each}") for each in (client_id, "99999"))
    assert said_above(named) == said_above(missing) != []
    assert "Strange" not in page_of(named).text


def test_the_code_opens_the_license(reseller, tree):
    page = reseller.get("/customer-licenses/LIC-10004")
    assert page.status_code == 200
    assert "Bottom" in page_of(page).text


@pytest.mark.parametrize("code", ["LIC-10001", "LIC-10006", "LIC-10007", "nothing", "%00"])
def test_ones_own_and_foreign_licenses_are_not_found_there(reseller, code):
    assert reseller.get(f"/customer-licenses/{code}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/licenses/LIC-10004", "/licenses/LIC-10004/edit", "/licenses/LIC-10004/reset-mac-ip",
        "/licenses/LIC-10004/app-wizard", "/licenses/LIC-10004/app-report", "/app-wizard/LIC-10004",
        "/customer-licenses/LIC-10004/edit", "/customer-licenses/LIC-10004/reset-mac-ip", "/customer-licenses/new",
    ],
)  # fmt: skip
def test_a_customers_license_is_read_and_nothing_is_done_to_it(reseller, path):
    assert reseller.get(path).status_code == 404
    assert reseller.post(path).status_code in (404, 405)


def test_items_are_shown_and_nothing_else_of_the_customers(reseller, tree):
    bottom = tree["Bottom"]
    license = db.session.merge(LicenseFactory(account=bottom, code="DEEP"))
    LicenseItemFactory(license=license, quantity=4711)
    LicenseChangeFactory(license=license, changed_by="Secret Person")
    HardwareResetFactory(license=license, reset_by="Secret Person")
    subscription = SubscriptionFactory(account=bottom, number="S-SECRET", license_id=license.id)
    text = page_of(reseller.get("/customer-licenses/DEEP")).text
    assert "4711" in text
    assert "Secret Person" not in text
    assert "S-SECRET" not in text
    assert reseller.get(f"/subscriptions/{subscription.number}").status_code == 404
    for slug in ("invoices", "tickets", "members", "subscriptions", "client-app-report", "licenses", "accounts"):
        listed = reseller.get(f"/{slug}/")
        assert listed.status_code in (200, 404)
        assert "Bottom" not in page_of(listed).text, slug
        assert "DEEP" not in page_of(listed).text, slug
    assert reseller.client.get("/portal/10004/").status_code in (403, 404)


@pytest.mark.parametrize(
    "off", [{}, {"first": True}, {"second": True}], ids=["both", "only the second", "only the first"]
)
def test_either_lock_alone_keeps_other_resellers_customers_out(reseller, off):
    with switched_off(**off):
        shown = {customer for customer, _ in rows(reseller)}
        strange = reseller.get("/customer-licenses/LIC-10007")
    assert "Bottom" in shown
    assert not {"Strange customer", "Stranger", "Top"} & shown
    assert strange.status_code == 404


def test_the_bell_rings_for_the_reseller_whose_page_it_is(reseller, tree):
    lately = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    for name in ("Top", "Bottom"):
        NotificationFactory(account=tree[name], person=None, permission=P.LICENSES_READ, created_at=lately)
    for slug in ("licenses", "customer-licenses"):
        page = reseller.get(f"/{slug}/").get_data(as_text=True)
        assert 'aria-label="1 unread notification"' in page, slug


def test_an_account_that_moves_away_is_seen_no_more(reseller, tree):
    place_below(tree["Lower"], tree["Stranger"])
    db.session.commit()
    assert [customer for customer, _ in rows(reseller)] == ["Middle", "Neighbour"]
    assert reseller.get("/customer-licenses/LIC-10004").status_code == 404


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_members_need_the_right(app, tree, role):
    assert P.CUSTOMER_LICENSES_READ not in grants_of_member([role])
    assert member_desk(app, tree["Top"], role).get("/customer-licenses/").status_code == 403
