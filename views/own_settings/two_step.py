"""Two-step verification of one's own: what is set up, time codes, and recovery codes (SPEC A3, UX 43)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import segno
from babel.dates import format_date
from flask import Response, current_app
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from config import Settings
from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from domain.sentences import Sentence
from models import Passkey
from panel.form import Form
from services.passkeys import passkeys_of
from services.second_step import factors_of
from services.step_up import require_recent_proof
from services.time_codes import (
    Enrolment,
    NothingToRecover,
    TimeCodesOff,
    TimeCodesOn,
    confirm_enrolment,
    open_enrolment,
    remove_time_codes,
    renew_recovery_codes,
    start_enrolment,
)
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash, said, select_locale
from views.own_settings.frame import blueprint, me, own_actor, own_page, see

SECTION = "two-step"
HOME = "two_step"


class ConfirmForm(Form):
    """Nothing but the token that shows that the form came from our page."""


class FirstCodeForm(Form):
    code = StringField(
        "Code the app shows now",
        description="Six digits. They change every half minute.",
        validators=[InputRequired("Enter the six digits that the app shows."), Length(max=40, message="Too long.")],
    )


@blueprint.get("/two-step-verification")
@signed_in
def two_step() -> ResponseReturnValue:
    """Show what protects this sign-in beside the password."""
    person = me().person
    return own_page(
        "two_step",
        section=SECTION,
        factors=factors_of(person),
        passkeys=[_said(passkey) for passkey in passkeys_of(person)],
        passkey_only=person.passkey_only,
    )


@blueprint.route("/two-step-verification/time-codes", methods=["GET", "POST"])
@signed_in
def time_codes() -> ResponseReturnValue:
    """Show the secret as a picture and as text, and ask for a first code. Opened again, it shows the same secret."""
    person, actor, form = me().person, own_actor(), FirstCodeForm()
    require_recent_proof(actor, now=now())
    if factors_of(person).time_codes:
        flash(TimeCodesOn.message, "warning")
        return see(HOME)
    if not form.is_submitted():
        return _secret_page(form)
    if not form.validate():
        return _secret_page(form, status=422)
    try:
        codes = confirm_enrolment(person, form.code.data, actor=actor, now=now())
    except Refusal as refusal:
        form.code.errors = [refusal.message]
        page = _secret_page(form, status=429 if isinstance(refusal, TooManyAttempts) else 422)
        if isinstance(refusal, TooManyAttempts):
            page.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
        return page
    if codes:
        return recovery_codes_page(codes, "Time codes are switched on.")
    flash("Time codes are switched on.", "success")
    return see(HOME)


@blueprint.route("/two-step-verification/time-codes/remove", methods=["GET", "POST"])
@signed_in
def remove_codes() -> ResponseReturnValue:
    """Ask, then switch time codes off."""
    identity, actor, form = me(), own_actor(), ConfirmForm()
    require_recent_proof(actor, now=now())
    if not factors_of(identity.person).time_codes:
        flash(TimeCodesOff.message, "warning")
        return see(HOME)
    if form.validate_on_submit():
        with unit_of_work():
            remove_time_codes(identity.person, identity.session, actor=actor, now=now())
        flash("Time codes are switched off. All your other sessions have ended.", "success")
        return see(HOME)
    return confirm_page(
        form,
        "Remove time codes",
        "The codes of your authenticator app stop working here, and all your other sessions end.",
        "Remove",
        danger=True,
    )


@blueprint.route("/two-step-verification/recovery-codes", methods=["GET", "POST"])
@signed_in
def recovery_codes() -> ResponseReturnValue:
    """Ask, then make new recovery codes and show them once."""
    person, actor, form = me().person, own_actor(), ConfirmForm()
    require_recent_proof(actor, now=now())
    if not factors_of(person).any:
        flash(NothingToRecover.message, "warning")
        return see(HOME)
    if form.validate_on_submit():
        with unit_of_work():
            codes = renew_recovery_codes(person, actor=actor, now=now())
        return recovery_codes_page(codes, "These are your new recovery codes. Older ones stopped working.")
    return confirm_page(
        form,
        "Make recovery codes",
        "Each of the ten codes lets you in once when you have lost your app or passkey. Older codes stop working.",
        "Make recovery codes",
    )


def recovery_codes_page(codes: list[str], message: str) -> Response:
    """The codes, shown once: only their hashes are kept."""
    settings: Settings = current_app.extensions["settings"]
    title = Sentence("Recovery codes of %(email)s for %(brand)s", email=me().person.email, brand=settings.brand_name)
    text = f"{said(title)}\n{said('Each works once.')}\n\n" + "\n".join(codes)
    return own_page(
        "recovery_codes",
        section=SECTION,
        title="Recovery codes",
        codes=codes,
        message=message,
        download_url=f"data:text/plain;charset=utf-8,{quote(text + chr(10))}",
    )


def confirm_page(form: Form, title: str, text: str, label: str, *, danger: bool = False) -> Response:
    """Ask before something is done. A token that does not fit is told as a mistake of the form."""
    status = 422 if form.is_submitted() else 200
    return own_page(
        "confirm", section=SECTION, status=status, form=form, title=title, text=text, label=label, danger=danger
    )


def _said(passkey: Passkey) -> dict[str, Any]:
    """A passkey as the page shows it."""
    used = passkey.last_used_at
    return {
        "public_id": passkey.public_id,
        "name": passkey.name,
        "backed_up": passkey.backed_up,
        "added": format_date(passkey.created_at, locale=select_locale()),
        "used": format_date(used, locale=select_locale()) if used else "",
    }


def _secret_page(form: FirstCodeForm, *, status: int = 200) -> Response:
    enrolment = _enrolment()
    picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    groups = [enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4)]
    return own_page(
        "time_codes",
        section=SECTION,
        status=status,
        form=form,
        title="Set up an authenticator app",
        picture=picture,
        secret=" ".join(groups),
        uri=enrolment.uri,
    )


def _enrolment() -> Enrolment:
    """The secret that waits for its first code, or a new one. Nothing changes until that code was shown."""
    settings: Settings = current_app.extensions["settings"]
    person, actor = me().person, own_actor()
    waiting = open_enrolment(person, issuer=settings.brand_name, actor=actor, now=now())
    if waiting is not None:
        return waiting
    with unit_of_work():
        return start_enrolment(person, issuer=settings.brand_name, actor=actor, now=now())
