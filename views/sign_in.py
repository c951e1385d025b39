"""The pages of the door: sign-in, second step, sign-out, and the ways to a new password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from panel.form import Form
from services import password_resets, sign_in
from services.password_resets import CurrentPasswordWrong, ResetLinkNotValid
from services.reset_requests import request_reset_link
from services.second_step import Factors, factors_of
from services.sign_in import person_as_actor
from services.unit_of_work import unit_of_work
from views.access import public, signed_in
from views.clock import now
from views.identity import (
    Identity,
    browser_here,
    carry_in,
    carry_out,
    current_identity,
    landing_url,
    renew_forms,
    safe_next,
    session_lifetime,
    waiting_identity,
)
from views.locale import flash
from views.own_settings.frame import frame_values
from views.see_other import see_other

blueprint = Blueprint("sign_in", __name__)

_TOO_LONG = "This is too long."
_WAS_TEMPORARY = "Your password was a temporary one. Choose your own to go on."


class SignInForm(Form):
    email = EmailField(
        "E-mail address", validators=[InputRequired("Enter your e-mail address."), Length(max=254, message=_TOO_LONG)]
    )
    password = PasswordField(
        "Password", validators=[InputRequired("Enter your password."), Length(max=1000, message=_TOO_LONG)]
    )
    remember = BooleanField("Keep me signed in on this computer")


class CodeForm(Form):
    code = StringField(
        "Code",
        description="The six digits your authenticator app shows now, or one of your recovery codes.",
        validators=[InputRequired("Enter the code."), Length(max=40, message=_TOO_LONG)],
    )


def code_form(factors: Factors) -> CodeForm:
    """The form for a code, in the words of what this person has."""
    form = CodeForm()
    if not factors.time_codes:
        form.code.label.text = "Recovery code"
        form.code.description = "If your passkey is lost: one of the codes you have kept. Each works once."
    return form


class ForgotPasswordForm(Form):
    email = EmailField(
        "E-mail address", validators=[InputRequired("Enter your e-mail address."), Length(max=254, message=_TOO_LONG)]
    )


class ChangePasswordForm(Form):
    current_password = PasswordField(
        "Current password",
        validators=[InputRequired("Enter your current password."), Length(max=1000, message=_TOO_LONG)],
    )
    new_password = PasswordField(
        "New password",
        description="At least 10 characters. Several words are easy to remember.",
        validators=[InputRequired("Enter the new password."), Length(max=1000, message=_TOO_LONG)],
    )
    repeated = PasswordField(
        "New password again",
        validators=[
            InputRequired("Enter the new password again."),
            EqualTo("new_password", "The two passwords are not the same. Enter both again."),
        ],
    )


class NewPasswordForm(ChangePasswordForm):
    current_password = None


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in_page() -> ResponseReturnValue:
    """Ask for address and password."""
    form, wanted = SignInForm(), safe_next(request.args.get("next"))
    if request.method == "GET":
        identity = current_identity()
        if identity is not None:
            return redirect(wanted or landing_url(identity), code=303)
        return door_page("sign_in", form)
    if not form.validate():
        return door_page("sign_in", form, status=422)
    try:
        entry = sign_in.sign_in(
            form.email.data,
            form.password.data,
            browser_here(),
            now=now(),
            lifetime=session_lifetime(),
            remember=form.remember.data,
        )
    except Refusal as refusal:
        return refused("sign_in", form, refusal)
    if entry.waits_for_second_step:
        return carry_in(see_other(with_next("/sign-in/code", wanted)), entry.token, remember=entry.session.remember)
    return let_in(entry, wanted)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def code_page() -> ResponseReturnValue:
    """Ask for the second step of who has shown the password."""
    waiting, wanted = waiting_identity(), safe_next(request.args.get("next"))
    if waiting is None:
        return redirect(with_next("/sign-in", wanted), code=303)
    factors = factors_of(waiting.person)
    form = code_form(factors)
    if request.method == "GET":
        return door_page("code", form, factors=factors)
    if not form.validate():
        return door_page("code", form, status=422, factors=factors)
    try:
        entry = sign_in.sign_in_with_code(
            waiting.session, waiting.person, form.code.data, browser_here(), now=now(), lifetime=session_lifetime()
        )
    except Refusal as refusal:
        return refused("code", form, refusal, field="code", factors=factors)
    return let_in(entry, wanted)


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this session."""
    identity = _me()
    with unit_of_work():
        actor = person_as_actor(identity.person, browser_here())
        sign_in.sign_out(identity.session, identity.person, actor=actor, now=now())
    renew_forms()
    flash("You are signed out.", "success")
    return carry_out(see_other("/sign-in"))


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@public
def forgot_password() -> ResponseReturnValue:
    """Ask where to send a reset link. The answer and its work are the same for every address: a job sends the mail."""
    form = ForgotPasswordForm()
    if request.method == "GET":
        return door_page("forgot_password", form)
    if not form.validate():
        return door_page("forgot_password", form, status=422)
    try:
        request_reset_link(form.email.data, browser_here(), now=now())
    except TooManyAttempts as refusal:
        return refused("forgot_password", form, refusal)
    return door_page("forgot_password", form, sent=True)


