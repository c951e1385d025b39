"""The audit: who did what to which record, from a declared vocabulary, in one hash chain an account.

Events wait in the session and are written when its transaction commits (or when somebody reads the audit before). The
head of a chain is then the last row that is locked, so acts that lock records one after the other cannot wait for each
other in a circle, and accounts never wait for each other.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, Table, insert, select, update
from sqlalchemy import event as hooks
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, aliased

from domain.actor import Actor
from domain.audit import known_event
from domain.audit_chain import CHAIN_START, canonical_json, chain_hash, changed_fields, first_broken_link, redact
from extensions import db
from models.account import Account
from models.audit import AuditChain, AuditEvent
from models.person import Person

HOUSE = "house"
"""The chain of what belongs to no account."""

_WAITING = "audit_waiting"
_KEYS = ("client_id", "number", "code", "public_id", "id")
_CHUNK = 500
_events = cast(Table, AuditEvent.__table__)
_HASHED = (
    "chain",
    "sequence",
    "account_id",
    "event",
    "at",
    "actor_person_id",
    "on_behalf_of_id",
    "actor_name",
    "source",
    "ip",
    "target_type",
    "target_key",
    "before",
    "after",
)

# Who came and went says nothing about what changed.
COMING_AND_GOING = ("person.signed_in", "person.signed_out")


class Target(NamedTuple):
    """The record something was done to, as the audit names it: its table, and the key in its address."""

    type: str
    key: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One event to be recorded: what `record_event` takes, for `record_events`."""

    event: str
    target: Any
    account_id: int | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    transaction: SessionTransaction | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a timeline. ``actor_name`` is who really acted, ``on_behalf_of`` whose seat they used, if any."""

    at: dt.datetime
    event: str
    actor_name: str
    on_behalf_of: str
    source: str
    target: Target
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def record_event(
    event: str,
    target: Any,
    *,
    actor: Actor,
    now: dt.datetime,
    account_id: int | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Record what happened to a row (or Target) in this transaction; an undeclared event is an error.

    The account is that of the row, unless another is given. Of ``before`` and ``after`` the differences are kept, and
    secrets never.
    """
    record_events([Happening(event, target, account_id, before, after)], actor=actor, now=now)


def record_events(happenings: Iterable[Happening], *, actor: Actor, now: dt.datetime) -> None:
    """Record many events at the cost of one: the chains are locked once."""
    session = db.session()
    if not session.in_transaction():
        session.begin()  # so that a rollback is told to us, also when nothing else happens
    waiting: list[_Waiting] = session.info.setdefault(_WAITING, [])
    transaction = session.get_nested_transaction()
    waiting.extend(_Waiting(transaction, _values(happening, actor, now)) for happening in happenings)


def record_export(
    details: Mapping[str, object], *, actor: Actor, now: dt.datetime, account_id: int | None = None
) -> None:
    """Record that a list left the house: which, as what kind of file, with which filters."""
    target = Target("list", str(details.get("slug", "")))
    record_event("list.exported", target, actor=actor, now=now, account_id=account_id, after=details)


def timeline_of(
    target_type: str, target_keys: str | Sequence[str], *, account_id: int | None = None, limit: int = 50
) -> list[Recorded]:
    """What happened to a record, the newest first. A record whose key changed (a draft's number) has several keys.

    With an account, only what stands in that account's chain.
    """
    keys = [target_keys] if isinstance(target_keys, str) else list(target_keys)
    return _newest(account_id, limit, AuditEvent.target_type == target_type, AuditEvent.target_key.in_(keys))


def latest_events(*, account_id: int | None = None, limit: int = 10) -> list[Recorded]:
    """What changed lately, the newest first: in an account, or in all of them and the house. Sign-ins are left out."""
    return _newest(account_id, limit, AuditEvent.event.not_in(COMING_AND_GOING))


def _newest(account_id: int | None, limit: int, *predicates: ColumnElement[bool]) -> list[Recorded]:
    found = _newest_first().where(*predicates).limit(limit)
    if account_id is not None:
        found = found.where(AuditEvent.account_id == account_id)
    return [
        Recorded(
            at=row.at,
            event=row.event,
            actor_name=_full_name(first, last) or row.actor_name,
            on_behalf_of=_full_name(seat_first, seat_last),
            source=row.source,
            target=Target(row.target_type or "", row.target_key or ""),
            before=row.before or {},
            after=row.after or {},
        )
        for row, first, last, seat_first, seat_last in db.session.execute(found)
    ]


