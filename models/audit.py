"""What happened: the append-only, hash-chained log of every change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Json, Keyed, MayBeOwned, UtcDateTime, list_indexes, search_index
from models.person import Person


class AuditChain(Keyed, Base):
    """The head of one chain: one an account and one for the provider, so that accounts do not wait for each other.

    The service locks this row, takes the next sequence and writes the hash of its event here.
    """

    __tablename__ = "audit_chain"

    key: Mapped[str] = mapped_column(String(40), unique=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default="")


class AuditEvent(MayBeOwned, Keyed, Base):
    """One event of a chain. Rows are never changed or removed: triggers of the database refuse it.

    ``actor_name`` is the name at that time; ``on_behalf_of`` is the member while staff are logged in as them.
    """

    __tablename__ = "audit_event"

    chain: Mapped[str] = mapped_column(ForeignKey("audit_chain.key"))
    sequence: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    actor_name: Mapped[str] = mapped_column(String(255), default="")
    source: Mapped[str] = mapped_column(String(16))
    ip: Mapped[str | None] = mapped_column(String(45))
    target_type: Mapped[str | None] = mapped_column(String(60))
    target_key: Mapped[str | None] = mapped_column(String(80))
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    account: Mapped[Account | None] = relationship(lazy="raise")
    actor_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[actor_person_id])
    on_behalf_of: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[on_behalf_of_id])

    __table_args__ = (
        UniqueConstraint("chain", "sequence"),
        CheckConstraint("sequence >= 1", name="sequence_from_one"),
        CheckConstraint("length(hash) = 64", name="hash_length"),
        Index("ix_audit_event_target", "target_type", "target_key", "id"),
        Index("ix_audit_event_actor_person_id_at", "actor_person_id", "at"),
        *list_indexes("audit_event", "at", "event"),
        search_index("audit_event", "target_key"),
    )

    def __str__(self) -> str:
        return f"{self.chain}/{self.sequence}"

    @hybrid_property
    def who(self) -> str:
        """Who really acted, and as whom: "Ann Clerk as Olivia Owner". Wants both people loaded."""
        name = (str(self.actor_person) if self.actor_person else "") or self.actor_name
        return f"{name} as {self.on_behalf_of}" if self.on_behalf_of else name

    @who.inplace.expression
    @classmethod
    def _who(cls) -> ColumnElement[str]:
        name = func.coalesce(func.nullif(_name_of(cls.actor_person_id), ""), cls.actor_name)
        shown: ColumnElement[str] = name + func.coalesce(" as " + _name_of(cls.on_behalf_of_id), "")
        return shown


def _name_of(person_id: Any) -> Any:
    """The name of somebody, over a subquery: lists of the audit join nothing for it."""
    person = aliased(Person)
    return select(person.name).where(person.id == person_id).scalar_subquery()
