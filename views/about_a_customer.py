"""Forms of staff about one customer: first whose it is, then the form, then what it made."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.refusals import Refusal
from models import Account
from panel import Visit
from panel.addresses import address
from panel.door import RealmPage
from panel.form import Form
from panel.forms import errors_of, refuse_nul
from services.accounts import account_named
from views.locale import flash

NO_ACCOUNT = "There is no such customer. Choose one of the list, or enter a client ID like 10001."


class AboutACustomerPage(RealmPage):
    """The customer stands in the address, so Back and reload work; only a POST writes."""

    grant: ClassVar[P]
    # The list that what is made belongs to: its address and title.
    made_in: ClassVar[tuple[str, str]]
    lead: ClassVar[str]  # asks for the customer
    whose: ClassVar[str]  # stands before the customer's name: "For", "From"
    button: ClassVar[str]
    first_field: ClassVar[str]  # where a refusal of the service is said

    @classmethod
    def is_offered(cls, visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(cls.grant)

    @abstractmethod
    def form_for(self, account: Account) -> Form:
        """The form, with what it knows of the customer."""

    @abstractmethod
    def make(self, account: Account, form: Any) -> tuple[str, str]:
        """Write what was asked for; give the message and the number of the record. Refusals are shown in the form."""

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The customer; with one in the address, the form; posted, the record."""
        typed = request.args.get("account", "").strip()
        account = account_named(typed) if typed and "\0" not in typed else None
        if account is None:
            return self._choose(typed, NO_ACCOUNT if typed else ""), 422 if typed else 200
        form = self.form_for(account)
        if request.method == "GET":
            return self._form_page(account, form)
        valid = form.validate()
        if refuse_nul(form) or not valid:
            return self._form_page(account, form, errors_of(form)), 422
        try:
            message, number = self.make(account, form)
        except Refusal as refusal:
            return self._form_page(account, form, [(self.first_field, refusal.message)]), 422
        flash(message, "success")
        return redirect(f"{self._list_url}{address(number)}", code=303)

    @property
    def _list_url(self) -> str:
        return f"{self.visit.base_url}/{self.made_in[0]}/"

    def _choose(self, typed: str, error: str) -> str:
        return render_template(
            "pages/about_a_customer/customer.html",
            **self._frame(),
            lead=self.lead,
            typed=typed,
            lookup_url=f"{self._list_url}lookup/account",
            errors=[("account", error)] if error else [],
            url=f"{self.visit.base_url}/{self.slug}/",
        )

    def _form_page(self, account: Account, form: Form, errors: list[tuple[str, str]] | None = None) -> str:
        base = f"{self.visit.base_url}/{self.slug}/"
        return render_template(
            "pages/about_a_customer/form.html",
            **self._frame(),
            account_name=account.name,
            client_id=account.client_id,
            account_url=f"{self.visit.base_url}/accounts/{address(account.client_id)}",
            form=form,
            errors=errors or [],
            url=f"{base}?{urlencode({'account': account.client_id})}",
            other_url=base,
            list_url=self._list_url,
            list_title=self.made_in[1],
            whose=self.whose,
            button=self.button,
        )

    def _frame(self) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": self.title}
