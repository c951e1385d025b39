"""A record searched by more than its own columns: `Resource.search_by`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import and_, select

from panel import OwnSearch
from panel.realm import Visit
from tests.panel.house import House, PlantResource
from tests.panel.schema import Plant, Watering
from tests.panel.test_checks import mistakes
from tests.panel.test_lists import names


def read(text: str) -> tuple[list[str], list[str]]:
    """Numbers of waterings; words of one letter are too short."""
    words = text.split()
    return [word for word in words if len(word) > 1], [word for word in words if len(word) == 1]


def watered(visit: Visit, words: Sequence[str]) -> Any:
    """The plants that had every one of these waterings."""
    return and_(*(Plant.id.in_(select(Watering.plant_id).where(Watering.code.startswith(word))) for word in words))


OWN = OwnSearch(read, watered, shortest=2, columns=(Plant.name,))


@pytest.fixture
def searched(plants: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(PlantResource, "search_by", OWN)
    plants.add(
        Watering(garden_id=1, code="may-1", plant_id=1, litres=1),
        Watering(garden_id=1, code="june-1", plant_id=1, litres=1),
        Watering(garden_id=1, code="may-2", plant_id=2, litres=1),
        Watering(garden_id=2, code="may-3", plant_id=3, litres=1),
    )
    return plants


def test_rows_are_found_its_own_way_and_no_longer_by_their_columns(searched: House) -> None:
    assert names(searched.page("/staff/plants/?q=may")) == ["Mint", "Oak", "Rose"]
    assert names(searched.page("/staff/plants/?q=may+june")) == ["Rose"]
    assert names(searched.page("/staff/plants/?q=Rose")) == []
    assert names(searched.page("/portal/north/plants/?q=may", "north")) == ["Mint", "Rose"]


def test_filters_count_files_and_chips_know_what_was_searched(searched: House) -> None:
    page = searched.page("/staff/plants/?q=may&kind=herb")
    assert names(page) == ["Mint"]
    assert page["chips"][-1]["value"] == "may"
    assert searched.get("/staff/plants/count?q=june").json == {"text": "1"}
    assert searched.get("/staff/plants/export.csv?q=june").get_data(as_text=True).count("\r\n") == 2


def test_what_is_too_short_is_said_in_its_own_measure(searched: House) -> None:
    page = searched.page("/staff/plants/?q=m+june")
    assert page["warnings"] == ["Search words need at least 2 letters or digits; left out: m."]
    assert names(page) == ["Rose"]


def test_a_search_by_a_column_without_an_index_stops_the_start(house: House) -> None:
    assert mistakes(house, search_by=OWN) == ""
    slow = OwnSearch(read, watered, shortest=2, columns=(Watering.code,))
    assert "no GIN index on 'code' of Watering, which is searched" in mistakes(house, search_by=slow)


def statements(house: House, query: str) -> list[str]:
    house.page(f"/staff/plants/?{query}")
    return [sent for sent in house.statements if "plant.code" in sent]


def test_what_is_common_is_found_on_the_way_and_what_is_rare_is_gathered(searched: House) -> None:
    made = [Plant(id=n, garden_id=1, code=f"z{n}", name=f"Z{n}", kind="herb") for n in range(100, 110)]
    searched.add(*made)
    searched.add(*(Watering(garden_id=1, code=f"may-{plant.id}", plant_id=plant.id, litres=1) for plant in made))
    on_the_way = searched.engine.dialect.name == "postgresql"
    common, rare = statements(searched, "q=may"), statements(searched, "q=june")
    assert ["hits" in sent for sent in common] == ([False] if on_the_way else [True])
    assert ["hits" in sent for sent in rare] == ([False, True] if on_the_way else [True])


@pytest.mark.parametrize("looked_through", [1, 2, 20])
@pytest.mark.parametrize("sort", ["name", "-name", "height", "-height"])
def test_pages_follow_each_other_alike_whether_rows_are_met_or_gathered(
    searched: House, monkeypatch: pytest.MonkeyPatch, sort: str, looked_through: int
) -> None:
    """Every second of the first rows and none of the others but the last, half of them without a value to sort by."""
    monkeypatch.setattr("panel.keyset.PAGES_LOOKED_THROUGH", looked_through)
    made = [
        Plant(id=n, garden_id=1, code=f"z{n}", name=f"Z{n}", kind="herb", height=None if n % 4 < 2 else n)
        for n in range(100, 160)
    ]
    searched.add(*made)
    found = [plant for plant in made if (plant.id < 140 and plant.id % 2 == 0) or plant.id == 159]
    searched.add(*(Watering(garden_id=1, code=f"july-{plant.id}", plant_id=plant.id, litres=1) for plant in found))
    page = searched.page(f"/staff/plants/?q=july&sort={sort}")
    everything, pages = names(page), [names(page)]
    while page["pager"]["next"]:
        page = searched.page(page["pager"]["next"])
        pages.append(names(page))
        everything += pages[-1]
    assert sorted(everything) == sorted(plant.name for plant in found)
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name == "name":
        assert everything == sorted(everything, reverse=descending)
    else:
        heights = {plant.name: plant.height for plant in made}
        shown = [height for each in everything if (height := heights[each]) is not None]
        assert shown == sorted(shown, reverse=descending)
        assert [heights[each] is None for each in everything] == [False] * len(shown) + [True] * (
            len(found) - len(shown)
        )
    back = [names(page)]
    while page["pager"]["previous"]:
        page = searched.page(page["pager"]["previous"])
        back.append(names(page))
    assert list(reversed(back)) == pages
