"""What stands on a paper (invoice, credit note, receipt), out of frozen rows only and as ready text.

Nothing here reads what may still change: who bills and who is billed stand in the document's own ``billing``. The
language is the one that the account has when its paper is made; a paper that was made is kept as it is.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from domain.sentences import Amount, Sentence
from extensions import db
from models.account import Account
from models.credit_note import CreditNote, CreditNoteLine
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.payment import Payment
from services.account_languages import language_of_account
from services.allocations import paid_by
from services.catalogs import Catalog
from services.explanations import explanation_text
from services.invoices import billing_of

ACCENT: Final = "#1f5fbf"
REVERSE_CHARGE: Final = (
    "Reverse charge: the recipient of the service owes the tax (Article 196, Directive 2006/112/EC)."
)
Paper = dict[str, Any]


def invoice_paper(invoice: Invoice) -> Paper:
    """An issued invoice."""
    speaker = language_of_account(invoice.account_id)
    lines = db.session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    ).all()
    taxes = db.session.scalars(
        select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id).order_by(InvoiceTax.id)
    ).all()
    rows, running = [], 0
    for line in lines:
        running += line.net
        cells = [
            str(line.quantity),
            money_text(line.unit_price, line.currency, speaker),
            _rate(line.tax_rate, speaker),
            money_text(line.net, line.currency, speaker),
        ]
        what = _with_period(line.description, line.period_from, line.period_to, speaker)
        why = speaker.say(explanation_text(line.explanation, line.currency))
        rows.append({"what": what, "why": why, "cells": cells, "running": money_text(running, line.currency, speaker)})
    reverse = any(line.explanation.get("tax") == "reverse_charge" for line in lines)
    return {
        **paper_frame(invoice.billing, "Invoice", invoice.number, invoice.issued_on, speaker),
        "facts": facts(
            speaker,
            ("Issued on", day_text(invoice.issued_on, speaker)),
            ("Due on", day_text(invoice.due_on, speaker)),
            ("Client ID", invoice.billing.get("client_id")),
            ("Your VAT ID", invoice.billing.get("vat_id")),
        ),
        "columns": [speaker.say(name) for name in ("Description", "Quantity", "Unit price", "Tax", "Net")],
        "rows": rows,
        "running": True,
        "totals": [
            total("Net", invoice.net_total, invoice.currency, speaker),
            *(total(_tax_of(tax, speaker), tax.tax, tax.currency, speaker) for tax in taxes),
            total("Total", invoice.total, invoice.currency, speaker, strong=True),
        ],
        "notes": [speaker.say(REVERSE_CHARGE)] if reverse else [],
    }


def credit_note_paper(note: CreditNote) -> Paper:
    """A credit note; it names the invoice that it lowers."""
    speaker = language_of_account(note.account_id)
    number = db.session.scalars(select(Invoice.number).where(Invoice.id == note.invoice_id)).one()
    lines = db.session.scalars(
        select(CreditNoteLine).where(CreditNoteLine.credit_note_id == note.id).order_by(CreditNoteLine.position)
    ).all()
    rows, running = [], 0
    for line in lines:
        running += line.net
        amounts = [money_text(each, line.currency, speaker) for each in (line.tax, line.net, running)]
        cells = [_rate(line.tax_rate, speaker), *amounts[:2]]
        rows.append({"what": line.description, "why": "", "cells": cells, "running": amounts[2]})
    return {
        **paper_frame(note.billing, "Credit note", note.number, note.issued_on, speaker),
        "facts": facts(
            speaker,
            ("Issued on", day_text(note.issued_on, speaker)),
            ("For invoice", number),
            ("Reason", choice_text(note.reason, speaker)),
            ("Client ID", note.billing.get("client_id")),
            ("Your VAT ID", note.billing.get("vat_id")),
        ),
        "columns": [speaker.say(name) for name in ("Description", "Tax", "Tax amount", "Net")],
        "rows": rows,
        "running": True,
        "totals": [
            total("Net", note.net_total, note.currency, speaker),
            total("Tax", note.tax_total, note.currency, speaker),
            total("Credited", note.total, note.currency, speaker, strong=True),
        ],
        "notes": [],
    }


def receipt_paper(payment: Payment) -> Paper:
    """What was received and which invoices it paid, as it was when the receipt was made."""
    account = db.session.get_one(Account, payment.account_id)
    speaker, parts = language_of_account(account.id), paid_by(payment)
    rows = [
        {
            "what": speaker.say(Sentence("Invoice %(number)s", number=number)),
            "why": "",
            "cells": [money_text(amount, payment.currency, speaker)],
            "running": "",
        }
        for number, amount in parts
    ]
    rest = payment.amount - sum(amount for _number, amount in parts)
    if rest:
        cells = [money_text(rest, payment.currency, speaker)]
        rows.append({"what": speaker.say("Kept as balance"), "why": "", "cells": cells, "running": ""})
    return {
        **paper_frame(billing_of(account), "Receipt", payment.number, payment.received_on, speaker),
        "facts": facts(
            speaker,
            ("Received on", day_text(payment.received_on, speaker)),
            ("Method", choice_text(payment.method, speaker)),
            ("Reference", payment.reference),
            ("Client ID", account.client_id),
        ),
        "columns": [speaker.say(name) for name in ("Used for", "Amount")],
        "rows": rows,
        "running": False,
        "totals": [total("Received", payment.amount, payment.currency, speaker, strong=True)],
        "notes": [],
    }


def paper_frame(billing: Mapping[str, Any], title: str, number: str, day: dt.date | None, speaker: Catalog) -> Paper:
    """What every paper has: who writes to whom, what it is called, its day, and its language."""
    seller = billing.get("seller") or {}
    day = day or dt.date(1970, 1, 1)
    from_seller = [*_address(seller)]
    vat_id = seller.get("vat_id") and speaker.say(Sentence("VAT ID %(vat_id)s", vat_id=seller["vat_id"]))
    footer = " · ".join(part for part in (seller.get("name"), vat_id, seller.get("email")) if part)
    return {
        "language": speaker.language.code.partition("-")[0],
        "right_to_left": speaker.language.right_to_left,
        "words": {
            "page": speaker.say(Sentence("Page %(page)s of %(pages)s", page="{page}", pages="{pages}")),
            "carried": speaker.say("Carried over"),
            "to_carry": speaker.say("To carry over"),
        },
        "brand": seller.get("name") or "",
        "accent": ACCENT,
        "title": speaker.say(title),
        "number": number,
        "date": [day.year, day.month, day.day],
        "seller": from_seller,
        "sender": " · ".join(from_seller),
        "buyer": list(_address(billing)),
        "footer": footer,
    }


def _address(party: Mapping[str, Any]) -> Iterable[str]:
    place = " ".join(part for part in (party.get("postal_code"), party.get("city"), party.get("region")) if part)
    lines = (party.get("name"), party.get("line1"), party.get("line2"), place, party.get("country"))
    return [str(line) for line in lines if line]


def facts(speaker: Catalog, *known: tuple[str, str | None]) -> Sequence[dict[str, str]]:
    """What is known of a document, each with its label; what is not is left out."""
    return [{"label": speaker.say(label), "value": value} for label, value in known if value]


def total(label: str, amount: int, currency: str, speaker: Catalog, *, strong: bool = False) -> dict[str, Any]:
    """A row below the lines."""
    return {"label": speaker.say(label), "value": money_text(amount, currency, speaker), "strong": strong}


def money_text(amount: int, currency: str, speaker: Catalog) -> str:
    """An amount as it stands on papers."""
    return speaker.shown(Amount(amount, currency))


def day_text(day: dt.date | None, speaker: Catalog) -> str:
    """A day as it stands on papers; empty for none."""
    return speaker.shown(day) if day else ""


def choice_text(choice: enum.Enum, speaker: Catalog) -> str:
    """A choice as it stands on papers."""
    return speaker.choice(type(choice).__name__, choice)


def _rate(parts_per_million: int, speaker: Catalog) -> str:
    return f"{speaker.shown(Decimal(parts_per_million) / 10_000)} %"


def _tax_of(tax: InvoiceTax, speaker: Catalog) -> Sentence:
    return Sentence("%(tax)s of %(net)s", tax=tax.name, net=money_text(tax.net, tax.currency, speaker))


def _with_period(description: str, first: dt.date | None, last: dt.date | None, speaker: Catalog) -> str:
    if not first or not last:
        return description
    days = day_text(first, speaker), day_text(last, speaker)
    return speaker.say(Sentence("%(what)s (%(first)s to %(last)s)", what=description, first=days[0], last=days[1]))
