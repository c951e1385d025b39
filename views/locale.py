"""The reader's language, direction and time zone, and how texts of ours are said in it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import flask
from flask import Blueprint, Flask, Response, current_app, g, has_request_context, redirect, request
from flask_babel import Babel, Domain
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from config import Environment, Settings
from domain.languages import ENGLISH, PSEUDO, SPOKEN, Language
from services.catalogs import Catalog, catalog
from views.access import public
from views.identity import current_identity
from views.theme import ONE_YEAR, local_path

COOKIE = "language"
_CHOSEN = "chosen_language"

blueprint = Blueprint("locale", __name__)


class CatalogDomain(Domain):
    """Flask-Babel's messages, read as services read them for mails."""

    def get_translations(self) -> Catalog:
        return catalog(select_language().code)


def bind(app: Flask, babel: Babel) -> None:
    """Let Flask-Babel ask here for the language, the time zone and the messages."""
    babel.init_app(app, locale_selector=select_locale, timezone_selector=select_time_zone)
    babel.domain_instance = CatalogDomain()


def offered_languages() -> Mapping[str, Language]:
    """Those a reader may choose from, by their codes. The pseudo-languages are for whoever works on Foyer."""
    settings: Settings = current_app.extensions["settings"]
    return SPOKEN if settings.environment is Environment.PRODUCTION else {**SPOKEN, **PSEUDO}


def select_language() -> Language:
    """The language the person chose; of strangers what they chose here before, else what their browser asks for."""
    if not has_request_context():
        return ENGLISH
    found: Language | None = g.get(_CHOSEN)
    if found is None:
        found = _asked_for()
        setattr(g, _CHOSEN, found)
    return found


def select_locale() -> str:
    """How dates, numbers and money are written for the reader: the name of a locale that Babel knows."""
    return select_language().locale


def select_time_zone() -> str:
    """The name of the person's time zone; UTC for strangers and for a zone this machine does not know."""
    identity = current_identity()
    name = identity.person.time_zone if identity is not None else ""
    return name if name and _zone(name) is not None else "UTC"


def zone_of(name: str | None) -> dt.tzinfo:
    """The time zone of this name, or UTC."""
    return (_zone(name) if name else None) or dt.UTC


def words_of_reader() -> Catalog:
    """The reader's language."""
    return catalog(select_language().code)


def said(text: str) -> str:
    """A text of ours in the reader's language, where it stands among data."""
    return words_of_reader().say(text)


def chosen(value: enum.Enum) -> str:
    """The reader's word for a choice: "Partially paid"."""
    return words_of_reader().choice(type(value).__name__, value)


def shown_number(number: int) -> str:
    """A number as the reader writes it: 1,250, in German 1.250."""
    return words_of_reader().shown(number)


def flash(message: str, category: str = "message") -> None:
    """Show a message on the next page, in the language of whoever caused it."""
    flask.flash(words_of_reader().say(message), category)


@blueprint.post("/language")
@public
def choose_language() -> AnyResponse:
    """Remember the posted language in this browser and go back. Who is signed in has it in their settings."""
    response = redirect(local_path(request.form.get("next", "/")), code=303)
    code = request.form.get("language", "")
    if code in offered_languages():
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
        response.set_cookie(COOKIE, code, max_age=ONE_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response


def install(app: Flask) -> None:
    """Give every template its language and direction, and every page the header that names it."""

    @app.context_processor
    def language() -> dict[str, Any]:
        spoken = select_language()
        offered = offered_languages().values()
        return {
            "lang": spoken.code,
            "direction": "rtl" if spoken.right_to_left else "ltr",
            "languages": [{"code": each.code, "name": each.name} for each in offered] if len(offered) > 1 else [],
        }

    @app.after_request
    def name_language(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Language", select_language().code)
        return response

    # Flask-Babel looks for its settings again at each of a page's hundred texts; the language stays for the request.
    app.jinja_env.install_gettext_callables(_text, _counted_text, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters["translated"] = said
    app.jinja_env.filters["opened"] = _opened
    app.jinja_env.globals["script_words"] = _script_words()
    # Sentences in templates may be broken into lines: the catalog holds them as one.
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def _asked_for() -> Language:
    offered = offered_languages()
    identity = current_identity()
    if identity is not None:
        return offered.get(identity.person.language, ENGLISH)
    code = request.cookies.get(COOKIE, "")
    if code not in offered:
        code = next((each for each in _asked_by_browser() if each in SPOKEN), ENGLISH.code)
    return offered[code]


def _asked_by_browser() -> Iterator[str]:
    """The languages the browser asks for, the dearest first, without their countries: "de" of "de-AT"."""
    for asked, quality in request.accept_languages:
        if quality > 0:
            yield asked.replace("_", "-").partition("-")[0].lower()


def _script_words() -> Callable[[], Markup]:
    """What gives a page the words of its scripts: they are the same on all pages of a language, so they are kept."""

    @cache
    def in_language(code: str) -> Markup:
        words = current_app.jinja_env.get_template("components/script_words.html").module
        return Markup(words.script_words())  # type: ignore[attr-defined]  # noqa: S704 - what a template of ours rendered

    return lambda: in_language(select_language().code)


def _text(message: str) -> str:
    return words_of_reader().gettext(message)


def _counted_text(one: str, many: str, count: int) -> str:
    return words_of_reader().ngettext(one, many, count)


def _opened(text: str) -> str:
    """A text of ours at the beginning of a line: with a capital letter."""
    words = said(text)
    return words[:1].upper() + words[1:]


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
