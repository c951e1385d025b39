"""The reader's colour theme: kept in a cookie, so that the server draws the page in it at once."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from views.access import public

THEMES = ("light", "dark", "auto")
COOKIE = "theme"
ONE_YEAR = 365 * 24 * 3600

blueprint = Blueprint("theme", __name__)


def chosen_theme() -> str:
    """Return the theme the cookie names, or light when it names none of ours."""
    value = request.cookies.get(COOKIE, "")
    return value if value in THEMES else "light"


def local_path(address: str) -> str:
    """Return ``address`` when it is a path of this site, otherwise the root: no sending people elsewhere."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_local and address.isprintable() else "/"


@blueprint.app_context_processor
def provide_theme() -> dict[str, str]:
    """Give every template ``theme``, error pages included."""
    return {"theme": chosen_theme()}


@blueprint.post("/theme")
@public
def choose_theme() -> Response:
    """Remember the posted theme and go back: what the switch does where script is off."""
    response = redirect(local_path(request.form.get("next", "/")), code=303)
    value = request.form.get("theme", "")
    if value in THEMES:
        # Not HttpOnly: theme.js mirrors local storage into this cookie. It holds nothing worth stealing.
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
        response.set_cookie(COOKIE, value, max_age=ONE_YEAR, samesite="Lax", secure=secure)
    return response
