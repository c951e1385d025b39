"""Telegram: the chat that a person has connected, and the code that connects one (SPEC A14)."""

from __future__ import annotations

from flask import Response, current_app
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from domain.refusals import Refusal
from jobs.senders import outgoing_of
from panel.form import Form
from services.telegram_bindings import CODE_LIVES, begin_binding, blocked_at, connected_chat, unbind_chat
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash
from views.own_settings.frame import blueprint, errors_of, me, own_actor, own_page, see, when

SECTION = "telegram"


class TelegramForm(Form):
    """Nothing but the token that shows that the form came from our page."""


@blueprint.route("/telegram", methods=["GET", "POST"])
@signed_in
def telegram() -> ResponseReturnValue:
    """Show the chat and its state; make a code that connects one, and show it this once."""
    form = TelegramForm()
    if not form.is_submitted():
        return _page()
    if not form.validate():
        return _page(form, status=422)
    if outgoing_of(current_app).bot is None:
        return _page(status=409, errors=[("", "Telegram is not set up here.")])
    try:
        with unit_of_work():
            code = begin_binding(me().person, actor=own_actor(), now=now())
    except Refusal as refusal:
        return _page(status=409, errors=[("", refusal.message)])
    return _page(code=code)


@blueprint.post("/telegram/disconnect")
@signed_in
def disconnect_telegram() -> ResponseReturnValue:
    """Take the chat away."""
    form = TelegramForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            unbind_chat(me().person, actor=own_actor(), now=now())
    except Refusal as refusal:
        return _page(status=409, errors=[("", refusal.message)])
    flash("The chat is disconnected. Nothing is sent there any more.", "success")
    return see("telegram")


def _page(
    form: FlaskForm | None = None,
    *,
    status: int = 200,
    code: str = "",
    errors: object = (),
) -> Response:
    person, bot = me().person, outgoing_of(current_app).bot
    chat, blocked = connected_chat(person), blocked_at(person)
    return own_page(
        "telegram",
        section=SECTION,
        status=status,
        is_set_up=bot is not None,
        bot=f"@{bot.username}" if bot is not None else "",
        chat=(chat.name or "A chat") if chat is not None else "",
        since=when(chat.since) if chat is not None else "",
        blocked=when(blocked) if blocked is not None else "",
        code=code,
        link=f"{bot.link}{code}" if bot is not None and code else "",
        minutes=int(CODE_LIVES.total_seconds() // 60),
        errors=errors_of(form) if form is not None else errors,
    )
