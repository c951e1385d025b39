"""The wizard of the client app: how many of each edition are set up on a license (SPEC E5)."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.editions import EditionNotHeld, EditionSeats, MoreThanHeld, SeatsNotReadable
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from models import License
from panel import RealmPage
from panel.addresses import address, key_in
from panel.form import Form
from services.editions import WizardClosed, editions_missing, editions_of, set_editions
from services.licenses import license_of_code
from services.unit_of_work import unit_of_work
from views.locale import flash
from views.whole_numbers import number_shown, whole_number

FIELD, SEEN = "seats-", "seen-"
TOO_OLD = "This page was open too long. Try again."


class WizardForm(Form):
    """Nothing but the token; the editions of the license are the fields."""


class AppWizardPage(RealmPage):
    """``app-wizard/<code>``: the numbers of a license, saved together. The numbers that were seen are sent along."""

    slug, title = "app-wizard", "App wizard"
    verbs: ClassVar[dict[str, str]] = {"index": P.LICENSES_EDIT, "wizard": P.LICENSES_EDIT}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Flask-Admin wants a page of every view to begin at; the wizard is opened on a license."""
        abort(404)

    @expose("/<code>", methods=("GET", "POST"))
    def wizard(self, code: str) -> ResponseReturnValue:
        """The numbers; posted, the change."""
        license = license_of_code(key_in(code), account_id=self.visit.owner_id) or abort(404)
        form = WizardForm()
        if request.method == "GET":
            refusal = None if license.can_set_editions else WizardClosed()
            return self._page(license, form, {}, refusal), 409 if refusal else 200
        if not form.validate():
            return self._page(license, form, _typed(FIELD), Refusal(TOO_OLD)), 422
        seats = {each.code: each for each in editions_of(license)}
        try:
            numbers = {code: _number(seats.get(code), text) for code, text in _typed(FIELD).items()}
            with unit_of_work():
                changes = set_editions(license, numbers, seen=_seen(), actor=self.visit.actor, now=self.hooks.now())
        except (SeatsNotReadable, MoreThanHeld) as refusal:
            return self._page(license, form, _typed(FIELD), refusal), 422
        except Refusal as refusal:
            return self._page(license, form, _typed(FIELD), refusal), 409
        flash("The editions are saved." if changes else "Nothing changed.", "success")
        return redirect(self._license_url(license), code=303)

    def _page(self, license: License, form: Form, typed: dict[str, str], refusal: Refusal | None) -> str:
        wrong = getattr(refusal, "edition", "")
        items = [
            {
                "name": f"{FIELD}{seats.code}",
                "label": seats.name,
                "held": seats.held,
                "in_app": seats.in_app,
                "value": typed.get(seats.code, str(seats.in_app)),
                "seen": f"{SEEN}{seats.code}",
                "error": refusal.message if refusal is not None and wrong == seats.name else "",
            }
            for seats in editions_of(license)
        ]
        told = next((str(item["name"]) for item in items if item["error"]), "")
        return render_template(
            "pages/app_wizard.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=Sentence("%(app)s wizard", app=current_app.extensions["settings"].client_app_name),
            license={"code": license.code, "reference": license.reference or ""},
            closed=not license.can_set_editions,
            items=items,
            missing=editions_missing(license),
            form=form,
            errors=[(told, refusal.message)] if refusal is not None else [],
            url=f"{self.visit.base_url}/{self.slug}/{address(license.code)}",
            back_url=self._license_url(license),
        )

    def _license_url(self, license: License) -> str:
        return f"{self.visit.base_url}/licenses/{address(license.code)}"


def _typed(prefix: str) -> dict[str, str]:
    """What was sent for each edition, by its code."""
    return {
        name.removeprefix(prefix): text
        for name, text in request.form.items()
        if name.startswith(prefix) and "\0" not in name
    }


def _number(seats: EditionSeats | None, text: str) -> int:
    """What was typed; an empty field is zero, and anything but a whole number is refused."""
    if seats is None:
        raise EditionNotHeld
    number = whole_number(text.strip() or "0")
    if number is None:
        raise SeatsNotReadable(seats.name, seats.held)
    return number


def _seen() -> dict[str, int]:
    """The numbers that the page showed. What is no number was never shown, and fits to none."""
    return {code: number_shown(text) for code, text in _typed(SEEN).items()}
