"""What a person shows besides the password: time codes, recovery codes, passkeys."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, Stamped, UtcDateTime, choice_column
from models.person import Person


class TotpFactor(Keyed, Stamped, Base):
    """The authenticator app of a person. ``last_used_step`` only grows: a code works once."""

    __tablename__ = "totp_factor"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    secret: Mapped[str] = mapped_column(String(500))  # encrypted by the service
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    last_used_step: Mapped[int] = mapped_column(BigInteger, default=0)

    person: Mapped[Person] = relationship(lazy="raise")


class RecoveryCode(Keyed, Stamped, Base):
    __tablename__ = "recovery_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(String(255))
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)


class Passkey(Public, Keyed, Stamped, Base):
    __tablename__ = "passkey"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(2048))
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(Json, default=list)
    backed_up: Mapped[bool] = mapped_column(default=False)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),)

    def __str__(self) -> str:
        return self.name


class PasskeyPurpose(enum.StrEnum):
    REGISTER = "register"
    SIGN_IN = "sign_in"  # as the only factor, or as the second
    PROVE = "prove"  # again, before a sensitive act


class PasskeyChallenge(Keyed, Stamped, Base):
    """What an authenticator has to sign: once, and within minutes. Without a person for who is not yet known."""

    __tablename__ = "passkey_challenge"

    challenge: Mapped[str] = mapped_column(String(128), unique=True)
    purpose: Mapped[PasskeyPurpose] = choice_column(PasskeyPurpose)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person | None] = relationship(lazy="raise")
