"""Password and security: when the password was last changed, and what happened to this sign-in lately."""

from __future__ import annotations

from flask import Response

from views.access import signed_in
from views.own_settings.frame import blueprint, own_page

SECTION = "security"


@blueprint.get("/security")
@signed_in
def security() -> Response:
    """Show how this person's sign-in is protected."""
    return own_page("security", section=SECTION)
