"""The demo's Telegram: people's chats with the bot, to read and to write in without a telephone."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from babel.dates import format_datetime
from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import Length

from config import Environment, Settings
from jobs.demo_telegram import ShownMessage, TelegramStandIn, demo_telegram
from panel.form import Form
from views.access import public
from views.locale import said, select_locale

PHONES: Final = {7001: "First telephone", 7002: "Second telephone", 7003: "Third telephone"}
LONGEST_TEXT: Final = 4096

blueprint = Blueprint("demo_telegram", __name__)


class ChatForm(Form):
    """What somebody types into their telephone."""

    chat = HiddenField()
    text = TextAreaField(
        "Message",
        [Length(max=LONGEST_TEXT, message="This is too long.")],
        description="/help says what the bot understands.",
        render_kw={"rows": 3},
    )
    file = FileField("File")
    reply_to = RadioField("Reply to", validate_choice=False)


@blueprint.get("/demo/telegram")
@public
def show() -> ResponseReturnValue:
    """A chat of one telephone. Only in the demo: everybody's stand here. ``start`` fills in the code of a link."""
    stand_in, chat = _stand_in(), _chat(request.args.get("chat"))
    code = request.args.get("start", "")[:80]
    form = ChatForm(formdata=None, data={"chat": chat, "text": f"/start {code}" if code else "", "reply_to": ""})
    return _page(stand_in, chat, form)


@blueprint.post("/demo/telegram")
@public
def write() -> ResponseReturnValue:
    """Send what was typed, as the person who has the telephone."""
    stand_in, form = _stand_in(), ChatForm()
    chat = _chat(form.chat.data)
    if stand_in is None or not form.validate():
        return _page(stand_in, chat, form, status=422)
    sent: FileStorage | None = form.file.data
    file = (sent.filename or "file", sent.read()) if isinstance(sent, FileStorage) and sent.filename else None
    text = (form.text.data or "").strip()
    if text or file:
        answered = form.reply_to.data or ""
        number = int(answered) if answered.isascii() and answered.isdigit() and len(answered) < 10 else None
        stand_in.write(chat, text, name=PHONES[chat], file=file, reply_to=number)
    return redirect(url_for("demo_telegram.show", chat=chat), code=303)


def _stand_in() -> TelegramStandIn | None:
    settings: Settings = current_app.extensions["settings"]
    if settings.environment is not Environment.DEMO:
        abort(404)
    return demo_telegram(current_app)


def _chat(typed: str | None) -> int:
    return next((chat for chat in PHONES if str(chat) == typed), min(PHONES))


def _page(
    stand_in: TelegramStandIn | None, chat: int, form: ChatForm, *, status: int = 200
) -> tuple[str, int, dict[str, str]]:
    messages = list(reversed(stand_in.messages(chat))) if stand_in is not None else []
    form.reply_to.choices = [
        ("", "Nothing"),
        *((str(each.number), each.text[:60]) for each in messages if each.from_bot),
    ]
    page = render_template(
        "pages/demo/telegram.html",
        is_running=stand_in is not None,
        phones=[
            {"label": label, "url": url_for("demo_telegram.show", chat=number), "current": number == chat}
            for number, label in PHONES.items()
        ],
        messages=[_shown(each) for each in messages],
        form=form,
    )
    return page, status, {"Cache-Control": "no-store"}


def _shown(message: ShownMessage) -> dict[str, Any]:
    at = dt.datetime.fromtimestamp(message.at, dt.UTC)
    return {
        "who": said("The bot" if message.from_bot else "You"),
        "from_bot": message.from_bot,
        "text": message.text,
        "file": message.file,
        "at": format_datetime(at, "d MMM y, HH:mm:ss", locale=select_locale()),
        "at_iso": at.isoformat(timespec="seconds"),
    }
