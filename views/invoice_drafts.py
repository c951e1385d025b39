"""Invoices by hand: a new draft for a customer, lines added and taken off until it is issued."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from domain.actor import Actor
from domain.money import parse_minor
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, word
from models import Account, BillingPeriod, Invoice
from panel import STAFF, Action
from panel.fields import AmountField
from panel.form import Form
from services.drafts import (
    FreeItem,
    InvoiceNotDraft,
    TextMissing,
    add_draft_line,
    draft_invoice,
    offered_codes,
    product_classes,
    remove_draft_line,
)
from services.ordering import MOST_OF_ONE, BasketItem
from services.unit_of_work import unit_of_work
from views.about_a_customer import AboutACustomerPage
from views.locale import said


class CatalogueHasThePrice(Refusal):
    message = "The catalogue has the price of this line. Leave the price empty, or write a line of your own."


class LineForm(Form):
    """One line: of the catalogue at its price, or one of one's own."""

    item = SelectField("From the catalogue", choices=lambda: [SelectChoice("", said("A line of my own")), *_offered()])
    period = SelectField(
        "Period",
        choices=[SelectChoice(each.value, word(each)) for each in BillingPeriod],
        description="Of what is chosen from the catalogue. It begins today.",
    )
    line = StringField("Text", [Length(max=255)], description="Of a line of your own: what it is for.")
    price = AmountField(
        "Price of one before tax",
        [Length(max=40)],
        description="Of a line of your own. Of the catalogue the price is known.",
        render_kw={"inputmode": "decimal"},
    )
    product_class = SelectField(
        "Taxed as",
        choices=lambda: [SelectChoice("", ""), *(SelectChoice(code, name) for code, name in product_classes())],
        description="Of a line of your own: the class that tells its tax.",
    )
    quantity = IntegerField(
        "Quantity",
        [
            InputRequired("Enter a whole number like 3."),
            NumberRange(1, MOST_OF_ONE, "Enter a whole number from %(min)s to %(max)s."),
        ],
        default=1,
    )


class NewInvoiceForm(LineForm):
    """The first line of a draft, and what stands above it."""

    description = StringField(
        "Title of the invoice", [Length(max=255)], description="Left empty, it is the first line."
    )
    remark = TextAreaField("Remark for colleagues", [Length(max=1000)])


class RemoveLineForm(Form):
    """Which line goes."""

    position = IntegerField(
        "Line", [InputRequired("Enter the number of the line, like 2.")], description="Counted from the top: 1, 2, 3."
    )


def _offered() -> list[SelectChoice]:
    return [SelectChoice(code, f"{name} ({code})") for code, name in offered_codes()]


def _item_of(
    currency: str,
    *,
    item: str,
    period: str,
    line: str | None,
    price: str | None,
    product_class: str,
    quantity: int,
) -> BasketItem | FreeItem:
    """What was asked for. Refused: CatalogueHasThePrice, TextMissing, AmountNotReadable, AmountTooLarge."""
    typed = (price or "").strip()
    if item:
        if typed:
            raise CatalogueHasThePrice
        return BasketItem(item, quantity, BillingPeriod(period))
    if not (line or "").strip():
        raise TextMissing
    return FreeItem((line or "").strip(), parse_minor(typed, currency), product_class, quantity)


class NewInvoicePage(AboutACustomerPage):
    """A draft for a customer, written by staff."""

    slug, title = "new-invoice", "New invoice"
    group, icon = "Money", "receipt"
    grant = P.STAFF_INVOICES_EDIT
    verbs: ClassVar[dict[str, str]] = {"index": P.STAFF_INVOICES_EDIT}
    made_in = ("invoices", "Invoices")
    lead = "A draft for whom? It can be changed until it is issued."
    whose, button, first_field = "For", "Write the draft", "item"

    def form_for(self, account: Account) -> NewInvoiceForm:
        form = NewInvoiceForm()
        form.price.label.text = Sentence("Price of one before tax, in %(currency)s", currency=account.currency)
        return form

    def make(self, account: Account, form: NewInvoiceForm) -> tuple[str, str]:
        asked = {name: form[name].data for name in ("item", "period", "line", "price", "product_class", "quantity")}
        with unit_of_work():
            invoice = draft_invoice(
                account,
                [_item_of(account.currency, **asked)],
                description=form.description.data or "",
                remark=(form.remark.data or "").strip() or None,
                actor=self.visit.actor,
                now=self.hooks.now(),
            )
            return "The draft is written. Add lines, then issue it.", invoice.number


def _add_line(invoice: Invoice, *, actor: Actor, now: dt.datetime, **asked: Any) -> Invoice:
    return add_draft_line(invoice, _item_of(invoice.currency, **asked), actor=actor, now=now)


ADD_LINE = Action(
    _add_line,
    "Add a line",
    grant=P.STAFF_INVOICES_EDIT,
    when=Invoice.can_issue,
    why_not=InvoiceNotDraft.message,
    realms={STAFF},
    form=LineForm,
    done="The line is added.",
    name="add-line",
)

REMOVE_LINE = Action(
    remove_draft_line,
    "Take a line off",
    grant=P.STAFF_INVOICES_EDIT,
    when=Invoice.can_issue,
    why_not=InvoiceNotDraft.message,
    realms={STAFF},
    form=RemoveLineForm,
    done="The line is gone.",
    name="remove-line",
)
