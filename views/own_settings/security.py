"""Password and security: the password, mails on sign-in, and what happened to this sign-in lately (UX 43)."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from domain.audit import sentence_of
from panel.form import Form
from services.profiles import save_profile
from services.security_log import security_log
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.locale import flash
from views.own_settings.frame import blueprint, me, own_actor, own_page, see, when

SECTION = "security"


class SignInMailForm(Form):
    sign_in_mail = BooleanField(
        "Mail me each time I sign in",
        description="A sign-in from a device you have not used before is always mailed to you.",
    )


@blueprint.route("/security", methods=["GET", "POST"])
@signed_in
def security() -> ResponseReturnValue:
    """Show how this person's sign-in is protected; keep whether they want a mail on each sign-in."""
    person = me().person
    form = SignInMailForm(obj=person)
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    with unit_of_work():
        save_profile(person, {"sign_in_mail": form.sign_in_mail.data}, actor=own_actor(), now=now())
    flash("Saved.", "success")
    return see("security")


def _page(form: SignInMailForm, *, status: int = 200) -> Response:
    person = me().person
    log = [
        {
            "at": when(line.at),
            "at_iso": line.at.isoformat(timespec="seconds"),
            "what": sentence_of(line.event),
            "who": line.who,
            "where": ", ".join(part for part in (line.device, line.ip) if part),
        }
        for line in security_log(person)
    ]
    return own_page(
        "security",
        section=SECTION,
        status=status,
        form=form,
        has_password=person.password_hash is not None,
        password_changed=when(person.password_changed_at) if person.password_changed_at else "",
        log=log,
    )
