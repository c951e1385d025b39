"""Accounts brought from an older system, written in bulk: with client IDs, the resellers above them, and their pots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from domain.actor import Actor
from extensions import db
from models.account import Account, AccountAncestor
from services.accounts import next_client_ids
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows, insert_values
from services.ledger import open_ledger_accounts
from services.locks import in_chunks


def write_accounts(
    accounts: Sequence[Account],
    *,
    actor: Actor,
    now: dt.datetime,
    parents: Mapping[int, Account] | None = None,
    reserved: Collection[str] = (),
) -> None:
    """Write them; those without a client ID get the next. ``parents`` are by place and stand before theirs.

    ``reserved`` are client IDs that others of the same file bring with them.
    """
    without = [account for account in accounts if not account.client_id]
    for account, client_id in zip(without, next_client_ids(len(without), now=now, besides=reserved), strict=True):
        account.client_id = client_id
    insert_rows(accounts, key=Account.client_id)
    above = {accounts[place].id: parent for place, parent in (parents or {}).items()}
    if above:
        rows = [{"id": account_id, "parent_account_id": parent.id} for account_id, parent in above.items()]
        db.session.execute(update(Account), rows)
    _write_ancestors([(account.id, above[account.id].id if account.id in above else None) for account in accounts])
    open_ledger_accounts([(account.id, account.currency) for account in accounts], now=now)
    record_events([_happening(account, above.get(account.id)) for account in accounts], actor=actor, now=now)


def _write_ancestors(accounts: Sequence[tuple[int, int | None]]) -> None:
    """Every account above each, itself included. Given as (account, parent), parents first."""
    known = _ancestors_of({parent for _, parent in accounts if parent is not None})
    rows: list[dict[str, Any]] = []
    for account_id, parent_id in accounts:
        above = [(ancestor, depth + 1) for ancestor, depth in known[parent_id]] if parent_id is not None else []
        known[account_id] = [(account_id, 0), *above]
        rows += [
            {"account_id": account_id, "ancestor_id": ancestor, "depth": depth} for ancestor, depth in known[account_id]
        ]
    insert_values(AccountAncestor, rows)


def _ancestors_of(account_ids: set[int]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for some in in_chunks(sorted(account_ids)):
        rows = db.session.execute(
            select(AccountAncestor.account_id, AccountAncestor.ancestor_id, AccountAncestor.depth).where(
                AccountAncestor.account_id.in_(some)
            )
        )
        for row in rows:
            found.setdefault(row.account_id, []).append((row.ancestor_id, row.depth))
    return found


def _happening(account: Account, parent: Account | None) -> Happening:
    after = {
        "name": account.name,
        "country": account.country,
        "currency": account.currency,
        "imported_from": account.imported_from,
        "external_ref": account.external_ref,
        "parent": parent.client_id if parent is not None else None,
    }
    return Happening("account.created", account, after=after)
