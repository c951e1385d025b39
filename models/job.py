"""Work to be done by queue or clock. The row is the truth; a broker only carries its id."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import Json, Keyed, Public, Stamped, UtcDateTime, choice_column, list_indexes, search_index
from models.person import Person


class JobState(enum.StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Public, Keyed, Stamped, Base):
    """Written in the business transaction. A runner takes a lease; when that runs out, another may take the job.

    ``steps`` is its log: [[moment as ISO text, sentence as kept]], the newest last. ``cancel_asked_at`` is set while it
    runs, and obeyed at the next row or attempt.
    """

    __tablename__ = "job"

    kind: Mapped[str] = mapped_column(String(80))
    unique_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[JobState] = choice_column(JobState, default=JobState.WAITING)
    run_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    lease_holder: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int | None]
    steps: Mapped[list[Any] | None] = mapped_column(Json)
    cancel_asked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)

    requested_by: Mapped[Person | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("progress_done >= 0", name="progress_not_negative"),
        CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name="running_has_lease"),
        Index("ix_job_state_run_at", "state", "run_at"),
        *list_indexes("job", "kind", "state", "run_at", "created_at", owned=False),
        search_index("job", "kind"),
    )

    def __str__(self) -> str:
        return self.kind

    @hybrid_property
    def can_retry(self) -> bool:
        return self.state in (JobState.FAILED, JobState.CANCELLED) or (
            self.state == JobState.WAITING and self.attempts > 0
        )

    @can_retry.inplace.expression
    @classmethod
    def _can_retry(cls) -> ColumnElement[bool]:
        rests = and_(cls.state == JobState.WAITING, cls.attempts > 0)  # between two attempts: staff need not wait
        return or_(cls.state == JobState.FAILED, cls.state == JobState.CANCELLED, rests)

    @hybrid_property
    def can_cancel(self) -> bool:
        return self.state == JobState.WAITING or (self.state == JobState.RUNNING and self.cancel_asked_at is None)

    @can_cancel.inplace.expression
    @classmethod
    def _can_cancel(cls) -> ColumnElement[bool]:
        runs_on = and_(cls.state == JobState.RUNNING, cls.cancel_asked_at.is_(None))
        return or_(cls.state == JobState.WAITING, runs_on)


class ClockSlot(Keyed, Base):
    """One tick of one clock. Any machine may insert it, one wins and does the work."""

    __tablename__ = "clock_slot"

    name: Mapped[str] = mapped_column(String(80))
    slot: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (UniqueConstraint("name", "slot"),)
