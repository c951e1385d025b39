"""Other ways a person is known: social sign-in, phone codes, Telegram, access tokens."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Json, Keyed, MayBeOwned, Public, Stamped, UtcDateTime, choice_column, list_indexes
from models.person import Person


class SocialIdentity(Public, Keyed, Stamped, Base):
    """Issuer and subject are the identity; the e-mail address is only shown."""

    __tablename__ = "social_identity"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("issuer", "subject"),)


class PhoneVerificationPurpose(enum.StrEnum):
    VERIFY = "verify"
    RELEASE = "release"  # sent to the old number, to clear it


class PhoneVerification(Keyed, Stamped, Base):
    """A code sent by SMS. Tries are counted on the row; a newer code supersedes it."""

    __tablename__ = "phone_verification"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[PhoneVerificationPurpose] = choice_column(PhoneVerificationPurpose)
    phone: Mapped[str] = mapped_column(String(32), index=True)
    code_hash: Mapped[str] = mapped_column(String(255))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("tries >= 0", name="tries_not_negative"),)


class TelegramBinding(Public, Keyed, Stamped, Base):
    """A Telegram chat of a person; without ``chat_id`` as long as the one-time code was not sent to the bot.

    ``blocked_at`` is when Telegram said that the person had blocked the bot, which ended the binding.
    """

    __tablename__ = "telegram_binding"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    chat_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    chat_name: Mapped[str | None] = mapped_column(String(120))
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    bound_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    blocked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("(bound_at IS NULL) = (chat_id IS NULL)", name="bound_has_chat"),)


class AccessToken(MayBeOwned, Public, Keyed, Stamped, Base):
    """A key to the API: of a member within one account, or of a staff person (without account)."""

    __tablename__ = "access_token"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16))  # shown, to tell tokens apart
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    last_used_ip: Mapped[str | None] = mapped_column(String(45))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")
    account: Mapped[Account | None] = relationship(lazy="raise")

    __table_args__ = list_indexes("access_token", "created_at")

    def __str__(self) -> str:
        return self.name
