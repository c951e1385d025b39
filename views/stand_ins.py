"""Looking with a member's eyes: the ribbon that says so on every page, and the way back."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from models.person import PersonKind
from panel import words
from panel.form import Form
from services.login_as import LoginAsOver, leave_account
from services.previews import end_preview
from services.sign_in import person_as_actor
from services.standing import StandIn, StandInKind, running_login_as
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.identity import Identity, browser_here, current_identity, landing_url, safe_next
from views.locale import flash

blueprint = Blueprint("stand_ins", __name__)


class ReturnForm(Form):
    """Nothing but the token that shows that the form came from our page."""


@blueprint.post("/return")
@signed_in
def come_back() -> Response:
    """End the login as a member or the preview of this browser, whichever runs, and go back to where it began."""
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a page for people with a session was reached without one")
    actor = person_as_actor(identity.person, browser_here(), identity.session)
    try:
        with unit_of_work():
            ended = leave_account(identity.session, actor=actor, now=now()) is not None
            ended = end_preview(identity.session, now=now()) or ended
    except LoginAsOver:
        ended = False  # the customer was quicker
    if ended:
        flash("You are yourself again.", "success")
    return redirect(safe_next(request.form.get("next")) or landing_url(identity), code=303)


def stand_in_ribbon(identity: Identity) -> dict[str, Any] | None:
    """What the ribbon says, with whose eyes this browser looks; None when with one's own."""
    stand_in, here = _stand_in(identity)
    if stand_in is None:
        return None
    left = math.ceil((stand_in.expires_at - now()).total_seconds() / 60)
    account_url = f"/portal/{stand_in.client_id}/"
    preview = stand_in.kind is StandInKind.PREVIEW
    return {
        "kind": stand_in.kind.value,
        "here": here,
        "person": identity.person.name or identity.person.email,
        "member": stand_in.member_name,
        "account": stand_in.account_name,
        "client_id": stand_in.client_id,
        "account_url": account_url,
        "roles": [words(role.value) for role in stand_in.roles],
        "minutes_left": max(1, left),
        "back": f"{account_url if preview else '/staff/'}members/{stand_in.member_key}",
        "button": "End preview" if preview else "Return",
    }


def _stand_in(identity: Identity) -> tuple[StandIn | None, bool]:
    """With whose eyes, and whether on this very page: elsewhere a login as a member is only recalled."""
    if "standing" in g:
        standing = g.standing
        found = standing.stand_in if standing is not None else None
        return found, found is not None and standing.account_id is not None
    if identity.person.kind is PersonKind.STAFF:
        return running_login_as(identity.session, now=now()), False
    return None, False
