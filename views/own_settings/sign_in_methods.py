"""Sign-in methods: the accounts at other houses by which this person may sign in."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date
from flask import Response, abort
from flask.typing import ResponseReturnValue

from domain.sentences import Sentence
from models.identity import SocialIdentity
from services.social_identities import check_may_connect, identities_of, identity_of, unbind_identity
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash, select_locale
from views.own_settings.frame import blueprint, me, own_actor, own_page, see
from views.social_sign_in import connect, providers_here

SECTION = "sign-in-methods"


@blueprint.get("/sign-in-methods")
@signed_in
def sign_in_methods() -> Response:
    """Show each house with the account that is connected."""
    return own_page("sign_in_methods", section=SECTION, methods=_methods())


@blueprint.post("/sign-in-methods/<name>/connect")
@signed_in
def connect_identity(name: str) -> ResponseReturnValue:
    """Lead to the other house, to connect an account of it."""
    identity = me()
    check_may_connect(actor=own_actor(), now=now())
    return connect(name, identity)


@blueprint.post("/sign-in-methods/<public_id>/disconnect")
@signed_in
def disconnect_identity(public_id: str) -> ResponseReturnValue:
    """Disconnect an account of another house."""
    identity = me()
    with unit_of_work():
        held = None if "\0" in public_id else identity_of(identity.person.id, public_id)
        if held is None:
            abort(404)
        label = providers_here().label_of(held.issuer)
        unbind_identity(held, identity.person, label, actor=own_actor(), now=now())
    flash(Sentence("Your %(label)s account is disconnected.", label=label), "success")
    return see("sign_in_methods")


def _methods() -> list[dict[str, Any]]:
    held = {each.issuer: each for each in identities_of(me().person.id)}
    shown = [
        {"name": each.account.name, "label": each.account.label, **_said(held.pop(each.account.issuer, None))}
        for each in providers_here()
    ]
    return shown + [{"name": "", "label": issuer, **_said(identity)} for issuer, identity in held.items()]


def _said(identity: SocialIdentity | None) -> dict[str, Any]:
    if identity is None:
        return {"public_id": "", "account": "", "used": "", "used_iso": ""}
    used = identity.last_used_at
    return {
        "public_id": identity.public_id,
        "account": identity.email or identity.subject,
        "used": format_date(used, "d MMM y", locale=select_locale()) if used else "",
        "used_iso": used.isoformat(timespec="seconds") if used else "",
    }
