"""Your data: asking for a copy of it, for its deletion, or that its use be restricted; and what was asked (SPEC G2)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from babel.dates import format_date
from flask import Response, abort
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import Length

from domain.refusals import Refusal
from models.policy import DataRequest, DataRequestKind, DataRequestStatus
from panel.form import Form
from services.data_requests import asking
from services.data_requests.asking import LONGEST_NOTE, NoteTooLong, RequestUnknown, requests_of
from services.data_requests.links import ExportExpired, ExportUnknown, open_export
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.errors import error_page
from views.locale import flash, select_locale
from views.own_settings.frame import blueprint, me, own_actor, own_page, refused, see, when
from views.sending_files import send_stored

SECTION: Final = "your-data"
_KINDS: Final = {
    DataRequestKind.EXPORT: (
        "A copy of your data",
        "Everything that is kept about you, as one CSV file. A mail with its link comes to your address.",
        "Ask for a copy",
        "The export is being made. A mail with its link comes once it is ready.",
    ),
    DataRequestKind.DELETION: (
        "Deletion",
        "Your name and addresses are replaced and you cannot sign in any more. Invoices stay: the law wants them.",
        "Ask for deletion",
        "Your request was received.",
    ),
    DataRequestKind.RESTRICTION: (
        "Restriction of use",
        "Your data stays and is used for what you have with us only: no newsletters, and staff see that you asked.",
        "Ask for restriction",
        "Your request was received.",
    ),
}
_STATES: Final = {
    DataRequestStatus.OPEN: ("Open", "warning"),
    DataRequestStatus.IN_PROGRESS: ("In progress", "warning"),
    DataRequestStatus.DONE: ("Done", "success"),
    DataRequestStatus.REFUSED: ("Refused", "danger"),
    DataRequestStatus.WITHDRAWN: ("Withdrawn", "neutral"),
}


class AskForm(Form):
    """What is asked for stands in the address."""

    note = TextAreaField("Note to us", [Length(max=LONGEST_NOTE, message=NoteTooLong.message)], render_kw={"rows": 2})


@blueprint.get("/your-data")
@signed_in
def your_data() -> Response:
    """What can be asked for, and what was."""
    return own_page("your_data", section=SECTION, form=AskForm(), **_values())


@blueprint.post("/your-data/ask/<kind>")
@signed_in
def ask_about_data(kind: str) -> ResponseReturnValue:
    """Ask for one thing."""
    try:
        wanted = DataRequestKind(kind)
    except ValueError:
        abort(404)
    form = AskForm()
    if not form.validate():
        return own_page("your_data", section=SECTION, status=422, form=form, **_values())
    try:
        with unit_of_work():
            asking.ask_about_data(me().person, wanted, note=form.note.data or "", actor=own_actor(), now=now())
    except Refusal as refusal:
        return refused("your_data", refusal, section=SECTION, form=form, **_values())
    flash(_KINDS[wanted][3], "success")
    return see("your_data")


@blueprint.post("/your-data/<public_id>/withdraw")
@signed_in
def withdraw_request(public_id: str) -> ResponseReturnValue:
    """Take one back."""
    try:
        with unit_of_work():
            asking.withdraw_request(me().person, public_id, actor=own_actor(), now=now())
    except RequestUnknown:
        abort(404)
    except Refusal as refusal:
        return refused("your_data", refusal, section=SECTION, form=AskForm(), **_values())
    flash("The request is withdrawn.", "success")
    return see("your_data")


@blueprint.get("/your-data/file/<token>")
@signed_in
def data_file(token: str) -> ResponseReturnValue:
    """The export, as long as its link works, for the one whose data it is."""
    try:
        with unit_of_work():
            opened = open_export(me().person, token, actor=own_actor(), now=now())
    except ExportUnknown as refusal:
        return error_page(404, refusal.message)
    except ExportExpired as refusal:
        return error_page(410, refusal.message)
    answer = send_stored(opened)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _values() -> dict[str, Any]:
    requests = requests_of(me().person)
    waiting = {request.kind for request in requests if request.is_open}
    return {
        "kinds": [
            {"slug": kind.value, "title": title, "what": what, "button": button, "waits": kind in waiting}
            for kind, (title, what, button, _said) in _KINDS.items()
        ],
        "requests": [_shown(request) for request in requests],
    }


def _shown(request: DataRequest) -> dict[str, Any]:
    label, tone = _STATES[request.status]
    return {
        "id": request.public_id,
        "title": _KINDS[request.kind][0],
        "label": label,
        "tone": tone,
        "asked": when(request.created_at),
        "due": _day(request.due_on),
        "closed": when(request.closed_at) if request.closed_at is not None else "",
        "note": request.note or "",
        "outcome": request.outcome or "",
        "is_open": request.is_open,
    }


def _day(day: dt.date) -> str:
    return str(format_date(day, "medium", locale=select_locale()))
