"""Reserved prospects: companies that a reseller talks to, kept free from other resellers for a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    Versioned,
    list_indexes,
    search_index,
)

if TYPE_CHECKING:
    from models.account import Account
    from models.person import Person


class Prospect(Keyed, Public, AccountOwned, Stamped, Versioned, Base):
    """One reservation. It is live until released; whoever lets it run out is told by ``reserved_until``.

    ``company_key`` is the name without case, accents and legal form: one live reservation a company and country, over
    all accounts.
    """

    __tablename__ = "prospect"
    __table_args__ = (
        Index(
            "uq_prospect_live",
            "company_key",
            "country",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        CheckConstraint("company_key <> ''", name="company_key_not_empty"),
        *list_indexes("prospect", "company", "country", "reserved_until", "created_at"),
        search_index("prospect", "company"),
        search_index("prospect", "contact"),
        search_index("prospect", "email"),
    )

    company: Mapped[str] = mapped_column(String(255))
    company_key: Mapped[str] = mapped_column(String(255))
    contact: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))
    country: Mapped[str] = mapped_column(String(2), info={"kind": "listed:countries"})
    note: Mapped[str | None] = mapped_column(String(2000))
    reserved_until: Mapped[dt.date]  # the last day of the reservation
    reserved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    released_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    reserved_by: Mapped[Person | None] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.company

    @hybrid_property
    def can_release(self) -> bool:
        """Still held."""
        return self.released_at is None

    @can_release.inplace.expression
    @classmethod
    def _can_release(cls) -> ColumnElement[bool]:
        return cls.released_at.is_(None)
