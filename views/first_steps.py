"""What a new installation still needs (UX 42): each step with where it is done, and what can be tried."""

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
from services.gateway_checks import GatewayCheck, ask_for_check, newest_checks
from services.unit_of_work import unit_of_work
from views.locale import flash
from views.moments import moment_text

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

NO_ANSWER: Final = ("danger", "%(name)s gave no answer on %(at)s.")
HEALTH: Final[Mapping[str, tuple[str, str]]] = {
    "works": ("success", "%(name)s answered on %(at)s and takes the keys."),
    "refuses_keys": ("danger", "%(name)s answered on %(at)s, but does not take the keys."),
}


class FirstStepsPage(RealmPage):
    """The steps of whoever sets the house up."""

    slug, title = "first-steps", "First steps"
    group, icon = "Administration", "check-circle"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.STAFF_SETTINGS_READ,
        **dict.fromkeys(("send_mail", "check_gateway"), P.STAFF_SETTINGS_EDIT),
    }

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

    @expose("/gateways/<key>", methods=("POST",))
    def check_gateway(self, key: str) -> ResponseReturnValue:
        """Let a payment provider be asked whether it answers and takes our keys."""
        gateway = next((each for each in self._gateways() if each.name == key), None) or abort(404)
        if not FlaskForm().validate():
            return self._page("This page was open too long. Try again.", 422)
        with unit_of_work():
            ask_for_check(gateway, actor=self.visit.actor, now=self.hooks.now())
        flash(Sentence("%(name)s is asked. What comes of it stands below in a moment.", name=gateway.label), "success")
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
            gateways=self._checked(),
            may_test=self.visit.allows(P.STAFF_SETTINGS_EDIT),
            mail=self._mail(),
            mail_url=f"{base}/{self.slug}/mail" if self.visit.allows(P.STAFF_SETTINGS_EDIT) else "",
            form=FlaskForm(),
            error=error,
        )
        return page, status

    @staticmethod
    def _gateways() -> list[Any]:
        """Those that can be asked something."""
        return [each for each in current_app.extensions["gateways"] if each.asks_back]

    def _checked(self) -> list[dict[str, Any]]:
        checks = newest_checks()
        return [
            {
                "label": each.label,
                "url": f"{self.visit.base_url}/{self.slug}/gateways/{each.name}",
                "said": self._said(each, checks[each.name]) if each.name in checks else None,
            }
            for each in self._gateways()
        ]

    def _said(self, gateway: Any, check: GatewayCheck) -> dict[str, Any]:
        if check.is_running:
            return {"tone": "info", "text": Sentence("%(name)s is being asked.", name=gateway.label)}
        tone, text = HEALTH.get(check.health or "", NO_ANSWER)
        return {
            "tone": tone,
            "text": Sentence(text, name=gateway.label, at=moment_text(self.visit, check.asked_at)),
        }

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
