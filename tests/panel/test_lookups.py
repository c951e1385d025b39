"""Lookups: scoped, at most twenty, never a row number, and closed to those who may not use them."""

from __future__ import annotations

import pytest

from tests.panel.house import MEMBER_GRANTS, House
from tests.panel.schema import Bed


def test_a_lookup_lists_the_records_of_the_scope(plants: House) -> None:
    assert plants.get("/portal/north/plants/lookup/bed", "north").json == [{"value": "n1", "label": "Sunny bed"}]
    assert [found["value"] for found in plants.get("/staff/plants/lookup/bed").json] == ["s1", "n1"]


def test_a_lookup_searches_label_and_key_and_stops_at_twenty(plants: House) -> None:
    plants.add(*(Bed(garden_id=1, code=f"k{n}", name=f"Bed {n:02d}") for n in range(30)))
    assert len(plants.get("/portal/north/plants/lookup/bed", "north").json) == 20
    assert [found["value"] for found in plants.get("/portal/north/plants/lookup/bed?q=BED+07", "north").json] == ["k7"]
    assert [found["value"] for found in plants.get("/portal/north/plants/lookup/bed?q=k29", "north").json] == ["k29"]


@pytest.mark.parametrize("text", ["%00", "x" * 500, "%25", "_", "shady"])
def test_a_lookup_for_rubbish_or_foreign_records_finds_none(plants: House, text: str) -> None:
    answer = plants.get(f"/portal/north/plants/lookup/bed?q={text}", "north")
    assert (answer.status_code, answer.json) == (200, [])


def test_a_filter_on_the_catalogue_offers_what_its_resource_shows(plants: House) -> None:
    assert [found["value"] for found in plants.get("/portal/north/plants/lookup/species", "north").json] == [
        "men",
        "ros",
    ]


@pytest.mark.parametrize("field", ["name", "unknown", "garden_id", "species.name", "%00"])
def test_there_is_no_lookup_for_what_is_no_reference(plants: House, field: str) -> None:
    assert plants.get(f"/staff/plants/lookup/{field}").status_code == 404


def test_a_lookup_of_the_staff_form_is_unknown_in_the_portal(plants: House) -> None:
    assert plants.get("/staff/plants/lookup/garden?q=south").json == [{"value": "south", "label": "South garden"}]
    assert plants.get("/portal/north/plants/lookup/garden", "north").status_code == 404


def test_a_lookup_needs_the_right_to_the_list_or_the_form_it_serves(plants: House) -> None:
    plants.portal_grants = MEMBER_GRANTS - {"read"}
    assert plants.get("/portal/north/plants/lookup/bed", "north").status_code == 200
    assert plants.get("/portal/north/plants/lookup/species", "north").status_code == 403
    plants.portal_grants = frozenset({"water"})
    assert plants.get("/portal/north/plants/lookup/bed", "north").status_code == 403
