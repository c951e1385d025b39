"""The world of the proofs of access: made once for each module and database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Stage, whole_app
from tests.support.matrix_world import World, build_world
from tests.support.surroundings import POSTGRESQL


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, stage: Stage) -> Iterator[World]:
    """Three accounts with rows of every record, and everybody signed in. Tests that change own rows make fresh ones."""
    if request.param == "postgresql":
        POSTGRESQL.require()
    database = stage.clean(request.param)
    made = build_world(stage.app("whole", database, whole_app))
    yield made
    made.close()
    stage.leave(database)
