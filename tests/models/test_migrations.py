"""The first migration: there and back on both databases, with the checks and triggers that comparing does not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from domain.search_words import Wanted
from extensions import db
from models import APPEND_ONLY, TicketText
from services.unit_of_work import prepare_engine
from tests.support.databases import MIGRATIONS, PostgresScratch, TestDatabase
from tests.support.surroundings import POSTGRESQL

TABLES = db.metadata.tables


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        yield sqlite_engine(tmp_path / "empty.sqlite3")
        return
    POSTGRESQL.require()
    scratch = PostgresScratch.make("empty", lambda _url: None)
    yield create_engine(scratch.url, poolclass=NullPool)
    scratch.drop()


def sqlite_engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    prepare_engine(engine)
    return engine


def run(step: Callable[[Config, str], Any], target: str, engine: Engine, **attributes: str) -> None:
    """Migrate as the program does, in one transaction."""
    config = Config(str(MIGRATIONS / "alembic.ini"), attributes=attributes)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step(config, target)


def names_of_tables(engine: Engine) -> set[str]:
    """All but those that SQLite's full-text search makes for itself."""
    return {name for name in inspect(engine).get_table_names() if not name.startswith("ticket_text_fts")}


def checks_of(engine: Engine, table: str) -> dict[str, str]:
    return {str(each["name"]): str(each["sqltext"]) for each in inspect(engine).get_check_constraints(table)}


def test_the_migrations_go_there_and_back_and_there_again(empty):
    run(command.upgrade, "head", empty)
    assert names_of_tables(empty) == {*TABLES, "alembic_version"}
    run(command.downgrade, "base", empty)
    assert names_of_tables(empty) == {"alembic_version"}
    run(command.upgrade, "head", empty)
    assert names_of_tables(empty) == {*TABLES, "alembic_version"}


def test_the_address_of_the_database_is_enough(tmp_path, monkeypatch):
    file = tmp_path / "new.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    command.upgrade(Config(str(MIGRATIONS / "alembic.ini")), "head")
    assert names_of_tables(sqlite_engine(file)) == {*TABLES, "alembic_version"}


def test_a_migration_that_fails_leaves_nothing(empty):
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE webhook_delivery (id INTEGER PRIMARY KEY)")
    with pytest.raises(Exception, match="webhook_delivery"):
        run(command.upgrade, "head", empty)
    assert names_of_tables(empty) == {"webhook_delivery"}


def test_a_migration_does_not_wait_long_for_a_lock(empty):
    if empty.dialect.name != "postgresql":
        pytest.skip("SQLite has one lock, and its patience is set for all")
    run(command.upgrade, "head", empty)
    with empty.connect() as reader:
        reader.execute(text("SELECT count(*) FROM invoice"))  # a transaction left open
        with pytest.raises(OperationalError, match="lock timeout"):
            run(command.downgrade, "base", empty, lock_timeout="100ms")
        assert reader.scalar(text("SELECT count(*) FROM invoice")) == 0


def test_no_two_indexes_share_a_name():
    """Comparing goes by names: of two alike it sees, and a migration makes, only one."""
    names = [index.name for table in TABLES.values() for index in table.indexes]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_migrations_make_every_check_of_the_models(database: TestDatabase):
    engine = create_engine(database.url, poolclass=NullPool)
    different = {}
    for table in TABLES.values():
        declared = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        if declared != set(checks_of(engine, table.name)):
            different[table.name] = declared ^ set(checks_of(engine, table.name))
    assert different == {}


def test_the_migrations_make_checks_and_indexes_in_the_words_of_the_models(tmp_path: Path):
    """SQLite keeps the words of a check or a partial index, so that a changed one is seen here."""
    by_models, by_migrations = sqlite_engine(tmp_path / "models.sqlite3"), sqlite_engine(tmp_path / "alembic.sqlite3")
    with by_models.begin() as connection:
        db.metadata.create_all(connection)
    run(command.upgrade, "head", by_migrations)
    assert words_of(by_migrations) == words_of(by_models)


def words_of(engine: Engine) -> dict[str, Any]:
    """All checks by table, and all indexes and triggers, as they were written."""
    words: dict[str, Any] = {table: checks_of(engine, table) for table in TABLES}
    with engine.connect() as connection:
        others = text("SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
        words.update({row.name: row.sql for row in connection.execute(others)})
    return words


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_an_append_only_table_has_its_triggers(session, database: TestDatabase, table):
    if database.dialect == "postgresql":
        found = text("SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal")
        assert session.scalar(found, {"t": table}) == 1
    else:
        found = text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t")
        assert session.scalar(found, {"t": table}) == 2


def test_tickets_that_were_there_before_are_found_by_their_words(empty):
    run(command.upgrade, "0015", empty)
    moment = "'2026-05-15 09:30:00'"
    with empty.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO account (id, client_id, name, status, country, currency, time_zone, language, pricing_model,"
            " payment_mode, billing_name, tax_exempt, transfers_allowed, branding_enabled, login_consent_required,"
            " created_at, version) VALUES (1, '10001', 'Acme', 'active', 'DE', 'EUR', 'UTC', 'en', 'license', 'prepaid',"
            f" 'Acme', false, false, false, false, {moment}, 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO ticket_type (id, public_id, key, name, description, priority, escalates, internal, position,"
            f" retired, created_at, version) VALUES (1, 't', 'general', 'General', '', 'normal', false, false, 0, false,"
            f" {moment}, 1)"
        )
        for ticket_id, target in ((1, "NULL"), (2, "1")):
            connection.exec_driver_sql(
                "INSERT INTO ticket (id, account_id, number, subject, status, priority, ticket_type_id, source, answers,"
                f" merged_into_id, last_message_at, archived_at, created_at, version) VALUES ({ticket_id}, 1,"
                f" 'T-100{ticket_id}', 'Büro {ticket_id}', 'open', 'normal', 1, 'portal', '{{}}', {target}, {moment},"
                f" NULL, {moment}, 1)"
            )
            connection.exec_driver_sql(
                "INSERT INTO discussion (id, account_id, public_id, ticket_id, title, created_at)"
                f" VALUES ({ticket_id}, 1, 'd{ticket_id}', {ticket_id}, 'First', {moment})"
            )
        connection.exec_driver_sql(
            "INSERT INTO message (id, account_id, public_id, discussion_id, from_staff, internal, title, body, source,"
            f" created_at) VALUES (1, 1, 'm', 2, true, true, 'Note', 'A lemming', 'staff', {moment})"
        )
    run(command.upgrade, "head", empty)
    with Session(empty) as session:
        kept = session.scalars(select(TicketText).order_by(TicketText.ticket_id, TicketText.message_id)).all()
        found = select(TicketText.ticket_id).where(TicketText.holds(Wanted("lemm", begins=True)))
        assert sorted(session.scalars(found)) == [1, 2]
    words = {(row.ticket_id, row.message_id, row.internal): list(row.words) for row in kept}
    note = ["a", "lemming", "note"]
    assert words == {
        (1, None, False): ["1", "1001", "1002", "buro", "t"],
        (2, None, False): ["1002", "2", "buro", "t"],
        (1, 1, True): note,
        (2, 1, True): note,
    }


def test_searched_columns_have_trigrams_on_postgresql(session, database: TestDatabase):
    if database.dialect != "postgresql":
        pytest.skip("SQLite has no trigram index")
    searched = {
        index.name for table in TABLES.values() for index in table.indexes if str(index.name).endswith("_search")
    }
    made = session.scalars(text("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'")).all()
    assert searched
    assert set(made) == searched
