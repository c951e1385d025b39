"""Creating, editing and deleting: forms made from the columns, and what they refuse."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from panel import TimelineEntry
from panel import scope as scopes
from tests.panel.house import House, page_of
from tests.panel.schema import Plant

EDIT = {"name": "Rose", "kind": "climbing_rose", "bed": "n1", "price": "12.50", "version": "1"}


def edit(house: House, who: str = "north", **changes: Any) -> Any:
    return house.post("/portal/north/plants/p-1/edit", {**EDIT, **changes}, who)


def plant(house: House, key: str = "p-1") -> Plant:
    return house.read(select(Plant).where(Plant.code == key))[0]


def fields(page: dict[str, Any]) -> dict[str, str]:
    return {name: field["value"] for name, field in page["form"].items()}


def test_a_form_shows_the_record_as_people_type_it(plants: House) -> None:
    plants.zone = "Europe/Berlin"
    watered = dt.datetime(2026, 1, 31, 23, 30, 59, tzinfo=dt.UTC)
    plants.add(
        Plant(garden_id=2, code="x", name="Ivy", kind="tree", bed_id=2, price=-5, watered_at=watered, tags=["a", "b"])
    )
    shown = fields(plants.page("/staff/plants/x/edit"))
    assert shown["name"] == "Ivy"
    assert shown["bed"] == "s1"
    assert shown["price"] == "-0.05"
    assert shown["watered_at"] == "2026-02-01T00:30"
    assert shown["tags"] == "a, b"
    assert shown["version"] == "1"
    assert "garden" not in shown


def test_saving_changes_what_was_typed_and_nothing_else(plants: House) -> None:
    answer = edit(plants, name=" Dog rose ", bed="", price="99.90", rare="y", note="", tags="a,, b ,", height="30")
    assert (answer.status_code, answer.location) == (303, "/portal/north/plants/p-1")
    row = plant(plants)
    assert (row.name, row.bed_id, row.price, row.rare, row.note, row.tags, row.height) == (
        "Dog rose", None, 9990, True, None, ["a", "b"], 30,
    )  # fmt: skip
    assert (row.garden_id, row.version, row.water_left) == (1, 2, 3)


def test_saving_without_a_change_saves_nothing(plants: House) -> None:
    assert edit(plants).status_code == 303
    assert plant(plants).version == 1


def test_a_moment_is_read_in_the_time_zone_of_the_reader(plants: House) -> None:
    plants.zone = "Europe/Berlin"
    assert edit(plants, watered_at="2026-07-01T00:30").status_code == 303
    assert plant(plants).watered_at == dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("typed", "name", "message"),
    [
        ({"name": ""}, "name", "Enter the name."),
        ({"name": "x" * 81}, "name", "Enter at most 80 characters."),
        ({"name": "a\0b"}, "name", "This holds a character that is no text."),
        ({"note": "a\0b"}, "note", "This holds a character that is no text."),
        ({"kind": "unicorn"}, "kind", "Not a valid choice. Choose one of the list."),
        ({"kind": ""}, "kind", "Choose the kind."),
        ({"price": "lots"}, "price", "Enter an amount like 12.50."),
        ({"height": "9999999999"}, "height", "Enter a number from -2147483647 to 2147483647."),
        ({"height": "tall"}, "height", "Enter a whole number like 3."),
        ({"planted_on": "2026-02-30"}, "planted_on", "Enter a date like 2026-01-31."),
        ({"watered_at": "soon"}, "watered_at", "Enter a date and time like 2026-01-31 14:30."),
        ({"bed": "nowhere"}, "bed", "Not a valid choice. Choose one of the list."),
        ({"bed": "1"}, "bed", "Not a valid choice. Choose one of the list."),
        ({"bed": "\0"}, "bed", "Not a valid choice. Choose one of the list."),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_keeps_what_was_typed(
    plants: House, typed: dict[str, str], name: str, message: str
) -> None:
    answer = edit(plants, remark="kept", **{"tags": "kept", **typed})
    page = page_of(answer)
    assert answer.status_code == 422
    assert page["errors"] == [[name, message]]
    assert page["form"]["tags"]["value"] == "kept"
    assert page["form"][name]["value"] == typed[name].strip()
    assert plant(plants).version == 1


def test_a_stale_form_is_refused_naming_who_was_faster_and_keeps_the_input(plants: House) -> None:
    edit(plants, name="First")
    plants.timeline = [TimelineEntry("today", "2026-05-15", "Ann", "edited", changes=[("name", "Rose", "First")])]
    answer = edit(plants, name="Second")
    page = page_of(answer)
    assert answer.status_code == 409
    assert "Somebody changed this record meanwhile" in page["errors"][0][1]
    assert "Ann, today (name)" in page["errors"][0][1]
    assert page["form"]["name"]["value"] == "Second"
    assert plant(plants).name == "First"
    assert edit(plants, name="Second", version=page["form"]["version"]["value"]).status_code == 303
    assert plant(plants).name == "Second"


@pytest.mark.parametrize("version", ["", "x", "-1", "\0", "9" * 5000])
def test_a_forged_version_is_taken_for_a_stale_form(plants: House, version: str) -> None:
    answer = edit(plants, name="Other", version=version)
    assert answer.status_code in (409, 422)
    assert plant(plants).name == "Rose"


def test_a_member_creates_in_the_own_garden_without_being_asked_which(plants: House) -> None:
    assert "garden" not in fields(plants.page("/portal/north/plants/new", "north"))
    answer = plants.post(
        "/portal/north/plants/new", {"code": "n-1", "name": "Fern", "kind": "herb", "price": "1"}, "north"
    )
    assert (answer.status_code, answer.location) == (303, "/portal/north/plants/n-1")
    assert (plant(plants, "n-1").garden_id, plant(plants, "n-1").price) == (1, 100)


def test_staff_choose_the_owner_by_key_or_name(plants: House) -> None:
    for code, owner in (("a", "south"), ("b", "South Garden")):
        answer = plants.post("/staff/plants/new", {"code": code, "name": "Fern", "kind": "herb", "garden": owner})
        assert answer.status_code == 303
        assert plant(plants, code).garden_id == 2
    answer = plants.post("/staff/plants/new", {"code": "c", "name": "Fern", "kind": "herb", "garden": ""})
    assert page_of(answer)["errors"] == [["garden", "Choose the garden."]]


def test_a_conflict_is_said_plainly_without_a_word_of_sql(plants: House) -> None:
    answer = plants.post("/portal/north/plants/new", {"code": "p-3", "name": "Fern", "kind": "herb"}, "north")
    page = page_of(answer)
    assert answer.status_code == 409
    assert page["errors"][0][1].startswith("This conflicts with another record.")
    assert page["form"]["code"]["value"] == "p-3"
    assert not [
        word for word in ("plant_code", "insert", "constraint", "oak") if word in answer.get_data(as_text=True).lower()
    ]


def test_deleting_asks_first_and_needs_its_right(plants: House) -> None:
    page = plants.page("/staff/plants/p-1/delete")
    assert (page["label"], page["danger"]) == ("Delete", True)
    assert "Plant Rose will be deleted" in page["confirm"]
    assert plants.read(select(Plant.code).where(Plant.code == "p-1")) == ["p-1"]
    answer = plants.post("/staff/plants/p-1/delete")
    assert (answer.status_code, answer.location) == (303, "/staff/plants/")
    assert plants.read(select(Plant.code).where(Plant.code == "p-1")) == []
    assert plants.post("/portal/north/plants/p-2/delete", who="north").status_code == 404, "nobody there may ever"


def test_the_services_of_the_resource_are_called_instead_of_the_generic_ones(plants: House) -> None:
    calls: list[Any] = []
    resource = plants.sites[0].mounted["plants"].resource

    def save(row: Plant, changes: dict[str, Any], *, actor: Any, now: dt.datetime) -> None:
        calls.append((row.code, changes, actor, now))

    def make(values: dict[str, Any], *, actor: Any, now: dt.datetime) -> Plant:
        calls.append(sorted(values))
        return plant(plants)

    try:
        resource.saves = {"edit": save, "create": make}  # type: ignore[misc]
        edit(plants, name="Other")
        plants.post("/portal/north/plants/new", {"code": "n", "name": "Fern", "kind": "herb"}, "north")
    finally:
        resource.saves = {}  # type: ignore[misc]
    assert calls == [
        ("p-1", {"name": "Other"}, "keeper", dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)),
        ["bed", "code", "garden_id", "kind", "name", "price"],
    ]


def test_a_row_that_vanishes_before_the_save_is_not_found(plants: House) -> None:
    maker = plants.sites[1].mounted["plants"].forms["edit"]
    original = type(maker).make

    def make(self: Any, visit: Any, session: Any, row: Any = None) -> Any:
        with scopes.unscoped("the test deletes it"):
            session.delete(row)
            session.commit()
        return original(self, visit, session, row)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(maker), "make", make)
        assert edit(plants, name="Other").status_code == 404


def test_without_a_token_nothing_is_written(plants: House) -> None:
    plants.app.config["WTF_CSRF_ENABLED"] = True
    assert edit(plants, name="Forged").status_code == 422
    assert plants.post("/staff/plants/p-1/delete").status_code == 422
    assert plants.post("/staff/plants/p-1/uproot").status_code == 422
    assert plant(plants).name == "Rose"
