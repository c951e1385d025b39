"""The wizard of the client app and its report, over HTTP (SPEC E5)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import AuditEvent, LicenseChange, LicenseItem, LicenseKind, LicenseStatus, ProductKind
from tests.factories.catalogue import EditionFactory, ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseChangeFactory, LicenseFactory, LicenseItemFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by

PATH = "/app-wizard/LIC-A"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def license(account):
    """Ten of office, three of agent, and lines that are no edition."""
    license = LicenseFactory(account=account, code="LIC-A", reference="Main system")
    for position, (code, quantity) in enumerate((("office", 10), ("agent", 3))):
        product = ProductFactory(code=f"edition-{code}", kind=ProductKind.EDITION)
        EditionFactory(code=code, name=code.capitalize(), product=product, position=position)
        LicenseItemFactory(license=license, product=product, quantity=quantity)
    LicenseItemFactory(license=license, product=ProductFactory(name="Lines"), quantity=7)
    EditionFactory(code="supervisor", name="Supervisor", position=9)
    return license


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


def set_up():
    db.session.rollback()
    found = db.session.scalars(select(LicenseItem).where(LicenseItem.in_app > 0).order_by(LicenseItem.id))
    return [item.in_app for item in found]


def report(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


def test_the_license_leads_to_the_wizard_and_the_wizard_back(owner, license):
    led = owner.get("/licenses/LIC-A/app-wizard")
    assert led.status_code == 303
    page = owner.client.get(led.location)
    assert page_of(page).title.startswith("gloCOM wizard")
    assert form_of(page).values.items() >= {
        "seats-office": "0", "seen-office": "0", "seats-agent": "0", "seen-agent": "0"
    }.items()  # fmt: skip
    assert "Not on this license: Supervisor" in page_of(page).text
    assert "Lines" not in page_of(page).text
    answer = owner.confirm(PATH, **{"seats-office": "8", "seats-agent": ""})
    assert answer.location.endswith("/licenses/LIC-A")
    assert "The editions are saved" in owner.flashed(answer)
    assert set_up() == [8]
    assert "Office 8 of 10 Agent 0 of 3" in page_of(owner.get("/licenses/LIC-A")).text


def test_what_changed_is_on_the_license_in_the_report_and_in_the_audit(owner, license):
    owner.confirm(PATH, **{"seats-office": "8", "seats-agent": "2"})
    owner.confirm(PATH, **{"seats-office": "5"})
    rows = report(owner.get("/client-app-report/export.csv?license=LIC-A"))
    assert [(row["License"], row["Edition"], row["Field"], row["Before"], row["After"]) for row in rows] == [
        ("LIC-A", "Office", "quantity", "8", "5"),
        ("LIC-A", "Agent", "quantity", "0", "2"),
        ("LIC-A", "Office", "quantity", "0", "8"),
    ]
    assert {(row["IP"], row["Type"]) for row in rows} == {("127.0.0.1", "Business")}
    assert "App wizard history" in page_of(owner.get("/licenses/LIC-A")).text
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "license.editions_changed")).all()
    assert len(events) == 2


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"seats-office": "11"}, 422, "Office: this license holds 10"),
        ({"seats-office": "-1"}, 422, "Office: enter a whole number from 0 to 10"),
        ({"seats-office": "1.5"}, 422, "Office: enter a whole number"),
        ({"seats-office": "٣"}, 422, "Office: enter a whole number"),
        ({"seats-office": "9" * 40}, 422, "Office: enter a whole number"),
        ({"seats-supervisor": "1"}, 409, "no items of one of these editions"),
        ({"seats-": "x"}, 409, "no items of one of these editions"),
        ({"seen-office": "x"}, 409, "Nothing was saved"),
        ({"seen-office": "3"}, 409, "Nothing was saved"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_to_be_corrected(owner, license, typed, status, words):
    answer = owner.confirm(PATH, **{"seats-agent": "1", **typed})
    assert answer.status_code == status
    assert words in " ".join(said_by(answer))
    assert form_of(answer).values["seats-agent"] == "1"
    assert set_up() == []
    assert db.session.scalars(select(LicenseChange)).all() == []


def test_of_two_open_pages_the_second_save_is_told_who_was_first(app, account, owner, license):
    colleague = member_desk(app, account, MemberRole.LICENSES_EDIT, person__first_name="Mia", person__last_name="Marsh")
    opened = form_of(owner.get(PATH)).values
    colleague.confirm(PATH, **{"seats-office": "4"})
    refused = owner.client.post(f"{owner.base}{PATH}", data={**opened, "seats-office": "7"})
    assert refused.status_code == 409
    assert "Office by Mia Marsh, from 0 to 4" in said_by(refused)[0]
    again = form_of(refused).values
    assert (again["seats-office"], again["seen-office"]) == ("7", "4")
    assert owner.client.post(f"{owner.base}{PATH}", data=again).status_code == 303
    assert set_up() == [7]


def test_a_form_without_its_token_saves_nothing(owner, license):
    assert owner.client.post(f"{owner.base}{PATH}", data={"seats-office": "4"}).status_code in (400, 422)
    assert set_up() == []


def test_a_license_without_editions_says_so(owner, account):
    LicenseFactory(account=account, code="LIC-A")
    assert "nothing to set up" in page_of(owner.get(PATH)).text


def test_the_wizard_of_a_suspended_license_is_closed(owner, license):
    license.status = LicenseStatus.SUSPENDED
    db.session.commit()
    page = owner.get(PATH)
    assert page.status_code == 409
    assert "open only for a license" in said_by(page)[0]
    assert "App wizard" not in [label for label, _ in page_of(owner.get("/licenses/LIC-A")).links]
    assert owner.post(PATH, **{"seats-office": "1"}).status_code == 409
    assert set_up() == []


@pytest.mark.parametrize("code", ["FOREIGN", "nothing", "%00", "L" * 300, ""])
def test_foreign_and_missing_licenses_are_not_found(owner, license, code):
    LicenseFactory(code="FOREIGN", account=AccountFactory())
    assert owner.get(f"/app-wizard/{code}").status_code == 404
    assert owner.post(f"/app-wizard/{code}", **{"seats-office": "1"}).status_code in (404, 405)


def test_staff_open_every_license(app, license):
    desk = staff_desk(app)
    answer = desk.confirm(PATH, **{"seats-office": "2"})
    assert answer.location.endswith("/staff/licenses/LIC-A")
    assert set_up() == [2]


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_members_need_the_right_to_edit_licenses(app, account, license, role):
    desk = member_desk(app, account, role)
    allowed = P.LICENSES_EDIT in MEMBER_GRANTS[role]
    assert desk.get(PATH).status_code == (200 if allowed else 403)
    assert desk.post(PATH, **{"seats-office": "1"}).status_code == (303 if allowed else 403)
    assert set_up() == ([1] if allowed else [])


@pytest.mark.parametrize("role", StaffRole)
def test_staff_need_the_right_to_edit_licenses(app, license, role):
    desk = staff_desk(app, role)
    allowed = P.LICENSES_EDIT in STAFF_GRANTS[role]
    assert desk.get(PATH).status_code == (200 if allowed else 403)
    assert desk.post(PATH, **{"seats-office": "1"}).status_code == (303 if allowed else 403)


@pytest.fixture
def changes(account, license):
    """Two licenses of the account over two months, and one of another account."""
    other = LicenseFactory(account=account, code="LIC-B", kind=LicenseKind.CALL_CENTER)
    for day, of in ((1, license), (15, license), (20, other)):
        LicenseChangeFactory(license=of, changed_at=dt.datetime(2026, 4, day, 12, tzinfo=dt.UTC), after=str(day))
    LicenseChangeFactory(license=LicenseFactory(code="FOREIGN"), after="99")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["20", "15", "1"]),
        ("license=LIC-A", ["15", "1"]),
        ("license_kind=call_center", ["20"]),
        ("changed_at.from=2026-04-10&changed_at.to=2026-04-15", ["15"]),
        ("license=LIC-A&license_kind=call_center", []),
    ],
)
def test_the_report_is_filtered_by_days_license_and_type(owner, changes, query, found):
    assert [row["After"] for row in report(owner.get(f"/client-app-report/export.csv?{query}"))] == found


def test_the_license_leads_to_the_csv_of_its_own_report(app, owner, changes):
    led = owner.get("/licenses/LIC-A/app-report")
    assert [row["After"] for row in report(owner.client.get(led.location))] == ["15", "1"]
    assert "App report (CSV)" in [label for label, _ in page_of(owner.get("/licenses/LIC-A")).links]


def test_staff_see_the_report_of_all_accounts(app, changes):
    assert {row["After"] for row in report(staff_desk(app).get("/client-app-report/export.csv"))} >= {"99", "20"}


def test_the_report_has_the_columns_that_were_asked_for(owner, changes):
    row = report(owner.get("/client-app-report/export.csv"))[0]
    names = [name.partition(" (")[0] for name in row]
    assert names == ["Time", "License", "Type", "Edition", "Field", "Before", "After", "By", "IP"]
