"""What needs two: moving ownership, and payments above a member's limit."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, or_, text
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
    choice_column,
    list_indexes,
    money_column,
    same_account,
)
from models.invoice import Invoice
from models.member import Member
from models.person import Person


class OwnershipChangeStatus(enum.StrEnum):
    PROPOSED = "proposed"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class OwnershipChange(AccountOwned, Public, Keyed, Stamped, Base):
    """A proposal that one member becomes owner instead of another; both confirm before anything moves."""

    __tablename__ = "ownership_change"

    from_member_id: Mapped[int] = mapped_column(BigKey)
    to_member_id: Mapped[int] = mapped_column(BigKey)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[OwnershipChangeStatus] = choice_column(OwnershipChangeStatus, default=OwnershipChangeStatus.PROPOSED)
    from_confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    to_confirmed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    from_member: Mapped[Member] = relationship(
        lazy="raise", primaryjoin="foreign(OwnershipChange.from_member_id) == Member.id"
    )
    to_member: Mapped[Member] = relationship(
        lazy="raise", primaryjoin="foreign(OwnershipChange.to_member_id) == Member.id"
    )
    proposed_by: Mapped[Person | None] = relationship(lazy="raise")

    __table_args__ = (
        same_account("ownership_change", "from_member_id", "member"),
        same_account("ownership_change", "to_member_id", "member"),
        CheckConstraint("from_member_id <> to_member_id", name="two_members"),
        CheckConstraint(
            "status <> 'done' OR (from_confirmed_at IS NOT NULL AND to_confirmed_at IS NOT NULL)",
            name="done_when_both_confirmed",
        ),
        Index("ix_ownership_change_from_member_id", "from_member_id"),
        Index("ix_ownership_change_to_member_id", "to_member_id"),
        Index(
            "uq_ownership_change_live",
            "account_id",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
        *list_indexes("ownership_change", "created_at"),
    )

    def __str__(self) -> str:
        return self.public_id

    @hybrid_property
    def is_open(self) -> bool:
        return self.status == OwnershipChangeStatus.PROPOSED

    @hybrid_property
    def waits_for_owner(self) -> bool:
        return self.status == OwnershipChangeStatus.PROPOSED and self.from_confirmed_at is None

    @waits_for_owner.inplace.expression
    @classmethod
    def _waits_for_owner(cls) -> ColumnElement[bool]:
        return and_(cls.status == OwnershipChangeStatus.PROPOSED, cls.from_confirmed_at.is_(None))


class PayApprovalStatus(enum.StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    USED = "used"


class PayApproval(AccountOwned, Public, Keyed, Stamped, Base):
    """A member asks the owner to let a payment above their limit pass. An approval is used once."""

    __tablename__ = "pay_approval"

    member_id: Mapped[int] = mapped_column(BigKey)
    invoice_id: Mapped[int | None] = mapped_column(BigKey)
    amount: Mapped[int] = money_column()
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[PayApprovalStatus] = choice_column(PayApprovalStatus, default=PayApprovalStatus.ASKED)
    decided_by_id: Mapped[int | None] = mapped_column(BigKey)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise", primaryjoin="foreign(PayApproval.member_id) == Member.id")
    decided_by: Mapped[Member | None] = relationship(
        lazy="raise", primaryjoin="foreign(PayApproval.decided_by_id) == Member.id"
    )
    invoice: Mapped[Invoice | None] = relationship(
        lazy="raise", primaryjoin="foreign(PayApproval.invoice_id) == Invoice.id"
    )

    __table_args__ = (
        same_account("pay_approval", "member_id", "member"),
        same_account("pay_approval", "decided_by_id", "member"),
        same_account("pay_approval", "invoice_id", "invoice"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("status IN ('asked', 'withdrawn') OR decided_at IS NOT NULL", name="decided_has_time"),
        Index("ix_pay_approval_member_id", "member_id"),
        Index("ix_pay_approval_decided_by_id", "decided_by_id"),
        Index("ix_pay_approval_invoice_id", "invoice_id"),
        *list_indexes("pay_approval", "created_at"),
    )

    def __str__(self) -> str:
        return self.public_id

    @hybrid_property
    def is_open(self) -> bool:
        return self.status == PayApprovalStatus.ASKED

    @hybrid_property
    def can_decline(self) -> bool:
        """Whether it is open, or approved and not used yet."""
        return self.status in (PayApprovalStatus.ASKED, PayApprovalStatus.APPROVED)

    @can_decline.inplace.expression
    @classmethod
    def _can_decline(cls) -> ColumnElement[bool]:
        return or_(cls.status == PayApprovalStatus.ASKED, cls.status == PayApprovalStatus.APPROVED)