@cache
def _newest_first() -> Select[AuditEvent, str | None, str | None, str | None, str | None]:
    """Events with the names of who acted and of whose seat it was; put together once, since it takes long."""
    seat = aliased(Person)
    return (
        select(AuditEvent, Person.first_name, Person.last_name, seat.first_name, seat.last_name)
        .outerjoin(Person, Person.id == AuditEvent.actor_person_id)
        .outerjoin(seat, seat.id == AuditEvent.on_behalf_of_id)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )


def events_on_behalf(
    account_id: int,
    actor_person_id: int,
    on_behalf_of_id: int,
    since: dt.datetime,
    until: dt.datetime,
    *,
    without: Sequence[str] = (),
    limit: int = 50,
) -> list[Recorded]:
    """What one person did with another's seat in an account between two moments, the newest first."""
    return _newest(account_id, limit, *_on_behalf(actor_person_id, on_behalf_of_id, since, until, without))


def count_on_behalf(
    account_id: int,
    actor_person_id: int,
    on_behalf_of_id: int,
    since: dt.datetime,
    until: dt.datetime,
    *,
    without: Sequence[str] = (),
) -> int:
    """How many events those are."""
    predicates = _on_behalf(actor_person_id, on_behalf_of_id, since, until, without)
    counted = select(AuditEvent.id).where(AuditEvent.account_id == account_id, *predicates)
    return len(db.session.scalars(counted).all())


def _on_behalf(
    actor_person_id: int, on_behalf_of_id: int, since: dt.datetime, until: dt.datetime, without: Sequence[str]
) -> tuple[ColumnElement[bool], ...]:
    return (
        AuditEvent.actor_person_id == actor_person_id,
        AuditEvent.on_behalf_of_id == on_behalf_of_id,
        AuditEvent.at.between(since, until),
        AuditEvent.event.not_in(without),
    )


def verify_chain(account_id: int | None) -> int | None:
    """Walk the chain of an account (None: the house's): the sequence of the first event that does not fit, else None.

    A missing event is found as well, also at the end: the head knows how many there are and the last hash.
    """
    write_waiting_events()
    chain = chain_of(account_id)
    head = db.session.scalar(
        select(AuditChain).where(AuditChain.key == chain).execution_options(populate_existing=True)
    )
    previous, sequence = CHAIN_START, 0
    for row in _events_of(chain):
        sequence += 1
        fits = row.sequence == sequence and row.previous_hash == previous
        if not fits or first_broken_link([(_hashed_part(row), row.hash)], previous) is not None:
            return sequence
        previous = row.hash
    expected = (head.last_sequence, head.last_hash) if head is not None else (0, CHAIN_START)
    return None if expected == (sequence, previous) else sequence + 1


def target_of(row: Any) -> Target:
    """How the audit names a row: by its table and the key that stands in its address."""
    if isinstance(row, Target):
        return row
    if row in db.session.new:
        db.session.flush()
    key = next(getattr(row, name) for name in _KEYS if getattr(row, name, None) is not None)
    return Target(str(row.__tablename__), str(key))


def chain_of(account_id: int | None) -> str:
    """The chain of an account, or the house's."""
    return HOUSE if account_id is None else f"account-{account_id}"


def write_waiting_events() -> None:
    """Write what waits, without waiting for the commit."""
    _write(db.session())


def _events_of(chain: str) -> Iterator[AuditEvent]:
    """The events of a chain in their order, read in pieces."""
    found = select(AuditEvent).where(AuditEvent.chain == chain).order_by(AuditEvent.sequence).limit(_CHUNK)
    piece = db.session.scalars(found).all()
    while piece:
        yield from piece
        piece = db.session.scalars(found.where(AuditEvent.sequence > piece[-1].sequence)).all()


