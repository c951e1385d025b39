"""A test client whose requests see only what is committed, as a browser's do."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient

from extensions import db


class SeparateClient(FlaskClient):
    """Runs each request in a context of its own: own session, own ``g``, own signed-in person.

    Without this, a request inside a test's app context would share the test's session and its uncommitted rows, and the
    person signed in by one request would still stand in ``g`` in the next. What the test wrote is committed first, and
    the test's rows are read anew after the answer.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            db.session.commit()
        response = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.expire_all()
        return response
