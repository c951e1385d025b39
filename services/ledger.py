"""The ledger: entries made of transfers between pots, and balances that move by guarded updates only.

A pot's balance is what it received minus what left it (domain/postings.py says which transfers an event makes).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, case, insert, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.actor import Actor
from domain.postings import CUSTOMER_LEDGER_KINDS, LedgerAccountKind, Transfer
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence
from extensions import db
from models.base import new_public_id
from models.ledger import LedgerAccount, LedgerEntry, LedgerPosting
from services.locks import ONE_BATCH, in_chunks, lock_accounts, rows_changed

_PotKey = tuple[LedgerAccountKind, int | None, str]


class NotEnoughFunds(Refusal):
    """Less may leave the pot than is to leave it. ``balance`` is how much may, ``missing`` how much more would have to.

    ``usable`` says that this is not the balance itself: some of it is reserved, or a credit limit comes on top.
    """

    def __init__(self, balance: int, amount: int, currency: str, *, usable: bool = False) -> None:
        self.balance = balance
        self.missing = amount - balance
        self.currency = currency
        super().__init__(
            Sentence(
                "%(value)s is %(balance)s, and %(amount)s are needed: %(missing)s are missing. Add funds, then "
                "try again.",
                value=Sentence("What is usable") if usable else Sentence("The balance"),
                balance=Amount(balance, currency),
                amount=Amount(amount, currency),
                missing=Amount(self.missing, currency),
            )
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be written into the ledger.

    ``idempotency_key`` names the event, so that telling it twice writes it once; by default it is made of the event and
    its document. Without a document each telling is an event of its own.

    ``overdraft`` is how far below zero the entry may take a customer's funds, after what is reserved of them: nothing
    as a rule, the credit limit where a prepaid account spends. None: what it takes is there for certain, because it
    came in or was set aside in the same unit of work.
    """

    event: str
    description: str
    transfers: Sequence[Transfer]
    account_id: int | None
    currency: str
    document_kind: str | None = None
    document_key: str | None = None
    idempotency_key: str = ""
    occurred_at: dt.datetime | None = None
    overdraft: int | None = 0
    key: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.transfers:
            raise ValueError("an entry moves something")
        named = f"{self.event}:{self.document_key}" if self.document_key else f"{self.event}:{uuid.uuid4().hex}"
        object.__setattr__(self, "key", self.idempotency_key or named)

    def pots(self) -> set[_PotKey]:
        kinds = {kind for transfer in self.transfers for kind in (transfer.debit, transfer.credit)}
        return {self.pot(kind) for kind in kinds}

    def pot(self, kind: LedgerAccountKind) -> _PotKey:
        return kind, self.account_id if kind in CUSTOMER_LEDGER_KINDS else None, self.currency


def post(entry: Entry, *, actor: Actor, now: dt.datetime) -> LedgerEntry:
    """Write one entry and move the balances; an event that was told before is given back as it stands.

    Refused: NotEnoughFunds, when funds would fall below their minimum. The rollback undoes what was moved until then.
    """
    if entry.account_id is not None:
        lock_accounts([entry.account_id])
    _write([entry], now)
    return db.session.scalars(select(LedgerEntry).where(LedgerEntry.idempotency_key == entry.key)).one()


def post_many(entries: Sequence[Entry], *, actor: Actor, now: dt.datetime) -> int:
    """Write many entries in few statements, as an import does; give how many were not told before."""
    lock_accounts(entry.account_id for entry in entries if entry.account_id is not None)
    return sum(_write(some, now) for some in in_chunks(entries))


def ledger_account(
    kind: LedgerAccountKind, *, account_id: int | None, currency: str, now: dt.datetime
) -> LedgerAccount:
    """The pot of this kind, made when there is none; of several who try at once, one makes it."""
    pot_id = _pots({(kind, account_id, currency)}, now)[kind, account_id, currency]
    return db.session.scalars(
        select(LedgerAccount).where(LedgerAccount.id == pot_id).execution_options(populate_existing=True)
    ).one()


def open_ledger_accounts(accounts: Iterable[tuple[int, str]], *, now: dt.datetime) -> None:
    """Make funds and receivable of accounts, given as (id, currency), in few statements."""
    wanted = [
        (kind, account_id, currency) for account_id, currency in accounts for kind in sorted(CUSTOMER_LEDGER_KINDS)
    ]
    for some in in_chunks(wanted):
        _pots(set(some), now)


def balance_of(kind: LedgerAccountKind, *, account_id: int | None, currency: str) -> int:
    """What the pot holds; nothing when there is none yet."""
    of_owner = LedgerAccount.account_id == account_id
    return (
        db.session.scalar(
            select(LedgerAccount.balance).where(
                LedgerAccount.kind == kind, of_owner, LedgerAccount.currency == currency
            )
        )
        or 0
    )


def _write(entries: Sequence[Entry], now: dt.datetime) -> int:
    """Write the entries that were not told before, and move the balances by what they do together."""
    pots = _pots(set().union(*(entry.pots() for entry in entries)), now)
    ids = _insert_entries(entries, now)
    new = [entry for entry in entries if entry.key in ids]
    postings, deltas = [], dict.fromkeys(pots.values(), 0)
    overdrafts: dict[int, int | None] = {}
    for entry in new:
        for transfer in entry.transfers:
            debit, credit = pots[entry.pot(transfer.debit)], pots[entry.pot(transfer.credit)]
            overdrafts[debit] = _stricter(overdrafts.get(debit), entry.overdraft)
            deltas[debit] -= transfer.amount
            deltas[credit] += transfer.amount
            postings.append(
                {
                    "entry_id": ids[entry.key],
                    "debit_account_id": debit,
                    "credit_account_id": credit,
                    "currency": entry.currency,
                    "amount": transfer.amount,
                }
            )
    if postings:
        db.session.execute(insert(LedgerPosting), postings)
    _move({pot: delta for pot, delta in sorted(deltas.items()) if delta}, overdrafts)
    return len(new)


