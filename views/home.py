"""The bare address: sends each person where they belong."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from views.access import signed_in
from views.identity import landing_url

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@signed_in
def index() -> Response:
    return redirect(landing_url())
