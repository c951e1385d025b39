"""License changes: what was changed in the client app's wizard, as its report shows it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    UtcDateTime,
    choice_column,
    list_indexes,
    same_account,
    search_index,
)
from models.license_kind import LicenseKind

if TYPE_CHECKING:
    from models.account import Account
    from models.license import License
    from models.person import Person


class LicenseChange(Keyed, Public, AccountOwned, Base):
    """One changed field. Kind, edition and name stand as they were at that time."""

    __tablename__ = "license_change"
    __table_args__ = (
        same_account("license_change", "license_id", "license"),
        *list_indexes("license_change", "changed_at", "license_kind", "edition", "changed_by"),
        Index("ix_license_change_license_id_changed_at_id", "license_id", "changed_at", "id"),
        Index("ix_license_change_license_kind_changed_at_id", "license_kind", "changed_at", "id"),
        Index(
            "ix_license_change_account_id_license_kind_changed_at_id",
            "account_id",
            "license_kind",
            "changed_at",
            "id",
        ),
        search_index("license_change", "edition"),
    )

    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    license_id: Mapped[int] = mapped_column(BigKey)
    license_kind: Mapped[LicenseKind] = choice_column(LicenseKind)
    edition: Mapped[str | None] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(60))
    before: Mapped[str | None] = mapped_column(String(255))
    after: Mapped[str | None] = mapped_column(String(255))
    changed_by: Mapped[str] = mapped_column(String(120))
    changed_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ip: Mapped[str | None] = mapped_column(String(45))

    account: Mapped[Account] = relationship(lazy="raise")
    license: Mapped[License] = relationship(back_populates="changes", lazy="raise", foreign_keys=[license_id])
    changed_by_person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[changed_by_person_id])
