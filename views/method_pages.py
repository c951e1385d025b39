"""Adding a card or agreement: led to the gateway, where it is typed, and back (SPEC D9)."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from flask import abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Account, PaymentMethod, PaymentMethodKind, PaymentMethodStatus
from panel import RealmPage, Visit
from panel.addresses import address
from panel.form import Form
from services.payment_methods import begin_storing, finish_storing, open_page, storable
from services.unit_of_work import unit_of_work
from views.leading_away import leading_away
from views.locale import flash

NO_ANSWER = "The payment provider did not answer. Nothing was added. Try again in a minute."
WORDS = {
    PaymentMethodKind.CARD: "Add card",
    PaymentMethodKind.BILLING_AGREEMENT: "Create agreement",
}

NOTES = {
    PaymentMethodKind.CARD: "You type it on the page of %(gateway)s.",
    PaymentMethodKind.BILLING_AGREEMENT: "You agree on the page of %(gateway)s. Cancel it here or there at any time.",
}


class AddMethodPage(RealmPage):
    """Card data never touches our server: the gateway asks for it on its own page."""

    slug, title = "add-payment-method", "Add a payment method"
    group, icon = "Money", "credit-card"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "comeback"), P.PAYMENT_METHODS_EDIT)

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is not None and visit.allows(P.PAYMENT_METHODS_EDIT)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """What can be added; posted, the way to the gateway's page."""
        account = self._account()
        if request.method == "GET":
            return self._page(account)
        kind, _colon, gateway = request.form.get("what", "").partition(":")
        if kind not in [each.value for each in PaymentMethodKind]:
            return self._page(account, [("", "Choose what to add.")], 422)
        gateways, actor, now = current_app.extensions["gateways"], self.visit.actor, self.hooks.now()
        try:
            with unit_of_work():
                method = begin_storing(
                    account, PaymentMethodKind(kind), gateway, gateways=gateways, actor=actor, now=now
                )
                method_id, key = method.id, method.public_id
        except Refusal as refusal:
            return self._page(self._account(), [("", refusal.message)], 409)
        outside = f"{current_app.extensions['settings'].base_url}{self.visit.base_url}/{self.slug}"
        result = open_page(method_id, gateways, return_url=f"{outside}/{address(key)}/return", cancel_url=f"{outside}/")
        if not result.continue_at:
            return self._page(self._account(), [("", result.message or NO_ANSWER)], 409)
        if result.continue_fields:
            shown = {"continue_at": result.continue_at, "continue_fields": result.continue_fields}
            return leading_away(render_template("pages/pay/leave.html", **self._frame(), **shown))
        return redirect(result.continue_at, code=303)

    @expose("/<key>/return")
    def comeback(self, key: str) -> ResponseReturnValue:
        """Back from the gateway's page. Asked again it changes nothing."""
        found = select(PaymentMethod).where(
            PaymentMethod.account_id == self.visit.owner_id, PaymentMethod.public_id == key[:40]
        )
        method = db.session.scalar(found) if "\0" not in key else None
        if method is None:
            abort(404)
        status = finish_storing(
            method.id, current_app.extensions["gateways"], actor=self.visit.actor, now=self.hooks.now()
        )
        if status is PaymentMethodStatus.ACTIVE:
            flash("It is added and can be used to pay.", "success")
        elif status is PaymentMethodStatus.PENDING:
            flash("It is not added yet: the payment provider's page was not finished.", "warning")
        else:
            flash("It was not added. Try again.", "warning")
        return redirect(f"{self.visit.base_url}/payment-methods/", code=303)

    def _page(
        self, account: Account, errors: list[tuple[str, str]] | None = None, status: int = 200
    ) -> ResponseReturnValue:
        found = storable(account, current_app.extensions["gateways"])
        several = {kind for kind, number in Counter(kind for kind, _gateway, _label in found).items() if number > 1}
        offered = [
            {
                "value": f"{kind.value}:{gateway}",
                "label": f"{WORDS[kind]} ({label})" if kind in several else WORDS[kind],
                "note": Sentence(NOTES[kind], gateway=label),
            }
            for kind, gateway, label in found
        ]
        page = render_template(
            "pages/pay/add_method.html",
            **self._frame(),
            offered=offered,
            form=Form(),
            errors=errors or [],
            url=f"{self.visit.base_url}/{self.slug}/",
            list_url=f"{self.visit.base_url}/payment-methods/",
        )
        return leading_away(page, status)

    def _account(self) -> Account:
        if self.visit.owner_id is None:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)

    def _frame(self) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": self.title}
