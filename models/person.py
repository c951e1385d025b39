"""People: who signs in, and what they chose for themselves. A person is staff or a member, never both."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Keyed, Public, Stamped, UtcDateTime, Versioned, choice_column, list_indexes, search_index
from models.file import File


class PersonKind(enum.StrEnum):
    STAFF = "staff"
    MEMBER = "member"


class PhoneState(enum.StrEnum):
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"


class Person(Public, Keyed, Versioned, Stamped, Base):
    """One human being. Seats (member) and the staff row point here with the kind, so that the kinds cannot mix."""

    __tablename__ = "person"

    kind: Mapped[PersonKind] = choice_column(PersonKind)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    first_name: Mapped[str] = mapped_column(String(100), default="")
    last_name: Mapped[str] = mapped_column(String(100), default="")

    password_hash: Mapped[str | None] = mapped_column(String(255))
    password_changed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    passkey_only: Mapped[bool] = mapped_column(default=False)
    sign_in_mail: Mapped[bool] = mapped_column(default=False)
    last_sign_in_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # confirmed their own data at first sign-in

    phone: Mapped[str | None] = mapped_column(String(32))
    phone_state: Mapped[PhoneState] = choice_column(PhoneState, default=PhoneState.NOT_VERIFIED)

    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str | None] = mapped_column(String(64))
    avatar_file_id: Mapped[int | None] = mapped_column(ForeignKey("file.id"), index=True)
    rows_per_page: Mapped[int] = mapped_column(default=50)
    start_page: Mapped[str | None] = mapped_column(String(40))
    quiet_from: Mapped[dt.time | None]
    quiet_until: Mapped[dt.time | None]

    managed_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    restricted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    avatar: Mapped[File | None] = relationship(lazy="raise")
    managed_by: Mapped[Account | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("id", "kind"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("rows_per_page BETWEEN 10 AND 200", name="rows_per_page_range"),
        CheckConstraint("kind = 'member' OR managed_by_account_id IS NULL", name="staff_not_managed"),
        *list_indexes("person", "email", "last_name", "last_sign_in_at", "created_at", owned=False),
        search_index("person", "email"),
        search_index("person", "first_name"),
        search_index("person", "last_name"),
    )

    def __str__(self) -> str:
        return self.name or self.email or ""

    @hybrid_property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @name.inplace.expression
    @classmethod
    def _name(cls) -> ColumnElement[str]:
        joined: ColumnElement[Any] = cls.first_name + " " + cls.last_name
        return func.trim(joined)

    @hybrid_property
    def can_sign_in(self) -> bool:
        return self.disabled_at is None and self.erased_at is None and self.email is not None

    @can_sign_in.inplace.expression
    @classmethod
    def _can_sign_in(cls) -> ColumnElement[bool]:
        return cls.disabled_at.is_(None) & cls.erased_at.is_(None) & cls.email.is_not(None)
