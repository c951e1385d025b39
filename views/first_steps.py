"""What a new installation still needs (UX 42): each step with where it is done, and a mail to try the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from flask import abort, current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import DeliveryState, Person
from panel import Visit
from panel.door import RealmPage
from services.first_steps import Step, last_test_mail, send_test_mail, steps_done
from services.unit_of_work import unit_of_work
from views.history import moment_text
from views.locale import flash

WORDS: Final[Mapping[Step, tuple[str, str, str]]] = {
    Step.COMPANY: ("Your company", "Name and address stand on every document.", "settings/?q=seller"),
    Step.MAIL: ("Mail", "Invitations, invoices and answers leave by mail.", "deliveries/"),
    Step.GATEWAY: (
        "A payment provider",
        "Its keys stand in the environment (docs/operations.md). Without one, payments are recorded by hand.",
        "gateways/",
    ),
    Step.TAX: ("Tax", "The rate of each product class in each country you sell to.", "tax-rules/"),
    Step.PRICES: ("Prices", "What can be ordered has a price in the currencies of your customers.", "prices/"),
    Step.COLLEAGUES: ("Colleagues", "Invite who works with you; each has a role.", "staff-members/"),
}


class FirstStepsPage(RealmPage):
    """The steps of whoever sets the house up."""

    slug, title = "first-steps", "First steps"
    group, icon = "Administration", "check-circle"
    verbs: ClassVar[dict[str, str]] = {"index": P.STAFF_SETTINGS_READ, "send_mail": P.STAFF_SETTINGS_EDIT}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(P.STAFF_SETTINGS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What is done and what is not."""
        return self._page()

    @expose("/mail", methods=("POST",))
    def send_mail(self) -> ResponseReturnValue:
        """Send a mail to whoever asks."""
        if not FlaskForm().validate():
            return self._page("This page was open too long. Try again.", 422)
        try:
            with unit_of_work():
                send_test_mail(self._person(), actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            return self._page(refusal.message, 409)
        flash("The mail is on its way. What comes of it stands below in a moment.", "success")
        return redirect(f"{self.visit.base_url}/{self.slug}/", code=303)

    def _page(self, error: str = "", status: int = 200) -> ResponseReturnValue:
        done = steps_done(gateways=len(list(current_app.extensions["gateways"])))
        base = self.visit.base_url
        page = render_template(
            "pages/first_steps/index.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            number=sum(done.values()),
            steps=[
                {"key": step.value, "label": label, "text": text, "url": f"{base}/{place}", "done": done[step]}
                for step, (label, text, place) in WORDS.items()
            ],
            mail=self._mail(),
            mail_url=f"{base}/{self.slug}/mail" if self.visit.allows(P.STAFF_SETTINGS_EDIT) else "",
            form=FlaskForm(),
            error=error,
        )
        return page, status

    def _mail(self) -> dict[str, Any] | None:
        last = last_test_mail(self._person())
        if last is None:
            return None
        at = moment_text(self.visit, last.asked_at)
        if last.state is DeliveryState.SENT:
            return {
                "tone": "success",
                "text": Sentence("The mail of %(at)s to %(to)s was handed over.", at=at, to=last.address),
            }
        if last.state is DeliveryState.FAILED or last.error:
            return {
                "tone": "danger",
                "text": Sentence("The mail of %(at)s was not sent: %(why)s", at=at, why=last.error or "–"),
            }
        return {"tone": "info", "text": Sentence("The mail of %(at)s waits to be sent.", at=at)}

    def _person(self) -> Person:
        person_id = self.visit.actor.person_id
        return (db.session.get(Person, person_id) if person_id is not None else None) or abort(403)
