"""What became of an order on credit: each of its charges, and the invoice that has it (SPEC D14)."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext
from markupsafe import Markup, escape

from domain.permissions import P
from domain.sentences import Sentence
from models import Order, UnbilledCharge
from panel import DetailsField, Facts, Visit
from panel.addresses import address
from services.unbilled import charges_of_order
from views.locale import said
from views.money import format_money


def settled_on_credit(visit: Visit, order: Order, _now: dt.datetime) -> list[Facts]:
    """One box; none for an order that has an invoice of its own."""
    told = [
        DetailsField(f"charge-{place}", charge.description, "text", _where(visit, charge, invoice))
        for place, (charge, invoice) in enumerate(charges_of_order(order.id), start=1)
    ]
    return [Facts("On credit", told)] if told else []


def _where(visit: Visit, charge: UnbilledCharge, invoice: str | None) -> Markup:
    amount = format_money(charge.total, charge.currency, visit.locale)
    if charge.taken_off_at is not None:
        return escape(said(Sentence("%(amount)s, given back before it was billed", amount=amount)))
    if invoice is None:
        return escape(said(Sentence("%(amount)s, on the next invoice", amount=amount)))
    if not visit.allows(P.INVOICES_READ):
        return escape(said(Sentence("%(amount)s, on invoice %(invoice)s", amount=amount, invoice=invoice)))
    url = f"{visit.base_url}/invoices/{address(invoice)}"
    link = Markup('<a href="{}">{}</a>').format(url, invoice)
    return Markup(escape(gettext("%(amount)s, on invoice %(invoice)s"))) % {"amount": amount, "invoice": link}  # noqa: S704
