"""A mandatory policy stands before everything else until it is accepted; decisions are read and changed, and logged."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import PolicyDecision
from models.policy import Decision
from tests.factories.people import AccountFactory
from tests.factories.support import PolicyDecisionFactory, PolicyFactory, PolicyVersionFactory
from tests.services.money import rows_of
from tests.support.desk import member_desk, staff_desk
from tests.support.door import csrf_token_of

BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def mia(app, account):
    return member_desk(app, account, MemberRole.OWNER)


@pytest.fixture
def terms(session):
    policy = PolicyFactory(key="terms", name="Terms of service", mandatory=True)
    return PolicyVersionFactory(policy=policy, body="Be kind.\n\n<script>alert(1)</script>", published_at=BEFORE)


@pytest.fixture
def newsletter(session):
    return PolicyVersionFactory(policy=PolicyFactory(name="Newsletter"), published_at=BEFORE)


def decide(desk, version, decision):
    token = csrf_token_of(desk.client, "/settings/policies")
    return desk.client.post(f"/settings/policies/{version.public_id}", data={"csrf_token": token, "decision": decision})


def test_nothing_opens_before_a_mandatory_policy_is_accepted(mia, terms, newsletter):
    for address in ("/portal/10001/", "/portal/10001/invoices/", "/settings/profile", "/settings/security"):
        answer = mia.client.get(address)
        assert (answer.status_code, answer.location) == (303, "/settings/policies"), address
    assert mia.client.post("/portal/10001/inbox/read").status_code in (303, 400)
    page = mia.client.get("/settings/policies").text
    assert "Before you go on, read and accept: Terms of service." in page
    assert "&lt;script&gt;" in page
    answer = decide(mia, terms, "accepted")
    assert (answer.status_code, answer.location) == (303, "/portal/10001/")
    assert mia.client.get("/portal/10001/").status_code == 200


def test_declining_a_mandatory_policy_is_kept_and_opens_nothing(mia, terms):
    assert decide(mia, terms, "declined").location == "/settings/policies"
    assert mia.client.get("/portal/10001/").location == "/settings/policies"
    assert db.session.scalars(select(PolicyDecision.decision)).all() == [Decision.DECLINED]


def test_the_log_keeps_time_person_and_address(app, mia, terms):
    decide(mia, terms, "accepted")
    row = db.session.scalars(select(PolicyDecision)).one()
    assert (row.ip, row.policy_version_id) == ("127.0.0.1", terms.id)
    text = staff_desk(app).get("/policy-decisions/export.csv").get_data(as_text=True)
    assert "Terms of service,1,Accepted,127.0.0.1" in text


def test_a_mind_is_changed_about_what_is_ones_choice(mia, newsletter):
    assert mia.client.get("/portal/10001/").status_code == 200
    for decision in ("accepted", "declined", "accepted"):
        assert decide(mia, newsletter, decision).location == "/settings/policies"
    assert rows_of(PolicyDecision) == 3
    assert "Accepted" in mia.client.get("/settings/policies").text


def test_a_new_version_closes_the_portal_again(app, mia, terms):
    decide(mia, terms, "accepted")
    desk = staff_desk(app)
    answer = desk.confirm("/policies/terms/publish-version", body="Be kinder.")
    assert "The new version is published." in desk.flashed(answer)
    assert mia.client.get("/portal/10001/").location == "/settings/policies"
    assert "Be kinder." in mia.client.get("/settings/policies").text


def test_what_a_colleague_accepted_opens_nothing(app, account, mia, terms):
    decide(member_desk(app, account, MemberRole.BILLING), terms, "accepted")
    assert mia.client.get("/portal/10001/").location == "/settings/policies"


def test_who_signs_out_may_do_so_before(mia, terms):
    token = csrf_token_of(mia.client, "/settings/policies")
    assert mia.client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"


def test_staff_are_not_asked(app, terms):
    desk = staff_desk(app)
    assert desk.get("/").status_code == 200
    assert "/settings/policies" not in desk.client.get("/settings/profile").text
    assert "There is nothing to decide on." in desk.client.get("/settings/policies").text


@pytest.mark.parametrize("decision", ["", "perhaps"])
def test_what_is_no_decision_is_refused(mia, terms, decision):
    assert decide(mia, terms, decision).status_code == 400
    assert rows_of(PolicyDecision) == 0


def test_an_old_text_is_answered_with_the_new_one(mia, terms):
    PolicyVersionFactory(policy=terms.policy, number=2, body="Be kinder.", published_at=BEFORE)
    answer = decide(mia, terms, "accepted")
    assert answer.status_code == 422
    assert "This text has changed" in answer.text
    assert "Be kinder." in answer.text
    assert rows_of(PolicyDecision) == 0


def test_a_decision_needs_our_form(mia, terms):
    answer = mia.client.post(f"/settings/policies/{terms.public_id}", data={"decision": "accepted"})
    assert (answer.status_code, rows_of(PolicyDecision)) == (400, 0)


def test_staff_write_a_policy_with_its_first_text(app, session):
    desk = staff_desk(app)
    answer = desk.confirm("/policies/new", name="Privacy", key="privacy", body="We keep little.")
    assert answer.status_code == 303
    page = desk.get("/policies/privacy").get_data(as_text=True)
    assert "We keep little." in page


def test_decisions_are_only_read(app, terms):
    PolicyDecisionFactory(policy_version=terms)
    desk = staff_desk(app)
    assert desk.get("/policy-decisions/").status_code == 200
    for address in ("/policy-decisions/new", "/policy-decisions/1", "/policy-decisions/1/edit"):
        assert desk.get(address).status_code == 404, address
