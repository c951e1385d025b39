"""Staff logged in as a member, over HTTP: begin, look, be kept out of what is out of reach, and come back."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.permissions import (
    MEMBER_GRANTS,
    OUT_OF_REACH_LOGGED_IN_AS,
    SEAT_GRANTS,
    MemberRole,
    StaffRole,
    grants_logged_in_as,
)
from extensions import db
from models import (
    Account,
    AuditEvent,
    LoginAsEnd,
    LoginAsSession,
    Member,
    NotificationDelivery,
    SignInSession,
    StaffMember,
    StaffStatus,
)
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.support.desk import Desk, seat, staff_desk
from tests.support.pages import said_by

REASON = "Look at invoice INV-1"
VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@pytest.fixture
def account(app: Flask, session: Session) -> Account:
    return AccountFactory(name="Acme", client_id="20777")


@pytest.fixture
def owner(account: Account) -> Member:
    return OwnerFactory(account=account, person__first_name="Olivia", person__last_name="Owner")


@pytest.fixture
def agent(app: Flask, owner: Member) -> Desk:
    return staff_desk(app, StaffRole.SUPPORT_AGENT)


@pytest.fixture
def portal(app: Flask, owner: Member) -> Desk:
    """The owner at their own desk."""
    return seat(app, owner)


def begin(desk: Desk, member: Member, **fields: str) -> Any:
    """Fill in the form of the member's page."""
    return desk.confirm(f"/members/{member.public_id}/log-in-as", reason=REASON, **fields)


def inside(desk: Desk, account: Account, path: str = "/") -> Any:
    return desk.client.get(f"/portal/{account.client_id}{path}")


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def come_back(desk: Desk, **fields: str) -> Any:
    return desk.client.post("/return", data={"csrf_token": desk.token, **fields})


def the_login() -> LoginAsSession:
    return db.session.scalars(select(LoginAsSession)).one()


def test_the_start_leads_into_the_portal_with_a_ribbon_on_every_page(
    agent: Desk, account: Account, owner: Member
) -> None:
    answer = begin(agent, owner)
    assert (answer.status_code, answer.location) == (303, "/portal/20777/")
    for path in ("/", "/invoices/", "/licenses/", "/members/", "/nothing-here"):
        page = text(inside(agent, account, path))
        assert "as Olivia Owner</strong>" in page, path
        assert "60 minutes left" in page
        assert 'action="/return"' in page
    for address in ("/staff/", "/settings/profile"):
        page = text(agent.client.get(address))
        assert "You are logged in as Olivia Owner" in page, address
        assert "This page is your own" in page


def test_coming_back_ends_it_at_once(agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    answer = come_back(agent, next=f"/staff/members/{owner.public_id}")
    assert (answer.status_code, answer.location) == (303, f"/staff/members/{owner.public_id}")
    assert inside(agent, account).status_code == 404
    assert "stand-in" not in text(agent.client.get("/staff/"))
    assert the_login().end_reason is LoginAsEnd.LEFT


def test_coming_back_never_leads_elsewhere(agent: Desk, owner: Member) -> None:
    begin(agent, owner)
    assert come_back(agent, next="https://evil.example/").location == "/staff/"
    assert come_back(agent).status_code == 303  # and again, when nothing runs


@pytest.mark.parametrize("reason", ["", "ab"])
def test_without_a_reason_nothing_begins(agent: Desk, account: Account, owner: Member, reason: str) -> None:
    path = f"/members/{owner.public_id}/log-in-as"
    answer = agent.post(path, reason=reason)
    assert answer.status_code == 422
    assert said_by(answer)
    assert inside(agent, account).status_code == 404


@pytest.mark.parametrize("role", StaffRole)
def test_who_may_begin_is_said_by_the_role(app: Flask, account: Account, owner: Member, role: StaffRole) -> None:
    desk = staff_desk(app, role)
    allowed = role in (StaffRole.ADMINISTRATOR, StaffRole.SUPPORT_AGENT)
    for path in (f"/members/{owner.public_id}/log-in-as", "/accounts/20777/log-in-as-owner"):
        assert desk.get(path).status_code == (200 if allowed else 403), path
        assert desk.post(path, reason=REASON).status_code == (303 if allowed else 403), path
        come_back(desk)


def test_forged_ids_lead_nowhere(agent: Desk, portal: Desk, owner: Member) -> None:
    assert agent.post("/members/nobody/log-in-as", reason=REASON).status_code == 404
    assert agent.post("/accounts/99999/log-in-as-owner", reason=REASON).status_code == 404
    assert portal.get(f"/members/{owner.public_id}/log-in-as").status_code == 404


def test_the_owner_is_entered_from_the_account(agent: Desk, account: Account, owner: Member) -> None:
    answer = agent.confirm("/accounts/20777/log-in-as-owner", reason=REASON)
    assert answer.location == "/portal/20777/"
    assert the_login().member_id == owner.id


def test_a_second_login_in_the_same_browser_is_refused(agent: Desk, owner: Member) -> None:
    begin(agent, owner)
    other = OwnerFactory(account__client_id="20778")
    assert agent.post(f"/members/{other.public_id}/log-in-as", reason=REASON).status_code == 409
    assert agent.client.get("/portal/20778/").status_code == 404


def test_an_old_proof_is_asked_for_again(agent: Desk, owner: Member) -> None:
    old = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)
    db.session.execute(update(SignInSession).values(proved_at=old))
    answer = agent.post(f"/members/{owner.public_id}/log-in-as", reason=REASON)
    assert answer.location.startswith("/prove?")
    assert db.session.scalars(select(LoginAsSession)).all() == []


