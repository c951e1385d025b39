"""Policies people are asked about, and requests about their own data."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.account import Account
from models.base import Keyed, MayBeOwned, Public, Stamped, UtcDateTime, Versioned, choice_column, list_indexes
from models.file import File
from models.person import Person
from models.staff import StaffMember


class Policy(Public, Keyed, Versioned, Stamped, Base):
    """Something to accept or decline. A mandatory one blocks the portal until its newest version is accepted."""

    __tablename__ = "policy"

    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    mandatory: Mapped[bool] = mapped_column(default=False)
    retired: Mapped[bool] = mapped_column(default=False)

    versions: Mapped[list[PolicyVersion]] = relationship(
        lazy="raise", back_populates="policy", order_by="PolicyVersion.number"
    )

    __table_args__ = list_indexes("policy", "name", owned=False)

    def __str__(self) -> str:
        return self.name


class PolicyVersion(Public, Keyed, Stamped, Base):
    __tablename__ = "policy_version"

    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    number: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    published_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    policy: Mapped[Policy] = relationship(lazy="raise", back_populates="versions")

    __table_args__ = (
        UniqueConstraint("policy_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )

    def __str__(self) -> str:
        return str(self.number)


class Decision(enum.StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"


class PolicyDecision(Keyed, Base):
    """One entry of the log; the newest of a person and version is what holds.

    Rows are never changed; only the address is taken away when the person is erased.
    """

    __tablename__ = "policy_decision"

    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[Decision] = choice_column(Decision)
    decided_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ip: Mapped[str | None] = mapped_column(String(45))

    policy_version: Mapped[PolicyVersion] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_policy_decision_person_id_policy_version_id_id", "person_id", "policy_version_id", "id"),
        *list_indexes("policy_decision", "decided_at", owned=False),
    )


class DataRequestKind(enum.StrEnum):
    EXPORT = "export"
    DELETION = "deletion"
    RESTRICTION = "restriction"


class DataRequestStatus(enum.StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DataRequest(MayBeOwned, Public, Keyed, Versioned, Stamped, Base):
    """A person asks for their data, for its removal, or that it be left alone. Staff have 30 days."""

    __tablename__ = "data_request"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[DataRequestKind] = choice_column(DataRequestKind)
    status: Mapped[DataRequestStatus] = choice_column(DataRequestStatus, default=DataRequestStatus.OPEN)
    due_on: Mapped[dt.date]
    note: Mapped[str | None] = mapped_column(String(1000))
    outcome: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("file.id"), index=True)

    account: Mapped[Account | None] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise")
    handled_by: Mapped[StaffMember | None] = relationship(lazy="raise")
    file: Mapped[File | None] = relationship(lazy="raise")
    steps: Mapped[list[DataRequestStep]] = relationship(
        lazy="raise", back_populates="data_request", order_by="DataRequestStep.position", passive_deletes="all"
    )

    __table_args__ = (
        CheckConstraint(
            "(status IN ('done', 'refused', 'withdrawn')) = (closed_at IS NOT NULL)", name="closed_has_time"
        ),
        Index("ix_data_request_person_id", "person_id"),
        *list_indexes("data_request", "status", "due_on", "created_at"),
    )

    def __str__(self) -> str:
        return self.public_id

    @hybrid_property
    def is_open(self) -> bool:
        return self.status in (DataRequestStatus.OPEN, DataRequestStatus.IN_PROGRESS)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return or_(cls.status == DataRequestStatus.OPEN, cls.status == DataRequestStatus.IN_PROGRESS)

    @hybrid_property
    def can_start(self) -> bool:
        return self.status == DataRequestStatus.OPEN

    @hybrid_property
    def is_in_progress(self) -> bool:
        return self.status == DataRequestStatus.IN_PROGRESS

    @hybrid_property
    def can_lift(self) -> bool:
        """Whether it restricted the use of the data, which can be lifted again."""
        return self.kind == DataRequestKind.RESTRICTION and self.status == DataRequestStatus.DONE

    @can_lift.inplace.expression
    @classmethod
    def _can_lift(cls) -> ColumnElement[bool]:
        return and_(cls.kind == DataRequestKind.RESTRICTION, cls.status == DataRequestStatus.DONE)


class StepDecision(enum.StrEnum):
    KEEP = "keep"
    REPLACE = "replace"
    REMOVE = "remove"


class DataRequestStep(Keyed, Base):
    """One line of the checklist: which data, what becomes of it, and why."""

    __tablename__ = "data_request_step"

    data_request_id: Mapped[int] = mapped_column(ForeignKey("data_request.id", ondelete="CASCADE"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    decision: Mapped[StepDecision | None] = choice_column(StepDecision)
    reason: Mapped[str | None] = mapped_column(String(500))
    done_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)

    data_request: Mapped[DataRequest] = relationship(lazy="raise", back_populates="steps")

    __table_args__ = (UniqueConstraint("data_request_id", "position"),)

    def __str__(self) -> str:
        return self.title
