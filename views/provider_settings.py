"""Settings of the business: what staff decided, what differs from the default, and the form that changes one."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from domain.setting_kinds import SettingKind, SettingNotReadable, SettingSpec
from domain.settings import SETTINGS
from panel import Visit
from panel.door import RealmPage
from panel.form import Form
from panel.forms import errors_of
from services.settings import SettingNow, all_settings, change_setting, reset_setting
from services.unit_of_work import unit_of_work
from views.history import timeline_of_target
from views.locale import flash, said
from views.moments import moment_text
from views.whole_numbers import number_shown

LONGEST_SEARCH = 200

LABELS = {
    spec.key: Sentence("%(group)s: %(label)s", group=Sentence(spec.group), label=Sentence(spec.label))
    for spec in SETTINGS.values()
}


class ResetForm(Form):
    """The version of the value that was seen."""

    version = HiddenField()


class ProviderSettingsPage(RealmPage):
    """One page with all of them; each is changed by a form of its own, so that one save is one decision."""

    slug, title = "settings", "Settings"
    group, icon = "Administration", "sliders"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.STAFF_SETTINGS_READ,
        "change": P.STAFF_SETTINGS_EDIT,
        "reset": P.STAFF_SETTINGS_EDIT,
    }

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(P.STAFF_SETTINGS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """All settings by their groups, or those that hold every word of ``?q=``."""
        visit = self.visit
        may_change = visit.allows(P.STAFF_SETTINGS_EDIT)
        typed = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
        found = [each for each in all_settings() if _holds(each.spec, typed)]
        groups = [
            {"label": label, "entries": [self._item(each, may_change) for each in members]}
            for label, members in groupby(found, key=lambda each: each.spec.group)
        ]
        return render_template(
            "pages/provider_settings/index.html",
            layout=self.realm.layout,
            visit=visit,
            title=self.title,
            groups=groups,
            search=typed,
            url=self._url(),
            timeline=timeline_of_target(visit, "setting", tuple(SETTINGS), LABELS),
        )

    @expose("/<key>", methods=("GET", "POST"))
    def change(self, key: str) -> ResponseReturnValue:
        """The form of one setting; posted, the change."""
        held = _setting_or_404(key)
        form = _form_of(held)
        if request.method == "GET":
            return self._form_page(held, form)
        if not form.validate():
            return self._form_page(held, form, errors_of(form)), 422
        try:
            with unit_of_work():
                saved = change_setting(
                    key,
                    str(form.value.data),
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                    version=_version_in(form),
                )
        except SettingNotReadable as refusal:
            form.value.errors = [refusal.message]
            return self._form_page(held, form, errors_of(form)), 422
        except Refusal as refusal:
            fresh = _setting_or_404(key)
            form.version.data = str(fresh.version)
            return self._form_page(fresh, form, [("", refusal.message)]), 409
        flash(
            Sentence("%(label)s: %(text)s.", label=Sentence(saved.spec.label), text=_text(saved.spec, saved.value)),
            "success",
        )
        return redirect(self._url(), code=303)

    @expose("/<key>/reset", methods=("POST",))
    def reset(self, key: str) -> ResponseReturnValue:
        """Go back to the default."""
        held = _setting_or_404(key)
        form = ResetForm()
        if not form.validate():
            return self._form_page(held, _form_of(held, posted=False), [("", "Open the page anew and try again.")]), 422
        try:
            with unit_of_work():
                saved = reset_setting(key, actor=self.visit.actor, now=self.hooks.now(), version=_version_in(form))
        except Refusal as refusal:
            fresh = _setting_or_404(key)
            return self._form_page(fresh, _form_of(fresh, posted=False), [("", refusal.message)]), 409
        flash(
            Sentence(
                "%(label)s: %(text)s again, the default.",
                label=Sentence(saved.spec.label),
                text=_text(saved.spec, saved.value),
            ),
            "success",
        )
        return redirect(self._url(), code=303)

    def _item(self, held: SettingNow, may_change: bool) -> dict[str, Any]:
        spec = held.spec
        return {
            "label": spec.label,
            "help": spec.help,
            "value": _text(spec, held.value),
            "default": _text(spec, spec.default) if held.differs else "",
            "changed": moment_text(self.visit, held.changed_at) if held.changed_at else "",
            "url": self._url(spec.key) if may_change else "",
        }

    def _form_page(self, held: SettingNow, form: Form, errors: list[tuple[str, str]] | None = None) -> str:
        reset_form = ResetForm(formdata=None, version=str(held.version))
        return render_template(
            "pages/provider_settings/change.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=held.spec.label,
            group=held.spec.group,
            form=form,
            errors=errors or [],
            url=self._url(held.spec.key),
            list_url=self._url(),
            default=_text(held.spec, held.spec.default),
            reset_url=f"{self._url(held.spec.key)}/reset" if held.differs else "",
            reset_form=reset_form,
        )

    def _url(self, key: str = "") -> str:
        return f"{self.visit.base_url}/{self.slug}/{key}"


def _holds(spec: SettingSpec, typed: str) -> bool:
    """Whether every word stands in what the setting is called and explained by, as the reader reads it."""
    told = " ".join([spec.key, *(said(text) for text in (spec.group, spec.label, spec.help))]).casefold()
    return all(word in told for word in typed.casefold().split())


def _setting_or_404(key: str) -> SettingNow:
    return next((each for each in all_settings() if each.spec.key == key), None) or abort(404)


def _form_of(held: SettingNow, *, posted: bool = True) -> Form:
    """The form of one setting, with a field of its kind."""
    spec = held.spec
    help_text: str = spec.help
    if spec.kind is SettingKind.NUMBER:
        help_text = joined([Sentence(spec.help), _limits(spec)]) if spec.help else _limits(spec)
    needed = Sentence("Enter a value like %(default)s.", default=spec.default)
    given: dict[str, Any] = {"label": spec.label, "description": help_text}
    if spec.kind is SettingKind.FLAG:
        choices = [SelectChoice("yes", "Yes"), SelectChoice("no", "No")]
        field: Any = SelectField(choices=choices, **given)
    elif spec.kind is SettingKind.NUMBER:
        field = StringField(validators=[InputRequired(needed)], render_kw={"inputmode": "numeric"}, **given)
    else:
        field = StringField(**given)
    form_class = type("SettingForm", (Form,), {"value": field, "version": HiddenField()})
    shown = ("yes" if held.value else "no") if spec.kind is SettingKind.FLAG else str(held.value)
    data = {"value": shown, "version": str(held.version)}
    made: Form = form_class(data=data) if posted else form_class(formdata=None, data=data)
    return made


def _limits(spec: SettingSpec) -> Sentence:
    return Sentence(
        "From %(least)s to %(most)s %(unit)s.", least=str(spec.least), most=str(spec.most), unit=Sentence(spec.unit)
    )


def _version_in(form: Any) -> int:
    return number_shown(str(form.version.data or ""))


def _text(spec: SettingSpec, value: object) -> str:
    if spec.kind is SettingKind.FLAG:
        return said("Yes" if value else "No")
    return f"{value} {said(spec.unit)}".strip() or said(Sentence("empty"))
