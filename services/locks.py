"""In which order rows are locked, so that two units of work never wait for each other in a circle.

1. Documents and what else is acted upon (invoices, payments, licenses, members), by id.
2. The account, which stands for all of its money and for its statement. Who deals with the money of several accounts
   in one unit of work locks all of them first, by id.
3. Number series, then pots of the ledger by id, in the order business happens: order, invoice, payment, refund.
4. The day of mails that came in (services/mail_counts.py).
5. Heads of audit chains, at the commit (services/audit.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, cast

from sqlalchemy import Update, inspect, select
from sqlalchemy.engine import CursorResult

from extensions import db
from models.account import Account

CHUNK = 500
# For an INSERT of many rows: without it, an empty value makes its row a statement of its own.
ONE_BATCH = MappingProxyType({"render_nulls": True})

_Row = TypeVar("_Row")


def lock_accounts(account_ids: Iterable[int]) -> None:
    """Queue up for these accounts until each one's unit of work ends. Rows that only point at them need not wait."""
    for some in in_chunks(sorted(set(account_ids))):
        found = select(Account.id).where(Account.id.in_(some)).order_by(Account.id).with_for_update(key_share=True)
        db.session.execute(found).all()


def locked(row: _Row) -> _Row:
    """Lock a row and read it anew: what was read before may have changed while we waited. Flushes first."""
    db.session.flush()
    db.session.refresh(row, _columns_of(row), with_for_update={"key_share": True})
    return row


def reread(row: _Row) -> _Row:
    """Read the columns of a row anew after an UPDATE; relations that were loaded stay loaded."""
    db.session.refresh(row, _columns_of(row))
    return row


def _columns_of(row: Any) -> list[str]:
    return [attribute.key for attribute in inspect(type(row)).column_attrs]


def guarded(statement: Update) -> bool:
    """Run an UPDATE whose WHERE clause is the rule, and say whether the one row that it is about met it."""
    return rows_changed(statement) == 1


def rows_changed(statement: Update) -> int:
    """Run an UPDATE and count its rows. Rows in the session are not brought up to date: ``reread`` them afterwards."""
    done = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def in_chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut into pieces that fit the number of parameters a statement may have."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
