"""Record a received payment: whose it is first, then how much arrived, how, when, and what it pays (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from domain.money import minor_to_text, parse_minor
from domain.permissions import P
from domain.refusals import Refusal
from models import Account, Invoice, PaymentKind
from panel import Visit
from panel.addresses import address
from panel.door import RealmPage
from panel.fields import AmountField, DayField, TicksField
from panel.forms import errors_of, refuse_nul
from services.accounts import account_named
from services.allocations import open_invoices
from services.payments import record_received_payment
from services.unit_of_work import unit_of_work
from views.money import format_money

RECEIVED: tuple[PaymentKind, ...] = (
    PaymentKind.BANK_TRANSFER,
    PaymentKind.CHEQUE,
    PaymentKind.CARD,
    PaymentKind.PAYPAL,
    PaymentKind.OTHER,
)
NO_ACCOUNT = "There is no such customer. Choose one of the list, or enter a client ID like 10001."


class ReceivedForm(FlaskForm):
    """What arrived. Boxes that are not ticked are paid afterwards, the oldest debt first."""

    amount = AmountField(
        "Amount",
        [InputRequired("Enter the amount that arrived."), Length(max=40)],
        render_kw={"inputmode": "decimal"},
    )
    received_on = DayField("Received on", [InputRequired("Enter the day it arrived.")])
    method = SelectField(
        "Method",
        [InputRequired("Choose how the money arrived.")],
        choices=[
            SelectChoice("", ""),
            *(SelectChoice(k.value, k.value.replace("_", " ").capitalize()) for k in RECEIVED),
        ],
    )
    reference = StringField(
        "Reference",
        [Length(max=120)],
        description="The number of the cheque, or the text of the bank's statement.",
    )
    invoices = TicksField(
        "Invoices to pay first",
        choices=[],
        description="In the order of their due days. What is left pays the oldest debt; the rest stays as balance.",
    )
    remark = TextAreaField("Remark for colleagues", [Length(max=1000)])


class ReceivedPaymentPage(RealmPage):
    """Money that reached the provider outside of any gateway."""

    slug, title = "received-payments", "Record a payment"
    group, icon = "Money", "cash-coin"
    verbs: ClassVar[dict[str, str]] = {"index": P.STAFF_PAYMENTS_RECORD}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is None and visit.allows(P.STAFF_PAYMENTS_RECORD)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The customer; with one in the address, the form; posted, the payment."""
        typed = request.args.get("account", "").strip()
        account = account_named(typed) if typed and "\0" not in typed else None
        if account is None:
            return self._choose(typed, NO_ACCOUNT if typed else ""), 422 if typed else 200
        today = self.hooks.now().astimezone(self.visit.time_zone).date()
        invoices = open_invoices(account.id, account.currency)
        form = ReceivedForm(data={"received_on": today})
        form.amount.label.text = f"Amount in {account.currency}"
        form.invoices.choices = [SelectChoice(each.number, self._words(each)) for each in invoices]
        if request.method == "GET":
            return self._form_page(account, form)
        valid = form.validate()
        if refuse_nul(form) or not valid:
            return self._form_page(account, form, errors_of(form)), 422
        try:
            message, number = self._record(account, form, invoices)
        except Refusal as refusal:
            return self._form_page(account, form, [("amount", refusal.message)]), 422
        flash(message, "success")
        return redirect(f"{self.visit.base_url}/payments/{address(number)}", code=303)

    def _record(self, account: Account, form: ReceivedForm, invoices: list[Invoice]) -> tuple[str, str]:
        amount = parse_minor(form.amount.data or "", account.currency)
        chosen = set(form.invoices.data or ())
        received_on = form.received_on.data
        with unit_of_work():
            payment = record_received_payment(
                account,
                amount=amount,
                currency=account.currency,
                method=PaymentKind(form.method.data),
                received_on=received_on if isinstance(received_on, dt.date) else self.hooks.now().date(),
                reference=(form.reference.data or "").strip() or None,
                remark=(form.remark.data or "").strip() or None,
                invoices=[each for each in invoices if each.number in chosen],
                actor=self.visit.actor,
                now=self.hooks.now(),
            )
            used, rest = payment.amount_allocated, payment.amount - payment.amount_allocated
            number = payment.number
        parts = [f"{minor_to_text(used, account.currency)} {account.currency} paid invoices"] if used else []
        parts += [f"{minor_to_text(rest, account.currency)} {account.currency} stay as balance"] if rest else []
        return f"Payment {number} is recorded: {' and '.join(parts)}.", number

    def _words(self, invoice: Invoice) -> str:
        due = format_money(invoice.amount_due, invoice.currency, self.visit.locale)
        return f"{invoice.number}: {due} due on {invoice.due_on}, {invoice.description}"

    def _choose(self, typed: str, error: str) -> str:
        return render_template(
            "pages/pay/received_customer.html",
            **self._frame(),
            lead="Money that arrived by bank, by cheque or by hand. First: from which customer?",
            typed=typed,
            lookup_url=f"{self.visit.base_url}/payments/lookup/account",
            errors=[("account", error)] if error else [],
            url=f"{self.visit.base_url}/{self.slug}/",
        )

    def _form_page(self, account: Account, form: ReceivedForm, errors: list[tuple[str, str]] | None = None) -> str:
        base = f"{self.visit.base_url}/{self.slug}/"
        return render_template(
            "pages/pay/received.html",
            **self._frame(),
            account_name=account.name,
            client_id=account.client_id,
            account_url=f"{self.visit.base_url}/accounts/{address(account.client_id)}",
            form=form,
            errors=errors or [],
            url=f"{base}?{urlencode({'account': account.client_id})}",
            other_url=base,
            list_url=f"{self.visit.base_url}/payments/",
        )

    def _frame(self) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": self.title}
