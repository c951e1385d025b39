"""The first sign-in of an invited member: their data, to check and correct before anything else opens (SPEC A6)."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TelField
from wtforms.validators import Length

from domain.contact import TimeZoneUnknown
from domain.refusals import Refusal
from panel.form import Form
from services.members import NameMissing
from services.profiles import LONGEST_PHONE, PhoneNotReadable, check_own_data, needs_check, seat_to_check
from services.sign_in import person_as_actor
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.clock import now
from views.identity import Identity, browser_here, current_identity, landing_url
from views.locale import flash
from views.own_settings.frame import errors_of
from views.own_settings.profile import NAME_LENGTH, always_chosen, language_choices, zone_choices

blueprint = Blueprint("first_check", __name__)

_FIELD_OF = {NameMissing: "first_name", PhoneNotReadable: "phone", TimeZoneUnknown: "time_zone"}


class FirstCheckForm(Form):
    first_name = StringField("First name", [NAME_LENGTH])
    last_name = StringField("Last name", [NAME_LENGTH])
    phone = TelField(
        "Phone",
        [Length(max=LONGEST_PHONE, message=PhoneNotReadable.message)],
        description="At work, for the people of the account and for support.",
    )
    time_zone = SelectField("Time zone", description="Times are shown in it.")
    language = SelectField("Language", choices=language_choices)


@blueprint.route("/first-check", methods=["GET", "POST"])
@signed_in
def check() -> ResponseReturnValue:
    """Show the data; saved, the way into the account is open."""
    identity = current_identity()
    if identity is None or not needs_check(identity.person):
        return redirect(landing_url(identity), code=303)
    form = _form(identity)
    if not form.is_submitted():
        return _page(identity, form)
    if not form.validate():
        return _page(identity, form, status=422)
    person = identity.person
    values = {name: form[name].data for name in ("first_name", "last_name", "time_zone", "language")}
    try:
        with unit_of_work():
            actor = person_as_actor(person, browser_here(), identity.session)
            check_own_data(person, values, phone=form.phone.data or "", actor=actor, now=now())
    except Refusal as refusal:
        name = _FIELD_OF.get(type(refusal), "first_name")
        form[name].errors = [refusal.message]
        return _page(identity, form, status=422)
    flash("Thank you. Your data are checked.", "success")
    return redirect(landing_url(identity), code=303)


def _form(identity: Identity) -> FirstCheckForm:
    person, found = identity.person, seat_to_check(identity.person)
    zone = person.time_zone or (found and (found[0].time_zone or found[1].time_zone)) or ""
    form = FirstCheckForm(
        data={
            "first_name": person.first_name,
            "last_name": person.last_name,
            "phone": found[0].phone if found else "",
            "time_zone": zone,
            "language": person.language,
        }
    )
    form.time_zone.choices = zone_choices(zone)
    always_chosen(form.time_zone, form.language)
    return form


def _page(identity: Identity, form: FirstCheckForm, *, status: int = 200) -> Response:
    found = seat_to_check(identity.person)
    page = render_template(
        "pages/sign_in/first_check.html",
        form=form,
        errors=errors_of(form),
        account=found[1].name if found else "",
        email=identity.person.email,
    )
    return make_response(page, status, {"Cache-Control": "no-store"})
