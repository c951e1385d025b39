"""Invoices of an older system, written as issued documents: what `create_invoice` and `issue_invoice` do, for many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.actor import Actor
from domain.invoices import status_of
from domain.sentences import Sentence
from domain.tax import TaxTreatment
from domain.totals import DocumentTotals, RateTotal
from models.account import Account
from models.invoice import Invoice, InvoiceLine, InvoiceTax
from models.number_series import NumberedKind
from models.order import Order, OrderKind, OrderStatus
from models.statement_line import StatementKind
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows
from services.invoices import InvoiceLineValues, billing_of, entry_of, rows_of, statement_line_of
from services.ledger import post_many
from services.locks import lock_accounts
from services.numbers import next_numbers
from services.statements import write_statement_lines


@dataclass(frozen=True, slots=True)
class OldInvoice:
    """An invoice as it was issued elsewhere: one line, and amounts that are kept to the last unit, not worked out anew.

    ``account`` need not be in the session, but has its id and billing data.
    """

    account: Account
    external_ref: str
    description: str
    issued_on: dt.date
    due_on: dt.date
    net: int
    tax: int = 0
    tax_rate: int = 0  # parts per million
    subscription_id: int | None = None
    period_from: dt.date | None = None
    period_to: dt.date | None = None
    remark: str | None = None
    explanation: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.net + self.tax


def write_old_invoices(old: Sequence[OldInvoice], *, actor: Actor, now: dt.datetime) -> list[Invoice]:
    """Write them with an order each, numbers of our own, postings, statement lines and audit; nothing is paid yet.

    Statement and ledger carry the day of issue.
    """
    lock_accounts(each.account.id for each in old)
    orders = _orders(old, actor, now)
    insert_rows(orders, key=Order.number)
    invoices = _invoices(old, orders, now)
    insert_rows(invoices, key=Invoice.number)
    _write_lines(old, invoices)
    owed = [invoice for invoice in invoices if invoice.total]
    entries = [replace(entry_of(invoice, "issued"), occurred_at=start_of(invoice.issued_on or now)) for invoice in owed]
    post_many(entries, actor=actor, now=now)
    write_statement_lines(
        [
            statement_line_of(
                invoice,
                StatementKind.INVOICE,
                -invoice.total,
                Sentence("Invoice %(number)s", number=invoice.number),
                each.issued_on,
            )
            for each, invoice in zip(old, invoices, strict=True)
        ],
        now=now,
    )
    record_events(_happenings(orders, invoices), actor=actor, now=now)
    return invoices


def start_of(day: dt.date) -> dt.datetime:
    """The moment a day of the past begins, which is all that older systems tell."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _orders(old: Sequence[OldInvoice], actor: Actor, now: dt.datetime) -> list[Order]:
    numbers = next_numbers(NumberedKind.ORDER, len(old), now=now)
    return [
        Order(
            account_id=each.account.id,
            number=number,
            kind=OrderKind.IMPORTED,
            # What was ordered there was delivered there: nothing is left to be provided.
            status=OrderStatus.FULFILLED,
            description=each.description[:255],
            currency=each.account.currency,
            net_total=each.net,
            tax_total=each.tax,
            total=each.total,
            placed_at=start_of(each.issued_on),
            placed_by_id=actor.person_id,
            fulfilled_at=start_of(each.issued_on),
            external_ref=each.external_ref,
            created_at=now,
        )
        for each, number in zip(old, numbers, strict=True)
    ]


def _invoices(old: Sequence[OldInvoice], orders: Sequence[Order], now: dt.datetime) -> list[Invoice]:
    numbers = next_numbers(NumberedKind.INVOICE, len(old), now=now)
    return [
        Invoice(
            account_id=each.account.id,
            number=number,
            order_id=order.id,
            subscription_id=each.subscription_id,
            status=status_of(total=each.total, paid=0, credited=0),
            issued_on=each.issued_on,
            due_on=each.due_on,
            description=each.description[:255],
            currency=each.account.currency,
            net_total=each.net,
            tax_total=each.tax,
            total=each.total,
            amount_paid=0,
            amount_credited=0,
            amount_due=each.total,
            billing=billing_of(each.account),
            remark=each.remark,
            external_ref=each.external_ref,
            created_at=now,
        )
        for each, order, number in zip(old, orders, numbers, strict=True)
    ]


def _write_lines(old: Sequence[OldInvoice], invoices: Sequence[Invoice]) -> None:
    rows = [
        row
        for each, invoice in zip(old, invoices, strict=True)
        for row in rows_of(invoice, [_line(each)], _totals(each))
    ]
    insert_rows([row for row in rows if isinstance(row, InvoiceLine)])
    insert_rows([row for row in rows if isinstance(row, InvoiceTax)])


def _treatment(each: OldInvoice) -> TaxTreatment:
    return TaxTreatment.TAXED if each.tax_rate else TaxTreatment.OUTSIDE


def _line(each: OldInvoice) -> InvoiceLineValues:
    return InvoiceLineValues(
        description=each.description,
        unit_price=each.net,
        tax_rate=each.tax_rate,
        treatment=_treatment(each),
        subscription_id=each.subscription_id,
        period_from=each.period_from,
        period_to=each.period_to,
        explanation={"imported": each.external_ref, **each.explanation},
    )


def _totals(each: OldInvoice) -> DocumentTotals:
    by_rate = RateTotal(_treatment(each), each.tax_rate, each.net, each.tax)
    return DocumentTotals(each.net, each.tax, each.total, (by_rate,), (each.tax,))


def _happenings(orders: Sequence[Order], invoices: Sequence[Invoice]) -> list[Happening]:
    placed = [
        Happening("customer_order.created", order, after={"total": order.total, "currency": order.currency})
        for order in orders
    ]
    issued = [
        Happening(
            "invoice.created",
            invoice,
            after={
                "status": invoice.status,
                "total": invoice.total,
                "currency": invoice.currency,
                "issued_on": invoice.issued_on,
                "due_on": invoice.due_on,
                "external_ref": invoice.external_ref,
            },
        )
        for invoice in invoices
    ]
    return [*placed, *issued]
