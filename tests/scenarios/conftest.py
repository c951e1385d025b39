"""What every story can ask for: a clock that moves, and the post."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.support.post_office import PostOffice, post_office
from tests.support.townspeople import MORNING


@pytest.fixture
def clock() -> Iterator[Any]:
    """The time stands still until a story moves it: clock.shift(seconds) or clock.move_to(moment)."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def post(app: Flask, session: Any, clock: Any, tmp_path: Path) -> Iterator[PostOffice]:
    """The post office. Its clocks show the time of the story."""
    with post_office(app, tmp_path / "mails") as office:
        yield office
