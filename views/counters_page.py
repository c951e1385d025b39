"""All numbers of a page in one answer, for the script that keeps them fresh (static/js/counters.js)."""

from __future__ import annotations

from typing import ClassVar

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from panel import EVERYONE, RealmPage
from views.counters import counters


class CountersPage(RealmPage):
    """What an open page asks once a minute. It says nothing about whether somebody sits before it."""

    slug, title = "counters", "What is new"
    verbs: ClassVar[dict[str, str]] = {"index": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The bell and the numbers of the navigation; 304 while all stay the same."""
        answer = jsonify(counters(self.visit))
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.add_etag()
        return answer.make_conditional(request)
