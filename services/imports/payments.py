"""Payments from a CSV file: money that arrived in the older system, and the invoices it paid."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.invoices import InvoiceStatus
from domain.money import minor_to_text
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.payment import Payment, PaymentKind
from services.imports.cells import amount, choice, currency, day, several, text
from services.imports.closed_months import closed_months, refuse_closed_month
from services.imports.columns import Column
from services.imports.kind import Plan
from services.imports.owned import OWNER_COLUMNS, Owned, OwnedImport, refuse_other_currency
from services.imports.problems import Problem
from services.imports.receiving import OldPayment, write_old_payments

COLUMNS: Final = (
    Column("external_ref", text(120), "The payment's number in the older system; ours is given anew.", filled=True),
    *OWNER_COLUMNS,
    Column("received_on", day(), "The day the money arrived, not in a closed month.", filled=True),
    Column("currency", currency(), "That of the account.", filled=True),
    Column("amount", amount(above_zero=True), "What arrived.", filled=True),
    Column("method", choice(PaymentKind, PaymentKind.BALANCE), "`card`, `cheque`, `bank_transfer`, `paypal`,"
           " `paypal_agreement` or `other`.", filled=True),
    Column("invoices", several(text(120)), "Which it paid, with semicolons: numbers or `external_ref`. What is left, or"
           " everything when this is blank, pays the oldest debt; then it is balance.", default=()),
    Column("reference", text(120), "Number of the cheque, purpose of the transfer."),
    Column("remark", text(1000), "Whatever else should be known."),
)  # fmt: skip

_NOT_PAYABLE: Final = (InvoiceStatus.DRAFT, InvoiceStatus.VOID)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment. The amount is in minor units."""

    line: int
    external_ref: str
    client_id: str | None
    account_ref: str | None
    received_on: dt.date
    currency: str
    amount: int
    method: PaymentKind
    invoices: tuple[str, ...]
    reference: str | None
    remark: str | None


class PaymentImport(OwnedImport[PaymentRow]):
    """Payments, after the invoices they paid."""

    name = "payments"
    noun = "payment"
    about = "Money that arrived. Import it after the invoices."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._invoices: dict[tuple[int, str], tuple[int, InvoiceStatus]] = {}
        self._closed: set[str] = set()

    def row(self, line: int, values: dict[str, Any]) -> PaymentRow:
        return PaymentRow(line=line, **values)

    def faults(self, row: PaymentRow) -> Iterator[Problem]:
        yield from super().faults(row)
        if row.received_on > self.now.date():
            yield Problem(row.line, "received_on", "this day lies in the future.")

    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        found = db.session.scalars(
            select(Payment).where(Payment.account_id.in_(account_ids), Payment.external_ref.in_(refs))
        )
        return {
            (each.account_id, each.external_ref or ""): {
                "received_on": each.received_on,
                "currency": each.currency,
                "amount": minor_to_text(each.amount, each.currency),
                "method": each.method,
                "reference": each.reference,
                "remark": each.remark,
            }
            for each in found
        }

    def wanted(self, row: PaymentRow, refers: dict[str, Any]) -> dict[str, Any]:
        return {
            "received_on": row.received_on,
            "currency": row.currency,
            "amount": minor_to_text(row.amount, row.currency),
            "method": row.method,
            "reference": row.reference,
            "remark": row.remark,
        }

    def look_up(self, rows: Sequence[tuple[PaymentRow, Account]]) -> None:
        self._closed = closed_months()
        names = {name for row, _ in rows for name in row.invoices}
        found = db.session.execute(
            select(Invoice.id, Invoice.account_id, Invoice.number, Invoice.external_ref, Invoice.status).where(
                Invoice.account_id.in_({account.id for _, account in rows}),
                Invoice.number.in_(names) | Invoice.external_ref.in_(names),
            )
        ).all()
        by_ref = {(each.account_id, each.external_ref): (each.id, each.status) for each in found if each.external_ref}
        self._invoices = by_ref | {(each.account_id, each.number): (each.id, each.status) for each in found}

    def refers(self, row: PaymentRow, account: Account, plan: Plan[Owned[PaymentRow]]) -> Iterator[tuple[str, Any]]:
        refuse_other_currency(row.line, row.currency, account, plan)
        paid = []
        for name in row.invoices:
            invoice_id, status = self._invoices.get((account.id, name), (None, None))
            if invoice_id is None:
                words = f"account {account.client_id} has no invoice “{name}”. Import the invoices first."
                plan.refuse(row.line, "invoices", words)
            elif status in _NOT_PAYABLE:
                plan.refuse(row.line, "invoices", f"invoice “{name}” is {status} and cannot be paid.")
            else:
                paid.append(invoice_id)
        yield "invoices", tuple(paid)

    def check_new(self, row: PaymentRow, account: Account, plan: Plan[Owned[PaymentRow]]) -> None:
        refuse_closed_month(row.line, "received_on", row.received_on, self._closed, plan)

    def write(self, new: Sequence[Owned[PaymentRow]], *, actor: Actor) -> Counter[str]:
        payments = write_old_payments([_old(each) for each in new], actor=actor, now=self.now)
        return Counter(payments=len(payments))


def _old(new: Owned[PaymentRow]) -> OldPayment:
    row = new.row
    return OldPayment(
        account_id=new.account.id,
        external_ref=row.external_ref,
        amount=row.amount,
        currency=row.currency,
        method=row.method,
        received_on=row.received_on,
        reference=row.reference,
        remark=row.remark,
        invoice_ids=new.refers["invoices"],
    )
