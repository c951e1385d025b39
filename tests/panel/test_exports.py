"""Exports: exactly the list, harmless in a spreadsheet, written down, in constant memory."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert

from panel.kinds import harmless
from tests.panel.house import House
from tests.panel.schema import Plant

MOMENT = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)


def exported(house: House, url: str, who: str = "staff") -> list[list[str]]:
    answer = house.get(url, who)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def sheet(house: House, url: str, who: str = "staff") -> list[tuple[Any, ...]]:
    answer = house.get(url, who)
    assert answer.status_code == 200
    return list(load_workbook(io.BytesIO(answer.data)).active.values)


def test_an_export_has_the_columns_and_rows_of_the_list(plants: House) -> None:
    plants.zone = "Europe/Berlin"
    plants.add(
        Plant(
            garden_id=1, code="x", name="Ivy", kind="climbing_rose", planted_on=dt.date(2026, 2, 1), watered_at=MOMENT
        )
    )
    rows = exported(plants, "/portal/north/plants/export.csv?kind=climbing_rose&sort=-name", "north")
    assert rows == [
        ["Code", "Name", "Kind", "Health", "Bed", "Species", "Planted on", "Watered at (Europe/Berlin)", "Height", "Price", "Currency", "Rare"],
        ["p-1", "Rose", "Climbing rose", "Well", "Sunny bed", "Rosa canina", "", "", "", "12.50", "EUR", "No"],
        ["x", "Ivy", "Climbing rose", "Well", "", "", "2026-02-01", "2026-02-01 00:30:00", "", "", "EUR", "No"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "sort=-price", "sort=height", "q=ose", "garden=north&sort=-name", "kind=unicorn"]
)
def test_an_export_equals_the_list_page_by_page(plants: House, query: str) -> None:
    plants.add(
        *(Plant(garden_id=1, code=f"z{n}", name=f"Z{n % 4}", kind="herb", height=n % 3 or None) for n in range(14))
    )
    listed, url = [], f"/staff/plants/?{query}"
    while url:
        page = plants.page(url)
        listed += [row["key"] for row in page["rows"]]
        url = page["pager"]["next"]
    assert [row[0] for row in exported(plants, f"/staff/plants/export.csv?{query}")[1:]] == listed
    assert [row[0] for row in sheet(plants, f"/staff/plants/export.xlsx?{query}")[1:]] == listed


def test_a_workbook_holds_numbers_dates_and_texts_as_such(plants: House) -> None:
    plants.add(
        Plant(
            garden_id=1,
            code="x",
            name="=1+1",
            kind="herb",
            height=7,
            price=-1250,
            planted_on=dt.date(2026, 2, 1),
            watered_at=MOMENT,
        )
    )
    titles, row = sheet(plants, "/staff/plants/export.xlsx?q=1%2B1")
    cells = dict(zip(titles, row, strict=True))
    assert cells["Name"] == "'=1+1"
    assert (cells["Height"], cells["Price"]) == (7, -12.5)
    assert cells["Planted on"].isoformat() == "2026-02-01T00:00:00"
    assert cells["Watered at (UTC)"].isoformat() == "2026-01-31T23:30:00"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "--1", "-"])
def test_a_cell_a_spreadsheet_would_run_is_made_text(plants: House, text: str) -> None:
    assert harmless(text) == "'" + text
    plants.add(Plant(garden_id=1, code="x", name=text, kind="herb"))
    rows = exported(plants, "/staff/plants/export.csv?garden=north&kind=herb&sort=-name")
    assert "'" + text in [row[1] for row in rows]


@pytest.mark.parametrize("text", ["-12.50", "+49", "0", "", "a=b", "Rose"])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_an_amount_is_exported_as_an_exact_number(plants: House) -> None:
    plants.add(Plant(garden_id=1, code="x", name="Gold", kind="herb", price=9_007_199_254_740_993))
    rows = exported(plants, "/staff/plants/export.csv?q=Gold")
    assert rows[1][rows[0].index("Price")] == "90071992547409.93"
    assert [row[rows[0].index("Price")] for row in exported(plants, "/staff/plants/export.csv?q=Oak")][1] == "-50.00"


def test_an_export_is_written_down_once_with_its_filters(plants: House) -> None:
    exported(plants, "/portal/north/plants/export.csv?kind=herb&q=mint&sort=-name&nonsense=1", "north")
    assert plants.audited == [("export", {"slug": "plants", "format": "csv", "filters": {"kind": "herb", "q": "mint"}})]


def test_an_export_is_a_file_to_keep(plants: House) -> None:
    answer = plants.get("/staff/plants/export.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="plants-2026-05-15.csv"'


def test_an_empty_export_still_has_its_titles(house: House) -> None:
    assert len(exported(house, "/staff/plants/export.csv")) == 1
    assert len(sheet(house, "/staff/plants/export.xlsx")) == 1


def test_a_long_export_comes_in_pieces_and_gives_its_connection_back(plants: House) -> None:
    with plants.engine.begin() as connection:
        connection.execute(
            insert(Plant),
            [{"garden_id": 1, "code": f"m{n}", "name": "Many", "kind": "herb", "health": "well"} for n in range(5000)],
        )
    answer = plants.app.test_client().get("/staff/plants/export.csv", headers={"X-Who": "staff"}, buffered=False)
    pieces = answer.iter_encoded()
    first = next(pieces)
    assert 0 < len(first) < 400_000
    answer.close()
    assert plants.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert len(exported(plants, "/staff/plants/export.csv")) == 5004
    assert plants.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_the_rows_of_a_reseller_are_exported_with_the_same_scope(plants: House) -> None:
    plants.add(Plant(garden_id=3, code="p-9", name="Moss", kind="herb"))
    assert [row[0] for row in exported(plants, "/portal/north/plants-below/export.csv", "north")] == ["Code", "p-9"]
