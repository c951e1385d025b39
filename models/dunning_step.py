"""Dunning steps: what is done about an unpaid invoice, each step once."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import AccountOwned, BigKey, Json, Keyed, Stamped, UtcDateTime, choice_column, same_account

if TYPE_CHECKING:
    from models.invoice import Invoice


class DunningKind(enum.StrEnum):
    """What a step does."""

    RETRY = "retry"
    REMINDER = "reminder"
    FINAL_WARNING = "final_warning"
    SUSPENSION = "suspension"
    LIFTING = "lifting"


class DunningStep(Keyed, AccountOwned, Stamped, Base):
    """One step of the schedule, named by it (``reminder_2``): a second run finds the name taken."""

    __tablename__ = "dunning_step"
    __table_args__ = (
        same_account("dunning_step", "invoice_id", "invoice"),
        UniqueConstraint("invoice_id", "step"),
        CheckConstraint("done_at IS NULL OR skipped_at IS NULL", name="done_or_skipped"),
        Index("ix_dunning_step_planned_on_id", "planned_on", "id"),
        Index("ix_dunning_step_account_id", "account_id"),
    )

    invoice_id: Mapped[int] = mapped_column(BigKey)
    step: Mapped[str] = mapped_column(String(40))
    kind: Mapped[DunningKind] = choice_column(DunningKind)
    planned_on: Mapped[dt.date]
    done_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    skipped_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # paid before its day came
    outcome: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    invoice: Mapped[Invoice] = relationship(lazy="raise", foreign_keys=[invoice_id])
