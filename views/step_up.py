"""Asking again who one is: what answers ProofNeeded wherever it comes from, and the page /prove (SPEC A3)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, current_app, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from panel.form import Form
from services.proofs import SessionOver, prove_with_code, prove_with_password
from services.second_step import factors_of
from services.step_up import ProofNeeded
from views.access import signed_in
from views.clock import now
from views.identity import (
    Identity,
    browser_here,
    carry_in,
    carry_out,
    current_identity,
    landing_url,
    safe_next,
    session_lifetime,
)
from views.locale import said
from views.see_other import see_other
from views.sign_in import CodeForm, code_form

blueprint = Blueprint("step_up", __name__)

_TITLE = "Confirm that it is you"
_HINT = "Your last proof is older than 15 minutes. Prove again who you are, then repeat the request."
_TOO_LONG = "This is too long."


class ProveByPasswordForm(Form):
    password = PasswordField(
        "Password", validators=[InputRequired("Enter your password."), Length(max=1000, message=_TOO_LONG)]
    )


def install(app: Flask) -> None:
    """Answer ProofNeeded from any page: send the browser to /prove and, afterwards, back to the page of the act.

    The act itself is not repeated by us: nothing was changed, and its page asks again with the proof made.
    """

    @app.errorhandler(ProofNeeded)
    def ask(_error: ProofNeeded) -> ResponseReturnValue:
        address = f"/prove?{urlencode({'next': page_of_the_act()})}"
        if request.accept_mimetypes.best == "application/json":
            return jsonify(
                status=403, type="proof-needed", title=said(_TITLE), detail=said(_HINT), prove_url=address
            ), 403
        return redirect(address, code=303)


def page_of_the_act() -> str:
    """The address to go back to, which can be opened with GET: usually a form is sent to the address of its page.

    Of a form for many rows it is the page that asks about these rows, or their list where they are too many for an
    address; of one with an address of its own, the page it stood on.
    """
    here = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return safe_next(here) or "/"
    if not _opens(request.path):
        return _page_before() or "/"
    chosen = request.form.getlist("id")
    if chosen:
        here = f"{request.path}?{urlencode([('id', key) for key in chosen])}"
    return safe_next(here) or safe_next(request.path.partition("bulk/")[0]) or "/"


@blueprint.route("/prove", methods=["GET", "POST"])
@signed_in
def prove() -> ResponseReturnValue:
    """Ask for a code or a passkey, or for the password of who has set up neither; then go back."""
    identity = _me()
    factors = factors_of(identity.person)
    form = code_form(factors) if factors.any else ProveByPasswordForm()
    if request.method == "GET":
        return prove_page(identity, form)
    if not form.validate():
        return prove_page(identity, form, status=422)
    check = prove_with_code if factors.any else prove_with_password
    field = form.code if isinstance(form, CodeForm) else form.password
    try:
        token = check(
            identity.session, identity.person, field.data, browser_here(), now=now(), lifetime=session_lifetime()
        )
    except Refusal as refusal:
        field.errors = [refusal.message]
        return prove_page(identity, form, refusal=refusal)
    return go_back(identity, token)


def prove_page(
    identity: Identity, form: Form, *, status: int = 200, refusal: Refusal | None = None
) -> ResponseReturnValue:
    """The page that asks, with what was wrong."""
    if isinstance(refusal, SessionOver):
        return carry_out(see_other("/sign-in"))
    paused = isinstance(refusal, TooManyAttempts)
    errors = [] if paused else [(form[name].id, text) for name, texts in form.errors.items() for text in texts]
    page = render_template(
        "pages/sign_in/prove.html",
        form=form,
        errors=errors or ([("", refusal.message)] if refusal and not paused else []),
        wait=refusal.message if refusal and paused else "",
        factors=factors_of(identity.person),
        has_password=identity.person.password_hash is not None,
        next_url=_wanted(),
        prove_url=f"/prove?{urlencode({'next': _wanted()})}",
        back_url=_page_before(),
    )
    answer = make_response(page, status if refusal is None else 429 if paused else 422)
    answer.headers["Cache-Control"] = "no-store"
    if isinstance(refusal, TooManyAttempts):
        answer.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
    return answer


def go_back(identity: Identity, token: str) -> Response:
    """To the page of the act, with the session's new token."""
    address = _wanted() or landing_url(identity)
    return carry_in(see_other(address), token)


def _wanted() -> str:
    return safe_next(request.args.get("next"))


def _me() -> Identity:
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a page for people with a session was reached without one")
    return identity


def _opens(path: str) -> bool:
    """Whether the address can be opened with GET."""
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return False
    return True


def _page_before() -> str:
    """The page of ours this request came from, as the browser says; empty when it does not."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return ""
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "" if path.startswith("/prove") else safe_next(path)