def test_after_an_hour_the_account_is_closed_and_the_ribbon_gone(agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=61)
    db.session.execute(update(LoginAsSession).values(created_at=past, expires_at=past + dt.timedelta(minutes=60)))
    assert inside(agent, account).status_code == 404
    assert "stand-in" not in text(agent.client.get("/staff/"))


def test_two_of_the_staff_at_once_do_not_disturb_each_other(
    app: Flask, agent: Desk, account: Account, owner: Member
) -> None:
    second = staff_desk(app, StaffRole.ADMINISTRATOR)
    begin(agent, owner)
    begin(second, owner)
    come_back(agent)
    assert inside(agent, account).status_code == 404
    assert inside(second, account).status_code == 200


def test_signing_out_ends_it_for_the_customer_too(agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    agent.client.post("/sign-out", data={"csrf_token": agent.token})
    assert inside(agent, account).status_code == 303
    assert the_login().end_reason is LoginAsEnd.SIGNED_OUT


def test_disabled_staff_are_out_with_the_next_click(agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    db.session.execute(update(StaffMember).values(status=StaffStatus.DISABLED))
    assert inside(agent, account).status_code == 303


def test_every_row_of_the_history_names_both(agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    assert inside(agent, account, "/licenses/export.csv").status_code == 200
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.account_id == account.id)).all()
    assert {row.event for row in rows} == {"account.entered", "list.exported"}
    assert {(row.actor_person_id, row.on_behalf_of_id) for row in rows} == {(agent.person.id, owner.person_id)}


def test_the_owner_sees_who_looked_why_and_what_they_did(
    portal: Desk, agent: Desk, account: Account, owner: Member
) -> None:
    begin(agent, owner)
    inside(agent, account, "/licenses/export.csv")
    come_back(agent)
    login = the_login()
    assert REASON in text(portal.get("/logins-as/"))
    page = text(portal.get(f"/logins-as/{login.public_id}"))
    assert "Downloaded a list" in page
    assert "as Olivia Owner" in page
    told = [mail.event for mail in db.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id))]
    assert told == ["login_as_started", "login_as_ended"]


def test_the_owner_ends_the_visit(portal: Desk, agent: Desk, account: Account, owner: Member) -> None:
    begin(agent, owner)
    assert portal.confirm(f"/logins-as/{the_login().public_id}/end").status_code == 303
    assert inside(agent, account).status_code == 404


def test_other_members_and_other_owners_see_nothing_of_it(
    app: Flask, agent: Desk, account: Account, owner: Member
) -> None:
    begin(agent, owner)
    key = the_login().public_id
    assert seat(app, MemberFactory(account=account)).get("/logins-as/").status_code == 403
    foreign = seat(app, OwnerFactory())
    assert foreign.get(f"/logins-as/{key}").status_code == 404
    assert foreign.post(f"/logins-as/{key}/end").status_code == 404


def test_the_auditor_reads_the_visits_and_ends_none(app: Flask, agent: Desk, owner: Member) -> None:
    begin(agent, owner)
    auditor = staff_desk(app, StaffRole.AUDITOR)
    assert auditor.get("/logins-as/").status_code == 200
    assert auditor.post(f"/logins-as/{the_login().public_id}/end").status_code == 403
    assert agent.get("/logins-as/").status_code == 403


