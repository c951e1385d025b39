"""Policies: versions, decisions that are never changed, and which of them stand before everything else."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models import AuditEvent, Policy, PolicyDecision, PolicyVersion
from models.policy import Decision
from services.policies import (
    LONGEST_TEXT,
    PolicyNotAsked,
    PolicyRetired,
    PolicyTextMissing,
    PolicyTextTooLong,
    create_policy,
    decide_on_policy,
    policies_asked,
    publish_version,
)
from tests.factories.base import NOW
from tests.factories.people import PersonFactory, StaffPersonFactory
from tests.factories.support import PolicyDecisionFactory, PolicyFactory, PolicyVersionFactory
from tests.services.money import CLERK, rows_of

ACCEPTED, DECLINED = Decision.ACCEPTED, Decision.DECLINED


@pytest.fixture
def person(session):
    return db.session.merge(PersonFactory())


def terms(**values) -> PolicyVersion:
    return PolicyVersionFactory(policy=PolicyFactory(name="Terms", mandatory=True), **values)


def decide(person, version, decision, *, now=NOW):
    return decide_on_policy(person, version.public_id, decision, actor=CLERK, now=now)


def asked(person, *, now=NOW):
    return [
        (each.policy.name, each.version.number, each.decision, each.blocks) for each in policies_asked(person, now=now)
    ]


def test_a_policy_is_made_with_its_first_text(session):
    policy = create_policy({"key": "terms", "name": "Terms", "body": " Be kind. "}, actor=CLERK, now=NOW)
    [version] = db.session.scalars(select(PolicyVersion).where(PolicyVersion.policy_id == policy.id))
    assert (version.number, version.body, version.published_at) == (1, "Be kind.", NOW)


def test_a_new_version_counts_on_and_is_audited(session):
    policy = db.session.merge(terms().policy)
    assert publish_version(policy, "Be kinder.", actor=CLERK, now=NOW).number == 2
    db.session.commit()
    assert "policy.published" in set(db.session.scalars(select(AuditEvent.event)))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", PolicyTextMissing), (" \n", PolicyTextMissing), ("x" * (LONGEST_TEXT + 1), PolicyTextTooLong)],
)
def test_a_version_needs_a_text_of_some_length(session, text, refusal):
    policy = db.session.merge(PolicyFactory())
    with pytest.raises(refusal):
        publish_version(policy, text, actor=CLERK, now=NOW)
    assert rows_of(PolicyVersion) == 0


def test_a_retired_policy_gets_no_new_version(session):
    policy = db.session.merge(PolicyFactory(retired=True))
    with pytest.raises(PolicyRetired):
        publish_version(policy, "Be kind.", actor=CLERK, now=NOW)


def test_people_are_asked_about_the_newest_text_and_those_that_block_come_first(person):
    first = terms()
    PolicyVersionFactory(policy=first.policy, number=2)
    PolicyVersionFactory(policy=first.policy, number=3, published_at=NOW + dt.timedelta(days=1))
    PolicyVersionFactory(policy=first.policy, number=4, published_at=None)
    PolicyVersionFactory(policy=PolicyFactory(name="A newsletter"))
    PolicyVersionFactory(policy=PolicyFactory(name="Old terms", retired=True, mandatory=True))
    assert asked(person) == [("Terms", 2, None, True), ("A newsletter", 1, None, False)]


def test_staff_are_asked_about_none(session):
    terms()
    assert policies_asked(db.session.merge(StaffPersonFactory()), now=NOW) == []


def test_a_decision_holds_until_another_one_and_each_stays_in_the_log(person):
    version = terms()
    assert decide(person, version, ACCEPTED) is not None
    assert asked(person) == [("Terms", 1, ACCEPTED, False)]
    assert decide(person, version, DECLINED, now=NOW + dt.timedelta(hours=1)) is not None
    assert asked(person) == [("Terms", 1, DECLINED, True)]
    assert decide(person, version, DECLINED) is None
    log = db.session.scalars(select(PolicyDecision).order_by(PolicyDecision.id))
    assert [(row.decision, row.decided_at, row.ip) for row in log] == [
        (ACCEPTED, NOW, CLERK.ip),
        (DECLINED, NOW + dt.timedelta(hours=1), CLERK.ip),
    ]


def test_a_new_version_is_decided_on_anew(person):
    version = terms()
    decide(person, version, ACCEPTED)
    publish_version(db.session.get_one(Policy, version.policy_id), "Be kinder.", actor=CLERK, now=NOW)
    assert asked(person) == [("Terms", 2, None, True)]


def test_what_others_decided_counts_for_them_alone(person):
    PolicyDecisionFactory(policy_version=terms())
    assert asked(person) == [("Terms", 1, None, True)]


@pytest.mark.parametrize("which", ["old", "later", "unknown", "retired"])
def test_only_a_text_that_is_asked_about_is_decided_on(person, which):
    version = terms()
    if which == "old":
        PolicyVersionFactory(policy=version.policy, number=2)
    if which == "later":
        version = PolicyVersionFactory(policy=version.policy, number=2, published_at=NOW + dt.timedelta(days=1))
    if which == "retired":
        version = PolicyVersionFactory(policy=PolicyFactory(retired=True))
    public_id = "unknown" if which == "unknown" else version.public_id
    with pytest.raises(PolicyNotAsked):
        decide_on_policy(person, public_id, ACCEPTED, actor=CLERK, now=NOW)
    assert rows_of(PolicyDecision) == 0