def _values(happening: Happening, actor: Actor, now: dt.datetime) -> dict[str, Any]:
    target = target_of(happening.target)
    account_id = happening.account_id
    if account_id is None:
        row = happening.target
        account_id = row.id if isinstance(row, Account) else getattr(row, "account_id", None)
    before, after = _sides(happening)
    return {
        "chain": chain_of(account_id),
        "account_id": account_id,
        "event": known_event(happening.event),
        "at": now,
        "actor_person_id": actor.person_id,
        "on_behalf_of_id": actor.on_behalf_of_id,
        # A person is named through their row, so that replacing personal data needs no change here.
        "actor_name": "" if actor.person_id is not None else actor.name,
        "source": actor.source.value,
        "ip": actor.ip,
        "target_type": target.type,
        "target_key": target.key,
        "before": before,
        "after": after,
    }


def _sides(happening: Happening) -> tuple[Any, Any]:
    before, after = happening.before, happening.after
    if before is not None and after is not None:
        before, after = changed_fields(before, after)
    return _kept(before), _kept(after)


def _kept(side: Mapping[str, object] | None) -> Any:
    """The values as they will be read back, so that the hash made now fits then."""
    return None if side is None else json.loads(canonical_json(redact(side)))


def _hashed_part(row: AuditEvent) -> dict[str, object]:
    return {name: getattr(row, name) for name in _HASHED}


def _write(session: Session) -> None:
    """Append what waits to its chains, each chain's head locked until the transaction ends."""
    waiting: list[_Waiting] = session.info.get(_WAITING, [])
    if not waiting:
        return
    session.info[_WAITING] = []
    chains = sorted({each.values["chain"] for each in waiting})
    heads = _lock_heads(session, chains)
    for each in waiting:
        head = heads[each.values["chain"]]
        head["last_sequence"] += 1
        each.values.update(sequence=head["last_sequence"], previous_hash=head["last_hash"])
        hashed = {name: each.values[name] for name in _HASHED}
        each.values["hash"] = head["last_hash"] = chain_hash(head["last_hash"], hashed)
    # Into the table: the model would put together the SQL of its hybrids for each statement.
    session.execute(insert(_events), [each.values for each in waiting])
    session.execute(update(AuditChain), list(heads.values()))


def _lock_heads(session: Session, chains: list[str]) -> dict[str, dict[str, Any]]:
    """The heads of these chains, in one order for everybody; those that are missing are made first."""
    heads = _locked(session, chains)
    missing = [chain for chain in chains if chain not in heads]
    if missing:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        new = [{"key": chain, "last_sequence": 0, "last_hash": CHAIN_START} for chain in missing]
        session.execute(dialect.insert(AuditChain).on_conflict_do_nothing(index_elements=["key"]), new)
        heads |= _locked(session, missing)
    return heads


def _locked(session: Session, chains: list[str]) -> dict[str, dict[str, Any]]:
    columns = (AuditChain.id, AuditChain.key, AuditChain.last_sequence, AuditChain.last_hash)
    heads: dict[str, dict[str, Any]] = {}
    for some in _in_chunks(chains):
        rows = session.execute(
            select(*columns).where(AuditChain.key.in_(some)).order_by(AuditChain.key).with_for_update()
        )
        heads |= {row.key: dict(row._mapping) for row in rows}
    return heads


def _in_chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _full_name(first: str | None, last: str | None) -> str:
    return f"{first or ''} {last or ''}".strip()


@hooks.listens_for(db.session, "before_commit")
def _write_before_commit(session: Session) -> None:
    if session.get_nested_transaction() is None:
        _write(session)


@hooks.listens_for(db.session, "do_orm_execute")
def _write_before_reading(state: ORMExecuteState) -> None:
    if state.is_select and state.session.info.get(_WAITING) and state.bind_mapper is AuditEvent.__mapper__:
        _write(state.session)


@hooks.listens_for(db.session, "after_soft_rollback")
def _forget_what_was_undone(session: Session, undone: SessionTransaction) -> None:
    waiting: list[_Waiting] = session.info.get(_WAITING, [])
    if waiting:
        kept = [] if not undone.nested else [each for each in waiting if not _is_within(each.transaction, undone)]
        session.info[_WAITING] = kept


def _is_within(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None:
        if transaction is outer:
            return True
        transaction = transaction.parent
    return False
