"""Business policy that staff see and edit: one row a setting."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from extensions import Base
from models.base import Json, Keyed, UtcDateTime, Versioned, list_indexes, search_index


class Setting(Keyed, Versioned, Base):
    """A value that differs from its declared default. Which keys there are, and their kinds, the service declares."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(80), unique=True)
    value: Mapped[Any] = mapped_column(Json)
    changed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    __table_args__ = (*list_indexes("setting", "key", owned=False), search_index("setting", "key"))

    def __str__(self) -> str:
        return self.key
