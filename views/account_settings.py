"""An account's own page: its client ID, its balance, and the data its owner keeps up to date (SPEC B1)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import HiddenField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional

from domain.contact import TimeZoneUnknown
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models import Account
from panel import RealmPage, Visit
from panel.form import Form
from panel.forms import errors_of, refuse_nul
from services.account_settings import OWN_FIELDS, AccountChangedMeanwhile, update_own_account
from services.unit_of_work import unit_of_work
from views.credit_figures import money_stats
from views.locale import chosen, flash
from views.whole_numbers import number_shown

EXAMPLE = "Enter an e-mail address like name@example.com."
LONG, SHORT = (
    Length(max=255, message="Enter at most 255 characters."),
    Length(max=120, message="Enter at most 120 characters."),
)


def _trimmed(value: str | None) -> str | None:
    return value.strip() if value else value


class AccountForm(Form):
    """Contact and billing data. A field is called like its column."""

    contact_name = StringField("Contact", [LONG])
    contact_email = StringField(
        "Contact e-mail", [Optional(), Length(max=254), Email(EXAMPLE)], filters=[_trimmed], render_kw={"type": "email"}
    )
    contact_phone = StringField("Phone", [Length(max=32, message="Enter at most 32 characters.")])
    website = StringField("Website", [LONG])
    time_zone = StringField(
        "Time zone", [InputRequired(TimeZoneUnknown.message), Length(max=64)], description="Like Europe/Berlin."
    )
    billing_name = StringField("Name on invoices", [InputRequired("Enter the name that stands on invoices."), LONG])
    billing_email = StringField(
        "Billing e-mail", [Optional(), Length(max=254), Email(EXAMPLE)], filters=[_trimmed], render_kw={"type": "email"}
    )
    billing_line1 = StringField("Street and number", [LONG])
    billing_line2 = StringField("Second line of the address", [LONG])
    billing_city = StringField("City", [SHORT])
    billing_region = StringField("State or region", [Length(max=64, message="Enter at most 64 characters.")])
    billing_postal_code = StringField("Postal code", [Length(max=20, message="Enter at most 20 characters.")])
    version = HiddenField()


class AccountPage(RealmPage):
    """Read with the data of the provider, which only support changes; saved by the owner."""

    slug, title = "account", "Account"
    group, icon = "Customers", "buildings"
    verbs: ClassVar[dict[str, str]] = {"index": P.ACCOUNT_READ, "update": P.ACCOUNT_EDIT}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it: in the portal, to the owner."""
        return visit.owner_id is not None and visit.allows(P.ACCOUNT_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        account = self._account()
        return self._page(account, _form_of(account))

    @expose("/update", methods=("GET", "POST"))
    def update(self) -> ResponseReturnValue:
        account, form = self._account(), AccountForm()
        if not form.is_submitted():
            return redirect(f"{self.visit.base_url}/account/", code=303)
        valid = form.validate()
        if refuse_nul(form) or not valid:
            return self._page(account, form, errors_of(form), 422)
        changes = {name: form[name].data for name in OWN_FIELDS}
        try:
            with unit_of_work():
                update_own_account(
                    self._account(),
                    changes,
                    version=number_shown(form.version.data or ""),
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                )
        except Refusal as refusal:
            account = self._account()
            if isinstance(refusal, AccountChangedMeanwhile):
                form.version.data = str(account.version)
            return self._page(account, form, [(_field_of(refusal), refusal.message)], 409)
        flash("The account is saved.", "success")
        return redirect(f"{self.visit.base_url}/account/", code=303)

    def _page(
        self, account: Account, form: AccountForm, errors: list[tuple[str, str]] | None = None, status: int = 200
    ) -> ResponseReturnValue:
        return (
            render_template(
                "pages/account/account.html",
                layout=self.realm.layout,
                visit=self.visit,
                title=account.name,
                client_id=account.client_id,
                stats=money_stats(self.visit, account.id, self.hooks.now()),
                facts=_facts(account),
                form=form,
                errors=errors or [],
                url=f"{self.visit.base_url}/account/update",
                may_edit=self.visit.allows(P.ACCOUNT_EDIT),
            ),
            status,
        )

    def _account(self) -> Account:
        if self.visit.owner_id is None:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)


def _form_of(account: Account) -> AccountForm:
    held: dict[str, Any] = {name: getattr(account, name) for name in OWN_FIELDS}
    return AccountForm(data={**held, "version": str(account.version)})


def _field_of(refusal: Refusal) -> str:
    return "time_zone" if isinstance(refusal, TimeZoneUnknown) else ""


def _facts(account: Account) -> list[dict[str, str]]:
    """What only the provider changes."""
    said = (
        ("Company", account.name),
        ("Country", account.country),
        ("Currency", account.currency),
        ("VAT ID", account.vat_id),
        ("Payment mode", chosen(account.payment_mode)),
        ("Support contract until", account.support_contract_until),
    )
    return [{"label": label, "value": str(value or ""), "kind": "text"} for label, value in said]
