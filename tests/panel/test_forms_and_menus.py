"""Fields in sections, columns that choose from a list, the View menu, checklists, and names that must be typed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask_wtf import FlaskForm
from sqlalchemy import Engine, select
from wtforms import StringField

from panel import STAFF, Action, CheckItem, Column, Lookup, Resource, ResourceMistake, Section, Text, Visit, reading
from tests.panel.house import GardenResource, House, PlantResource, SpeciesResource, WateringResource, page_of
from tests.panel.schema import Bed, Plant


def dig_up(bed: Bed, *, actor: Any, now: dt.datetime) -> Bed:
    """Take the name as sign that it ran."""
    bed.name = "dug up"
    return bed


def what_grows(visit: Visit, bed: Bed, now: dt.datetime) -> list[CheckItem]:
    where = f"{visit.base_url}/plants/?bed={bed.code}"
    state = "blocks" if bed.code == "s1" else "fine"
    return [CheckItem("Plants", state, f"as of {now:%Y}", [("See them", where)]), CheckItem("Fence", "warns")]


class PlanterForm(FlaskForm):
    planter = StringField("Who plants it")


def plant_bed(values: dict[str, Any], *, actor: Any, now: dt.datetime) -> Bed:
    values.pop("planter", None)
    values["code"] = values["code"] or "made-up"
    return HOUSES[-1].create(Bed, values, actor=actor, now=now)


class BedsInSections(Resource):
    model, slug, title, key, status = Bed, "beds", "Beds", "code", ""
    columns = (
        Column("code", link=True),
        Column("name", sort=True),
        Column("soil"),
        Column("zone"),
    )
    filters = (Lookup("garden", realms={STAFF}, reverse="Beds of the garden"), Text("soil", exact=True))
    label = "name"
    form = {
        "create": {STAFF: ("garden", "code", "name", "soil"), "portal": ("code", "name", "soil")},
        "edit": ("name", "soil", "zone"),
    }
    form_extras = {"create": PlanterForm}
    saves = {"create": plant_bed}
    optional = frozenset({"code"})
    sections = (Section("Ground", ("soil", "zone"), "What it stands on."), Section("People", ("planter",)))
    view_menu = True
    grants = {**reading("beds"), "create": "create", "edit": "edit"}
    actions = (Action(dig_up, "Dig up", grant="staff:uproot", checks=what_grows, typed=True),)


class GardenWithMenu(GardenResource):
    view_menu = True


HOUSES: list[House] = []
RESOURCES = (PlantResource, BedsInSections, GardenWithMenu, SpeciesResource, WateringResource)


@pytest.fixture
def beds(house: House, engine: Engine) -> Iterator[House]:
    made = House(engine, RESOURCES)
    HOUSES.append(made)
    yield made
    HOUSES.pop()
    made.session.remove()


def bed(house: House, code: str = "n1") -> Bed:
    return house.read(select(Bed).where(Bed.code == code))[0]


# Sections


def sections(page: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(part["title"], len(part["fields"]), part["help"]) for part in page["sections"]]


def test_the_fields_of_a_form_stand_in_their_sections_and_the_others_above(beds: House) -> None:
    assert sections(beds.page("/staff/beds/new")) == [
        ("", 3, ""),
        ("Ground", 1, "What it stands on."),
        ("People", 1, ""),
    ]
    assert sections(beds.page("/staff/beds/n1/edit")) == [("", 1, ""), ("Ground", 2, "What it stands on.")]
    assert beds.page("/staff/plants/new")["sections"] == []


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ((Section("Ground", ("soil", "colour")),), "sections name 'colour', which no form asks for"),
        ((Section("Ground", ("soil",)), Section("More", ("soil",))), "sections name 'soil' twice"),
    ],
)
def test_a_section_that_names_no_field_stops_the_start(engine: Engine, declared: Any, said: str) -> None:
    wrong = type("WrongBeds", (BedsInSections,), {"sections": declared})
    with pytest.raises(ResourceMistake, match=said):
        House(engine, (wrong, GardenResource))


def test_what_the_service_fills_may_be_left_empty_and_all_else_is_asked_for(beds: House) -> None:
    answer = beds.post("/staff/beds/new", {"garden": "north", "code": "", "name": ""})
    assert answer.status_code == 422
    form = page_of(answer)["form"]
    assert (form["code"]["errors"], form["name"]["errors"]) == ([], ["Enter the name."])
    assert beds.post("/staff/beds/new", {"garden": "north", "code": "", "name": "Wall"}).status_code == 303
    assert bed(beds, "made-up").name == "Wall"


# Columns that choose from a list


def test_a_listed_column_is_shown_by_its_words_and_a_code_as_it_is(beds: House) -> None:
    beds.add(Bed(garden_id=1, code="n2", name="Wall", soil="clay", zone="cold"))
    fields = {field["name"]: field["value"] for field in beds.page("/staff/beds/n2")["fields"]}
    assert (fields["soil"], fields["zone"]) == ("Clay soil", "cold")


def test_a_code_that_left_the_list_is_shown_as_it_is_and_stays_when_the_form_is_saved(beds: House) -> None:
    beds.add(Bed(garden_id=1, code="n2", name="Wall", soil="peat <b>"))
    fields = {field["name"]: field["value"] for field in beds.page("/staff/beds/n2")["fields"]}
    assert fields["soil"] == "peat &lt;b&gt;"
    answer = beds.post("/staff/beds/n2/edit", {"name": "Old wall", "soil": "peat <b>", "zone": "mild"})
    assert answer.status_code == 303
    assert (bed(beds, "n2").name, bed(beds, "n2").soil) == ("Old wall", "peat <b>")


@pytest.mark.parametrize("typed", ["peat", "Clay soil", "CLAY", "clay\0"])
def test_what_does_not_stand_in_the_list_is_refused(beds: House, typed: str) -> None:
    answer = beds.post("/staff/beds/n1/edit", {"name": "Sunny bed", "soil": typed, "zone": "mild"})
    assert answer.status_code == 422
    assert page_of(answer)["form"]["soil"]["errors"]
    assert bed(beds).soil is None


def test_a_listed_column_may_be_left_empty_and_takes_what_is_chosen(beds: House) -> None:
    given = {"name": "Sunny bed", "zone": "cold"}
    assert beds.post("/staff/beds/n1/edit", {**given, "soil": "sand"}).status_code == 303
    assert (bed(beds).soil, bed(beds).zone) == ("sand", "cold")
    assert beds.post("/staff/beds/n1/edit", {**given, "soil": ""}).status_code == 303
    assert bed(beds).soil is None


def test_a_filter_of_a_listed_column_takes_the_code_and_the_words(beds: House) -> None:
    beds.add(Bed(garden_id=1, code="n2", name="Wall", soil="clay"))
    for typed in ("clay", "Clay soil", "clay SOIL"):
        page = beds.page(f"/staff/beds/?soil={typed}")
        assert [row["key"] for row in page["rows"]] == ["n2"]
        assert page["chips"][0]["value"] == "Clay soil"
    assert beds.page("/staff/beds/?soil=peat")["rows"] == []


def test_a_list_that_nobody_handed_in_stops_the_start(engine: Engine) -> None:
    wrong = type("WrongBeds", (BedsInSections,), {"columns": (Column("name", kind="listed:moons"),)})
    with pytest.raises(ResourceMistake, match="'moons', a list the hooks do not hold"):
        House(engine, (wrong, GardenResource))


# The View menu


def test_the_view_menu_offers_every_list_that_can_be_filtered_by_the_record(beds: House) -> None:
    views = beds.page("/staff/gardens/north")["views"]
    assert views == [
        {"label": "Garden", "links": [["Plants", "/staff/plants/?garden=north"]]},
        {"label": "", "links": [["Beds of the garden", "/staff/beds/?garden=north"]]},
    ]
    for group in views:
        for _label, address in group["links"]:
            assert beds.page(address)["chips"][0]["value"] == "North garden"


def test_the_view_menu_leaves_out_what_this_visit_may_not_list(beds: House) -> None:
    beds.staff_grants = beds.staff_grants - {"beds"}
    assert [group["label"] for group in beds.page("/staff/gardens/north")["views"]] == ["Garden"]
    assert beds.page("/staff/plants/")["rows"] == []


def test_a_record_without_a_view_menu_has_none_and_filters_of_one_realm_stay_there(plants: House, beds: House) -> None:
    assert plants.page("/staff/gardens/north")["views"] == []
    portal = beds.page("/portal/north/beds/n1", "north")["views"]
    assert portal == [{"label": "Garden", "links": [["Plants", "/portal/north/plants/?bed=n1"]]}]


# Checklists and typed names


def test_the_checklist_of_an_act_says_what_is_fine_and_leads_to_what_is_not(beds: House) -> None:
    page = beds.page("/staff/beds/s1/dig-up")
    assert [(item["label"], item["state"]) for item in page["checks"]] == [("Plants", "blocks"), ("Fence", "warns")]
    assert page["checks"][0]["links"] == [["See them", "/staff/plants/?bed=s1"]]
    assert page["checks"][0]["text"] == "as of 2026"


@pytest.mark.parametrize("typed", ["", "sunny bed", "Sunny", "Sunny bed\0", "Shady bed", "x" * 9000])
def test_an_act_that_wants_the_name_does_nothing_without_it(beds: House, typed: str) -> None:
    answer = beds.post("/staff/beds/n1/dig-up", {"typed_name": typed})
    assert answer.status_code == 422
    assert page_of(answer)["form"]["typed_name"]["errors"]
    assert bed(beds).name == "Sunny bed"


def test_an_act_that_wants_the_name_runs_with_it_and_is_not_told_of_it(beds: House) -> None:
    assert beds.post("/staff/beds/n1/dig-up", {"typed_name": "  Sunny  bed "}).status_code == 303
    assert bed(beds).name == "dug up"


def test_an_act_for_many_rows_cannot_want_a_name(engine: Engine) -> None:
    many = (Action(dig_up, "Dig up", grant="staff:uproot", typed=True, bulk=True),)
    with pytest.raises(ResourceMistake, match="cannot be for many rows"):
        House(engine, (type("WrongBeds", (BedsInSections,), {"actions": many}), GardenResource))


def test_the_pages_are_plain_values(beds: House) -> None:
    assert json.loads(beds.get("/staff/beds/s1/dig-up").get_data(as_text=True))["label"] == "Dig up"
    assert beds.read(select(Plant)) == []
