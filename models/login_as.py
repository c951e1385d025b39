"""Staff looking at the portal as a member: sessions with a reason and an end, and the account's consent."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    account_key,
    choice_column,
    list_indexes,
    same_account,
)
from models.member import Member
from models.sign_in import SignInSession
from models.staff import StaffMember


class LoginConsentStatus(enum.StrEnum):
    ASKED = "asked"
    GIVEN = "given"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class LoginConsent(AccountOwned, Public, Keyed, Stamped, Base):
    """Staff ask, a member of the account decides, and what was given holds until ``valid_until``."""

    __tablename__ = "login_consent"

    staff_member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[LoginConsentStatus] = choice_column(LoginConsentStatus, default=LoginConsentStatus.ASKED)
    decided_by_id: Mapped[int | None] = mapped_column(BigKey)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    staff_member: Mapped[StaffMember | None] = relationship(lazy="raise")
    decided_by: Mapped[Member | None] = relationship(
        lazy="raise", primaryjoin="foreign(LoginConsent.decided_by_id) == Member.id"
    )

    __table_args__ = (
        account_key("login_consent"),
        same_account("login_consent", "decided_by_id", "member"),
        CheckConstraint("status = 'asked' OR decided_at IS NOT NULL", name="decided_has_time"),
        CheckConstraint("status <> 'given' OR valid_until IS NOT NULL", name="given_has_end"),
        Index("ix_login_consent_decided_by_id", "decided_by_id"),
        *list_indexes("login_consent", "created_at"),
    )

    @hybrid_property
    def is_open(self) -> bool:
        return self.status == LoginConsentStatus.ASKED

    @hybrid_property
    def can_withdraw(self) -> bool:
        return self.status == LoginConsentStatus.GIVEN


class LoginAsEnd(enum.StrEnum):
    LEFT = "left"
    EXPIRED = "expired"
    SIGNED_OUT = "signed_out"
    STOPPED = "stopped"


class LoginAsSession(AccountOwned, Public, Keyed, Stamped, Base):
    """One look as one member, at most 60 minutes, told to the customer. It rides on the staff's sign-in session."""

    __tablename__ = "login_as_session"

    staff_member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)
    member_id: Mapped[int] = mapped_column(BigKey)
    sign_in_session_id: Mapped[int] = mapped_column(ForeignKey("sign_in_session.id"), index=True)
    consent_id: Mapped[int | None] = mapped_column(BigKey)
    reason: Mapped[str] = mapped_column(String(500))
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[LoginAsEnd | None] = choice_column(LoginAsEnd)

    account: Mapped[Account] = relationship(lazy="raise")
    staff_member: Mapped[StaffMember] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise", primaryjoin="foreign(LoginAsSession.member_id) == Member.id")
    sign_in_session: Mapped[SignInSession] = relationship(lazy="raise")
    consent: Mapped[LoginConsent | None] = relationship(
        lazy="raise", primaryjoin="foreign(LoginAsSession.consent_id) == LoginConsent.id"
    )

    __table_args__ = (
        same_account("login_as_session", "member_id", "member"),
        same_account("login_as_session", "consent_id", "login_consent"),
        CheckConstraint("length(reason) >= 3", name="reason_given"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        CheckConstraint("expires_at > created_at", name="ends_after_start"),
        Index("ix_login_as_session_member_id", "member_id"),
        Index("ix_login_as_session_consent_id", "consent_id"),
        Index(
            "uq_login_as_session_live",
            "sign_in_session_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        *list_indexes("login_as_session", "created_at"),
    )

    @hybrid_property
    def can_stop(self) -> bool:
        return self.ended_at is None

    @can_stop.inplace.expression
    @classmethod
    def _can_stop(cls) -> ColumnElement[bool]:
        return and_(cls.ended_at.is_(None))
