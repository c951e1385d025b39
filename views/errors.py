"""Error pages: say what happened and what to do now; never a trace, never SQL."""

from __future__ import annotations

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from domain.refusals import Refusal
from panel.words import translated
from views.bodies import FOR_PROGRAMS
from views.problems import http_problem

TEXTS: dict[int, tuple[str, str]] = {
    400: ("This request could not be read", "Go back, reload the page and try again."),
    403: ("You do not have the right to do this", "Ask the owner of the account for the role that covers it."),
    404: ("Nothing is here", "The address may be mistyped, or the record is not one of yours."),
    405: ("This address does not take that kind of request", "Go back and use the buttons of the page."),
    409: ("This has changed in the meantime", "Reload the record and look at it again before you go on."),
    410: ("This was here for some time only", "Ask for it again."),
    413: ("That is too large", "A file may have at most 20 MB."),
    415: ("This address reads forms only", "Go back and use the form of the page."),
    422: ("Some of what was sent cannot be used", "Go back and correct it."),
    429: ("Too many attempts", "Wait a little and try again."),
    500: ("Something went wrong on our side", "Nothing was changed. Try again; if it stays, tell support the time."),
    503: ("Foyer is busy", "Nothing was changed. Try again in a moment."),
}


def install(app: Flask) -> None:
    """Register one page for every kind of error."""

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> ResponseReturnValue:
        return error_page(400, "The form had expired. Reload the page, then send it again.")

    @app.errorhandler(Refusal)
    def refusal(error: Refusal) -> ResponseReturnValue:
        return error_page(409, error.message)

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> ResponseReturnValue:
        app.logger.error("the database refused to work", exc_info=error)
        return error_page(503)

    @app.errorhandler(SecurityError)
    def unknown_host(_error: SecurityError) -> ResponseReturnValue:
        # No page: its addresses cannot be built for a host that is not ours.
        text = "Foyer is not reached by this name. Open it by the address you were given.\n"
        return text, 400, {"Content-Type": "text/plain; charset=utf-8"}

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None or error.code is None or error.code < 400:
            return error.get_response()
        return error_page(error.code, headers=dict(error.get_headers()) if error.code == 405 else None)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        app.logger.error("unexpected error on %s %s", request.method, request.path, exc_info=error)
        if app.config.get("PROPAGATE_EXCEPTIONS") or app.testing:
            raise error
        return error_page(500)


def error_page(
    code: int, hint: str = "", headers: dict[str, str] | None = None, *, title: str = ""
) -> ResponseReturnValue:
    """The page for an HTTP status, as JSON for who asks for it, and as a problem for programs at the API."""
    usual_title, usual_hint = TEXTS.get(code, TEXTS[400] if code < 500 else TEXTS[500])
    title, hint = title or usual_title, hint or usual_hint
    kept = {name: value for name, value in (headers or {}).items() if name == "Allow"}
    if request.path.startswith(FOR_PROGRAMS):
        return http_problem(code, f"{title}.", headers=kept)  # the hints are about pages
    if request.accept_mimetypes.best == "application/json":
        return jsonify(status=code, title=translated(title), detail=translated(hint)), code, kept
    return render_template("errors/error.html", code=code, title=title, hint=hint, message=hint), code, kept
