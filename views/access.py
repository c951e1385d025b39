"""Who may open an address: each endpoint names its permission, and one that names none is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from domain.permissions import P
from services.networks import NetworkNotAllowed, account_admits
from services.profiles import needs_check
from services.standing import Standing, standing_of
from views.clock import now
from views.errors import error_page
from views.identity import Identity, current_identity, note_presence, sign_in_url

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed-in"

# Who has to set a new password may go nowhere else before.
_OPEN_BEFORE_CHANGE = frozenset({"sign_in.change_password", "sign_in.sign_out", "step_up.prove"})
# Nor who has not yet looked at what was entered for them.
_OPEN_BEFORE_CHECK = _OPEN_BEFORE_CHANGE | {"first_check.check"}
# Nor who has not yet accepted a mandatory policy: they read it, decide, may ask about their own data, which hangs on no
# consent, and may write to the provider by other ways.
_OPEN_BEFORE_POLICIES = _OPEN_BEFORE_CHECK | {
    "own_settings.policies",
    "own_settings.policy",
    "own_settings.your_data",
    "own_settings.ask_about_data",
    "own_settings.withdraw_request",
    "own_settings.data_file",
}
_REALM_MARKS = "realm_permissions"
# What pages ask by themselves, again and again: it says nothing about whether somebody sits before them.
ASKED_BY_SCRIPTS = frozenset(
    {
        "portal_counters.index",
        "staff_counters.index",
        "portal_chat_news.news",
        "portal_your_jobs.progress",
        "staff_chat_news.news",
        "staff_ticket_presence.here",
        "staff_ticket_macros.progress",
        "staff_your_jobs.progress",
    }
)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


PREVIEW_TITLE = "Nothing can be changed in a preview"
PREVIEW_HINT = "You look at the portal with the roles of a member, and nothing was changed. End the preview first."


def public(view: View) -> View:
    """Mark a view that anybody may open."""
    return _mark(view, PUBLIC)


def signed_in(view: View) -> View:
    """Mark a view that everybody with a session may open."""
    return _mark(view, SIGNED_IN)


def requires(permission: P) -> Callable[[View], View]:
    """Mark a view that needs this permission: of the seat in the account that the address names, else of staff."""

    def mark(view: View) -> View:
        return _mark(view, permission.value)

    return mark


def mark_realm_endpoint(app: Flask, endpoint: str, permission: str) -> None:
    """Name the permission of an endpoint that asks for it by itself: the panel judges at a choke point of its own."""
    app.extensions.setdefault(_REALM_MARKS, {})[endpoint] = permission


def permission_of(app: Flask, endpoint: str) -> str | None:
    """The permission an endpoint names; None for one that names none and is therefore closed."""
    in_realm = _realm_marks(app).get(endpoint)
    return in_realm or cast("str | None", getattr(app.view_functions.get(endpoint), "permission", None))


def standing_here(identity: Identity, client_id: str | None) -> Standing | None:
    """What this person is in the account, without one in the back office; None for a stranger.

    Asked anew with each request. Ends it with 409 for a change in a preview, and with 403 where the account does not
    let its members in from this address.
    """
    found = standing_of(identity.session, identity.person, client_id, now=now())
    g.standing = found  # for the ribbon of the page
    if found is not None and found.networks_listed and not account_admits(found.account_id or 0, request.remote_addr):
        abort(make_response(error_page(403, NetworkNotAllowed.message)))
    if found is not None and found.is_preview and request.method not in _READING:
        abort(make_response(error_page(409, PREVIEW_HINT, title=PREVIEW_TITLE)))
    return found


def install(app: Flask) -> None:
    """Let no request pass that the mark of its endpoint does not let pass."""

    @app.before_request
    def judge() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None  # no such address, or not this verb: Flask says so
        permission = permission_of(app, request.endpoint)
        if permission is None:
            current_app.logger.error("the endpoint %s names no permission and stays closed", request.endpoint)
            abort(404)
        return None if permission == PUBLIC else _judge(request.endpoint, permission)


def _judge(endpoint: str, permission: str) -> ResponseReturnValue | None:
    identity = current_identity()
    if identity is None:
        return redirect(sign_in_url(), code=303)
    if endpoint not in ASKED_BY_SCRIPTS:
        note_presence(identity)
    if identity.person.must_change_password and endpoint not in _OPEN_BEFORE_CHANGE:
        return redirect("/change-password", code=303)
    if needs_check(identity.person) and endpoint not in _OPEN_BEFORE_CHECK:
        return redirect("/first-check", code=303)
    if identity.policy_waits and endpoint not in _OPEN_BEFORE_POLICIES:
        return redirect("/settings/policies", code=303)
    if permission == SIGNED_IN or endpoint in _realm_marks(current_app):
        return None
    standing = standing_here(identity, (request.view_args or {}).get("client_id"))
    if standing is None:
        abort(404)  # a stranger is not told that there is something
    if permission not in standing.grants:
        abort(403)
    return None


def _mark(view: View, permission: str) -> View:
    view.permission = permission  # type: ignore[attr-defined]
    return view


def _realm_marks(app: Any) -> dict[str, str]:
    marks: dict[str, str] = app.extensions.get(_REALM_MARKS, {})
    return marks
