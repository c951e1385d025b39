"""The demo's mail page: what would have been mailed, to read without a mail server."""

from __future__ import annotations

from babel.dates import format_datetime
from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from config import Environment, Settings
from services.notifications import latest_mails
from views.access import public
from views.locale import select_locale

SHOWN = 100

blueprint = Blueprint("demo_mail", __name__)


@blueprint.get("/demo/mail")
@public
def show() -> ResponseReturnValue:
    """The newest mails of the outbox. Only in the demo: they hold links and passwords of everybody."""
    settings: Settings = current_app.extensions["settings"]
    if settings.environment is not Environment.DEMO:
        abort(404)
    locale = select_locale()
    mails = [
        {
            "to": mail.address,
            "subject": mail.subject,
            "at": format_datetime(mail.created_at, "d MMM y, HH:mm", locale=locale),
            "at_iso": mail.created_at.isoformat(timespec="seconds"),
            "text": mail.text,
        }
        for mail in latest_mails(SHOWN)
    ]
    return render_template("pages/demo/mail.html", mails=mails)
