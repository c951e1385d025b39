"""Invoices: written as drafts, issued once and for ever, voided while nothing was paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import update

from domain.actor import Actor
from domain.invoices import InvoiceStatus, status_of
from domain.numbering import provisional_number
from domain.postings import invoice_issued, invoice_voided
from domain.refusals import Refusal
from domain.sentences import Sentence, joined, word
from domain.tax import TaxTreatment
from domain.totals import DocumentTotals, LineAmount, line_net, total_lines
from extensions import db
from models.account import Account
from models.base import new_public_id
from models.document_file import DocumentKind
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.number_series import NumberedKind
from models.order import Order, OrderKind
from models.statement_line import StatementKind
from services.account_languages import written_for
from services.allocations import InvoiceNotPayable
from services.audit import record_event
from services.document_jobs import ask_for_document
from services.ledger import Entry, post
from services.locks import guarded, lock_accounts, locked, reread
from services.money_mails import tell_of_invoice
from services.numbers import next_number
from services.orders import cancel_order, mark_order_paid, place_order
from services.paying.balance import pay_from_balance
from services.paying.claims import InvoicePart, refuse_while_claimed
from services.people import refuse_while_logged_in_as
from services.settings import text_setting
from services.statements import NewLine, write_statement_line

PAYMENT_TERM: Final = dt.timedelta(days=14)
SELLER_FIELDS: Final = ("name", "line1", "line2", "postal_code", "city", "country", "vat_id", "email")
"""What a document keeps of the seller: the settings ``seller_…``."""


class InvoiceWithoutLines(Refusal):
    message = "An invoice needs at least one line."


class InvoiceBelowZero(Refusal):
    message = "The lines come to less than nothing. Write a credit note for the older invoice instead."


class InvoiceNotIssuable(Refusal):
    message = "Only a draft can be issued, and this invoice is none any more. Reload the page to see it as it is."


class InvoiceNotVoidable(Refusal):
    message = "Only an invoice on which nothing was paid or credited can be voided. Write a credit note instead."


@dataclass(frozen=True, slots=True)
class InvoiceLineValues:
    """One line to be written. The price is before tax, in minor units; both ends of the period count."""

    description: str
    unit_price: int
    quantity: int = 1
    tax_rate: int = 0  # parts per million
    tax_name: str = ""
    treatment: TaxTreatment = TaxTreatment.TAXED
    tax_rule_id: int | None = None
    product_id: int | None = None
    subscription_id: int | None = None
    period_from: dt.date | None = None
    period_to: dt.date | None = None
    explanation: dict[str, Any] = field(default_factory=dict)

    @property
    def net(self) -> int:
        return line_net(self.unit_price, self.quantity)


def totals_of(lines: Sequence[InvoiceLineValues]) -> DocumentTotals:
    """Add up lines as their invoice will."""
    return total_lines(amounts_of(lines))


def amounts_of(lines: Sequence[InvoiceLineValues]) -> list[LineAmount]:
    """What these lines bring to the totals."""
    return [LineAmount(line.net, line.tax_rate, line.treatment) for line in lines]


def create_invoice(
    account: Account,
    lines: Sequence[InvoiceLineValues],
    *,
    description: str,
    actor: Actor,
    now: dt.datetime,
    order: Order | None = None,
    subscription_id: int | None = None,
    currency: str | None = None,
    remark: str | None = None,
    external_ref: str | None = None,
) -> Invoice:
    """Write a draft with lines, tax breakdown and totals. Without an order, one by hand is placed for it."""
    if not lines:
        raise InvoiceWithoutLines
    totals = totals_of(lines)
    if totals.net < 0 or totals.tax < 0:
        raise InvoiceBelowZero
    currency = currency or account.currency
    if order is None:
        order = place_order(
            account.id,
            description=description,
            kind=OrderKind.MANUAL,
            currency=currency,
            net=totals.net,
            tax=totals.tax,
            actor=actor,
            now=now,
        )
    invoice = Invoice(
        account_id=account.id,
        number=provisional_number(new_public_id()),
        order_id=order.id,
        subscription_id=subscription_id,
        description=written_for(account.id, description),
        currency=currency,
        net_total=totals.net,
        tax_total=totals.tax,
        total=totals.total,
        amount_due=totals.total,
        remark=remark,
        external_ref=external_ref,
        created_at=now,
    )
    db.session.add(invoice)
    db.session.flush()
    db.session.add_all(rows_of(invoice, lines, totals))
    db.session.flush()
    after = {"total": invoice.total, "currency": currency, "lines": len(lines)}
    record_event("invoice.created", invoice, actor=actor, now=now, after=after)
    return invoice


def issue_invoice(invoice: Invoice, *, actor: Actor, now: dt.datetime, due_on: dt.date | None = None) -> Invoice:
    """Give a draft its number and freeze it, with the billing data of this moment; the customer owes it from now on.

    Due after 14 days unless told otherwise. An invoice over nothing is paid at once. Refused: InvoiceNotIssuable.
    """
    locked(invoice)
    if not invoice.can_issue:
        raise InvoiceNotIssuable
    lock_accounts([invoice.account_id])
    provisional, today = invoice.number, now.date()
    issued = (
        update(Invoice)
        .where(Invoice.id == invoice.id, Invoice.status == InvoiceStatus.DRAFT)
        .values(
            number=next_number(NumberedKind.INVOICE, now=now),
            status=status_of(total=invoice.total, paid=0, credited=0),
            issued_on=today,
            due_on=due_on or today + PAYMENT_TERM,
            billing=billing_of(db.session.get_one(Account, invoice.account_id)),
            version=Invoice.version + 1,
        )
    )
    if not guarded(issued):
        raise InvoiceNotIssuable
    reread(invoice)
    if invoice.total:
        post(entry_of(invoice, "issued"), actor=actor, now=now)
    else:
        mark_order_paid(invoice, now=now)
    words = Sentence("Invoice %(number)s", number=invoice.number)
    line = statement_line_of(invoice, StatementKind.INVOICE, -invoice.total, words, today)
    write_statement_line(line, now=now)
    ask_for_document(DocumentKind.INVOICE, invoice.number, now=now)
    tell_of_invoice(invoice, now=now)
    record_event(
        "invoice.issued",
        invoice,
        actor=actor,
        now=now,
        before={"number": provisional, "status": InvoiceStatus.DRAFT},
        after={"number": invoice.number, "status": invoice.status, "total": invoice.total, "due_on": invoice.due_on},
    )
    return invoice


def void_invoice(invoice: Invoice, *, actor: Actor, now: dt.datetime, reason: str = "") -> Invoice:
    """Take back an issued invoice as a whole; its number stays taken. What was ordered with it comes to nothing.

    Refused: InvoiceNotVoidable, PaymentUnderWay while somebody pays it.
    """
    locked(invoice)
    refuse_while_claimed(invoice)
    lock_accounts([invoice.account_id])
    voided = (
        update(Invoice)
        .where(Invoice.id == invoice.id, Invoice.can_void)
        .values(status=InvoiceStatus.VOID, amount_due=0, version=Invoice.version + 1)
    )
    if not guarded(voided):
        raise InvoiceNotVoidable
    reread(invoice)
    post(entry_of(invoice, "voided"), actor=actor, now=now)
    words = Sentence("Invoice %(number)s voided", number=invoice.number)
    line = statement_line_of(invoice, StatementKind.INVOICE_VOIDED, invoice.total, words, now.date())
    write_statement_line(line, now=now)
    before, after = {"status": InvoiceStatus.UNPAID}, {"status": invoice.status, "reason": reason}
    record_event("invoice.voided", invoice, actor=actor, now=now, before=before, after=after)
    cancel_order(invoice.order_id, actor=actor, now=now)
    return invoice


def pay_invoice_from_balance(invoice: Invoice, *, actor: Actor, now: dt.datetime) -> Invoice:
    """Pay all that is due from the money the account has here: one payment, however often it is asked for at once.

    Refused: InvoiceNotPayable, PaymentUnderWay, AbovePayLimit, NotEnoughFunds, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(invoice)
    if not invoice.can_pay:
        raise InvoiceNotPayable
    account = db.session.get_one(Account, invoice.account_id)
    pay_from_balance(account, [InvoicePart(invoice, invoice.amount_due)], actor=actor, now=now)
    return invoice


