"""The door: sessions, attempts, password resets, devices seen before, allowed networks."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Keyed, Public, Stamped, UtcDateTime, choice_column
from models.person import Person


class SessionEnd(enum.StrEnum):
    SIGNED_OUT = "signed_out"
    EXPIRED = "expired"
    ENDED_BY_PERSON = "ended_by_person"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    FACTOR_RESET = "factor_reset"
    DISABLED = "disabled"
    ACCOUNT_SUSPENDED = "account_suspended"
    REPLACED = "replaced"


class SignInDoor(enum.StrEnum):
    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    RESET_REQUEST = "reset_request"
    RESET = "reset"
    INVITATION = "invitation"
    PHONE_CODE = "phone_code"
    SOCIAL = "social"
    API = "api"
    TELEGRAM = "telegram"


class PasswordResetKind(enum.StrEnum):
    """A link for who forgot; a temporary password when somebody else resets; an invitation for new staff."""

    LINK = "link"
    TEMPORARY_PASSWORD = "temporary_password"  # noqa: S105
    INVITATION = "invitation"


class SignInSession(Public, Keyed, Stamped, Base):
    """A browser that is signed in. The cookie holds a 256-bit token, the row only its hash.

    ``second_step_at`` is empty while a needed second step is still open; ``proved_at`` is the last proof of identity,
    which sensitive acts want to be recent.
    """

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[SessionEnd | None] = choice_column(SessionEnd)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(400))
    place: Mapped[str | None] = mapped_column(String(120))
    second_step_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    proved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    remember: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("length(token_hash) = 64", name="token_hash_length"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        Index("ix_sign_in_session_person_id_ended_at", "person_id", "ended_at"),
    )


class SignInAttempt(Keyed, Base):
    """One try at any door. The name is kept as a hash: it may belong to nobody."""

    __tablename__ = "sign_in_attempt"

    door: Mapped[SignInDoor] = choice_column(SignInDoor)
    name_hash: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str | None] = mapped_column(String(45))
    succeeded: Mapped[bool] = mapped_column(default=False)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_sign_in_attempt_name_hash_at", "name_hash", "at"),
        Index("ix_sign_in_attempt_ip_at", "ip", "at"),
        Index("ix_sign_in_attempt_at", "at"),
    )


class PasswordReset(Keyed, Stamped, Base):
    """A way back in, valid once and for a time. A newer one supersedes it; so does a change of address."""

    __tablename__ = "password_reset"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[PasswordResetKind] = choice_column(PasswordResetKind)
    token_hash: Mapped[str] = mapped_column(String(255), unique=True)
    email: Mapped[str] = mapped_column(String(254))  # where it was sent
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[person_id])
    requested_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[requested_by_id])

    __table_args__ = (
        Index(
            "uq_password_reset_live",
            "person_id",
            unique=True,
            sqlite_where=text("used_at IS NULL AND superseded_at IS NULL"),
            postgresql_where=text("used_at IS NULL AND superseded_at IS NULL"),
        ),
    )


class KnownDevice(Keyed, Stamped, Base):
    """A browser this person has signed in from before; a new one is reported by mail."""

    __tablename__ = "known_device"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    device_hash: Mapped[str] = mapped_column(String(64))
    description: Mapped[str | None] = mapped_column(String(200))
    last_seen_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("person_id", "device_hash"),)


class AllowedNetwork(Public, Keyed, Stamped, Base):
    """A network from which a person, or anybody of an account, may come in. None listed: from anywhere.

    Not AccountOwned: a person's own list must hold in every account.
    """

    __tablename__ = "allowed_network"

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    cidr: Mapped[str] = mapped_column(String(43))
    note: Mapped[str | None] = mapped_column(String(120))

    person: Mapped[Person | None] = relationship(lazy="raise")
    account: Mapped[Account | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (account_id IS NULL)", name="person_or_account"),
        UniqueConstraint("person_id", "cidr"),
        UniqueConstraint("account_id", "cidr"),
    )

    def __str__(self) -> str:
        return self.cidr
