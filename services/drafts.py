"""Invoices written by hand: drafts with lines of the catalogue or of one's own, changed until they are issued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.refusals import Refusal
from domain.tax import TaxTreatment
from extensions import db
from models.account import Account
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.order import Order
from models.package import Package
from models.product import CatalogueStatus, Product
from models.tax import ProductClass
from services.audit import record_event
from services.invoices import InvoiceLineValues, create_invoice, rows_of, totals_of
from services.locks import lock_accounts, locked, reread
from services.ordering import (
    MOST_LINES,
    MOST_OF_ONE,
    BasketEmpty,
    BasketItem,
    BasketTooLong,
    QuantityNotAllowed,
    explained,
    quote_basket,
)
from services.taxes import tax_table


class PriceNotAllowed(Refusal):
    message = "A price is not below zero. To give money back, write a credit note."


class TextMissing(Refusal):
    message = "Say what the line is for, or choose something of the catalogue."


class ProductClassUnknown(Refusal):
    message = "Choose how the line is taxed: a product class of the list."


class InvoiceNotDraft(Refusal):
    message = "An issued invoice never changes. Write a credit note, or a new invoice."


class NoSuchLine(Refusal):
    message = "The invoice has no line of this number. Reload the page to see its lines."


class LastLine(Refusal):
    message = "An invoice needs at least one line. Add the right one first, then take this one off."


@dataclass(frozen=True, slots=True)
class FreeItem:
    """A line of one's own: what it is for, its price before tax, and the product class that tells its tax."""

    description: str
    unit_price: int
    product_class: str
    quantity: int = 1


def draft_invoice(
    account: Account,
    items: Sequence[BasketItem | FreeItem],
    *,
    description: str,
    actor: Actor,
    now: dt.datetime,
    remark: str | None = None,
) -> Invoice:
    """Write a draft in the account's currency, priced and taxed as a basket is.

    Refused: BasketEmpty, QuantityNotAllowed, PriceNotAllowed, TextMissing, ProductClassUnknown, AmountTooLarge, and
    what quote_basket refuses.
    """
    lines = _priced(account, items, actor=actor, now=now)
    words = description.strip() or lines[0].description
    return create_invoice(account, lines, description=words, remark=remark, actor=actor, now=now)


def _priced(
    account: Account, items: Sequence[BasketItem | FreeItem], *, actor: Actor, now: dt.datetime
) -> list[InvoiceLineValues]:
    """All lines in their order: those of the catalogue by one quote, the others with their tax."""
    if not items:
        raise BasketEmpty
    listed = [item for item in items if isinstance(item, BasketItem)]
    quoted = iter(quote_basket(account, listed, actor=actor, now=now).values if listed else ())
    own = iter(_own_lines(account, [item for item in items if isinstance(item, FreeItem)], actor=actor, now=now))
    lines = [next(quoted if isinstance(item, BasketItem) else own) for item in items]
    if totals_of(lines).total > LARGEST_AMOUNT:
        raise AmountTooLarge
    return lines


def _own_lines(
    account: Account, items: Sequence[FreeItem], *, actor: Actor, now: dt.datetime
) -> list[InvoiceLineValues]:
    for item in items:
        if not item.description.strip():
            raise TextMissing
        if type(item.unit_price) is not int or item.unit_price < 0:
            raise PriceNotAllowed
        if type(item.quantity) is not int or not 1 <= item.quantity <= MOST_OF_ONE:
            raise QuantityNotAllowed
    wanted = {item.product_class for item in items}
    classes = {
        row.code: row.id for row in db.session.scalars(select(ProductClass).where(ProductClass.code.in_(wanted)))
    }
    if wanted - classes.keys():
        raise ProductClassUnknown
    taxes = tax_table(account, set(classes.values()), {now.date()})
    lines = []
    for item in items:
        tax = taxes.tax_of(classes[item.product_class], now.date())
        price = {"unit": item.unit_price}
        lines.append(
            InvoiceLineValues(
                description=item.description.strip(),
                unit_price=item.unit_price,
                quantity=item.quantity,
                tax_rate=tax.rate_ppm,
                tax_name=tax.name,
                treatment=tax.treatment,
                tax_rule_id=tax.rule_id,
                explanation=explained(tax, actor=actor, now=now, price=price, quantity=item.quantity),
            )
        )
    return lines


