"""How a list stands: the columns of its address, those its visitor keeps, and all rows that match a bulk action."""

from __future__ import annotations

from typing import Any

import pytest

from panel.hooks import Layout, SavedList
from panel.layouts import choosable, fit
from tests.panel.house import House
from tests.panel.schema import Plant
from tests.panel.test_actions import left
from tests.panel.test_exports import exported
from tests.panel.test_lists import headings, names


def mounted(house: House) -> Any:
    return house.sites[0].mounted["plants"]


def test_an_address_names_the_columns_and_they_stand_in_the_order_of_the_list(plants: House) -> None:
    page = plants.page("/staff/plants/?columns=price,name")
    assert headings(page) == ["Code", "Name", "Price"]
    assert names(page) == ["Mint", "Oak", "Rose"]


def test_what_opens_a_record_stays_whatever_is_chosen(plants: House) -> None:
    page = plants.page("/staff/plants/?columns=kind")
    assert headings(page) == ["Code", "Kind"]
    assert 'href="/staff/plants/' in page["rows"][0]["cells"][0]


def test_a_column_of_the_records_page_can_be_put_into_the_list(plants: House) -> None:
    assert headings(plants.page("/staff/plants/?columns=note")) == ["Code", "Note"]


@pytest.mark.parametrize("asked", ["", "nothing", "garden_id,password", "%00", "," * 500])
def test_columns_that_there_are_not_leave_the_list_as_usual(plants: House, asked: str) -> None:
    assert headings(plants.page(f"/staff/plants/?columns={asked}")) == headings(plants.page("/staff/plants/"))


def test_a_column_of_the_other_realm_cannot_be_asked_for(plants: House) -> None:
    page = plants.page("/portal/north/plants/?columns=name,garden.name", "north")
    assert headings(page) == ["Code", "Name"]


def test_a_record_that_withholds_columns_offers_none_of_them(plants: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounted(plants).resource, "withheld", staticmethod(lambda _visit, _row: {"note"}))
    assert "note" not in [column.name for column, _ in choosable(mounted(plants))]
    assert fit(mounted(plants), ["note"]) == ()
    assert headings(plants.page("/staff/plants/?columns=note")) == headings(plants.page("/staff/plants/"))


def test_the_list_stands_as_its_visitor_keeps_it_and_as_its_address_says_before_that(plants: House) -> None:
    plants.layout = Layout(columns=("name", "price"), dense=True)
    kept = plants.page("/staff/plants/")
    assert (headings(kept), kept["dense"]) == (["Code", "Name", "Price"], True)
    assert headings(plants.page("/staff/plants/?columns=kind")) == ["Code", "Kind"]


def test_every_address_of_the_page_keeps_the_columns(plants: House) -> None:
    plants.add(*(Plant(garden_id=1, code=f"x{n}", name=f"X{n}", kind="herb") for n in range(6)))
    page = plants.page("/staff/plants/?columns=name&name=X")
    addresses = [page["pager"]["next"], page["clear_url"], *(chip["remove_url"] for chip in page["chips"])]
    assert all("columns=code%2Cname" in address for address in addresses)
    assert ["columns", "code,name"] in [list(pair) for pair in page["keep"]]
    assert headings(plants.page(page["pager"]["next"])) == ["Code", "Name"]


def test_an_export_has_the_columns_of_the_list(plants: House) -> None:
    assert exported(plants, "/staff/plants/export.csv?columns=name,kind")[0] == ["Code", "Name", "Kind"]
    plants.layout = Layout(columns=("name",))
    assert exported(plants, "/staff/plants/export.csv")[0] == ["Code", "Name"]


def test_a_list_with_chosen_columns_selects_only_those_and_costs_one_statement(plants: House) -> None:
    plants.page("/staff/plants/?columns=name")
    assert len(plants.statements) == 1
    assert "species" not in plants.statements[0]


def test_saved_lists_stand_above_with_the_one_that_is_shown(plants: House) -> None:
    plants.layout = Layout(saved=[SavedList("k1", "Trees", "kind=tree"), SavedList("k2", "All", "")])
    saved = plants.page("/staff/plants/?kind=tree")["saved"]
    assert [(each["name"], each["url"], each["here"]) for each in saved] == [
        ("Trees", "/staff/plants/?kind=tree", True),
        ("All", "/staff/plants/", False),
    ]


def test_a_bulk_action_takes_all_rows_that_match_on_every_page(plants: House) -> None:
    plants.add(*(Plant(garden_id=1, code=f"x{n}", name=f"X{n}", kind="herb") for n in range(12)))
    page = plants.page("/staff/plants/bulk/water?all=name%3DX")
    assert sorted(page["ids"]) == sorted(f"x{n}" for n in range(12))


def test_all_rows_that_match_are_those_of_the_own_garden(plants: House) -> None:
    page = plants.page("/portal/north/plants/bulk/water?all=", "north")
    assert sorted(page["ids"]) == sorted(row["key"] for row in plants.page("/portal/north/plants/", "north")["rows"])


def test_more_rows_than_can_be_acted_on_at_once_are_refused_in_words(
    plants: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panel.acting.MOST_ROWS", 2)
    answer = plants.get("/staff/plants/bulk/water?all=sort%3D-name")
    assert (answer.status_code, answer.location) == (303, "/staff/plants/?sort=-name")
    assert plants.get("/staff/plants/bulk/water?all=kind%3Dtree").status_code == 200


def test_what_is_posted_names_its_rows_and_no_filter_adds_to_them(plants: House) -> None:
    plants.post("/staff/plants/bulk/water?all=", {"id": ["p-1"], "litres": "5", "all": ""})
    assert left(plants) == [2, 3, 3]
