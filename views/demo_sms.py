"""The demo's telephone: the text messages that would have been sent, to read without one."""

from __future__ import annotations

from babel.dates import format_datetime
from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from config import Environment, Settings
from jobs.senders import sms_kept_in_demo
from services.phone_numbers import phone_in_words
from views.access import public
from views.locale import select_locale

SHOWN = 50

blueprint = Blueprint("demo_sms", __name__)


@blueprint.get("/demo/sms")
@public
def show() -> ResponseReturnValue:
    """The newest messages. Only in the demo: they hold everybody's codes."""
    settings: Settings = current_app.extensions["settings"]
    if settings.environment is not Environment.DEMO:
        abort(404)
    locale = select_locale()
    messages = [
        {
            "to": phone_in_words(sms.to),
            "text": sms.text,
            "at": format_datetime(sms.at, "d MMM y, HH:mm", locale=locale),
            "at_iso": sms.at.isoformat(timespec="seconds"),
        }
        for sms in sms_kept_in_demo(settings, SHOWN)
    ]
    return render_template("pages/demo/sms.html", messages=messages)
