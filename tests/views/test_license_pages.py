"""Licenses over HTTP: filters, what a page shows, branding, and asking for more resets (SPEC E6, E7)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import License, LicenseDuration, LicenseKind, LicenseStatus, Message, Ticket, TicketStatus
from tests.factories.catalogue import PackageFactory
from tests.factories.people import AccountFactory
from tests.factories.services import HardwareResetFactory, LicenseFactory, LicenseItemFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


def codes(answer):
    assert answer.status_code == 200
    return sorted(row["Code"] for row in csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


def labels(answer):
    return [label for label, _ in page_of(answer).links]


@pytest.fixture
def licenses(account):
    package = PackageFactory(code="team", name="Team")
    at = dt.datetime(2026, 4, 10, 12, tzinfo=dt.UTC)
    LicenseFactory(account=account, code="A", created_at=at, package=package)
    LicenseFactory(account=account, code="B", kind=LicenseKind.HOSTED, status=LicenseStatus.SUSPENDED)
    LicenseFactory(account=account, code="C", duration=LicenseDuration.PERPETUAL, expires_on=None)
    LicenseFactory(code="FOREIGN", package=package)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["A", "B", "C"]),
        ("created_at.from=2026-04-01&created_at.to=2026-04-30", ["A"]),
        ("code=b", ["B"]),
        ("kind=hosted", ["B"]),
        ("package=team", ["A"]),
        ("status=suspended", ["B"]),
        ("duration=perpetual", ["C"]),
        ("duration=perpetual&kind=hosted", []),
        ("code=foreign", []),
    ],
)
def test_the_csv_holds_what_the_filters_leave(owner, licenses, query, found):
    assert codes(owner.get(f"/licenses/export.csv?{query}")) == found


def test_the_code_opens_data_items_and_history(owner, account):
    license = LicenseFactory(account=account, code="A", reference="Main system")
    LicenseItemFactory(license=license, quantity=42)
    HardwareResetFactory(license=license, mac_address="AA:BB:CC:DD:EE:FF", reset_by="Mia Marsh")
    assert ("A", f"{owner.base}/licenses/A") in page_of(owner.get("/licenses/")).links
    text = page_of(owner.get("/licenses/A")).text
    for seen in ("Main system", "42", "Items 1", "MAC/IP resets 1"):
        assert seen in text
    assert "Mia Marsh" not in text
    text = page_of(owner.get("/licenses/A?tab=hardware_resets")).text
    for seen in ("AA:BB:CC:DD:EE:FF", "Mia Marsh", "192.0.2.10"):
        assert seen in text


def test_the_app_name_is_shown_and_asked_for_with_branding(owner, account):
    LicenseFactory(account=account, code="A", app_name="Acme Talk")
    account.branding_enabled = True
    db.session.commit()
    assert "Acme Talk" in page_of(owner.get("/licenses/A")).text
    answer = owner.confirm("/licenses/A/edit", app_name="Acme Phone")
    assert "saved" in owner.flashed(answer)
    assert db.session.scalars(select(License.app_name)).one() == "Acme Phone"


def test_without_branding_it_is_neither_shown_nor_saved(app, owner, account):
    LicenseFactory(account=account, code="A", app_name="Acme Talk")
    for desk in (owner, staff_desk(app)):
        page = page_of(desk.get("/licenses/A"))
        assert "Acme Talk" not in page.text
        assert "App name" not in page.text
        assert "app_name" not in form_of(desk.get("/licenses/A/edit")).controls
    answer = owner.confirm("/licenses/A/edit", app_name="Mine", reference="Main")
    assert answer.status_code == 303
    license = db.session.scalars(select(License).execution_options(populate_existing=True)).one()
    assert (license.app_name, license.reference) == ("Acme Talk", "Main")


@pytest.fixture
def empty(account):
    """A license without a reset left."""
    return LicenseFactory(account=account, code="A", resets_left=0)


def test_at_zero_the_page_offers_a_ticket_that_is_filled_in(app, account, owner, empty):
    offered = labels(owner.get("/licenses/A"))
    assert "Ask for more resets" in offered
    assert "Reset MAC/IP address" not in offered
    asked = owner.get("/licenses/A/ask-for-resets")
    assert "none are left" in form_of(asked).values["description"]
    answer = owner.client.post(f"{owner.base}/licenses/A/ask-for-resets", data=form_of(asked).values)
    ticket = db.session.scalars(select(Ticket)).one()
    assert f"Ticket {ticket.number} asks for more resets" in owner.flashed(answer)
    assert ticket.license_id == empty.id
    assert "More resets for license A" in page_of(owner.get(f"/tickets/{ticket.number}")).text
    again = owner.client.post(f"{owner.base}/licenses/A/ask-for-resets", data=form_of(asked).values)
    assert again.status_code == 409
    assert ticket.number in said_by(again)[0]


def test_with_resets_left_nothing_is_asked(owner, empty):
    empty.resets_left = 1
    db.session.commit()
    assert "Ask for more resets" not in labels(owner.get("/licenses/A"))
    assert owner.get("/licenses/A/ask-for-resets").status_code == 409


@pytest.mark.parametrize("place", ["ticket", "license"])
def test_staff_grant_in_one_click_from_the_ticket_or_the_license(app, owner, empty, place):
    owner.confirm("/licenses/A/ask-for-resets")
    number = db.session.scalars(select(Ticket.number)).one()
    agent = staff_desk(app, StaffRole.SUPPORT_AGENT)
    page = f"/tickets/{number}" if place == "ticket" else "/licenses/A"
    assert "Grant resets" in labels(agent.get(page))
    answer = agent.confirm(f"{page}/grant-resets")
    assert "The resets are granted" in agent.flashed(answer)
    db.session.rollback()
    assert db.session.scalars(select(License.resets_left)).one() == 3
    assert db.session.scalars(select(Ticket.status)).one() is TicketStatus.SOLVED
    assert len(db.session.scalars(select(Message)).all()) == 2
    assert agent.get(f"/tickets/{number}/grant-resets").status_code == 409
    assert "Grant resets" not in labels(agent.get(f"/tickets/{number}"))


def test_members_grant_nothing(owner, empty):
    owner.confirm("/licenses/A/ask-for-resets")
    number = db.session.scalars(select(Ticket.number)).one()
    assert owner.post(f"/tickets/{number}/grant-resets", count="3").status_code == 404
    assert owner.post("/licenses/A/grant-resets", count="3").status_code == 404
