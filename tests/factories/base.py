"""What every factory stands on: the session of the app, flushed but never committed, and one fixed moment."""

from __future__ import annotations

import datetime as dt

from factory.alchemy import SQLAlchemyModelFactory

from extensions import db

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


class RowFactory(SQLAlchemyModelFactory):
    """Makes one row and flushes it, so that constraints speak at once and row numbers are known."""

    class Meta:
        abstract = True
        sqlalchemy_session = db.session
        sqlalchemy_session_persistence = "flush"
