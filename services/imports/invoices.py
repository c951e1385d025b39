"""Invoices from a CSV file: issued elsewhere, owed here from the moment of the import."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.money import minor_to_text
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.subscription import Subscription
from services.imports.cells import amount, currency, day, percent, text
from services.imports.closed_months import closed_months, refuse_closed_month
from services.imports.columns import Column
from services.imports.invoicing import OldInvoice, write_old_invoices
from services.imports.kind import Plan
from services.imports.owned import OWNER_COLUMNS, Owned, OwnedImport, refuse_other_currency
from services.imports.problems import Problem
from services.invoices import PAYMENT_TERM

COLUMNS: Final = (
    Column("external_ref", text(120), "The number it was issued with is kept here; ours is given anew.", filled=True),
    *OWNER_COLUMNS,
    Column("issued_on", day(), "The day it was issued, not in a closed month.", filled=True),
    Column("due_on", day(), "The last day to pay. Blank: 14 days later."),
    Column("currency", currency(), "That of the account.", filled=True),
    Column("description", text(255), "What it is for. The invoice here has one line with these words.", filled=True),
    Column("net", amount(), "The sum before tax.", filled=True),
    Column("tax", amount(), "The tax as it was printed. Blank: none."),
    Column("tax_rate", percent(), "In percent, like `19` or `8.875`. Needed where there is tax."),
    Column("total", amount(), "When filled, it must be net and tax together."),
    Column("subscription", text(120), "Number or `external_ref` of a subscription of the account."),
    Column("period_from", day(), "The first day it is for."),
    Column("period_to", day(), "The last day it is for."),
    Column("remark", text(1000), "Whatever else should be known."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice. Amounts are in minor units, the rate in parts per million."""

    line: int
    external_ref: str
    client_id: str | None
    account_ref: str | None
    issued_on: dt.date
    due_on: dt.date | None
    currency: str
    description: str
    net: int
    tax: int | None
    tax_rate: int | None
    total: int | None
    subscription: str | None
    period_from: dt.date | None
    period_to: dt.date | None
    remark: str | None

    @property
    def sum(self) -> int:
        return self.net + (self.tax or 0)


class InvoiceImport(OwnedImport[InvoiceRow]):
    """Invoices. They are unpaid until payments are imported or recorded."""

    name = "invoices"
    noun = "invoice"
    about = "Documents that were issued in the older system. What was paid of them comes with the payments file."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._subscriptions: dict[tuple[int, str], int] = {}
        self._closed: set[str] = set()

    def row(self, line: int, values: dict[str, Any]) -> InvoiceRow:
        return InvoiceRow(line=line, **values)

    def faults(self, row: InvoiceRow) -> Iterator[Problem]:
        yield from super().faults(row)
        yield from (Problem(row.line, column, words) for column, words in _faults(row, self.now.date()))

    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        found = db.session.scalars(
            select(Invoice).where(Invoice.account_id.in_(account_ids), Invoice.external_ref.in_(refs))
        )
        return {
            (each.account_id, each.external_ref or ""): {
                "issued_on": each.issued_on,
                "due_on": each.due_on,
                "currency": each.currency,
                "description": each.description,
                "net": minor_to_text(each.net_total, each.currency),
                "tax": minor_to_text(each.tax_total, each.currency),
                "subscription": each.subscription_id,
                "remark": each.remark,
            }
            for each in found
        }

    def wanted(self, row: InvoiceRow, refers: dict[str, Any]) -> dict[str, Any]:
        return {
            "issued_on": row.issued_on,
            "due_on": row.due_on,
            "currency": row.currency,
            "description": row.description,
            "net": minor_to_text(row.net, row.currency),
            "tax": minor_to_text(row.tax or 0, row.currency),
            "subscription": refers.get("subscription"),
            "remark": row.remark,
        }

    def look_up(self, rows: Sequence[tuple[InvoiceRow, Account]]) -> None:
        self._closed = closed_months()
        names = {row.subscription for row, _ in rows if row.subscription}
        found = db.session.execute(
            select(Subscription.id, Subscription.account_id, Subscription.number, Subscription.external_ref).where(
                Subscription.account_id.in_({account.id for _, account in rows}),
                Subscription.number.in_(names) | Subscription.external_ref.in_(names),
            )
        ).all()
        self._subscriptions = {(each.account_id, each.external_ref): each.id for each in found if each.external_ref}
        self._subscriptions |= {(each.account_id, each.number): each.id for each in found}

    def refers(self, row: InvoiceRow, account: Account, plan: Plan[Owned[InvoiceRow]]) -> Iterator[tuple[str, Any]]:
        refuse_other_currency(row.line, row.currency, account, plan)
        if row.subscription:
            subscription_id = self._subscriptions.get((account.id, row.subscription))
            if subscription_id is None:
                words = f"account {account.client_id} has no subscription “{row.subscription}”."
                plan.refuse(row.line, "subscription", words)
            yield "subscription", subscription_id

    def check_new(self, row: InvoiceRow, account: Account, plan: Plan[Owned[InvoiceRow]]) -> None:
        refuse_closed_month(row.line, "issued_on", row.issued_on, self._closed, plan)

    def write(self, new: Sequence[Owned[InvoiceRow]], *, actor: Actor) -> Counter[str]:
        invoices = write_old_invoices([_old(each) for each in new], actor=actor, now=self.now)
        return Counter(invoices=len(invoices))


def _faults(row: InvoiceRow, today: dt.date) -> Iterator[tuple[str, str]]:
    """Column and words for what does not go together within a row."""
    if row.issued_on > today:
        yield "issued_on", "this day lies in the future."
    if row.due_on is not None and row.due_on < row.issued_on:
        yield "due_on", "an invoice is not due before it is issued."
    if row.tax and not row.tax_rate:
        yield "tax_rate", "enter the rate of the tax."
    if row.total is not None and row.total != row.sum:
        together = minor_to_text(row.sum, row.currency)
        yield "total", f"net and tax come to {together}, and the total is {minor_to_text(row.total, row.currency)}."
    if (row.period_from is None) != (row.period_to is None):
        yield "period_to", "enter both days of the period, or neither."
    elif row.period_from is not None and row.period_to is not None and row.period_to < row.period_from:
        yield "period_to", "the period ends before it begins."


def _old(new: Owned[InvoiceRow]) -> OldInvoice:
    row = new.row
    return OldInvoice(
        account=new.account,
        external_ref=row.external_ref,
        description=row.description,
        issued_on=row.issued_on,
        due_on=row.due_on or row.issued_on + PAYMENT_TERM,
        net=row.net,
        tax=row.tax or 0,
        tax_rate=row.tax_rate or 0,
        subscription_id=new.refers.get("subscription"),
        period_from=row.period_from,
        period_to=row.period_to,
        remark=row.remark,
    )
