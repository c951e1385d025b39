"""Passkeys of one's own: add, name, remove, and sign in with nothing else (SPEC A4)."""

from __future__ import annotations

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from domain.refusals import Refusal
from domain.sentences import Sentence
from models import Passkey
from panel.form import Form
from services.passkeys import (
    LONGEST_NAME,
    LastPasskeyStays,
    PasskeyMissing,
    add_passkey,
    begin_passkey,
    find_passkey,
    passkeys_of,
    remove_passkey,
    rename_passkey,
    set_passkey_only,
)
from services.second_step import factors_of
from services.step_up import require_recent_proof
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash, said
from views.own_settings.frame import blueprint, me, own_actor, own_page, refused, see
from views.own_settings.two_step import HOME, SECTION, ConfirmForm, confirm_page
from views.relying_party import relying_party


class NameForm(Form):
    name = StringField(
        "Name",
        description='Where the passkey is, such as "Laptop" or "Blue security key".',
        validators=[
            InputRequired("Enter a name, such as the device it is on."),
            Length(max=LONGEST_NAME, message="Use at most %(max)d characters."),
        ],
    )


class NewPasskeyForm(NameForm):
    credential = HiddenField()


@blueprint.route("/two-step-verification/passkeys/new", methods=["GET", "POST"])
@signed_in
def new_passkey() -> ResponseReturnValue:
    """Ask for a name, let the browser make the passkey, and keep it."""
    person, actor, form = me().person, own_actor(), NewPasskeyForm()
    require_recent_proof(actor, now=now())
    title = "Add a passkey"
    if not form.is_submitted():
        return own_page("new_passkey", section=SECTION, form=form, title=title)
    if not form.validate():
        form.credential.data = ""
        return own_page("new_passkey", section=SECTION, form=form, title=title, status=422)
    try:
        passkey = add_passkey(
            person, form.credential.data or "", form.name.data, relying_party(), actor=actor, now=now()
        )
    except Refusal as refusal:
        form.credential.data = ""
        return refused("new_passkey", refusal, section=SECTION, form=form, title=title)
    flash(Sentence("The passkey %(passkey)s is added.", passkey=passkey.name), "success")
    return see("recovery_codes" if not factors_of(person).recovery_codes else HOME)


@blueprint.post("/two-step-verification/passkeys/options")
@signed_in
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    with unit_of_work():
        try:
            return jsonify(begin_passkey(me().person, relying_party(), actor=own_actor(), now=now()))
        except Refusal as refusal:
            return jsonify(status=409, title="Not possible", detail=said(refusal.message)), 409


@blueprint.route("/two-step-verification/passkeys/<public_id>/rename", methods=["GET", "POST"])
@signed_in
def rename(public_id: str) -> ResponseReturnValue:
    """Call a passkey something else."""
    actor, passkey = own_actor(), _mine(public_id)
    require_recent_proof(actor, now=now())
    form = NameForm(obj=passkey)
    title = Sentence("Rename %(passkey)s", passkey=passkey.name)
    if not form.is_submitted():
        return own_page("rename_passkey", section=SECTION, form=form, title=title)
    if not form.validate():
        return own_page("rename_passkey", section=SECTION, form=form, title=title, status=422)
    try:
        with unit_of_work():
            rename_passkey(_mine(public_id), form.name.data, actor=actor, now=now())
    except Refusal as refusal:
        return refused("rename_passkey", refusal, section=SECTION, form=form, field="name", title=title)
    flash("The passkey is renamed.", "success")
    return see(HOME)


@blueprint.route("/two-step-verification/passkeys/<public_id>/remove", methods=["GET", "POST"])
@signed_in
def remove(public_id: str) -> ResponseReturnValue:
    """Ask, then remove a passkey."""
    identity, actor, passkey, form = me(), own_actor(), _mine(public_id), ConfirmForm()
    require_recent_proof(actor, now=now())
    if form.validate_on_submit():
        try:
            with unit_of_work():
                remove_passkey(_mine(public_id), identity.session, actor=actor, now=now())
        except LastPasskeyStays as refusal:
            flash(refusal.message, "danger")
            return see(HOME)
        flash("The passkey is removed. All your other sessions have ended.", "success")
        return see(HOME)
    return confirm_page(
        form,
        Sentence("Remove %(passkey)s", passkey=passkey.name),
        "This passkey stops working here, and all your other sessions end. Delete it on its device as well.",
        "Remove",
        danger=True,
    )


@blueprint.route("/two-step-verification/passkeys-only", methods=["GET", "POST"])
@signed_in
def passkeys_only() -> ResponseReturnValue:
    """Ask, then take no password at sign-in any more, or take it again."""
    person, actor, form = me().person, own_actor(), ConfirmForm()
    require_recent_proof(actor, now=now())
    wanted, held = not person.passkey_only, len(passkeys_of(person))
    if wanted and not held:
        flash(PasskeyMissing.message, "warning")
        return see(HOME)
    if form.validate_on_submit():
        asked_for = request.form.get("wanted") == "yes"
        with unit_of_work():
            set_passkey_only(person, asked_for, actor=actor, now=now())
        done = "Your password is not taken any more." if asked_for else "Your password is taken again."
        flash(done, "success")
        return see(HOME)
    return own_page(
        "passkeys_only",
        section=SECTION,
        form=form,
        status=422 if form.is_submitted() else 200,
        title="Sign in with passkeys only" if wanted else "Allow the password again",
        wanted=wanted,
        held=held,
    )


def _mine(public_id: str) -> Passkey:
    """One of the person's own; another's is not found."""
    return (None if "\0" in public_id else find_passkey(me().person, public_id)) or abort(404)
