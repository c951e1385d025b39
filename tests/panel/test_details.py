"""The page of one record: its fields, its actions, what belongs to it and what happened to it."""

from __future__ import annotations

from typing import Any

import pytest

from panel import TimelineEntry
from panel.scope import switched_off
from tests.panel.house import MEMBER_GRANTS, House
from tests.panel.schema import Plant, Watering


def value(page: dict[str, Any], name: str) -> str:
    return str(next(field["value"] for field in page["fields"] if field["name"] == name))


def test_a_record_shows_all_its_columns(plants: House) -> None:
    plants.add(Plant(garden_id=1, code="x", name="Ivy", kind="herb", note="one\ntwo <b>", tags=["shade", "wall"]))
    page = plants.page("/staff/plants/x")
    assert (page["title"], page["kind_label"], page["key"]) == ("Ivy", "Plant", "x")
    assert value(page, "note") == '<span class="long-text">one\ntwo &lt;b&gt;</span>'
    assert value(page, "tags") == "shade, wall"
    assert value(page, "garden.name") == '<a href="/staff/gardens/north">North garden</a>'
    assert page["status"] == '<span class="badge tone-success">Well</span>'
    assert (page["list_url"], page["list_label"], page["edit_url"]) == (
        "/staff/plants/",
        "Plants",
        "/staff/plants/x/edit",
    )


def test_a_record_offers_the_actions_that_are_possible_and_permitted(plants: House) -> None:
    assert [action["name"] for action in plants.page("/staff/plants/p-1")["actions"]] == ["water", "uproot", "delete"]
    assert [action["name"] for action in plants.page("/portal/north/plants/p-1", "north")["actions"]] == ["water"]
    plants.add(Plant(garden_id=1, code="dry", name="Dry", kind="herb", water_left=0))
    assert plants.page("/portal/north/plants/dry", "north")["actions"] == []


@pytest.mark.parametrize("key", ["p-3", "p-99", "1", "%00", "x" * 5000, "p-1%00", "..", "%2e%2e", "P-1 "])
def test_a_foreign_or_unknown_record_is_not_found(plants: House, key: str) -> None:
    for part in ("", "/edit", "/water", "/delete"):
        if part == "/delete":
            plants.portal_grants = MEMBER_GRANTS | {"delete"}
        answer = plants.get(f"/portal/north/plants/{key}{part}", "north")
        assert answer.status_code == 404, (key, part)


def test_related_rows_are_shown_up_to_twenty_with_the_way_to_all(plants: House) -> None:
    plants.add(*(Watering(garden_id=1, code=f"w{n}", plant_id=1, litres=n) for n in range(25)))
    plants.add(Watering(garden_id=1, code="other", plant_id=2, litres=99))
    table = plants.page("/portal/north/plants/p-1", "north")["related"]
    assert (table["title"], table["more"], len(table["rows"])) == ("Waterings", True, 20)
    assert [row["cells"][0] for row in table["rows"]][:3] == ["24", "23", "22"]
    assert table["rows"][0]["url"] == "/portal/north/waterings/w24"
    assert table["all_url"] == "/portal/north/waterings/?plant=p-1"
    assert len(plants.page(table["all_url"], "north")["rows"]) == 25


def test_related_rows_need_the_right_to_list_them(plants: House) -> None:
    assert plants.page("/portal/north/beds/n1", "north")["related"]["title"] == "Plants"
    plants.portal_grants = frozenset({"beds"})
    page = plants.page("/portal/north/beds/n1", "north")
    assert (page["related"], page["tabs"]) == (None, [])


def tabs(page: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(tab["label"], tab["number"], tab["current"]) for tab in page["tabs"]]


def namesakes(plants: House, number: int, *, garden_id: int = 1) -> None:
    """Plants that are named like the first bed."""
    plants.add(
        *(Plant(garden_id=garden_id, code=f"s{garden_id}-{n}", name="Sunny bed", kind="herb") for n in range(number))
    )


def test_one_list_alone_has_no_tabs(plants: House) -> None:
    assert plants.page("/portal/north/plants/p-1", "north")["tabs"] == []
    plants.portal_grants = MEMBER_GRANTS - {"edit"}
    assert plants.page("/portal/north/beds/n1", "north")["tabs"] == []  # the other one wants a right of its own
    assert plants.page("/portal/north/beds/n1?tab=namesakes", "north")["related"]["title"] == "Plants"


def test_several_lists_are_tabs_with_numbers_of_which_the_address_names_one(plants: House) -> None:
    namesakes(plants, 3)
    page = plants.page("/portal/north/beds/n1", "north")
    first, second = tabs(page)
    assert (page["related"]["title"], first) == ("Plants", ("Plants", str(len(page["related"]["rows"])), True))
    assert second == ("Namesakes", "3", False)
    other = plants.page(f"/portal/north/beds/n1{page['tabs'][1]['url']}", "north")
    assert (other["related"]["title"], len(other["related"]["rows"])) == ("Namesakes", 3)
    assert [current for _label, _number, current in tabs(other)] == [False, True]


@pytest.mark.parametrize("tab", ["", "colour", "%00", "x" * 5000, "garden"])
def test_an_unknown_tab_is_the_first(plants: House, tab: str) -> None:
    assert plants.page(f"/portal/north/beds/n1?tab={tab}", "north")["related"]["title"] == "Plants"


@pytest.mark.parametrize(("there", "shown"), [(50, "50"), (51, "50+"), (60, "50+")])
def test_more_than_fifty_are_not_counted(plants: House, there: int, shown: str) -> None:
    namesakes(plants, there)
    assert tabs(plants.page("/portal/north/beds/n1", "north"))[1][1] == shown


@pytest.mark.parametrize("off", [{"first": True}, {"second": True}])
def test_each_lock_alone_keeps_the_rows_of_others_out_of_the_numbers(plants: House, off: dict[str, bool]) -> None:
    namesakes(plants, 2)
    namesakes(plants, 5, garden_id=2)
    with switched_off(**off):
        assert tabs(plants.page("/portal/north/beds/n1", "north"))[1][1] == "2"
    with switched_off(first=True, second=True):
        assert tabs(plants.page("/portal/north/beds/n1", "north"))[1][1] == "7"


def test_the_timeline_is_the_one_the_house_tells(plants: House) -> None:
    plants.timeline = [TimelineEntry("today", "2026-05-15", "Ann", "watered it", "portal", [("water left", "3", "2")])]
    entry = plants.page("/staff/plants/p-1")["timeline"][0]
    assert (entry["who"], entry["changes"]) == ("Ann", [["water left", "3", "2"]])


def test_a_record_costs_one_statement_and_one_for_the_related_table(plants: House) -> None:
    plants.page("/staff/plants/p-1")
    assert len(plants.statements) == 2


def test_the_numbers_of_all_tabs_are_one_statement(plants: House) -> None:
    plants.page("/staff/beds/n1?tab=namesakes")
    assert len(plants.statements) == 3


def test_a_reference_to_the_catalogue_opens_it_for_everyone(plants: House) -> None:
    assert value(plants.page("/portal/north/plants/p-1", "north"), "species.name") == "Rosa canina"
    assert plants.page("/portal/north/catalogue/ros", "north")["title"] == "ros"
