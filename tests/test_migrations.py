"""The migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, exc
from sqlalchemy.pool import NullPool

from extensions import db
from models.triggers import compared_in
from tests.support.databases import TestDatabase


def differences(url: str) -> list[Any]:
    """What a new migration would still have to do."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # indexes over expressions cannot be read back on SQLite
        opts = {"compare_type": True, "compare_server_default": False}
        opts["include_object"] = compared_in(connection.dialect.name)
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, db.metadata))


@pytest.fixture(autouse=True)
def _all_models() -> None:
    import models  # noqa: F401  the tables are complete once this is imported


def test_the_migrations_leave_nothing_to_do(database: TestDatabase) -> None:
    assert differences(database.url) == []


def test_a_table_that_no_migration_makes_is_noticed(database: TestDatabase) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE forgotten (id INTEGER PRIMARY KEY)")
    try:
        assert "remove_table" in [change[0] for change in differences(database.url)]
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE forgotten")