def add_draft_line(invoice: Invoice, item: BasketItem | FreeItem, *, actor: Actor, now: dt.datetime) -> Invoice:
    """Add a line at the end of a draft. Refused: InvoiceNotDraft, and what draft_invoice refuses."""
    account = _opened(invoice)
    return _rewrite(invoice, [*_lines_of(invoice), *_priced(account, [item], actor=actor, now=now)], actor, now)


def remove_draft_line(invoice: Invoice, position: int, *, actor: Actor, now: dt.datetime) -> Invoice:
    """Take a line off a draft; those after it move up. Refused: InvoiceNotDraft, NoSuchLine, LastLine."""
    _opened(invoice)
    lines = _lines_of(invoice)
    if not 1 <= position <= len(lines):
        raise NoSuchLine
    if len(lines) == 1:
        raise LastLine
    return _rewrite(invoice, lines[: position - 1] + lines[position:], actor, now)


def _opened(invoice: Invoice) -> Account:
    """Lock a draft and its account, in the order of issuing."""
    locked(invoice)
    if invoice.status is not InvoiceStatus.DRAFT:
        raise InvoiceNotDraft
    lock_accounts([invoice.account_id])
    return db.session.get_one(Account, invoice.account_id)


def _lines_of(invoice: Invoice) -> list[InvoiceLineValues]:
    """The lines of a draft as values again, so that the whole can be added up anew."""
    taxes = {
        (row.rate, row.name): row
        for row in db.session.scalars(select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id))
    }
    found = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    lines = []
    for row in db.session.scalars(found):
        treatment = TaxTreatment(row.explanation.get("tax", TaxTreatment.TAXED))
        name = (row.explanation.get("tax_rule") or {}).get("name", "")
        tax = taxes.get((row.tax_rate, name))
        lines.append(
            InvoiceLineValues(
                description=row.description,
                unit_price=row.unit_price,
                quantity=row.quantity,
                tax_rate=row.tax_rate,
                tax_name=name,
                treatment=treatment,
                tax_rule_id=tax.tax_rule_id if tax else None,
                product_id=row.product_id,
                subscription_id=row.subscription_id,
                period_from=row.period_from,
                period_to=row.period_to,
                explanation=row.explanation,
            )
        )
    return lines


def _rewrite(invoice: Invoice, lines: Sequence[InvoiceLineValues], actor: Actor, now: dt.datetime) -> Invoice:
    if len(lines) > MOST_LINES:
        raise BasketTooLong
    totals = totals_of(lines)
    if totals.total > LARGEST_AMOUNT:
        raise AmountTooLarge
    before = {"total": invoice.total}
    for model in (InvoiceLine, InvoiceTax):
        db.session.execute(delete(model).where(model.invoice_id == invoice.id))
    sums = {"net_total": totals.net, "tax_total": totals.tax, "total": totals.total}
    db.session.execute(
        update(Invoice)
        .where(Invoice.id == invoice.id, Invoice.status == InvoiceStatus.DRAFT)
        .values(**sums, amount_due=totals.total, version=Invoice.version + 1)
    )
    db.session.execute(update(Order).where(Order.id == invoice.order_id).values(**sums, version=Order.version + 1))
    reread(invoice)
    db.session.add_all(rows_of(invoice, lines, totals))
    db.session.flush()
    after = {"total": invoice.total, "lines": len(lines)}
    record_event("invoice.edited", invoice, actor=actor, now=now, before=before, after=after)
    return invoice


def offered_codes() -> list[tuple[str, str]]:
    """Codes and names of all that is for sale, packages first."""
    return [
        (row.code, row.name)
        for model in (Package, Product)
        for row in db.session.execute(
            select(model.code, model.name).where(model.status == CatalogueStatus.ACTIVE).order_by(model.name)
        )
    ]


def product_classes() -> list[tuple[str, str]]:
    """Codes and names of the classes that tell a line's tax."""
    return [(row.code, row.name) for row in db.session.scalars(select(ProductClass).order_by(ProductClass.name))]
