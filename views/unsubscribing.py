"""The link at the end of a mail: a page that asks first, and the one click of mail programs (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from extensions import csrf
from panel.form import Form
from services.choosing_notifications import UnsubscribeLinkNotValid, person_of_link, unsubscribe
from services.sign_in import person_as_actor
from services.unit_of_work import unit_of_work
from views.access import public
from views.clock import now
from views.identity import browser_here
from views.own_settings.notifications import KINDS

ONE_CLICK = ("List-Unsubscribe", "One-Click")

blueprint = Blueprint("unsubscribing", __name__)


class StopForm(Form):
    """Nothing but the token that shows that the form came from our page."""


@blueprint.get("/unsubscribe/<token>")
@public
def ask(token: str) -> ResponseReturnValue:
    """Ask before anything changes: programs that look at links must not stop mails."""
    try:
        _person, kind = person_of_link(token)
    except UnsubscribeLinkNotValid as refusal:
        return _page(error=refusal.message), 404
    return _page(kind=KINDS[kind][0], form=StopForm())


@blueprint.post("/unsubscribe/<token>")
@csrf.exempt
@public
def stop(token: str) -> ResponseReturnValue:
    """Stop the mails: for a mail program, which has no session and no form of ours, or for our page.

    The token in the address is the proof: it is signed, and only in that person's mails.
    """
    try:
        with unit_of_work():
            person, kind = person_of_link(token)
            unsubscribe(person, kind, actor=person_as_actor(person, browser_here()), now=now())
    except UnsubscribeLinkNotValid as refusal:
        return _page(error=refusal.message), 404
    if request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        return "", 204
    return _page(kind=KINDS[kind][0], done=True)


def _page(*, kind: str = "", error: str = "", done: bool = False, form: Form | None = None) -> str:
    return render_template("pages/unsubscribe/stop.html", kind=kind, error=error, done=done, form=form)
