"""Lists as people want to see them again: filters, order and columns under a name."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.permissions import StaffRole
from extensions import Base
from models.base import Json, Keyed, Public, Stamped, choice_column
from models.person import Person


class SavedView(Public, Keyed, Stamped, Base):
    """One without a name is how its person wants the list to stand always: its columns, and how close its rows are.

    ``is_default``: the list opens with it for colleagues of the role ``default_role``; without a role, for all who have
    no default of their own.
    """

    __tablename__ = "saved_view"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    realm: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(String(2000), default="")  # the part of the address after "?"
    columns: Mapped[list[str]] = mapped_column(Json, default=list)
    dense: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    default_role: Mapped[StaffRole | None] = choice_column(StaffRole, constraint="default_role")
    shared: Mapped[bool] = mapped_column(default=False)  # with all staff

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("person_id", "realm", "slug", "name"),
        CheckConstraint("NOT shared OR realm = 'staff'", name="only_staff_share"),
        CheckConstraint("NOT is_default OR shared", name="default_is_shared"),
        CheckConstraint("default_role IS NULL OR is_default", name="role_of_default"),
        Index(
            "ix_saved_view_default_of_role",
            "slug",
            "default_role",
            unique=True,
            postgresql_where=text("is_default"),
            sqlite_where=text("is_default"),
        ),
        Index(
            "ix_saved_view_default_of_all",
            "slug",
            unique=True,
            postgresql_where=text("is_default AND default_role IS NULL"),
            sqlite_where=text("is_default AND default_role IS NULL"),
        ),
        Index("ix_saved_view_slug_shared", "slug", postgresql_where=text("shared"), sqlite_where=text("shared")),
    )

    def __str__(self) -> str:
        return self.name
