"""A quick look at a record: its own fields in one statement, within the rows of whoever looks (UX 15)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.panel.house import House

PEEK = {"X-Fragment": "peek"}


def peek(plants: House, url: str, who: str = "staff") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plants.get(url, who, headers=PEEK).get_data(as_text=True))
    return found


def test_it_shows_the_record_and_leads_to_its_page(plants: House) -> None:
    page = peek(plants, "/portal/north/plants/p-1", "north")
    whole = plants.page("/portal/north/plants/p-1", "north")
    assert (page["title"], page["kind_label"], page["url"]) == (whole["title"], "Plant", "/portal/north/plants/p-1")
    assert (page["fields"], page["status"]) == (whole["fields"], whole["status"])
    assert not {"related", "timeline", "actions"} & set(page)


def test_it_costs_one_statement(plants: House) -> None:
    peek(plants, "/staff/plants/p-1")
    assert len(plants.statements) == 1


@pytest.mark.parametrize("key", ["p-3", "p-99", "%00", "x" * 5000])
def test_a_foreign_or_unknown_record_is_not_found(plants: House, key: str) -> None:
    assert plants.get(f"/portal/north/plants/{key}", "north", headers=PEEK).status_code == 404


def test_who_may_not_open_records_gets_no_look_at_them(plants: House) -> None:
    plants.portal_grants = frozenset({"beds"})
    assert plants.get("/portal/north/plants/p-1", "north", headers=PEEK).status_code == 403


def test_answers_that_differ_by_the_header_say_so(plants: House) -> None:
    assert plants.get("/staff/plants/p-1", "staff", headers=PEEK).headers["Vary"] == "X-Fragment"
    assert "fields" in plants.page("/staff/plants/p-1")
