"""Which bodies are read: forms. Flask-WTF would take JSON for one as well, and stumble over what is no object."""

from __future__ import annotations

from flask import Flask, abort, request

FOR_PROGRAMS = "/api/"
READ_JSON = (FOR_PROGRAMS, "/webhooks/")
"""Where programs talk to us, not pages."""


def install(app: Flask) -> None:
    """Turn JSON away from the addresses that read forms."""

    @app.before_request
    def read_forms_only() -> None:
        if request.is_json and not request.path.startswith(READ_JSON):
            abort(415)
