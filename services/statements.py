"""Statements: one line for each document that moved an account's balance, with the balance after it.

The balance is funds plus receivable: what the customer has here, less what they owe. Paying an invoice from the balance
only moves money between the two, so its line has the amount 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.base import new_public_id
from models.statement_line import StatementKind, StatementLine
from services.catalogs import catalog
from services.closed_months import refuse_closed
from services.locks import ONE_BATCH, in_chunks, lock_accounts


@dataclass(frozen=True, slots=True)
class NewLine:
    """What happened. The amount is positive in the customer's favour; the balance after it is worked out.

    A ``description`` that is a Sentence is kept in the language of the account.
    """

    account_id: int
    kind: StatementKind
    amount: int
    currency: str
    document_number: str | None
    description: str
    booked_on: dt.date


def write_statement_line(line: NewLine, *, now: dt.datetime) -> StatementLine:
    """Append one line to the statement of its account."""
    write_statement_lines([line], now=now)
    return db.session.scalars(
        select(StatementLine)
        .where(StatementLine.account_id == line.account_id)
        .order_by(StatementLine.sequence.desc())
        .limit(1)
    ).one()


def write_statement_lines(lines: Iterable[NewLine], *, now: dt.datetime) -> None:
    """Append many lines, each account's in the order given. Whoever else writes to one of them waits until we end.

    Here alone every document is booked, so here a closed month is closed. Refused: MonthClosed.
    """
    lines = list(lines)
    refuse_closed(line.booked_on for line in lines)
    db.session.flush()
    lock_accounts(line.account_id for line in lines)
    account_ids = sorted({line.account_id for line in lines})
    heads, languages = _heads(account_ids), _languages(account_ids)
    rows = []
    for line in lines:
        sequence, balance = heads.get(line.account_id, (0, 0))
        heads[line.account_id] = sequence + 1, balance + line.amount
        rows.append(
            {
                "public_id": new_public_id(),
                "account_id": line.account_id,
                "sequence": sequence + 1,
                "booked_on": line.booked_on,
                "kind": line.kind,
                "document_number": line.document_number,
                "description": _said(line.description, languages[line.account_id])[:255],
                "currency": line.currency,
                "amount": line.amount,
                "balance_after": balance + line.amount,
                "created_at": now,
            }
        )
    if rows:
        db.session.execute(insert(StatementLine), rows, execution_options=ONE_BATCH)


def _said(description: str, language: str) -> str:
    return catalog(language).say(description) if isinstance(description, Sentence) else description


def _languages(account_ids: list[int]) -> dict[int, str]:
    """The language of each account: read at once, for an import writes lines of thousands."""
    found: dict[int, str] = {}
    for some in in_chunks(account_ids):
        rows = db.session.execute(select(Account.id, Account.language).where(Account.id.in_(some)))
        found |= {row.id: row.language for row in rows}
    return found


def _heads(account_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Sequence and balance of the last line of each account that has one."""
    heads: dict[int, tuple[int, int]] = {}
    for some in in_chunks(account_ids):
        last = (
            select(StatementLine.account_id, func.max(StatementLine.sequence).label("sequence"))
            .where(StatementLine.account_id.in_(some))
            .group_by(StatementLine.account_id)
            .subquery()
        )
        rows = db.session.execute(
            select(StatementLine.account_id, StatementLine.sequence, StatementLine.balance_after).join(
                last,
                (last.c.account_id == StatementLine.account_id) & (last.c.sequence == StatementLine.sequence),
            )
        )
        heads |= {row.account_id: (row.sequence, row.balance_after) for row in rows}
    return heads
