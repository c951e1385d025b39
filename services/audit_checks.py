"""Whether the audit is intact: each chain of hashes is calculated again, from its first event to its head."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.audit import AuditChain
from services.audit import chain_of, verify_chain

_CHUNK: Final = 500


class AuditBroken(Refusal):
    """The message says at which event. Somebody went past the program: nothing in it changes the audit."""

    def __init__(self, broken_at: int) -> None:
        super().__init__(
            Sentence(
                "The audit is broken at event #%(broken_at)s: it was changed, or events are missing. Compare "
                "with a backup, and find out who had access to the database.",
                broken_at=broken_at,
            )
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain: whose it is, how many events its head counts, and where it is broken, if it is."""

    chain: str
    number: int
    broken_at: int | None = None


def verify_audit(account: Account, *, actor: Actor, now: dt.datetime) -> Verified:
    """Walk the chain of an account. Writes nothing. Refused: AuditBroken."""
    checked = verified(account.id)
    if checked.broken_at is not None:
        raise AuditBroken(checked.broken_at)
    return checked


def verified(account_id: int | None) -> Verified:
    """Walk the chain of an account, or the house's."""
    broken_at = verify_chain(account_id)
    chain = chain_of(account_id)
    last = db.session.scalar(select(AuditChain.last_sequence).where(AuditChain.key == chain))
    return Verified(chain, last or 0, broken_at)


def verify_all() -> Iterator[Verified]:
    """Every chain, the house's first. Every account has one: opening it is an event."""
    yield verified(None)
    last_id = 0
    while ids := _accounts_after(last_id):
        yield from (verified(account_id) for account_id in ids)
        last_id = ids[-1]


def _accounts_after(last_id: int) -> list[int]:
    found = select(Account.id).where(Account.id > last_id).order_by(Account.id).limit(_CHUNK)
    return list(db.session.scalars(found))
