"""Policies: versions that staff publish, and what each person decided on them (SPEC G1).

A decision is a new row of a log, never a changed one; the newest of a person on a version is what holds. Everybody
decides anew on a new version.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.person import Person, PersonKind
from models.policy import Decision, Policy, PolicyDecision, PolicyVersion
from services.asked_policies import is_asked, newest_decision
from services.audit import record_event
from services.locks import locked
from services.people import refuse_while_logged_in_as
from services.records import create_record

LONGEST_TEXT: Final = 50_000


class PolicyTextMissing(Refusal):
    message = "Enter the text that people decide on."


class PolicyTextTooLong(Refusal):
    message = Sentence("Enter a text of at most %(longest_text)s characters.", longest_text=LONGEST_TEXT)


class PolicyRetired(Refusal):
    message = "This policy is retired: nobody is asked about it any more."


class PolicyNotAsked(Refusal):
    """Another version came in between, or it was retired: what was read is not what would be decided on."""

    message = "This text has changed or is no longer asked about. Read what is there now, and decide again."


@dataclass(frozen=True, slots=True)
class PolicyAsked:
    """A policy in its newest version, and what the person decided on that one; None where they have not."""

    policy: Policy
    version: PolicyVersion
    decision: Decision | None
    decided_at: dt.datetime | None

    @property
    def blocks(self) -> bool:
        """Whether nothing else opens before it is accepted."""
        return self.policy.mandatory and self.decision is not Decision.ACCEPTED


def publish_version(policy: Policy, body: str, *, actor: Actor, now: dt.datetime) -> PolicyVersion:
    """Publish a new text, about which everybody is asked from now on.

    Refused: PolicyTextMissing, PolicyTextTooLong, PolicyRetired.
    """
    body = body.strip()
    if not body:
        raise PolicyTextMissing
    if len(body) > LONGEST_TEXT:
        raise PolicyTextTooLong
    locked(policy)
    if policy.retired:
        raise PolicyRetired
    newest = db.session.scalar(select(func.max(PolicyVersion.number)).where(PolicyVersion.policy_id == policy.id))
    version = PolicyVersion(policy_id=policy.id, number=(newest or 0) + 1, body=body, published_at=now, created_at=now)
    db.session.add(version)
    policy.version += 1
    db.session.flush()
    record_event(AuditEvent.POLICY_PUBLISHED, policy, actor=actor, now=now, after={"version": version.number})
    return version


def create_policy(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Policy:
    """A policy with its first text, which ``body`` holds. Refused: as publish_version, and what a record refuses."""
    kept = dict(values)
    body = kept.pop("body", "")
    policy = create_record(Policy, kept, actor=actor, now=now)
    publish_version(policy, body, actor=actor, now=now)
    return policy


def policies_asked(person: Person, *, now: dt.datetime) -> list[PolicyAsked]:
    """Every policy the person is asked about, those that block first, then by name."""
    if person.kind is not PersonKind.MEMBER:
        return []
    newest = newest_decision(PolicyVersion, person.id)
    rows = db.session.execute(
        select(Policy, PolicyVersion, PolicyDecision)
        .join(PolicyVersion, PolicyVersion.policy_id == Policy.id)
        .outerjoin(PolicyDecision, PolicyDecision.id == newest)
        .where(*is_asked(Policy, PolicyVersion, now))
    )
    found = [_as_asked(*row) for row in rows]
    return sorted(found, key=lambda each: (not each.blocks, each.policy.name))


def _as_asked(policy: Policy, version: PolicyVersion, last: PolicyDecision | None) -> PolicyAsked:
    if last is None:
        return PolicyAsked(policy, version, decision=None, decided_at=None)
    return PolicyAsked(policy, version, last.decision, last.decided_at)


def decide_on_policy(
    person: Person, version_id: str, decision: Decision, *, actor: Actor, now: dt.datetime
) -> PolicyDecision | None:
    """Write down what a person decided on a version, known by its public id; None where that is what holds already.

    Refused: PolicyNotAsked, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(person)
    asked = next((each for each in policies_asked(person, now=now) if each.version.public_id == version_id), None)
    if asked is None:
        raise PolicyNotAsked
    if asked.decision is decision:
        return None
    row = PolicyDecision(
        policy_version_id=asked.version.id, person_id=person.id, decision=decision, decided_at=now, ip=actor.ip
    )
    db.session.add(row)
    db.session.flush()
    record_event(
        AuditEvent.PERSON_POLICY_DECIDED,
        person,
        actor=actor,
        now=now,
        before={"decision": asked.decision},
        after={"policy": asked.policy.name, "version": asked.version.number, "decision": decision},
    )
    return row