def _stricter(one: int | None, other: int | None) -> int | None:
    """Of several entries of one batch that take from a pot, the one that may go least far."""
    return other if one is None else one if other is None else min(one, other)


def _insert_entries(entries: Sequence[Entry], now: dt.datetime) -> dict[str, int]:
    """Insert, and give the row numbers of those that are new by their keys. Who tells the same at once waits for us."""
    rows = {
        entry.key: {
            "public_id": new_public_id(),
            "account_id": entry.account_id,
            "event": entry.event,
            "description": entry.description[:255],
            "currency": entry.currency,
            "occurred_at": entry.occurred_at or now,
            "document_kind": entry.document_kind,
            "document_key": entry.document_key,
            "idempotency_key": entry.key,
            "created_at": now,
        }
        for entry in entries
    }
    if len(rows) < len(entries):
        raise ValueError("two entries of one batch have the same key")
    # Rows as parameters, not as values(): the statement is then compiled once, not once for each batch.
    db.session.execute(
        _insert(LedgerEntry).on_conflict_do_nothing(index_elements=["idempotency_key"]),
        list(rows.values()),
        execution_options=ONE_BATCH,
    )
    found = db.session.execute(
        select(LedgerEntry.idempotency_key, LedgerEntry.id, LedgerEntry.public_id).where(
            LedgerEntry.idempotency_key.in_(rows)
        )
    )
    # What was told before carries another public id than the one given here.
    return {row.idempotency_key: row.id for row in found if row.public_id == rows[row.idempotency_key]["public_id"]}


def _move(deltas: dict[int, int], overdrafts: Mapping[int, int | None]) -> None:
    """Move the balances of these pots by their ids, locked in one order; none is taken from further than it may."""
    for some in in_chunks(sorted(deltas)):
        if len(some) > 1:
            in_order = select(LedgerAccount.id).where(LedgerAccount.id.in_(some)).order_by(LedgerAccount.id)
            # Postings hold their pots by a share of the key, so only a lock that bears it cannot end in a circle.
            db.session.execute(in_order.with_for_update(key_share=True)).all()
        moved = LedgerAccount.balance + case({pot: deltas[pot] for pot in some}, value=LedgerAccount.id)
        lowest = {pot: -most for pot in some if deltas[pot] < 0 and (most := overdrafts.get(pot, 0)) is not None}
        statement = (
            update(LedgerAccount).where(LedgerAccount.id.in_(some), _enough(moved, lowest)).values(balance=moved)
        )
        if rows_changed(statement) != len(some):
            _refuse({pot: deltas[pot] for pot in some}, lowest)


def _enough(moved: ColumnElement[int], lowest: Mapping[int, int]) -> ColumnElement[bool]:
    """The guard: what is taken from leaves what is reserved, and stays at or above how low it may fall."""
    if not lowest:
        return true()
    falls = LedgerAccount.minimum.is_not(None) & LedgerAccount.id.in_(lowest)
    return or_(~falls, moved - LedgerAccount.reserved >= case(dict(lowest), value=LedgerAccount.id, else_=0))


def _refuse(deltas: Mapping[int, int], lowest: Mapping[int, int]) -> NoReturn:
    """Tell of the first pot that would fall too low."""
    pots = select(LedgerAccount.id, LedgerAccount.balance, LedgerAccount.reserved, LedgerAccount.currency)
    guarded = LedgerAccount.id.in_(lowest), LedgerAccount.minimum.is_not(None)
    rows = db.session.execute(pots.where(*guarded).order_by(LedgerAccount.id)).all()
    low = next(row for row in rows if row.balance - row.reserved + deltas[row.id] < lowest[row.id])
    usable = low.balance - low.reserved - lowest[low.id]
    raise NotEnoughFunds(usable, -deltas[low.id], low.currency, usable=usable != low.balance)


def _pots(wanted: set[_PotKey], now: dt.datetime) -> dict[_PotKey, int]:
    """The row numbers of pots; missing ones are made, also when others make them at the same moment."""
    found = _find_pots(wanted)
    missing = sorted(wanted - found.keys(), key=lambda pot: (pot[1] or 0, pot[0], pot[2]))
    if missing:
        rows = [
            {
                "kind": kind,
                "account_id": account_id,
                "currency": currency,
                "balance": 0,
                # Customer money can be spent only once (a credit limit lowers it: services/credit_limits.py); all
                # other pots may stand on either side of zero.
                "minimum": 0 if kind is LedgerAccountKind.FUNDS else None,
                "created_at": now,
            }
            for kind, account_id, currency in missing
        ]
        db.session.execute(_insert(LedgerAccount).on_conflict_do_nothing(), rows, execution_options=ONE_BATCH)
        found = _find_pots(wanted)
    return found


def _find_pots(wanted: set[_PotKey]) -> dict[_PotKey, int]:
    owners = {account_id for _, account_id, _ in wanted}
    whose = [LedgerAccount.account_id.in_([owner for owner in owners if owner is not None])]
    if None in owners:
        whose.append(LedgerAccount.account_id.is_(None))
    rows = db.session.execute(
        select(LedgerAccount.kind, LedgerAccount.account_id, LedgerAccount.currency, LedgerAccount.id).where(
            or_(*whose), LedgerAccount.currency.in_({currency for _, _, currency in wanted})
        )
    )
    found = {(row.kind, row.account_id, row.currency): row.id for row in rows}
    return {pot: found[pot] for pot in wanted if pot in found}


def _insert(model: type[Any]) -> Any:
    """An INSERT that knows ON CONFLICT."""
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)
