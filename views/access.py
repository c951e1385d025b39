"""Who may open an address: each endpoint names its permission, and one that names none is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from domain.permissions import P
from views.identity import current_identity, grants_here, sign_in_url

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed-in"
# A person who must set a new password may go nowhere else before.
_OPEN_BEFORE_CHANGE = frozenset({"sign_in.change_password", "sign_in.sign_out"})
_REALM_MARKS = "realm_permissions"


def public(view: View) -> View:
    """Mark a view that anybody may open."""
    return _mark(view, PUBLIC)


def signed_in(view: View) -> View:
    """Mark a view that everybody with a session may open."""
    return _mark(view, SIGNED_IN)


def requires(permission: P) -> Callable[[View], View]:
    """Mark a view that needs this permission: of the staff role, or of the seat in the account that the address names."""

    def mark(view: View) -> View:
        return _mark(view, permission.value)

    return mark


def mark_realm_endpoint(app: Flask, endpoint: str, permission: str) -> None:
    """Name the permission of an endpoint whose realm lets people in by itself (the panel's own choke point)."""
    app.extensions.setdefault(_REALM_MARKS, {})[endpoint] = permission


def permission_of(app: Flask, endpoint: str) -> str | None:
    """The permission an endpoint names; None for one that names none and is therefore closed."""
    realm_marks: dict[str, str] = app.extensions.get(_REALM_MARKS, {})
    if endpoint in realm_marks:
        return realm_marks[endpoint]
    if _serves_files(endpoint):
        return PUBLIC
    return cast("str | None", getattr(app.view_functions.get(endpoint), "permission", None))


def install(app: Flask) -> None:
    """Let no request pass that the mark of its endpoint does not let pass."""

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None  # no such address, or not this verb: Flask says so
        return _judge(request.endpoint)


def _judge(endpoint: str) -> Response | None:
    permission = permission_of(current_app, endpoint)
    if permission is None:
        current_app.logger.error("the endpoint %s names no permission and stays closed", endpoint)
        abort(404)
    if permission == PUBLIC:
        return None
    identity = current_identity()
    if identity is None:
        return redirect(sign_in_url(), code=303)
    if identity.person.must_change_password and endpoint not in _OPEN_BEFORE_CHANGE:
        return redirect("/change-password", code=303)
    in_realm = endpoint in current_app.extensions.get(_REALM_MARKS, {})
    if permission == SIGNED_IN or in_realm:
        return None
    grants = grants_here(identity)
    if grants is None:
        abort(404)
    if permission not in grants:
        abort(403)
    return None


def _mark(view: View, permission: str) -> View:
    view.permission = permission  # type: ignore[attr-defined]
    return view


def _serves_files(endpoint: str) -> bool:
    """Style sheets, scripts and pictures, ours and those of the extensions, are for everybody."""
    return endpoint == "static" or endpoint.endswith(".static")
