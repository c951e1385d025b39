"""Seats of people in accounts, the roles they hold there, and how they were invited."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.permissions import MemberRole
from extensions import Base
from models.account import Account
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    Versioned,
    account_key,
    choice_column,
    list_indexes,
    money_column,
    same_account,
    search_index,
)
from models.person import Person, PersonKind


class MemberType(enum.StrEnum):
    TECHNICAL = "technical"
    BILLING = "billing"
    SALES = "sales"
    MANAGEMENT = "management"
    OTHER = "other"


class MemberStatus(enum.StrEnum):
    INVITED = "invited"
    ENABLED = "enabled"
    DISABLED = "disabled"


class Member(AccountOwned, Public, Keyed, Versioned, Stamped, Base):
    """A seat. Without portal access it is only an address-book entry: no e-mail, no password.

    ``is_owner`` is the one place that says who owns the account; the other roles are rows of member_role.
    The pay limit is in the currency of the account; without one the payment roles alone decide.
    """

    __tablename__ = "member"

    person_id: Mapped[int] = mapped_column(BigKey)
    person_kind: Mapped[PersonKind] = choice_column(PersonKind, default=PersonKind.MEMBER)
    type: Mapped[MemberType] = choice_column(MemberType, default=MemberType.OTHER)
    status: Mapped[MemberStatus] = choice_column(MemberStatus, default=MemberStatus.ENABLED)
    portal_access: Mapped[bool] = mapped_column(default=True)
    is_owner: Mapped[bool] = mapped_column(default=False)
    is_first: Mapped[bool] = mapped_column(default=False)
    phone: Mapped[str | None] = mapped_column(String(32))
    time_zone: Mapped[str | None] = mapped_column(String(64), info={"kind": "code:time_zones"})
    pay_limit: Mapped[int | None] = money_column()
    currency: Mapped[str | None] = mapped_column(String(3))
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    external_ref: Mapped[str | None] = mapped_column(String(64))

    account: Mapped[Account] = relationship(lazy="raise", back_populates="members")
    person: Mapped[Person] = relationship(lazy="raise", primaryjoin="foreign(Member.person_id) == Person.id")
    role_grants: Mapped[list[MemberRoleGrant]] = relationship(
        lazy="raise",
        primaryjoin="Member.id == foreign(MemberRoleGrant.member_id)",
        back_populates="member",
        passive_deletes="all",
    )
    invitations: Mapped[list[MemberInvitation]] = relationship(
        lazy="raise",
        primaryjoin="Member.id == foreign(MemberInvitation.member_id)",
        back_populates="member",
        passive_deletes="all",
    )
    interests: Mapped[list[MemberInterest]] = relationship(
        lazy="raise",
        primaryjoin="Member.id == foreign(MemberInterest.member_id)",
        back_populates="member",
        passive_deletes="all",
    )

    __table_args__ = (
        account_key("member"),
        ForeignKeyConstraint(["person_id", "person_kind"], ["person.id", "person.kind"], name="fk_member_person"),
        UniqueConstraint("account_id", "person_id"),
        CheckConstraint("person_kind = 'member'", name="person_is_member"),
        CheckConstraint("pay_limit >= 0", name="pay_limit_not_negative"),
        CheckConstraint("pay_limit IS NULL OR currency IS NOT NULL", name="pay_limit_has_currency"),
        CheckConstraint("NOT is_owner OR portal_access", name="owner_has_portal_access"),
        CheckConstraint("NOT is_owner OR status <> 'disabled'", name="owner_not_disabled"),
        Index(
            "uq_member_owner",
            "account_id",
            unique=True,
            sqlite_where=text("is_owner"),
            postgresql_where=text("is_owner"),
        ),
        Index(
            "uq_member_first",
            "account_id",
            unique=True,
            sqlite_where=text("is_first"),
            postgresql_where=text("is_first"),
        ),
        Index("ix_member_person_id", "person_id"),
        *list_indexes("member", "type", "status", "last_seen_at", "created_at"),
        search_index("member", "phone"),
    )

    def __str__(self) -> str:
        return self.public_id

    @property
    def roles(self) -> frozenset[MemberRole]:
        """The roles held, ownership included; wants ``role_grants`` loaded."""
        held = {grant.role for grant in self.role_grants}
        return frozenset(held | {MemberRole.OWNER} if self.is_owner else held)

    @hybrid_property
    def can_sign_in(self) -> bool:
        return self.status == MemberStatus.ENABLED and self.portal_access

    @can_sign_in.inplace.expression
    @classmethod
    def _can_sign_in(cls) -> ColumnElement[bool]:
        return and_(cls.status == MemberStatus.ENABLED, cls.portal_access)

    @hybrid_property
    def can_enable(self) -> bool:
        return self.status == MemberStatus.DISABLED

    @hybrid_property
    def can_disable(self) -> bool:
        """The owner is never disabled: ownership moves first."""
        return self.status != MemberStatus.DISABLED and not self.is_owner

    @can_disable.inplace.expression
    @classmethod
    def _can_disable(cls) -> ColumnElement[bool]:
        return and_(cls.status != MemberStatus.DISABLED, ~cls.is_owner)

    @hybrid_property
    def can_delete(self) -> bool:
        return not self.is_owner

    @can_delete.inplace.expression
    @classmethod
    def _can_delete(cls) -> ColumnElement[bool]:
        return ~cls.is_owner

    @hybrid_property
    def can_reset_password(self) -> bool:
        """Whether there is a password to reset; who may do it for this identity the service decides."""
        return self.status == MemberStatus.ENABLED and self.portal_access

    @can_reset_password.inplace.expression
    @classmethod
    def _can_reset_password(cls) -> ColumnElement[bool]:
        return and_(cls.status == MemberStatus.ENABLED, cls.portal_access)

    @hybrid_property
    def can_reset_second_factor(self) -> bool:
        return self.portal_access

    @hybrid_property
    def can_invite(self) -> bool:
        """Whether an invitation may be sent, or sent again."""
        return self.status == MemberStatus.INVITED

    @hybrid_property
    def waits_for_answer(self) -> bool:
        """Whether they were invited and have not come in; their invitation may be withdrawn."""
        return self.status == MemberStatus.INVITED

    @hybrid_property
    def can_get_access(self) -> bool:
        """Whether portal access may be switched on."""
        return not self.portal_access

    @can_get_access.inplace.expression
    @classmethod
    def _can_get_access(cls) -> ColumnElement[bool]:
        return ~cls.portal_access

    @hybrid_property
    def can_lose_access(self) -> bool:
        return self.portal_access and not self.is_owner

    @can_lose_access.inplace.expression
    @classmethod
    def _can_lose_access(cls) -> ColumnElement[bool]:
        return and_(cls.portal_access, ~cls.is_owner)

    @hybrid_property
    def can_become_owner(self) -> bool:
        """Whether the seat is one that may own the account; the service also asks for a verified e-mail address."""
        return self.status == MemberStatus.ENABLED and self.portal_access and not self.is_owner

    @can_become_owner.inplace.expression
    @classmethod
    def _can_become_owner(cls) -> ColumnElement[bool]:
        return and_(cls.status == MemberStatus.ENABLED, cls.portal_access, ~cls.is_owner)

    @hybrid_property
    def can_hold_roles(self) -> bool:
        return self.portal_access and not self.is_owner

    @can_hold_roles.inplace.expression
    @classmethod
    def _can_hold_roles(cls) -> ColumnElement[bool]:
        return and_(cls.portal_access, ~cls.is_owner)


class MemberRoleGrant(AccountOwned, Public, Keyed, Stamped, Base):
    """A role that a seat holds. Ownership is not one of these rows: see ``Member.is_owner``."""

    __tablename__ = "member_role"

    member_id: Mapped[int] = mapped_column(BigKey)
    role: Mapped[MemberRole] = choice_column(MemberRole)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    account: Mapped[Account] = relationship(lazy="raise", viewonly=True)
    granted_by: Mapped[Person | None] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(
        lazy="raise", primaryjoin="foreign(MemberRoleGrant.member_id) == Member.id", back_populates="role_grants"
    )

    __table_args__ = (
        same_account("member_role", "member_id", "member", ondelete="CASCADE"),
        UniqueConstraint("account_id", "member_id", "role"),
        CheckConstraint("role <> 'owner'", name="owner_is_on_member"),
        Index("ix_member_role_member_id", "member_id"),
        *list_indexes("member_role", "created_at"),
    )

    def __str__(self) -> str:
        return self.role.value


class Interest(Public, Keyed, Versioned, Stamped, Base):
    """A choice the provider offers under "interests in company"."""

    __tablename__ = "interest"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    retired: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (*list_indexes("interest", "name", "position", owned=False), search_index("interest", "name"))

    def __str__(self) -> str:
        return self.name


class MemberInterest(AccountOwned, Keyed, Base):
    __tablename__ = "member_interest"

    member_id: Mapped[int] = mapped_column(BigKey)
    interest_id: Mapped[int] = mapped_column(ForeignKey("interest.id"), index=True)

    member: Mapped[Member] = relationship(
        lazy="raise", primaryjoin="foreign(MemberInterest.member_id) == Member.id", back_populates="interests"
    )
    interest: Mapped[Interest] = relationship(lazy="raise")

    __table_args__ = (
        same_account("member_interest", "member_id", "member", ondelete="CASCADE"),
        UniqueConstraint("account_id", "member_id", "interest_id"),
        Index("ix_member_interest_member_id", "member_id"),
    )


class MemberInvitation(AccountOwned, Public, Keyed, Stamped, Base):
    """A mail that lets a person take their seat: once, for 30 days. Sending again supersedes the older one."""

    __tablename__ = "member_invitation"

    member_id: Mapped[int] = mapped_column(BigKey)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(
        lazy="raise", primaryjoin="foreign(MemberInvitation.member_id) == Member.id", back_populates="invitations"
    )
    invited_by: Mapped[Person | None] = relationship(lazy="raise")

    __table_args__ = (
        same_account("member_invitation", "member_id", "member", ondelete="CASCADE"),
        Index("ix_member_invitation_member_id", "member_id"),
        Index(
            "uq_member_invitation_live",
            "account_id",
            "member_id",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL AND superseded_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL AND superseded_at IS NULL"),
        ),
        *list_indexes("member_invitation", "created_at"),
    )

    @hybrid_property
    def is_open(self) -> bool:
        """Not answered, withdrawn or replaced; it may still have expired."""
        return self.accepted_at is None and self.withdrawn_at is None and self.superseded_at is None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return and_(cls.accepted_at.is_(None), cls.withdrawn_at.is_(None), cls.superseded_at.is_(None))
