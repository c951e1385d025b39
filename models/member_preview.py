"""Looking at the portal as it would be for a member, before their roles are saved (SPEC B6)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import AccountOwned, BigKey, Json, Keyed, Public, Stamped, UtcDateTime, same_account
from models.member import Member
from models.sign_in import SignInSession


class MemberPreview(AccountOwned, Public, Keyed, Stamped, Base):
    """One read-only look with the roles listed here, which need not be saved. It rides on a sign-in session."""

    __tablename__ = "member_preview"

    member_id: Mapped[int] = mapped_column(BigKey)
    sign_in_session_id: Mapped[int] = mapped_column(ForeignKey("sign_in_session.id"), index=True)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise", primaryjoin="foreign(MemberPreview.member_id) == Member.id")
    sign_in_session: Mapped[SignInSession] = relationship(lazy="raise")

    __table_args__ = (
        same_account("member_preview", "member_id", "member", ondelete="CASCADE"),
        CheckConstraint("expires_at > created_at", name="ends_after_start"),
        Index("ix_member_preview_account_id_member_id", "account_id", "member_id"),
        Index(
            "uq_member_preview_live",
            "sign_in_session_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
