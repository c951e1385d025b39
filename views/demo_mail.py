"""The demo's mail page: what its own mail server really received, and what still waits in the outbox."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from flask import Blueprint, Response, abort, current_app, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from config import Environment, Settings
from jobs.senders import catcher_folder
from services.demo.mailbox import DemoMail, demo_mails, received_mail
from views.access import public
from views.locale import select_locale
from views.security_headers import POLICY, policy_text
from views.tones import tone_of

SHOWN = 100

# A mail brings its own styles and nothing else: no script, no picture, no form. Only our page may frame it, its links
# open a window of their own, and even opened by itself it is a stranger to our pages (sandbox).
MAIL_POLICY = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "base-uri": "'self'",
    "frame-ancestors": "'self'",
    "sandbox": "allow-popups allow-popups-to-escape-sandbox",
}

blueprint = Blueprint("demo_mail", __name__)


@blueprint.get("/demo/mail")
@public
def show() -> ResponseReturnValue:
    """The newest mails. Only in the demo: they hold links and passwords of everybody."""
    mails = [_shown(mail) for mail in demo_mails(_folder(), limit=SHOWN)]
    response = make_response(render_template("pages/demo/mail.html", mails=mails))
    response.headers["Content-Security-Policy"] = policy_text({**POLICY, "frame-src": "'self'"})
    return response


@blueprint.get("/demo/mail/<name>")
@public
def letter(name: str) -> ResponseReturnValue:
    """The HTML part of one mail that arrived, as it came, in a sandbox."""
    mail = received_mail(_folder(), name)
    if mail is None or not mail.html:
        abort(404)
    response = Response(f'<base target="_blank">{mail.html}', mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy_text(MAIL_POLICY)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/demo/mail/<name>/files/<int:number>")
@public
def file(name: str, number: int) -> ResponseReturnValue:
    """A file that came with a mail, to be saved and never shown inside a page; the first one has number 1."""
    mail = received_mail(_folder(), name)
    if mail is None or not 1 <= number <= len(mail.files):
        abort(404)
    found = mail.files[number - 1]
    response = Response(found.content, mimetype=found.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    return response


def _folder() -> Path:
    settings: Settings = current_app.extensions["settings"]
    if settings.environment is not Environment.DEMO:
        abort(404)
    return catcher_folder(settings)


def _shown(mail: DemoMail) -> dict[str, Any]:
    queued, arrived = mail.queued, mail.received[0] if mail.received else None
    at = queued.created_at if queued is not None else mail.received[0].at
    state = "received" if arrived is not None else queued.state.value if queued is not None else ""
    return {
        "to": arrived.to if arrived is not None else queued.address if queued is not None else "",
        "subject": arrived.subject if arrived is not None else queued.subject if queued is not None else "",
        "text": arrived.text if arrived is not None else queued.text if queued is not None else "",
        "html_url": url_for("demo_mail.letter", name=arrived.name) if arrived is not None and arrived.html else "",
        "files": _files(mail),
        "message_id": arrived.message_id if arrived is not None else queued.message_id if queued is not None else "",
        "state": state.capitalize(),
        "tone": "success" if state == "received" else tone_of(state) or "warning",
        "received": [_time(each.at) for each in mail.received],
        "error": queued.error if queued is not None and arrived is None else None,
        "at": _time(at)["text"],
        "at_iso": _time(at)["iso"],
    }


def _files(mail: DemoMail) -> list[dict[str, str]]:
    """What came with a mail; of one that still waits, what will."""
    if mail.received:
        arrived = mail.received[0]
        return [
            {"name": each.name, "url": url_for("demo_mail.file", name=arrived.name, number=number)}
            for number, each in enumerate(arrived.files, start=1)
        ]
    number = mail.queued.document_number if mail.queued is not None else None
    return [{"name": f"{number}.pdf", "url": ""}] if number else []


def _time(moment: dt.datetime) -> dict[str, str]:
    text = format_datetime(moment, "d MMM y, HH:mm:ss", locale=select_locale())
    return {"text": text, "iso": moment.isoformat(timespec="seconds")}
