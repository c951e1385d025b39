"""Sessions: where this person is signed in, and the end of one or of all others (SPEC A13)."""

from __future__ import annotations

from flask import Response, abort
from flask.typing import ResponseReturnValue

from domain.browsers import browser_in_words
from domain.sentences import Sentence, counted
from models.sign_in import SignInSession
from panel.form import Form
from services.own_sessions import end_other_sessions, end_own_session, live_sessions, own_session
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.identity import carry_out, renew_forms, session_lifetime
from views.locale import flash, said
from views.own_settings.frame import blueprint, me, own_actor, own_page, see, when
from views.see_other import see_other

SECTION = "sessions"


class EndSessionForm(Form):
    """Nothing but the token."""


@blueprint.get("/sessions")
@signed_in
def sessions() -> ResponseReturnValue:
    """List them, this one first."""
    return _page(EndSessionForm())


@blueprint.post("/sessions/<public_id>/end")
@signed_in
def end_session(public_id: str) -> ResponseReturnValue:
    """End one. Ending this one is signing out."""
    identity, form = me(), EndSessionForm()
    row = own_session(identity.person, public_id) if "\0" not in public_id else None
    if row is None:
        abort(404)
    if not form.validate():
        return _page(form, status=422)
    is_here = row.id == identity.session.id
    if row.ended_at is None:
        with unit_of_work():
            end_own_session(identity.person, row, actor=own_actor(), now=now())
    if is_here:
        renew_forms()
        flash("You are signed out.", "success")
        return carry_out(see_other("/sign-in"))
    flash("The session has ended.", "success")
    return see("sessions")


@blueprint.post("/sessions/end-others")
@signed_in
def end_others() -> ResponseReturnValue:
    """End all but this one."""
    identity, form = me(), EndSessionForm()
    if not form.validate():
        return _page(form, status=422)
    with unit_of_work():
        ended = end_other_sessions(identity.person, identity.session, actor=own_actor(), now=now())
    flash(counted("One other session has ended.", "%(count)s other sessions have ended.", ended), "success")
    return see("sessions")


def _page(form: Form, *, status: int = 200) -> Response:
    identity = me()
    found = live_sessions(identity.person, now=now(), lifetime=session_lifetime())
    shown = sorted(found, key=lambda row: row.id != identity.session.id)
    rows = [_row(row, row.id == identity.session.id) for row in shown]
    return own_page("sessions", section=SECTION, status=status, form=form, sessions=rows)


def _row(row: SignInSession, is_here: bool) -> dict[str, object]:
    return {
        "id": row.public_id,
        "device": said(browser_in_words(row.user_agent)),
        "ip": row.ip or said(Sentence("unknown")),
        "is_here": is_here,
        "last_seen": said(Sentence("now")) if is_here else when(row.last_seen_at),
        "since": when(row.created_at),
        "remembered": row.remember,
    }
