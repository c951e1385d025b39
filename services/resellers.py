"""Who stands below whom: each account's line of ancestors, kept when its parent is set."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, insert, select

from domain.refusals import Refusal
from extensions import db
from models.account import Account, AccountAncestor

_MOVES: Final = 0x70617265  # the number of our lock: any that nobody else takes


class ParentBelow(Refusal):
    message = "An account cannot stand below itself or below one of its own customers. Choose another reseller."


def place_below(account: Account, parent: Account | None) -> Account:
    """Put an account, with all accounts below it, under a parent (or under none). Refused: ParentBelow."""
    db.session.flush()
    _lock_whoever_moves()
    refuse_circle(account, parent)
    below = _rows(AccountAncestor.ancestor_id == account.id)
    above = _rows(AccountAncestor.account_id == parent.id) if parent is not None else []
    subtree = {account.id: 0, **{row.account_id: row.depth for row in below}}
    db.session.execute(
        delete(AccountAncestor)
        .where(AccountAncestor.account_id.in_(subtree), AccountAncestor.ancestor_id.not_in(subtree))
        .execution_options(synchronize_session=False)
    )
    rows = [
        {"account_id": lower, "ancestor_id": row.ancestor_id, "depth": depth + row.depth + 1}
        for lower, depth in subtree.items()
        for row in above
    ]
    if not below:
        rows.append({"account_id": account.id, "ancestor_id": account.id, "depth": 0})
    if rows:
        db.session.execute(insert(AccountAncestor), rows)
    account.parent = parent
    db.session.flush()
    return account


def refuse_circle(account: Account, parent: Account | None) -> None:
    """Refused: ParentBelow."""
    if parent is None:
        return
    if parent.id in {account.id, *(row.account_id for row in _rows(AccountAncestor.ancestor_id == account.id))}:
        raise ParentBelow


def _lock_whoever_moves() -> None:
    """Let accounts move one by one, until each one's unit of work ends: two at once could close a circle unseen."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_MOVES)))


def _rows(which: object) -> list[AccountAncestor]:
    fresh = select(AccountAncestor).where(which).execution_options(populate_existing=True)  # type: ignore[arg-type]
    return list(db.session.scalars(fresh))
