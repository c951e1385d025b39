"""docs/adding-a-record.md: its example is run as it stands there, so that it cannot grow old."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from panel import Resource
from tests.panel.house import RESOURCES, House
from tests.panel.schema import Base, Garden

GUIDE = Path(__file__).parents[2] / "docs" / "adding-a-record.md"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """What the guide's two blocks of code define."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "tests.panel.example"}
    for block in blocks[:2]:
        exec(compile(block, GUIDE.name, "exec", dont_inherit=True), names)
    return names


@pytest.fixture
def house(engine: Engine, example: dict[str, Any]) -> House:
    Base.metadata.create_all(engine)
    resource: type[Resource] = example["ToolResource"]
    made = House(engine, (*RESOURCES, resource))
    made.add(Garden(id=1, code="north", name="North"), Garden(id=2, code="south", name="South"))
    made.add(example["Tool"](garden_id=1, code="t-1", name="Spade", state="sharp", price=1999))
    made.add(example["Tool"](garden_id=2, code="t-2", name="Saw", state="blunt"))
    return made


def test_the_resource_takes_about_ten_lines() -> None:
    block = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith(("from", "import"))]
    assert len(lines) <= 12


def test_it_has_lists_in_both_realms(house: House) -> None:
    assert [row["label"] for row in house.page("/staff/tools/")["rows"]] == ["t-1", "t-2"]
    assert [row["label"] for row in house.page("/portal/north/tools/", "north")["rows"]] == ["t-1"]


def test_it_has_filters_and_a_search(house: House) -> None:
    assert [row["label"] for row in house.page("/staff/tools/?state=blunt")["rows"]] == ["t-2"]
    assert [row["label"] for row in house.page("/staff/tools/?q=spad")["rows"]] == ["t-1"]


def test_it_has_details_exports_and_forms(house: House, example: dict[str, Any]) -> None:
    assert house.page("/portal/north/tools/t-1", "north")["title"] == "t-1"
    assert b"t-1,Spade,Sharp,19.99" in house.get("/portal/north/tools/export.csv", "north").data
    answer = house.post("/portal/north/tools/new", {"code": "t-3", "name": "Rake", "state": "sharp"}, "north")
    assert answer.status_code == 303
    assert house.read(select(example["Tool"].garden_id).where(example["Tool"].code == "t-3")) == [1]
    assert (
        house.post("/portal/north/tools/t-1/edit", {"name": "Big spade", "state": "blunt"}, "north").status_code == 303
    )


def test_it_is_closed_to_others(house: House) -> None:
    assert house.get("/portal/north/tools/t-2", "north").status_code == 404
    house.portal_grants = frozenset({"read"})
    assert house.get("/portal/north/tools/new", "north").status_code == 403
