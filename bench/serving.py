"""The two programs under test on one database, called as a WSGI server calls them, in this process."""

from __future__ import annotations

import datetime as dt
import html
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import quote

from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from app import create_app
from bench.bare import create_bare_app, engine_of
from bench.filling import MEMBER_PERSON_ID, STAFF_PERSON_ID
from config import load_settings
from extensions import db
from models import Person
from services.sessions import Browser, Lifetime, start_session
from services.unit_of_work import unit_of_work

GENERATED, BARE = "generated", "by hand"

Environ = dict[str, Any]
_NUMBER = re.compile(r'data-label="Number"[^>]*>\s*<a [^>]*>([^<]+)</a>')
_AFTER = re.compile(r"[?&]after=([^&\"]+)")


class PageFailed(RuntimeError):
    """A page did not answer 200, so there is nothing to measure."""


@dataclass(frozen=True, slots=True)
class Served:
    """One of the two programs."""

    name: str
    app: Flask
    engine: Engine

    def open(self, environ: Environ) -> Any:
        """The body of a page as the server gets it: an iterable to be closed."""
        status: list[str] = []
        body = cast("Any", self.app.wsgi_app(dict(environ), _keep(status)))
        if not status[0].startswith("200"):
            body.close()
            raise PageFailed(f"{environ['PATH_INFO']} of the page {self.name} answered {status[0]}")
        return body

    def answer(self, environ: Environ) -> bytes:
        """The whole body of a page."""
        body = self.open(environ)
        try:
            return b"".join(body)
        finally:
            body.close()


def _keep(status: list[str]) -> Callable[..., Any]:
    def start_response(answered: str, headers: Iterable[tuple[str, str]], error: Any = None) -> None:
        status.append(answered)

    return start_response


@dataclass(frozen=True, slots=True)
class Stand:
    """Both programs on the same database, and a session for each of the two people."""

    url: str
    generated: Served
    bare: Served
    cookies: dict[str, str]

    @property
    def both(self) -> tuple[Served, Served]:
        return self.generated, self.bare

    def environ(self, address: str, realm: str) -> Environ:
        """A request of the person that belongs to the realm, as a server would hand it over."""
        return environ_of(address, self.cookies[realm])

    def close(self) -> None:
        for served in self.both:
            served.engine.dispose()


@contextmanager
def stand_on(
    url: str,
    create_bare: Callable[[str], Flask] = create_bare_app,
    people: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Stand]:
    """Start both programs on this database. ``people`` are row numbers of persons who look on besides, by name."""
    with tempfile.TemporaryDirectory() as folder:
        app = start_program(url, folder)
        with app.app_context():
            engine = db.engine
            known = {"staff": STAFF_PERSON_ID, "portal": MEMBER_PERSON_ID, **people}
            cookies = {name: cookie_of(person_id) for name, person_id in known.items()}
        bare = create_bare(url)
        stand = Stand(url, Served(GENERATED, app, engine), Served(BARE, bare, engine_of(bare)), cookies)
        try:
            yield stand
        finally:
            stand.close()


def start_program(url: str, folder: str) -> Flask:
    """The whole program, as it is served."""
    environ = {"FOYER_ENV": "test", "DATA_DIR": folder, "DATABASE_URL": url, "BASE_URL": "http://localhost"}
    return create_app(load_settings(environ))


def cookie_of(person_id: int) -> str:
    """Sign a person in; needs the program's context."""
    with unit_of_work():
        person = db.session.get_one(Person, person_id)
        now = dt.datetime.now(dt.UTC)
        _, token = start_session(person, Browser(), now=now, lifetime=Lifetime(), waits_for_second_step=False)
    return f"foyer={token}"


def environ_of(address: str, cookie: str) -> Environ:
    """A request with this cookie, as a server would hand it over."""
    path, _, query = address.partition("?")
    builder = EnvironBuilder(
        path=quote(path), query_string=query, base_url="http://localhost", headers=Headers([("Cookie", cookie)])
    )
    try:
        return builder.get_environ()
    finally:
        builder.close()


def count_statements(served: Served, environ: Environ) -> int:
    """How many SQL statements a page sends; SQLite's BEGIN is none."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(served.engine, "before_cursor_execute", note)
    try:
        served.answer(environ)
    finally:
        event.remove(served.engine, "before_cursor_execute", note)
    return len(sent)


def numbers_on(body: bytes) -> list[str]:
    """The invoice numbers of a list, from top to bottom."""
    return [html.unescape(number) for number in _NUMBER.findall(body.decode())]


def next_cursor(body: bytes) -> str:
    """The cursor of the next page, as the pager's link holds it."""
    found = [cursor for cursor in _AFTER.findall(html.unescape(body.decode())) if cursor != "last"]
    if not found:
        raise PageFailed("a list that should go on has no next page")
    return str(found[0])
