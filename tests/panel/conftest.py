"""The second schema on both databases, and a house around it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.panel.house import House
from tests.panel.schema import Base, Bed, Garden, Plant, Species

SERVER = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg:///postgres")


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path: Path = tmp_path_factory.mktemp("gardens") / "gardens.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_engine() -> Iterator[Engine]:
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    name = f"gardens_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        server.dispose()
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is not reachable (TEST_POSTGRES_URL)")
    engine = create_engine(make_url(SERVER).set(database=name))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    Base.metadata.create_all(engine)
    with engine.begin() as connection:  # tests give small numbers themselves
        for table in Base.metadata.tables:
            connection.execute(text(f"ALTER SEQUENCE {table}_id_seq RESTART WITH 1000"))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An empty database of each kind."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    Base.metadata.create_all(found)  # the guide's example adds a table
    with found.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    return found


@pytest.fixture(scope="session")
def houses() -> dict[Engine, House]:
    """The house on each database, once made."""
    return {}


@pytest.fixture
def house(engine: Engine, houses: dict[Engine, House]) -> Iterator[House]:
    """Two gardens with a bed each (and one below the first), a catalogue, and no plants."""
    made = houses.setdefault(engine, houses.get(engine) or House(engine))
    made.reset()
    made.add(
        Garden(id=1, code="north", name="North garden"),
        Garden(id=2, code="south", name="South garden"),
        Species(id=1, code="ros", name="Rosa canina"),
        Species(id=2, code="men", name="Mentha"),
    )
    made.add(
        Garden(id=3, code="below", name="Below north", parent_id=1),
        Bed(id=1, garden_id=1, code="n1", name="Sunny bed"),
        Bed(id=2, garden_id=2, code="s1", name="Shady bed"),
    )
    yield made
    made.session.remove()


@pytest.fixture
def plants(house: House) -> House:
    """The same house with two plants in the north and one in the south."""
    house.add(
        Plant(id=1, garden_id=1, code="p-1", name="Rose", kind="climbing_rose", bed_id=1, species_id=1, price=1250),
        Plant(id=2, garden_id=1, code="p-2", name="Mint", kind="herb", height=20),
        Plant(id=3, garden_id=2, code="p-3", name="Oak", kind="tree", bed_id=2, species_id=2, price=-5000),
    )
    return house
