"""Policies: what this person is asked to accept, what they decided, and changing their mind (SPEC G1)."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from domain.refusals import Refusal
from models.policy import Decision
from panel.form import Form
from services.policies import PolicyAsked, decide_on_policy, policies_asked
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.identity import landing_url
from views.locale import flash
from views.own_settings.frame import blueprint, me, own_actor, own_page, refused, see, when
from views.see_other import see_other

SECTION: Final = "policies"
_WORDS: Final = {Decision.ACCEPTED: ("Accepted", "success"), Decision.DECLINED: ("Declined", "warning")}


@blueprint.get("/policies")
@signed_in
def policies() -> Response:
    """Every policy in its newest text; those that block come first."""
    return _page()


@blueprint.post("/policies/<public_id>")
@signed_in
def policy(public_id: str) -> ResponseReturnValue:
    """Decide on one; once nothing blocks any more, go on to where the person begins."""
    try:
        decision = Decision(request.form.get("decision", ""))
    except ValueError:
        abort(400)
    identity = me()
    before = any(each.blocks for each in policies_asked(identity.person, now=now()))
    try:
        with unit_of_work():
            decide_on_policy(identity.person, public_id, decision, actor=own_actor(), now=now())
    except Refusal as refusal:
        return refused("policies", refusal, section=SECTION, form=Form(), **_values())
    flash("Your decision is saved.", "success")
    if before and not any(each.blocks for each in policies_asked(identity.person, now=now())):
        return see_other(landing_url(identity))
    return see("policies")


def _page() -> Response:
    return own_page("policies", section=SECTION, form=Form(), **_values())


def _values() -> dict[str, Any]:
    asked = policies_asked(me().person, now=now())
    return {
        "policies": [_shown(each) for each in asked],
        "blocked": [each.policy.name for each in asked if each.blocks],
    }


def _shown(asked: PolicyAsked) -> dict[str, Any]:
    label, tone = _WORDS[asked.decision] if asked.decision is not None else ("Not decided", "neutral")
    published = asked.version.published_at
    return {
        "id": asked.version.public_id,
        "name": asked.policy.name,
        "number": asked.version.number,
        "published": when(published) if published is not None else "",
        "body": asked.version.body,
        "mandatory": asked.policy.mandatory,
        "decision": asked.decision,
        "label": label,
        "tone": tone,
        "decided": when(asked.decided_at) if asked.decided_at is not None else "",
    }
