"""Auto top-up: the owner says below what how much is added, and by which stored method (SPEC D13)."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from domain.money import minor_to_text, parse_minor
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models import Account, PaymentMethod, PaymentMethodStatus
from panel import RealmPage, Visit
from panel.fields import AmountField
from panel.form import Form
from panel.forms import errors_of, refuse_nul
from services.auto_top_up import rule_of, set_auto_top_up
from services.unit_of_work import unit_of_work
from views.locale import flash

_DECIMAL = {"inputmode": "decimal"}


class TopUpForm(Form):
    """A rule as it is typed."""

    enabled = BooleanField("Add funds by itself")
    threshold = AmountField(
        "When the balance is below", [InputRequired("Enter an amount like 50.00."), Length(max=40)], render_kw=_DECIMAL
    )
    amount = AmountField(
        "Amount to add", [InputRequired("Enter an amount like 200.00."), Length(max=40)], render_kw=_DECIMAL
    )
    method = SelectField("Paid with", [InputRequired("Choose a stored payment method.")], choices=[])


class AutoTopUpPage(RealmPage):
    """One rule an account."""

    slug, title = "auto-top-up", "Auto top-up"
    group, icon = "Money", "cash-coin"
    verbs: ClassVar[dict[str, str]] = {"index": P.FUNDS_ADD}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is not None and visit.allows(P.FUNDS_ADD)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The rule; posted, the change."""
        account = self._account()
        methods = {method.public_id: method for method in self._methods(account)}
        form = self._form(account, methods)
        if request.method == "GET":
            return self._page(account, form, bool(methods))
        valid = form.validate()
        if refuse_nul(form) or not valid:
            return self._page(account, form, bool(methods), errors_of(form)), 422
        try:
            threshold = parse_minor(form.threshold.data or "", account.currency)
            amount = parse_minor(form.amount.data or "", account.currency)
            with unit_of_work():
                set_auto_top_up(
                    account,
                    enabled=bool(form.enabled.data),
                    threshold=threshold,
                    amount=amount,
                    method=methods.get(form.method.data),
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                )
        except Refusal as refusal:
            return self._page(self._account(), form, bool(methods), [("", refusal.message)]), 409
        flash("Auto top-up is saved.", "success")
        return redirect(f"{self.visit.base_url}/{self.slug}/", code=303)

    def _form(self, account: Account, methods: dict[str, PaymentMethod]) -> TopUpForm:
        rule = rule_of(account)
        values: dict[str, object] = {}
        if rule is not None:
            chosen = next((key for key, method in methods.items() if method.id == rule.payment_method_id), "")
            values = {
                "enabled": rule.is_enabled,
                "threshold": minor_to_text(rule.threshold, rule.currency),
                "amount": minor_to_text(rule.amount, rule.currency),
                "method": chosen,
            }
        form = TopUpForm(data=values)
        form.method.choices = [SelectChoice(key, method.label) for key, method in methods.items()]
        return form

    def _page(
        self, account: Account, form: TopUpForm, has_methods: bool, errors: list[tuple[str, str]] | None = None
    ) -> str:
        return render_template(
            "pages/pay/auto_top_up.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            form=form,
            has_methods=has_methods,
            currency=account.currency,
            errors=errors or [],
            url=f"{self.visit.base_url}/{self.slug}/",
        )

    def _methods(self, account: Account) -> list[PaymentMethod]:
        found = select(PaymentMethod).where(
            PaymentMethod.account_id == account.id, PaymentMethod.status == PaymentMethodStatus.ACTIVE
        )
        return list(db.session.scalars(found.order_by(PaymentMethod.is_default.desc(), PaymentMethod.id)))

    def _account(self) -> Account:
        if self.visit.owner_id is None:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)
