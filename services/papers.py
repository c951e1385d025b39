"""What stands on a paper (invoice, credit note, receipt), out of frozen rows only and as ready text.

Nothing here reads what may still change: who bills and who is billed stand in the document's own ``billing``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_currency
from sqlalchemy import select

from domain.money import minor_to_text
from extensions import db
from models.account import Account
from models.credit_note import CreditNote, CreditNoteLine
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.payment import Payment
from services.allocations import paid_by
from services.explanations import explanation_text
from services.invoices import billing_of

ACCENT: Final = "#1f5fbf"
LOCALE: Final = "en"
REVERSE_CHARGE: Final = (
    "Reverse charge: the recipient of the service owes the tax (Article 196, Directive 2006/112/EC)."
)
Paper = dict[str, Any]


def invoice_paper(invoice: Invoice) -> Paper:
    """An issued invoice."""
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
            money_text(line.unit_price, line.currency),
            _rate(line.tax_rate),
            money_text(line.net, line.currency),
        ]
        what = line.description + _period(line.period_from, line.period_to)
        why = explanation_text(line.explanation, line.currency)
        rows.append({"what": what, "why": why, "cells": cells, "running": money_text(running, line.currency)})
    reverse = any(line.explanation.get("tax") == "reverse_charge" for line in lines)
    return {
        **paper_frame(invoice.billing, "Invoice", invoice.number, invoice.issued_on),
        "facts": _facts(
            ("Issued on", day_text(invoice.issued_on)),
            ("Due on", day_text(invoice.due_on)),
            ("Client ID", invoice.billing.get("client_id")),
            ("Your VAT ID", invoice.billing.get("vat_id")),
        ),
        "columns": ["Description", "Quantity", "Unit price", "Tax", "Net"],
        "rows": rows,
        "running": True,
        "totals": [
            _total("Net", invoice.net_total, invoice.currency),
            *(_total(f"{tax.name} of {money_text(tax.net, tax.currency)}", tax.tax, tax.currency) for tax in taxes),
            _total("Total", invoice.total, invoice.currency, strong=True),
        ],
        "notes": [REVERSE_CHARGE] if reverse else [],
    }


def credit_note_paper(note: CreditNote) -> Paper:
    """A credit note; it names the invoice that it lowers."""
    number = db.session.scalars(select(Invoice.number).where(Invoice.id == note.invoice_id)).one()
    lines = db.session.scalars(
        select(CreditNoteLine).where(CreditNoteLine.credit_note_id == note.id).order_by(CreditNoteLine.position)
    ).all()
    rows, running = [], 0
    for line in lines:
        running += line.net
        cells = [_rate(line.tax_rate), money_text(line.tax, line.currency), money_text(line.net, line.currency)]
        rows.append(
            {"what": line.description, "why": "", "cells": cells, "running": money_text(running, line.currency)}
        )
    return {
        **paper_frame(note.billing, "Credit note", note.number, note.issued_on),
        "facts": _facts(
            ("Issued on", day_text(note.issued_on)),
            ("For invoice", number),
            ("Reason", note.reason.value.replace("_", " ").capitalize()),
            ("Client ID", note.billing.get("client_id")),
            ("Your VAT ID", note.billing.get("vat_id")),
        ),
        "columns": ["Description", "Tax", "Tax amount", "Net"],
        "rows": rows,
        "running": True,
        "totals": [
            _total("Net", note.net_total, note.currency),
            _total("Tax", note.tax_total, note.currency),
            _total("Credited", note.total, note.currency, strong=True),
        ],
        "notes": [],
    }


def receipt_paper(payment: Payment) -> Paper:
    """What was received and which invoices it paid, as it was when the receipt was made."""
    account = db.session.get_one(Account, payment.account_id)
    parts = paid_by(payment)
    rows = [
        {"what": f"Invoice {number}", "why": "", "cells": [money_text(amount, payment.currency)], "running": ""}
        for number, amount in parts
    ]
    rest = payment.amount - sum(amount for _number, amount in parts)
    if rest:
        cells = [money_text(rest, payment.currency)]
        rows.append({"what": "Kept as balance", "why": "", "cells": cells, "running": ""})
    return {
        **paper_frame(billing_of(account), "Receipt", payment.number, payment.received_on),
        "facts": _facts(
            ("Received on", day_text(payment.received_on)),
            ("Method", payment.method.value.replace("_", " ").capitalize()),
            ("Reference", payment.reference),
            ("Client ID", account.client_id),
        ),
        "columns": ["Used for", "Amount"],
        "rows": rows,
        "running": False,
        "totals": [_total("Received", payment.amount, payment.currency, strong=True)],
        "notes": [],
    }


def paper_frame(billing: Mapping[str, Any], title: str, number: str, day: dt.date | None) -> Paper:
    """What every paper has: who writes to whom, what it is called, and its day."""
    seller = billing.get("seller") or {}
    day = day or dt.date(1970, 1, 1)
    from_seller = [*_address(seller)]
    footer = " · ".join(
        part
        for part in (seller.get("name"), seller.get("vat_id") and f"VAT ID {seller['vat_id']}", seller.get("email"))
        if part
    )
    return {
        "brand": seller.get("name") or "",
        "accent": ACCENT,
        "title": title,
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


def _facts(*facts: tuple[str, str | None]) -> Sequence[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in facts if value]


def _total(label: str, amount: int, currency: str, *, strong: bool = False) -> dict[str, Any]:
    return {"label": label, "value": money_text(amount, currency), "strong": strong}


def money_text(amount: int, currency: str) -> str:
    """An amount as it stands on papers."""
    return str(format_currency(Decimal(minor_to_text(amount, currency)), currency, locale=LOCALE))


def _rate(parts_per_million: int) -> str:
    whole, parts = divmod(parts_per_million, 10_000)
    return f"{f'{whole}.{parts:04}'.rstrip('0').rstrip('.')} %"


def day_text(day: dt.date | None) -> str | None:
    """A day as it stands on papers."""
    return str(format_date(day, "medium", locale=LOCALE)) if day else None


def _period(first: dt.date | None, last: dt.date | None) -> str:
    return f" ({day_text(first)} to {day_text(last)})" if first and last else ""