def test_consent_is_asked_given_and_withdrawn(portal: Desk, agent: Desk, account: Account, owner: Member) -> None:
    account.login_consent_required = True
    path = f"/members/{owner.public_id}"
    refused = agent.post(f"{path}/log-in-as", reason=REASON)
    assert refused.status_code == 409
    assert f"/staff{path}/ask-for-consent" in text(refused)
    assert agent.confirm(f"{path}/ask-for-consent", reason=REASON).status_code == 303
    asked = re.search(r"/login-consents/(\w{12,})", text(portal.get("/login-consents/")))
    assert asked
    assert portal.confirm(f"/login-consents/{asked[1]}/give").status_code == 303
    assert begin(agent, owner).status_code == 303
    assert inside(agent, account).status_code == 200
    assert (
        agent.client.post(
            f"/portal/20777/login-consents/{asked[1]}/withdraw", data={"csrf_token": agent.token}
        ).status_code
        == 403
    )
    assert portal.confirm(f"/login-consents/{asked[1]}/withdraw").status_code == 303
    assert inside(agent, account).status_code == 404


def test_staff_do_not_answer_for_the_customer(app: Flask, agent: Desk, account: Account, owner: Member) -> None:
    account.login_consent_required = True
    agent.confirm("/accounts/20777/ask-for-consent", reason=REASON)
    administrator = staff_desk(app, StaffRole.ADMINISTRATOR)
    key = re.search(r"/login-consents/(\w{12,})", text(administrator.get("/login-consents/")))
    assert key
    assert administrator.post(f"/login-consents/{key[1]}/give").status_code == 404


def test_what_is_out_of_reach_is_refused_on_every_address(
    app: Flask, agent: Desk, account: Account, owner: Member
) -> None:
    begin(agent, owner)
    (portal,) = (site for site in app.extensions["sites"] if site.realm.name == "portal")
    asked = []
    for mounted in portal.mounted.values():
        verbs = {"new": "create", "some-key/edit": "edit", "some-key/delete": "delete"}
        paths = {f"{mounted.slug}/{path}": mounted.grant(verb) for path, verb in verbs.items()}
        paths |= {f"{mounted.slug}/some-key/{slug}": action.grant for slug, action in mounted.actions.items()}
        asked += [(path, grant) for path, grant in paths.items() if grant in OUT_OF_REACH_LOGGED_IN_AS]
    pages = [route for route in portal.routes() if route.slug not in portal.mounted]
    asked += [
        (VARIABLE.sub("x", route.rule.replace("<client_id>", "20777")).removeprefix("/portal/20777/"), route.grant)
        for route in pages
        if route.grant in OUT_OF_REACH_LOGGED_IN_AS
    ]
    assert len(asked) >= 8
    for path, _grant in asked:
        for answer in (
            inside(agent, account, f"/{path}"),
            agent.client.post(f"/portal/20777/{path}", data={"csrf_token": agent.token}),
        ):
            assert answer.status_code in (403, 405), (path, answer.status_code)


@pytest.mark.parametrize("role", [role for role in MemberRole if role is not MemberRole.OWNER])
def test_lists_open_by_the_roles_of_the_member_and_no_further(
    app: Flask, agent: Desk, account: Account, owner: Member, role: MemberRole
) -> None:
    member = MemberFactory(account=account)
    MemberRoleGrantFactory(member=member, role=role)
    begin(agent, member)
    (portal,) = (site for site in app.extensions["sites"] if site.realm.name == "portal")
    assert grants_logged_in_as([role]) <= MEMBER_GRANTS[role] | SEAT_GRANTS
    for mounted in portal.mounted.values():
        allowed = mounted.grant("list") in grants_logged_in_as([role])
        if mounted.grant("list"):
            assert inside(agent, account, f"/{mounted.slug}/").status_code == (200 if allowed else 403), mounted.slug


def test_the_owner_demands_to_be_asked_and_who_is_inside_is_out(
    portal: Desk, agent: Desk, account: Account, owner: Member
) -> None:
    begin(agent, owner)
    assert "They do not have to ask" in text(portal.get("/login-consent-rule/"))
    switched = agent.client.post("/portal/20777/login-consent-rule/switch", data={"csrf_token": agent.token})
    assert switched.status_code == 403
    assert portal.post("/login-consent-rule/switch", demanded="yes").status_code == 303
    assert inside(agent, account).status_code == 404
    assert "They have to ask you first" in text(portal.get("/login-consent-rule/"))
    portal.post("/login-consent-rule/switch", demanded="no")
    assert db.session.get_one(Account, account.id).login_consent_required is False
