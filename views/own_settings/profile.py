"""Profile: name, picture, language, time zone, how lists look, and where one begins (SPEC A11, A12)."""

from __future__ import annotations

import zoneinfo
from contextlib import closing
from functools import cache

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms import Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from domain.contact import TimeZoneUnknown
from domain.refusals import Refusal
from panel.form import Form
from services.avatars import LARGEST_UPLOAD, AvatarNotReadable, discard, remove_avatar, set_avatar
from services.profiles import LONGEST_NAME, ROWS_PER_PAGE, may_change_own_name, save_profile
from services.unit_of_work import unit_of_work
from views.access import signed_in
from views.avatars import avatar_url
from views.clock import now
from views.locale import flash, offered_languages
from views.own_settings.frame import blueprint, errors_of, me, own_actor, own_page, see
from views.start_pages import start_pages

SECTION = "profile"
NAME_LENGTH = Length(max=LONGEST_NAME, message="Enter at most %(max)d letters.")
_CHOSEN = ("language", "time_zone", "rows_per_page", "start_page")
_ACCEPTED = "image/png,image/jpeg,image/webp,image/gif"


def language_choices() -> list[SelectChoice]:
    """The languages offered, each by its own name."""
    return [SelectChoice(language.code, language.name) for language in offered_languages().values()]


class ProfileForm(Form):
    first_name = StringField("First name", [NAME_LENGTH])
    last_name = StringField("Last name", [NAME_LENGTH])
    language = SelectField("Language", choices=language_choices)
    time_zone = SelectField("Time zone", description="Times are shown in it, on pages and in mails.")
    rows_per_page = SelectField(
        "Rows per page", coerce=int, choices=[(rows, str(rows)) for rows in ROWS_PER_PAGE], description="In every list."
    )
    start_page = SelectField("Start page", description="Where you begin after signing in.")


class AvatarForm(Form):
    picture = FileField(
        "New picture",
        description="JPEG, PNG, WebP or GIF, at most 5 MB. A square is cut from the middle.",
        render_kw={"accept": _ACCEPTED},
    )


class RemoveAvatarForm(Form):
    """Nothing but the token."""


@blueprint.route("/profile", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """Show what this person chose, and keep what they change."""
    form = _form()
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    person = me().person
    values = {name: form[name].data for name in _CHOSEN}
    if "first_name" in form:
        values |= {"first_name": form.first_name.data, "last_name": form.last_name.data}
    try:
        with unit_of_work():
            save_profile(person, values, actor=own_actor(), now=now())
    except Refusal as refusal:
        field = form.time_zone if isinstance(refusal, TimeZoneUnknown) else form[next(iter(form.data))]
        field.errors = [refusal.message]
        return _page(form, status=422)
    flash("Your profile is saved.", "success")
    return see("profile")


@blueprint.post("/profile/picture")
@signed_in
def save_picture() -> ResponseReturnValue:
    """Take a new picture."""
    form = AvatarForm()
    if not form.validate():
        return _page(_form(fresh=True), avatar_form=form, status=422)
    sent = request.files.get("picture")
    try:
        if sent is None or not sent.filename:
            raise AvatarNotReadable("Choose a picture first.")
        with closing(sent):
            content = sent.stream.read(LARGEST_UPLOAD + 1)
        with unit_of_work():
            old = set_avatar(me().person, content, actor=own_actor(), now=now())
    except Refusal as refusal:
        form.picture.errors = [refusal.message]
        return _page(_form(fresh=True), avatar_form=form, status=422)
    discard(old)
    flash("Your picture is saved.", "success")
    return see("profile")


@blueprint.post("/profile/picture/remove")
@signed_in
def remove_picture() -> ResponseReturnValue:
    """Show initials again."""
    if not RemoveAvatarForm().validate():
        return see("profile")
    with unit_of_work():
        old = remove_avatar(me().person, actor=own_actor(), now=now())
    discard(old)
    flash("Your picture is removed.", "success")
    return see("profile")


def always_chosen(*fields: Field) -> None:
    """Lists that hold a value whatever is done are not called optional."""
    for field in fields:
        field.flags.always_chosen = True


def zone_choices(present: str | None) -> list[tuple[str, str]]:
    """Every time zone by region and city; the one a person has, even if it is spelt in another way."""
    zones = list(_zones())
    if present and present not in zones:
        zones.insert(0, present)
    return [("", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]


@cache
def _zones() -> tuple[str, ...]:
    regions = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/",
               "Indian/", "Pacific/")  # fmt: skip
    return tuple(sorted(zone for zone in zoneinfo.available_timezones() if zone.startswith(regions)))


def _form(*, fresh: bool = False) -> ProfileForm:
    identity = me()
    person = identity.person
    form = ProfileForm(**({"formdata": None} if fresh else {}), obj=person)
    form.time_zone.choices = zone_choices(person.time_zone)
    form.start_page.choices = start_pages(identity)
    always_chosen(form.language, form.time_zone, form.rows_per_page, form.start_page)
    if fresh or not form.is_submitted():
        form.time_zone.data, form.start_page.data = person.time_zone or "", person.start_page or ""
    if not may_change_own_name(person):
        del form.first_name
        del form.last_name
    return form


def _page(form: ProfileForm, *, avatar_form: AvatarForm | None = None, status: int = 200) -> Response:
    person = me().person
    return own_page(
        "profile",
        section=SECTION,
        status=status,
        form=form,
        avatar_form=avatar_form or AvatarForm(formdata=None),
        avatar_url=avatar_url(person),
        name=person.name,
        email=person.email,
        is_staff=person.kind == "staff",
        errors=[*errors_of(form), *(errors_of(avatar_form) if avatar_form is not None else ())],
    )
