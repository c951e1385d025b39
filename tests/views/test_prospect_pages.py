"""Reserved prospects over HTTP: who sees and reserves them, the filters, and a refusal that names nobody (SPEC E9)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from domain.companies import company_key
from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Prospect
from tests.factories.people import AccountFactory
from tests.factories.services import ProspectFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme Resale")


@pytest.fixture
def owner(app, account):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def other(session):
    return AccountFactory(client_id="10002", name="Secret Rival")


def companies(answer):
    assert answer.status_code == 200
    return sorted(row["Company"] for row in csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


def kept():
    db.session.expire_all()
    return db.session.scalars(select(Prospect).order_by(Prospect.id)).all()


def test_a_reseller_reserves_a_company_and_sees_until_when(owner, account):
    answer = owner.confirm(
        "/prospects/new", company="Blue Whale GmbH", contact="Ida Berg", email="ida@whale.example", country="DE"
    )
    assert "Blue Whale GmbH" in owner.flashed(answer)
    (prospect,) = kept()
    assert (prospect.account_id, prospect.country, prospect.reserved_by_id) == (account.id, "DE", owner.person.id)
    assert prospect.reserved_until == dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)
    assert companies(owner.get("/prospects/export.csv")) == ["Blue Whale GmbH"]


def test_a_company_that_another_holds_is_refused_without_saying_who_and_what_was_typed_stays(owner, other):
    held = {"company": "Blue Whale", "company_key": company_key("Blue Whale"), "country": "DE"}
    ProspectFactory(account=other, **held, reserved_until=dt.date(2099, 12, 31))
    db.session.commit()
    typed = {"contact": "Ida Berg", "email": "ida@whale.example", "country": "DE"}
    answer = owner.confirm("/prospects/new", company="BLUE  WHALE GmbH", **typed)
    assert answer.status_code in (409, 422)
    assert any("reserved already in this country" in line for line in said_by(answer))
    text = page_of(answer).text
    assert not [word for word in ("Secret Rival", "10002", "Kim Jones", "kim@prospect.example") if word in text]
    assert form_of(answer).values["company"] == "BLUE  WHALE GmbH"
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Ant", "Bee", "Cat"]),
        ("country=DE", ["Bee"]),
        ("created_at.from=2026-04-01&created_at.to=2026-04-30", ["Ant"]),
        ("created_at.from=2026-05-01", ["Bee", "Cat"]),
        ("q=bee", ["Bee"]),
    ],
)
def test_the_list_is_filtered_by_date_and_country(owner, account, other, query, found):
    for company, country, day in (
        ("Ant", "US", "2026-04-10"),
        ("Bee", "DE", "2026-05-10"),
        ("Cat", "US", "2026-06-10"),
    ):
        at = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
        values = {"company_key": company.lower(), "country": country, "created_at": at}
        ProspectFactory(account=account, company=company, email=f"{company}@prospect.example", **values)
    ProspectFactory(account=other, company="Foreign", country="DE")
    db.session.commit()
    assert companies(owner.get(f"/prospects/export.csv?{query}")) == found


def test_a_released_company_is_free_and_says_so(owner, account):
    prospect = ProspectFactory(account=account, company="Ant", company_key="ant")
    db.session.commit()
    key = prospect.public_id
    assert "The reservation is released." in owner.flashed(owner.confirm(f"/prospects/{key}/release"))
    assert kept()[0].released_at is not None
    assert owner.post(f"/prospects/{key}/release").status_code == 409


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_who_may_not_reserve_is_refused_and_writes_nothing(app, account, role):
    desk = member_desk(app, account, role)
    assert {desk.get(path).status_code for path in ("/prospects/", "/prospects/new")} == {403}
    assert desk.post("/prospects/new", company="Ant", country="US").status_code == 403
    assert kept() == []


def test_a_foreign_reservation_is_not_found(owner, other):
    prospect = ProspectFactory(account=other)
    db.session.commit()
    for part in ("", "/edit", "/release"):
        assert owner.get(f"/prospects/{prospect.public_id}{part}").status_code == 404


def test_staff_see_whose_it_is_and_agents_do_not_reserve(app, account):
    ProspectFactory(account=account, company="Ant", company_key="ant")
    db.session.commit()
    page = page_of(staff_desk(app, StaffRole.ADMINISTRATOR).get("/prospects/"))
    assert "Acme Resale" in page.text
    assert staff_desk(app, StaffRole.SUPPORT_AGENT).get("/prospects/new").status_code == 403
