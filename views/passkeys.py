"""Passkeys at the door: signing in with one alone, as the second step, and proving again who one is (SPEC A4).

Each way has two addresses: the first gives a script what the browser needs, the second takes its answer as a form.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from wtforms import HiddenField
from wtforms.validators import InputRequired

from domain.refusals import Refusal
from models import PasskeyPurpose
from panel.form import Form
from services.passkey_sign_in import (
    ask_for_any_passkey,
    ask_for_passkey_of,
    prove_with_passkey,
    sign_in_with_passkey,
    sign_in_with_passkey_alone,
)
from services.second_step import factors_of
from services.unit_of_work import unit_of_work
from views.access import public, signed_in
from views.clock import now
from views.identity import browser_here, current_identity, safe_next, session_lifetime, waiting_identity
from views.relying_party import relying_party
from views.sign_in import SignInForm, code_form, let_in, refused, with_next
from views.step_up import go_back, prove_page

blueprint = Blueprint("passkeys", __name__)

_CHALLENGE = "passkey_challenge"


class PasskeyForm(Form):
    """What the browser made of the options, as its script writes it."""

    credential = HiddenField(validators=[InputRequired("Use the button again; the browser gave no passkey.")])


@blueprint.post("/sign-in/passkey/options")
@public
def sign_in_options() -> ResponseReturnValue:
    """A challenge for this browser only: its own cookie keeps it."""
    with unit_of_work():
        challenge, options = ask_for_any_passkey(relying_party(), now=now())
    session[_CHALLENGE] = challenge
    return jsonify(options)


@blueprint.post("/sign-in/passkey")
@public
def sign_in_alone() -> ResponseReturnValue:
    """Let in by a passkey, without name and password."""
    try:
        entry = sign_in_with_passkey_alone(
            _answer(),
            session.pop(_CHALLENGE, ""),
            relying_party(),
            browser_here(),
            now=now(),
            lifetime=session_lifetime(),
        )
    except Refusal as refusal:
        return refused("sign_in", SignInForm(formdata=None), refusal)
    return let_in(entry, safe_next(request.args.get("next")))


@blueprint.post("/sign-in/code/passkey/options")
@public
def second_step_options() -> ResponseReturnValue:
    """A challenge for who has shown the password."""
    waiting = waiting_identity()
    if waiting is None:
        abort(404)
    with unit_of_work():
        return jsonify(ask_for_passkey_of(waiting.person, PasskeyPurpose.SIGN_IN, relying_party(), now=now()))


@blueprint.post("/sign-in/code/passkey")
@public
def second_step() -> ResponseReturnValue:
    """Take the second step with a passkey."""
    waiting, wanted = waiting_identity(), safe_next(request.args.get("next"))
    if waiting is None:
        return redirect(with_next("/sign-in", wanted), code=303)
    try:
        entry = sign_in_with_passkey(
            waiting.session,
            waiting.person,
            _answer(),
            relying_party(),
            browser_here(),
            now=now(),
            lifetime=session_lifetime(),
        )
    except Refusal as refusal:
        factors = factors_of(waiting.person)
        return refused("code", code_form(factors), refusal, factors=factors)
    return let_in(entry, wanted)


@blueprint.post("/prove/passkey/options")
@signed_in
def proof_options() -> ResponseReturnValue:
    """A challenge for who is signed in."""
    identity = current_identity() or abort(404)
    with unit_of_work():
        return jsonify(ask_for_passkey_of(identity.person, PasskeyPurpose.PROVE, relying_party(), now=now()))


@blueprint.post("/prove/passkey")
@signed_in
def proof() -> Response | ResponseReturnValue:
    """Prove again who one is, and go back to the page that asked."""
    identity = current_identity() or abort(404)
    try:
        token = prove_with_passkey(
            identity.session,
            identity.person,
            _answer(),
            relying_party(),
            browser_here(),
            now=now(),
            lifetime=session_lifetime(),
        )
    except Refusal as refusal:
        return prove_page(identity, code_form(factors_of(identity.person)), refusal=refusal)
    return go_back(identity, token)


def _answer() -> str:
    """What the browser sent; without a script it is empty, and no right answer."""
    return str(PasskeyForm().credential.data or "")
