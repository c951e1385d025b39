"""Which policies people are asked about, as conditions of statements: the newest text of each that is not retired."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from models.person import Person, PersonKind
from models.policy import Decision, Policy, PolicyDecision, PolicyVersion


def policy_waits() -> ColumnElement[bool]:
    """Whether a mandatory policy waits for the person of the enclosing statement, which binds ``now``."""
    policy, version, decided = aliased(Policy), aliased(PolicyVersion), aliased(PolicyDecision)
    accepted = select(decided.id).where(
        decided.id == newest_decision(version, Person.id), decided.decision == Decision.ACCEPTED
    )
    waiting: Select[Any] = (
        select(version.id)
        .join(policy, policy.id == version.policy_id)
        .where(policy.mandatory, *is_asked(policy, version, bindparam("now")), ~accepted.exists())
    )
    return and_(Person.kind == PersonKind.MEMBER, waiting.correlate(Person).exists())


def is_asked(policy: Any, version: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    """The newest published version of a policy that is not retired."""
    other = aliased(PolicyVersion)
    newest = (
        select(func.max(other.number))
        .where(other.policy_id == policy.id, other.published_at <= now)
        .correlate(policy)
        .scalar_subquery()
    )
    return policy.retired.is_(False), version.number == newest


def newest_decision(version: Any, person_id: Any) -> ScalarSelect[int]:
    """The id of what a person decided last on a version; ``version`` is an entity of an enclosing statement."""
    decided = aliased(PolicyDecision)
    return (
        select(func.max(decided.id))
        .where(decided.policy_version_id == version.id, decided.person_id == person_id)
        .correlate(version, Person)
        .scalar_subquery()
    )
