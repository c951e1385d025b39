"""The ground the tests stand on: clean databases, separate requests, no network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from extensions import db
from tests.conftest import settings_for
from tests.support.client import SeparateClient
from tests.support.databases import PostgresScratch, SqliteFile, TestDatabase
from tests.support.network import NetworkNotAllowed
from tests.support.order import LONG_MODULES, TESTS, longest_first
from tests.support.surroundings import POSTGRESQL
from tests.support.sweeps import spread


def make_two_tables(url: str) -> None:
    """A parent with a row that every installation has, and an append-only child."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(text("INSERT INTO kind VALUES (1, 'given')"))
        connection.execute(text("CREATE TABLE entry (id INTEGER PRIMARY KEY, kind_id INTEGER REFERENCES kind (id))"))
        if engine.dialect.name == "postgresql":
            connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
                    " BEGIN RAISE EXCEPTION 'append only'; END $$"
                )
            )
            for moment in ("DELETE", "TRUNCATE"):
                connection.execute(
                    text(
                        f"CREATE TRIGGER no_{moment} BEFORE {moment} ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
                    )
                )
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def scratch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDatabase]:
    made: TestDatabase
    if request.param == "sqlite":
        made = SqliteFile.make(tmp_path, make_two_tables)
    else:
        POSTGRESQL.require()
        made = PostgresScratch.make(f"support_{tmp_path.name[-8:]}", make_two_tables)
    made.clean()
    yield made
    made.drop()


def rows(url: str) -> tuple[list[tuple[int, str]], int | None]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        kinds = [tuple(row) for row in connection.execute(text("SELECT id, name FROM kind ORDER BY id"))]
        return kinds, connection.scalar(text("SELECT count(*) FROM entry"))


def write(url: str, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_cleaning_brings_back_exactly_the_migrated_state(scratch: TestDatabase) -> None:
    write(scratch.url, "INSERT INTO kind VALUES (2, 'new')", "UPDATE kind SET name = 'spoilt' WHERE id = 1")
    write(scratch.url, "INSERT INTO entry VALUES (1, 2)")
    assert rows(scratch.url) == ([(1, "spoilt"), (2, "new")], 1)
    scratch.clean()
    assert rows(scratch.url) == ([(1, "given")], 0)


def test_cleaning_does_not_wait_for_a_connection_left_open(scratch: TestDatabase) -> None:
    engine = create_engine(scratch.url)
    left_open = engine.connect()
    left_open.execute(text("INSERT INTO entry VALUES (7, 1)"))
    scratch.clean()
    assert rows(scratch.url) == ([(1, "given")], 0)
    left_open.invalidate()
    engine.dispose()


def test_many_rows_are_cleaned_away_too(scratch: TestDatabase) -> None:
    write(
        scratch.url,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)"
        " INSERT INTO entry SELECT i, 1 FROM n",
    )
    scratch.clean()
    assert rows(scratch.url) == ([(1, "given")], 0)


def test_a_dropped_scratch_database_is_gone(tmp_path: Path) -> None:
    POSTGRESQL.require()
    made = PostgresScratch.make(f"gone_{tmp_path.name[-8:]}", make_two_tables)
    made.drop()
    with pytest.raises(OperationalError, match="does not exist"):
        rows(made.url)


def test_each_test_gets_the_tables_of_the_models(database: TestDatabase) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    assert set(inspect(engine).get_table_names()) >= set(db.metadata.tables)
    assert database.dialect == engine.dialect.name


def test_test_settings_stand_on_the_test_database(database: TestDatabase, tmp_path: Path) -> None:
    settings = settings_for(database, tmp_path, PORT="1234")
    assert (settings.database_url, settings.port) == (database.url, 1234)


def test_a_request_shares_nothing_with_the_test_or_with_the_next_request(database: TestDatabase) -> None:
    app = Flask("two_requests")
    app.config["SQLALCHEMY_DATABASE_URI"] = database.url
    app.test_client_class = SeparateClient
    db.init_app(app)

    @app.get("/")
    def show() -> str:
        seen = f"{g.get('signed_in')} {id(db.session()) == ours}"
        g.signed_in = "somebody"
        return seen

    with app.app_context():
        ours = id(db.session())
        g.signed_in = "the test"
        client = app.test_client()
        answers = [client.get("/").text, client.get("/").text]
    assert answers == ["None False", "None False"]


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_another_machine_cannot_be_reached(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe, pytest.raises(NetworkNotAllowed):
        probe.connect((address, 80))


def test_another_machine_cannot_be_looked_up() -> None:
    with pytest.raises(NetworkNotAllowed):
        socket.getaddrinfo("example.com", 443)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        assert socket.getaddrinfo("localhost", 80)


@dataclass
class Item:
    """What the order of tests reads of one."""

    path: Path
    name: str = "test_one"


def test_a_run_begins_with_the_longest_modules_and_leaves_the_rest_as_it_was() -> None:
    long, longest = TESTS / LONG_MODULES[3], TESTS / LONG_MODULES[0]
    items: list[Any] = [
        Item(TESTS / "test_config.py"),
        Item(long, "test_one"),
        Item(long, "test_another"),
        Item(TESTS / "architecture" / "test_rules.py"),
        Item(longest),
    ]
    longest_first(items)
    assert [(item.path.name, item.name) for item in items] == [
        (longest.name, "test_one"),
        (long.name, "test_one"),
        (long.name, "test_another"),
        ("test_config.py", "test_one"),
        ("test_rules.py", "test_one"),
    ]


def test_every_module_that_is_called_long_is_there() -> None:
    assert [name for name in LONG_MODULES if not (TESTS / name).is_file()] == []
    assert len(set(LONG_MODULES)) == len(LONG_MODULES)


# Shares of a sweep


def test_a_share_of_a_sweep_is_spread_over_all_values_and_always_the_same() -> None:
    assert spread(range(300), 3) == [0, 100, 200]
    assert spread("abcde", 2) == ["a", "c"]
    assert spread("ab", 3) == ["a", "b"]


@pytest.mark.parametrize(("count", "most"), [(5, 2), (6, 2), (7, 2), (35, 9), (300, 60), (7, 5)])
def test_a_few_turns_in_a_row_try_all_values_of_a_sweep(count: int, most: int) -> None:
    turns = -(-count // most)
    shares = [spread(range(count), most, turn=turn) for turn in range(7, 7 + turns)]
    assert {len(set(share)) for share in shares} == {most}
    assert set().union(*shares) == set(range(count))
