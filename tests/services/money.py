"""Rows and sums that the tests of money share."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from domain.actor import Actor, Source
from extensions import db
from models import Account, Invoice, LedgerAccount, LedgerEntry, LedgerPosting, Member, PaymentKind, StatementLine
from models.ledger import LedgerAccountKind
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice
from services.ledger import balance_of
from services.payments import record_received_payment
from tests.factories.base import NOW

CLERK = Actor("Clerk", Source.STAFF)
NINETEEN_PERCENT = 190_000


def member_actor(member: Member) -> Actor:
    """A member in the portal who proved who they are a moment ago."""
    return Actor(
        "Member",
        Source.PORTAL,
        person_id=member.person_id,
        member_id=member.id,
        account_id=member.account_id,
        proved_at=NOW,
    )


def draft(account: Account, now: dt.datetime, *, net: int = 10_000, tax_rate: int = 0) -> Invoice:
    line = InvoiceLineValues("Support", unit_price=net, tax_rate=tax_rate)
    return create_invoice(account, [line], description="Support", actor=CLERK, now=now)


def issued(account: Account, now: dt.datetime, *, net: int = 10_000, tax_rate: int = 0) -> Invoice:
    return issue_invoice(draft(account, now, net=net, tax_rate=tax_rate), actor=CLERK, now=now)


def fund(account: Account, amount: int, now: dt.datetime) -> None:
    """Bring in money; it covers what is due first."""
    record_received_payment(
        account,
        amount=amount,
        currency=account.currency,
        method=PaymentKind.BANK_TRANSFER,
        received_on=now.date(),
        actor=CLERK,
        now=now,
    )


def funds(account: Account) -> int:
    return balance_of(LedgerAccountKind.FUNDS, account_id=account.id, currency=account.currency)


def receivable(account: Account) -> int:
    return balance_of(LedgerAccountKind.RECEIVABLE, account_id=account.id, currency=account.currency)


def statement_of(account: Account) -> list[StatementLine]:
    lines = select(StatementLine).where(StatementLine.account_id == account.id).order_by(StatementLine.sequence)
    return list(db.session.scalars(lines))


def rows_of(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def assert_books_balance() -> None:
    """Each balance is the sum of its postings, and all of them together are nothing."""
    balances = dict(db.session.execute(select(LedgerAccount.id, LedgerAccount.balance)).all())
    posted = dict.fromkeys(balances, 0)
    for posting in db.session.scalars(select(LedgerPosting)):
        posted[posting.debit_account_id] -= posting.amount
        posted[posting.credit_account_id] += posting.amount
    assert balances == posted
    assert sum(balances.values()) == 0
    assert rows_of(LedgerEntry) > 0
