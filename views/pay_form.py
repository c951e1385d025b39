"""What a payer chose on the page that pays: which invoices, how much of each, and in which way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from domain.money import parse_minor
from domain.refusals import Refusal
from domain.sentences import Sentence
from models import Invoice
from panel.form import Form
from services.paying.claims import InvoicePart

AMOUNT = "amount-"
NOTHING = "Choose at least one invoice to pay."
NO_FUNDS = "Enter the amount to add."
NO_WAY = "Choose how to pay."
_LONGEST = 40


class PayForm(Form):
    """The way to pay and the key that makes a form sent twice one payment. The rest stands in rows."""

    key = HiddenField(default=lambda: secrets.token_hex(16), validators=[InputRequired(), Length(max=64)])
    way = StringField("How to pay", [Length(max=120)])
    funds = StringField("Amount", [Length(max=_LONGEST)])


@dataclass
class Basket:
    """What is to be paid, as far as it can be read; ``errors`` are (field id, message)."""

    parts: list[InvoicePart] = field(default_factory=list)
    funds: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return self.funds + sum(part.amount for part in self.parts)


def read_invoices(chosen: Iterable[str], typed: dict[str, str], invoices: Sequence[Invoice], currency: str) -> Basket:
    """The chosen ones of these invoices, each with the amount typed for it."""
    basket, wanted = Basket(), set(chosen)
    for invoice in invoices:
        if invoice.number in wanted:
            name = f"{AMOUNT}{invoice.number}"
            amount = _read(typed.get(name, "")[:_LONGEST], currency, name, basket)
            basket.parts.append(InvoicePart(invoice, amount))
    gone = sorted(wanted - {invoice.number for invoice in invoices})
    if gone and not basket.parts:
        basket.errors.append(("", Sentence("Nothing is due any more on %(gone)s. Nothing was taken.", gone=gone)))
    elif not basket.parts:
        basket.errors.append(("", NOTHING))
    return basket


def read_funds(text: str, currency: str) -> Basket:
    """An amount to add to the balance."""
    basket = Basket()
    if not text.strip():
        basket.errors.append(("funds", NO_FUNDS))
    else:
        basket.funds = _read(text, currency, "funds", basket)
    return basket


def _read(text: str, currency: str, name: str, basket: Basket) -> int:
    try:
        amount = parse_minor(text, currency)
    except Refusal as refusal:
        basket.errors.append((name, refusal.message))
        return 0
    if amount <= 0:
        basket.errors.append((name, "Enter an amount above zero."))
    return amount
