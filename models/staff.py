"""The provider's own people and the departments they work in."""

from __future__ import annotations

import enum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, ForeignKeyConstraint, Index, String, and_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.permissions import StaffRole
from extensions import Base
from models.base import BigKey, Keyed, Public, Stamped, Versioned, choice_column, list_indexes, search_index
from models.person import Person, PersonKind


class StaffStatus(enum.StrEnum):
    INVITED = "invited"
    ENABLED = "enabled"
    DISABLED = "disabled"


class StaffMember(Public, Keyed, Versioned, Stamped, Base):
    __tablename__ = "staff_member"

    person_id: Mapped[int] = mapped_column(BigKey, unique=True)
    person_kind: Mapped[PersonKind] = choice_column(PersonKind, default=PersonKind.STAFF)
    role: Mapped[StaffRole] = choice_column(StaffRole)
    status: Mapped[StaffStatus] = choice_column(StaffStatus, default=StaffStatus.ENABLED)
    signature: Mapped[str | None] = mapped_column(String(1000))

    person: Mapped[Person] = relationship(lazy="raise", primaryjoin="foreign(StaffMember.person_id) == Person.id")
    departments: Mapped[list[StaffDepartment]] = relationship(lazy="raise", back_populates="staff_member")

    __table_args__ = (
        ForeignKeyConstraint(["person_id", "person_kind"], ["person.id", "person.kind"], name="fk_staff_member_person"),
        CheckConstraint("person_kind = 'staff'", name="person_is_staff"),
        *list_indexes("staff_member", "role", "status", "created_at", owned=False),
    )

    def __str__(self) -> str:
        return self.public_id

    @hybrid_property
    def can_sign_in(self) -> bool:
        return self.status == StaffStatus.ENABLED

    @hybrid_property
    def can_enable(self) -> bool:
        return self.status == StaffStatus.DISABLED

    @hybrid_property
    def can_disable(self) -> bool:
        return self.status != StaffStatus.DISABLED

    @hybrid_property
    def can_invite(self) -> bool:
        """Never came in, and may. Wants ``person`` loaded."""
        return self.status != StaffStatus.DISABLED and self.person.last_sign_in_at is None

    @can_invite.inplace.expression
    @classmethod
    def _can_invite(cls) -> ColumnElement[bool]:
        never = select(Person.id).where(Person.id == cls.person_id, Person.last_sign_in_at.is_(None))
        return and_(cls.status != StaffStatus.DISABLED, never.correlate_except(Person).exists())

    @hybrid_property
    def is_administrator(self) -> bool:
        return self.status == StaffStatus.ENABLED and self.role == StaffRole.ADMINISTRATOR

    @is_administrator.inplace.expression
    @classmethod
    def _is_administrator(cls) -> ColumnElement[bool]:
        return and_(cls.status == StaffStatus.ENABLED, cls.role == StaffRole.ADMINISTRATOR)


class Department(Public, Keyed, Versioned, Stamped, Base):
    """Where tickets go. Agents see the tickets of their departments only."""

    __tablename__ = "department"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)  # mail to this address becomes its tickets
    retired: Mapped[bool] = mapped_column(default=False)

    staff: Mapped[list[StaffDepartment]] = relationship(lazy="raise", back_populates="department")

    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        *list_indexes("department", "name", owned=False),
        search_index("department", "name"),
    )

    def __str__(self) -> str:
        return self.name


class StaffDepartment(Base):
    __tablename__ = "staff_department"

    staff_member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)

    staff_member: Mapped[StaffMember] = relationship(lazy="raise", back_populates="departments")
    department: Mapped[Department] = relationship(lazy="raise", back_populates="staff")

    __table_args__ = (Index("ix_staff_department_department_id", "department_id"),)
