"""Record a received payment: whose it is first, then how much arrived, how, when, and what it pays (SPEC D14)."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from domain.money import parse_minor
from domain.permissions import P
from domain.sentences import Amount, Sentence, listed, word
from models import Account, Invoice, PaymentKind
from panel.fields import AmountField, DayField, TicksField
from panel.form import Form
from services.allocations import open_invoices
from services.payments import record_received_payment
from services.unit_of_work import unit_of_work
from views.about_a_customer import AboutACustomerPage
from views.locale import said
from views.money import format_money

RECEIVED: tuple[PaymentKind, ...] = (
    PaymentKind.BANK_TRANSFER,
    PaymentKind.CHEQUE,
    PaymentKind.CARD,
    PaymentKind.PAYPAL,
    PaymentKind.OTHER,
)


class ReceivedForm(Form):
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
            *(SelectChoice(k.value, word(k)) for k in RECEIVED),
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


class ReceivedPaymentPage(AboutACustomerPage):
    """Money that reached the provider outside of any gateway."""

    slug, title = "received-payments", "Record a payment"
    group, icon = "Money", "cash-coin"
    grant = P.STAFF_PAYMENTS_RECORD
    verbs: ClassVar[dict[str, str]] = {"index": P.STAFF_PAYMENTS_RECORD}
    made_in = ("payments", "Payments")
    lead = "Money that arrived by bank, by cheque or by hand. First: from which customer?"
    whose, button, first_field = "From", "Record the payment", "amount"

    def form_for(self, account: Account) -> ReceivedForm:
        today = self.hooks.now().astimezone(self.visit.time_zone).date()
        form = ReceivedForm(data={"received_on": today})
        form.amount.label.text = Sentence("Amount in %(currency)s", currency=account.currency)
        invoices = open_invoices(account.id, account.currency)
        form.invoices.choices = [SelectChoice(each.number, self._words(each)) for each in invoices]
        return form

    def make(self, account: Account, form: ReceivedForm) -> tuple[str, str]:
        invoices = open_invoices(account.id, account.currency)
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
        parts = [Sentence("%(amount)s paid invoices", amount=Amount(used, account.currency))] if used else []
        parts += [Sentence("%(amount)s stay as balance", amount=Amount(rest, account.currency))] if rest else []
        return Sentence("Payment %(number)s is recorded: %(parts)s.", number=number, parts=listed(parts)), number

    def _words(self, invoice: Invoice) -> str:
        due = format_money(invoice.amount_due, invoice.currency, self.visit.locale)
        words = Sentence(
            "%(number)s: %(due)s due on %(due_on)s, %(description)s",
            number=invoice.number,
            due=due,
            due_on=invoice.due_on,
            description=invoice.description,
        )
        return said(words)