def billing_of(account: Account) -> dict[str, Any]:
    """Who is billed, and by whom ("seller"), as the document keeps it: both may change, the document may not."""
    return {
        "name": account.billing_name,
        "email": account.billing_email,
        "line1": account.billing_line1,
        "line2": account.billing_line2,
        "city": account.billing_city,
        "region": account.billing_region,
        "postal_code": account.billing_postal_code,
        "country": account.billing_country or account.country,
        "vat_id": account.vat_id,
        "client_id": account.client_id,
        "seller": {name: text_setting(f"seller_{name}") for name in SELLER_FIELDS},
    }


def tax_name(rate_ppm: int, treatment: TaxTreatment) -> Sentence:
    """What a row of the tax breakdown is called when the tax rule gives it no name: "Tax 19 %", "Reverse charge"."""
    if treatment is not TaxTreatment.TAXED:
        return word(treatment)
    return Sentence("Tax %(rate)s %%", rate=Decimal(rate_ppm) / 10_000)


def rows_of(
    invoice: Invoice, lines: Sequence[InvoiceLineValues], totals: DocumentTotals
) -> list[InvoiceLine | InvoiceTax]:
    """The rows below an invoice: its lines in their order, and its tax breakdown."""
    rows: list[InvoiceLine | InvoiceTax] = [
        InvoiceLine(
            account_id=invoice.account_id,
            invoice_id=invoice.id,
            position=position,
            description=written_for(invoice.account_id, line.description),
            product_id=line.product_id,
            subscription_id=line.subscription_id,
            quantity=line.quantity,
            currency=invoice.currency,
            unit_price=line.unit_price,
            net=line.net,
            tax_rate=line.tax_rate,
            tax=tax,
            total=line.net + tax,
            period_from=line.period_from,
            period_to=line.period_to,
            explanation={"tax": line.treatment.value, **line.explanation},
        )
        for position, (line, tax) in enumerate(zip(lines, totals.line_taxes, strict=True), start=1)
    ]
    names = {(line.treatment, line.tax_rate): line.tax_name for line in lines if line.tax_name}
    rules = {(line.treatment, line.tax_rate): line.tax_rule_id for line in lines if line.tax_rule_id}
    rows += [
        InvoiceTax(
            account_id=invoice.account_id,
            invoice_id=invoice.id,
            tax_rule_id=rules.get((row.treatment, row.rate_ppm)),
            name=written_for(
                invoice.account_id,
                names.get((row.treatment, row.rate_ppm)) or tax_name(row.rate_ppm, row.treatment),
            ),
            rate=row.rate_ppm,
            currency=invoice.currency,
            net=row.net,
            tax=row.tax,
        )
        for row in totals.by_rate
    ]
    return rows


def entry_of(invoice: Invoice, what: str) -> Entry:
    """What the ledger is told of an invoice that was issued or voided."""
    transfers = invoice_issued if what == "issued" else invoice_voided
    return Entry(
        event=f"invoice.{what}",
        description=f"Invoice {invoice.number} {what}",
        transfers=transfers(invoice.net_total, invoice.tax_total),
        account_id=invoice.account_id,
        currency=invoice.currency,
        document_kind="invoice",
        document_key=invoice.number,
    )


def statement_line_of(invoice: Invoice, kind: StatementKind, amount: int, words: str, booked_on: dt.date) -> NewLine:
    """What the statement says of an invoice that was issued or voided."""
    return NewLine(
        account_id=invoice.account_id,
        kind=kind,
        amount=amount,
        currency=invoice.currency,
        document_number=invoice.number,
        description=joined([words, invoice.description], ": "),
        booked_on=booked_on,
    )