@blueprint.route("/reset-password/<token>", methods=["GET", "POST"])
@public
def reset_password(token: str) -> ResponseReturnValue:
    """Set a new password by a link that was mailed."""
    form = NewPasswordForm()
    if not password_resets.reset_link_works(token, now=now()):
        return _dead_link(ResetLinkNotValid())
    if request.method == "GET":
        return door_page("change_password", form)
    if not form.validate():
        return door_page("change_password", form, status=422)
    try:
        password_resets.reset_password(token, form.new_password.data, browser_here(), now=now())
    except ResetLinkNotValid as refusal:
        return _dead_link(refusal)
    except Refusal as refusal:
        return refused("change_password", form, refusal, field="new_password")
    renew_forms()
    flash("Your password is set. Sign in with it.", "success")
    return carry_out(see_other("/sign-in"))


@blueprint.route("/change-password", methods=["GET", "POST"])
@signed_in
def change_password() -> ResponseReturnValue:
    """Change one's own password; who came in with a temporary one gets no further before."""
    identity = _me()
    forced = identity.person.must_change_password
    form = NewPasswordForm() if forced else ChangePasswordForm()
    # One's own choice is a page of one's settings; who must choose stands at the door.
    name = "change_password" if forced else "own_password"
    frame = {"reason": _WAS_TEMPORARY} if forced else frame_values("security")
    actor = person_as_actor(identity.person, browser_here(), identity.session)
    if request.method == "GET":
        password_resets.require_proof_beside_password(identity.person, actor, now=now())
        return door_page(name, form, **frame)
    if not form.validate():
        return door_page(name, form, status=422, **frame)
    try:
        token = password_resets.change_password(
            identity.person,
            identity.session,
            current="" if forced else form.current_password.data,
            new=form.new_password.data,
            actor=actor,
            now=now(),
            lifetime=session_lifetime(),
        )
    except CurrentPasswordWrong as refusal:
        return refused(name, form, refusal, field="current_password", **frame)
    except Refusal as refusal:
        return refused(name, form, refusal, field="new_password", **frame)
    if token is None:
        return carry_out(see_other("/sign-in"))
    answer = carry_in(see_other(landing_url(identity)), token)
    flash("Your password is changed. All your other sessions have ended.", "success")
    return answer


def let_in(entry: sign_in.Entry, wanted: str) -> Response:
    """Send who came in to the page they wanted, or to their first."""
    identity = Identity(person=entry.person, session=entry.session)
    return carry_in(see_other(wanted or landing_url(identity)), entry.token, remember=entry.session.remember)


def _me() -> Identity:
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a page for people with a session was reached without one")
    return identity


def door_page(name: str, form: Form, *, status: int = 200, **values: Any) -> Response:
    """A page of the door, which nobody stores."""
    values.setdefault("errors", [(form[field].id, text) for field, texts in form.errors.items() for text in texts])
    answer = make_response(render_template(f"pages/sign_in/{name}.html", form=form, **values), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def refused(name: str, form: Form, refusal: Refusal, *, field: str = "", **values: Any) -> Response:
    """The page again, with what was typed and why it was refused; 429 with the seconds to wait after too many tries."""
    if isinstance(refusal, TooManyAttempts):
        answer = door_page(name, form, status=429, wait=refusal.message, **values)
        answer.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
        return answer
    if field:
        form[field].errors = [refusal.message]
    return door_page(name, form, status=422, errors=[(form[field].id if field else "", refusal.message)], **values)


def _dead_link(refusal: ResetLinkNotValid) -> Response:
    page = render_template("pages/sign_in/link_not_valid.html", message=refusal.message)
    return make_response(page, 404, {"Cache-Control": "no-store"})


def with_next(address: str, wanted: str) -> str:
    """The address, with the page to go to afterwards."""
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address
