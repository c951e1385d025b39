"""Phone: the person's number, verified by a code sent to it and released by a code sent to it (SPEC A10)."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from flask.typing import ResponseReturnValue
from wtforms import StringField, TelField
from wtforms.validators import InputRequired, Length

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from domain.sentences import Sentence
from jobs.senders import outgoing_of
from models.identity import PhoneVerificationPurpose
from models.notification import NotificationChannel
from panel.form import Form
from services.phone_numbers import LONGEST_TYPED, phone_in_words, phone_with_dots
from services.phones import (
    has_verified_phone,
    send_release_code,
    send_verification_code,
    use_phone_code,
    waiting_code,
)
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash
from views.own_settings.frame import blueprint, errors_of, me, own_actor, own_page, see

SECTION = "phone"
_TOO_LONG = "This is too long."


class PhoneForm(Form):
    phone = TelField(
        "Mobile phone number",
        description="With its country, like +1 202 555 0123. A code is sent to it by SMS.",
        validators=[
            InputRequired("Enter a phone number with its country, like +1 202 555 0123."),
            Length(max=LONGEST_TYPED, message=_TOO_LONG),
        ],
    )


class PhoneCodeForm(Form):
    code = StringField(
        "Code from the message",
        description="Six digits.",
        validators=[InputRequired("Enter the six digits of the message."), Length(max=40, message=_TOO_LONG)],
    )


@blueprint.route("/phone", methods=["GET", "POST"])
@signed_in
def phone() -> ResponseReturnValue:
    """Show the number and its state; take a new one and send a code to it."""
    person, form = me().person, PhoneForm()
    if not form.is_submitted():
        return _page()
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            row = send_verification_code(person, form.phone.data, actor=own_actor(), now=now())
    except Refusal as refusal:
        return _refused(refusal, form, "phone")
    flash(Sentence("A code is on its way to %(phone)s.", phone=phone_in_words(row.phone)), "success")
    return see("phone")


@blueprint.post("/phone/release")
@signed_in
def release_phone() -> ResponseReturnValue:
    """Send a code to the verified number, so that another one can take its place."""
    try:
        with unit_of_work():
            row = send_release_code(me().person, actor=own_actor(), now=now())
    except Refusal as refusal:
        return _refused(refusal, PhoneForm())
    flash(Sentence("A code is on its way to %(phone)s.", phone=phone_with_dots(row.phone)), "success")
    return see("phone")


@blueprint.post("/phone/code")
@signed_in
def phone_code() -> ResponseReturnValue:
    """Take the code: the number is verified, or cleared."""
    form = PhoneCodeForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        purpose = use_phone_code(me().person, form.code.data, actor=own_actor(), now=now())
    except Refusal as refusal:
        return _refused(refusal, form, "code")
    verified = purpose is PhoneVerificationPurpose.VERIFY
    flash("Your number is verified." if verified else "The old number is removed. Enter the new one.", "success")
    return see("phone")


def _page(form: Form | None = None, *, status: int = 200, **values: Any) -> Response:
    """The page by the state of the number. A form that was sent is shown as it was, the others fresh."""
    person = me().person
    waiting = waiting_code(person, now=now())
    number_form = form if isinstance(form, PhoneForm) else PhoneForm(formdata=None)
    if number_form is not form and person.phone is not None:
        number_form.phone.data = phone_in_words(person.phone)
    return own_page(
        "phone",
        section=SECTION,
        status=status,
        number_form=number_form,
        code_form=form if isinstance(form, PhoneCodeForm) else PhoneCodeForm(formdata=None),
        number=phone_in_words(person.phone) if person.phone else "",
        is_verified=has_verified_phone(person),
        sent_to=phone_in_words(waiting.phone) if waiting is not None else "",
        is_set_up=NotificationChannel.SMS in outgoing_of(current_app).senders,
        **{"errors": errors_of(form) if form is not None else (), **values},
    )


def _refused(refusal: Refusal, form: Form, field: str = "") -> Response:
    """The page again with the reason; 429 with the seconds to wait after too many codes or tries."""
    if isinstance(refusal, TooManyAttempts):
        answer = _page(form, status=429, wait=refusal.message, errors=())
        answer.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
        return answer
    if field:
        form[field].errors = [refusal.message]
    return _page(form, status=422, errors=[(form[field].id if field else "", refusal.message)])
