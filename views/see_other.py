"""Where to look after something was done: GET another address, so that a reload does nothing again."""

from __future__ import annotations

from flask import Response, make_response, redirect


def see_other(url: str) -> Response:
    """Lead to an address with GET, as an answer of Flask's own class that headers and cookies can be set on."""
    return make_response(redirect(url, code=303))
