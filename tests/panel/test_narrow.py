"""Rows that a visitor does not see although their realm does: `Resource.narrow`; and `Resource.opened`."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.panel.house import House, PlantResource
from tests.panel.schema import Plant, Watering

HIDDEN = "Mint"
BASE = "/portal/north"


@pytest.fixture
def narrowed(plants: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose members do not see one plant of their own garden; staff see it."""

    def narrow(visit: Any) -> Any:
        return None if visit.owner_id is None else Plant.name != HIDDEN

    monkeypatch.setattr(PlantResource, "narrow", narrow)
    plants.add(Watering(garden_id=1, code="w-2", plant_id=2, litres=7))
    return plants


@pytest.mark.parametrize(
    "path",
    [
        "/plants/",
        "/plants/?q=Min",
        "/plants/export.csv",
        "/beds/n1",
        "/waterings/lookup/plant",
        "/waterings/lookup/plant?q=Min",
    ],
)
def test_it_is_in_no_list_export_lookup_or_related_rows(narrowed: House, path: str) -> None:
    answer = narrowed.get(BASE + path, "north")
    assert answer.status_code == 200
    assert HIDDEN not in answer.get_data(as_text=True)
    assert "p-2" not in answer.get_data(as_text=True).replace("q=p-2", "")


def test_it_is_not_counted(narrowed: House) -> None:
    assert narrowed.get(f"{BASE}/plants/count", "north").json == {"text": "1"}
    assert narrowed.get("/staff/plants/count").json == {"text": "3"}


@pytest.mark.parametrize("path", ["/plants/p-2", "/plants/p-2/edit", "/plants/p-2/water"])
def test_its_pages_are_not_there(narrowed: House, path: str) -> None:
    assert narrowed.get(BASE + path, "north").status_code == 404
    assert narrowed.get(f"/staff{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/plants/p-2/edit", {"name": "Stolen", "kind": "tree", "version": "1"}),
        ("/plants/p-2/water", {"litres": "3"}),
        ("/plants/bulk/water", {"id": ["p-1", "p-2"], "litres": "3"}),
    ],
)
def test_nothing_can_be_done_to_it(narrowed: House, path: str, data: dict[str, Any]) -> None:
    assert narrowed.post(BASE + path, data, "north").status_code == 404
    assert narrowed.read(select(Plant.name).order_by(Plant.id)) == ["Rose", "Mint", "Oak"]
    assert narrowed.read(select(Plant.water_left)) == [3, 3, 3]


def test_who_opens_a_page_is_noted_and_who_finds_none_is_not(narrowed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int | None, str]] = []
    monkeypatch.setattr(PlantResource, "opened", lambda visit, row: seen.append((visit.owner_id, row.code)))
    for path in ("/plants/p-1", "/plants/p-2", "/plants/p-3", "/plants/"):
        narrowed.get(BASE + path, "north")
    narrowed.get("/staff/plants/p-3")
    assert seen == [(1, "p-1"), (None, "p-3")]
