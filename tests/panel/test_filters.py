"""Filters: what they find, how they are said back, and what they do with rubbish."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from panel.amounts import amount_text, parse_amount
from tests.panel.house import House
from tests.panel.schema import Plant


def names(page: dict[str, Any]) -> list[str]:
    return [row["label"] for row in page["rows"]]


def field(page: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in page["filters"] if found["name"] == name)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=os", ["Rose"]),
        ("name=OS", ["Rose"]),
        ("kind=herb", ["Mint"]),
        ("kind=herb&kind=tree", ["Mint", "Oak"]),
        ("kind=herb&health=dead", []),
        ("bed=n1", ["Rose"]),
        ("bed=Shady+bed", ["Oak"]),
        ("species=men", ["Oak"]),
        ("garden=north", ["Mint", "Rose"]),
        ("price.from=12.50", ["Rose"]),
        ("price.to=-50", ["Oak"]),
        ("price.from=-50.00&price.to=0", ["Oak"]),
        ("rare=no", ["Mint", "Oak", "Rose"]),
        ("rare=yes", []),
        ("note=yes", []),
        ("note=no", ["Mint", "Oak", "Rose"]),
    ],
)
def test_a_filter_finds_the_rows_it_names(plants: House, query: str, found: list[str]) -> None:
    page = plants.page(f"/staff/plants/?{query}")
    assert names(page) == found
    assert page["warnings"] == []


def test_a_range_of_days_includes_both_ends(plants: House) -> None:
    for day in (1, 2, 3, 4):
        plants.add(Plant(garden_id=1, code=f"d{day}", name=f"D{day}", kind="herb", planted_on=dt.date(2026, 1, day)))
    assert names(plants.page("/staff/plants/?planted_on.from=2026-01-02&planted_on.to=2026-01-03")) == ["D2", "D3"]


def test_moments_are_filtered_by_the_days_of_the_reader(plants: House) -> None:
    late = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)
    plants.add(Plant(garden_id=1, code="m", name="Moment", kind="herb", watered_at=late))
    query = "/staff/plants/?watered_at.from=2026-02-01&watered_at.to=2026-02-01"
    assert names(plants.page(query)) == []
    plants.zone = "Europe/Berlin"
    assert names(plants.page(query)) == ["Moment"]


@pytest.mark.parametrize(
    ("query", "name", "error"),
    [
        ("planted_on.from=yesterday", "planted_on", "Enter a date like 2026-01-31."),
        ("planted_on.to=2026-02-30", "planted_on", "Enter a date like 2026-01-31."),
        ("planted_on.from=2026-W01-1", "planted_on", "Enter a date like 2026-01-31."),
        ("watered_at.to=9999-12-31", "watered_at", "Enter a date like 2026-01-31."),
        ("watered_at.from=0001-01-01", "watered_at", ""),
        ("price.from=abc", "price", "Enter an amount like 12.50."),
        ("price.from=1e9", "price", "Enter an amount like 12.50."),
        ("price.from=1.005", "price", "Enter an amount like 12.50, with at most 2 decimals."),
        ("price.from=" + "9" * 40, "price", "Enter an amount like 12.50."),
        ("kind=unicorn", "kind", "Choose one of the list."),
        ("kind=herb&kind=%00", "kind", "Choose one of the list."),
        ("rare=maybe", "rare", "Choose one of the list."),
        ("bed=nowhere", "bed", "There is no such record."),
        ("bed=%00", "bed", "There is no such record."),
        ("bed=1", "bed", "There is no such record."),
        ("name=%00", "name", "Enter at most 200 characters of text."),
        ("name=" + "x" * 201, "name", "Enter at most 200 characters of text."),
    ],
)
def test_rubbish_in_a_filter_is_said_kept_and_ignored(plants: House, query: str, name: str, error: str) -> None:
    page = plants.page(f"/staff/plants/?{query}")
    assert field(page, name)["error"] == error
    if error:
        assert names(page) == ["Mint", "Oak", "Rose"]
        assert any(warning.endswith(error) for warning in page["warnings"])
        assert any(field(page, name)["values"])
        assert page["chips"] == []


def test_a_choice_offers_every_value_with_its_label(plants: House) -> None:
    options = field(plants.page("/staff/plants/?kind=tree"), "kind")["options"]
    assert [(option["value"], option["label"], option["selected"]) for option in options] == [
        ("herb", "Herb", False),
        ("tree", "Tree", True),
        ("climbing_rose", "Climbing rose", False),
    ]


def test_a_filter_in_force_is_a_chip_with_an_address_without_it(plants: House) -> None:
    page = plants.page("/staff/plants/?kind=herb&kind=tree&bed=s1&price.from=-60&price.to=1")
    chips = [(chip["label"], chip["value"]) for chip in page["chips"]]
    assert chips == [("Kind", "Herb, Tree"), ("Bed", "Shady bed"), ("Price", "from -60 to 1")]
    assert page["chips"][0]["remove_url"] == "/staff/plants/?bed=s1&price.from=-60&price.to=1"


def test_a_lookup_filter_does_not_tell_of_foreign_records(plants: House) -> None:
    page = plants.page("/portal/north/plants/?bed=s1", "north")
    assert field(page, "bed")["error"] == "There is no such record."
    assert names(page) == ["Mint", "Rose"]


def test_a_filter_of_the_staff_is_unknown_in_the_portal(plants: House) -> None:
    page = plants.page("/portal/north/plants/?garden=south", "north")
    assert names(page) == ["Mint", "Rose"]
    assert "garden" not in [found["name"] for found in page["filters"]]


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        ("12.50", 2, 1250),
        ("-0.5", 2, -50),
        ("12", 0, 12),
        ("1.234", 3, 1234),
        ("1.2", 4, 12000),
        ("7.", 2, 700),
        (" 1 ", 2, 100),
    ],
)
def test_amounts_are_read_without_floats(text: str, exponent: int, minor: int) -> None:
    assert parse_amount(text, exponent) == minor
    assert parse_amount(amount_text(minor, exponent), exponent) == minor


@pytest.mark.parametrize("text", ["", "1,5", "1.234", "--1", "0x1", "1 000", "NaN", "\u0661x"])
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="Enter an amount like"):
        parse_amount(text, 2)
