"""Preview as a member, over HTTP: what the roles show, and nothing that changes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.permissions import MemberRole
from extensions import db
from models import Account, AuditEvent, Member, MemberPreview, MemberRoleGrant
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.support.desk import Desk, seat, staff_desk

VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@pytest.fixture
def account(app: Flask, session: Session) -> Account:
    return AccountFactory(client_id="20777")


@pytest.fixture
def portal(app: Flask, account: Account) -> Desk:
    return seat(app, OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    found = MemberFactory(account=account, person__first_name="Mia", person__last_name="Marsh")
    MemberRoleGrantFactory(member=found, role=MemberRole.BILLING)
    return found


def begin(portal: Desk, member: Member, *roles: str) -> Any:
    token = portal.token
    return portal.client.post(
        f"/portal/20777/members/{member.public_id}/preview", data={"csrf_token": token, "role": list(roles)}
    )


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_the_page_opens_with_the_roles_that_are_held(portal: Desk, member: Member) -> None:
    page = text(portal.get(f"/members/{member.public_id}/preview"))
    assert re.search(r'<input[^>]*checked[^>]*value="billing"', page)
    assert not re.search(r'<input[^>]*checked[^>]*value="tickets"', page)


def test_the_portal_looks_as_it_will_with_these_roles(portal: Desk, member: Member) -> None:
    answer = begin(portal, member, "licenses", "tickets")
    assert (answer.status_code, answer.location) == (303, "/portal/20777/")
    page = text(portal.get("/"))
    assert "Preview as Mia Marsh</strong>" in page
    assert "with Licenses, Tickets. Nothing can be changed." in page
    assert "15 minutes left" in page
    assert [portal.get(path).status_code for path in ("/licenses/", "/tickets/", "/invoices/", "/members/")] == [
        200, 200, 403, 403,
    ]  # fmt: skip
    roles = db.session.scalars(select(MemberRoleGrant.role)).all()
    assert roles == [MemberRole.BILLING]


def test_no_address_of_the_account_takes_a_change(app: Flask, portal: Desk, member: Member) -> None:
    everything = [role.value for role in MemberRole if role is not MemberRole.OWNER]
    begin(portal, member, *everything)
    events = db.session.scalar(select(func.count()).select_from(AuditEvent))
    (site,) = (site for site in app.extensions["sites"] if site.realm.name == "portal")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/portal/") and "POST" in rule.methods]
    assert len(rules) > 20
    for rule in rules:
        path = VARIABLE.sub(lambda found: {"client_id": "20777"}.get(found[1], "x"), rule.rule)
        answer = portal.client.post(path, data={"csrf_token": portal.token})
        assert answer.status_code == 409, path
        assert "Nothing can be changed in a preview" in text(answer)
        assert "End preview" in text(answer)
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == events
    assert site.mounted


def test_ending_leads_back_to_the_member(portal: Desk, member: Member) -> None:
    begin(portal, member)
    back = f"/portal/20777/members/{member.public_id}"
    answer = portal.client.post("/return", data={"csrf_token": portal.token, "next": back})
    assert (answer.status_code, answer.location) == (303, back)
    assert portal.client.get(back).status_code == 200
    assert "stand-in" not in text(portal.get("/"))


def test_it_ends_by_itself_after_fifteen_minutes(portal: Desk, member: Member) -> None:
    begin(portal, member)
    assert portal.get("/invoices/").status_code == 403
    past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)
    db.session.execute(update(MemberPreview).values(created_at=past, expires_at=past + dt.timedelta(minutes=15)))
    assert portal.get("/invoices/").status_code == 200


def test_their_own_settings_stay_those_of_the_owner(portal: Desk, member: Member) -> None:
    begin(portal, member)
    page = text(portal.client.get("/settings/profile"))
    assert "Mia" not in page


def test_who_may_not_change_roles_may_not_preview(app: Flask, account: Account, member: Member) -> None:
    other = MemberFactory(account=account)
    assert begin(seat(app, other), member).status_code == 403
    foreign = OwnerFactory()
    path = f"/members/{member.public_id}/preview"
    assert seat(app, foreign).post(path).status_code == 404
    assert staff_desk(app).get(path).status_code == 404


def test_a_preview_of_unknown_roles_is_refused(portal: Desk, member: Member) -> None:
    assert begin(portal, member, "emperor").status_code == 422
    assert begin(portal, member, "owner").status_code == 422
    assert portal.get("/members/").status_code == 200
