"""Profile: name, language, time zone and how lists look."""

from __future__ import annotations

from flask import Response

from views.access import signed_in
from views.own_settings.frame import blueprint, own_page

SECTION = "profile"


@blueprint.get("/profile")
@signed_in
def profile() -> Response:
    """Show what this person chose."""
    return own_page("profile", section=SECTION)
