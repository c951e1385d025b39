"""Acts that open filled, offer another button or name another act, and what pages say beyond their columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from wtforms import StringField

from panel import (
    PORTAL,
    Action,
    Banner,
    Column,
    DetailsField,
    Facts,
    Resource,
    Submit,
    TicksField,
    Visit,
    lead,
    reading,
)
from tests.panel.house import GardenResource, House, Refusal, page_of
from tests.panel.schema import Bed, Garden


class NameForm(FlaskForm):
    name = StringField("Name")


class TagFields(FlaskForm):
    tags_of_it = TicksField("Tags", choices=[("dry", "Dry"), ("wet", "Wet")], notes={"dry": "Needs little water."})


def rename(bed: Bed, *, actor: Any, now: dt.datetime, name: str) -> Bed:
    if name == "no":
        refusal = Refusal("Not like this.")
        refusal.instead = "burn"  # type: ignore[attr-defined]
        raise refusal
    bed.name = name
    return bed


def burn(bed: Bed, *, actor: Any, now: dt.datetime) -> Bed:
    bed.name = "burnt"
    return bed


def told(visit: Visit, bed: Bed, now: dt.datetime) -> Sequence[Facts]:
    return [Facts("Soil", [DetailsField("soil", "Soil", "text", Markup("Clay of ") + bed.name)])]


def warned(visit: Visit) -> Sequence[Banner]:
    return [Banner("Frost tonight.", f"{visit.base_url}/beds/", "Look")] if visit.owner_id else []


SAVED: list[dict[str, Any]] = []


def save(bed: Bed, changes: dict[str, Any], *, actor: Any, now: dt.datetime) -> Bed:
    SAVED.append(changes)
    return bed


class BedsWithActs(Resource):
    model, slug, title, key = Bed, "beds", "Beds", "code"
    columns = (Column("code"), Column("name", link=True, sort=True))
    default_sort = "name"
    form = {"edit": ("name",)}
    form_extras = {"edit": TagFields}
    extra_values = {"tags_of_it": lambda _bed: ["dry"]}
    saves = {"edit": save}
    grants = {**reading("beds"), "edit": "edit"}
    actions = (
        Action(
            rename,
            "Rename",
            grant="edit",
            form=NameForm,
            fill=lambda bed: {"name": bed.name},
            also=(Submit("Burn instead", "burn", realms=frozenset({PORTAL})),),
        ),
        Action(burn, "Burn", grant="edit", menu=False, bulk=True),
        lead("Plan", lambda bed: f"plans/{bed.code}", name="plan", grant="edit"),
        lead("Map", lambda bed: f"maps/{bed.code}", name="map", grant="edit", many_lead_to="maps/"),
    )
    facts = told
    banners = warned


@pytest.fixture(scope="module")
def houses() -> dict[Engine, House]:
    return {}


@pytest.fixture
def beds(engine: Engine, houses: dict[Engine, House]) -> Iterator[House]:
    made = houses.setdefault(engine, houses.get(engine) or House(engine, (BedsWithActs, GardenResource)))
    made.reset()
    made.add(Garden(id=1, code="north", name="North garden"))
    made.add(Bed(id=1, garden_id=1, code="n1", name="Sunny bed"))
    SAVED.clear()
    yield made
    made.session.remove()


def name_of_bed(house: House) -> str:
    with Session(house.engine) as session:
        return session.scalars(select(Bed.name)).one()


def test_an_act_opens_with_the_values_of_the_record_and_keeps_what_was_typed(beds: House) -> None:
    page = beds.page("/portal/north/beds/n1/rename", "north")
    assert page["form"]["name"]["value"] == "Sunny bed"
    answer = beds.post("/portal/north/beds/n1/rename", {"name": "no"}, "north")
    assert page_of(answer)["form"]["name"]["value"] == "no"


def test_another_button_sends_the_form_below_the_same_record_where_the_realm_has_it(beds: House) -> None:
    assert beds.page("/portal/north/beds/n1/rename", "north")["also"] == [
        ["Burn instead", "/portal/north/beds/n1/burn"]
    ]
    assert beds.page("/staff/beds/n1/rename")["also"] == []


def test_a_refusal_names_the_act_that_helps_to_those_who_may(beds: House) -> None:
    answer = beds.post("/portal/north/beds/n1/rename", {"name": "no"}, "north")
    assert answer.status_code == 409
    assert page_of(answer)["instead"]["url"] == "/portal/north/beds/n1/burn"
    assert name_of_bed(beds) == "Sunny bed"
    assert beds.page("/portal/north/beds/n1/rename", "north")["instead"] is None


def test_an_act_without_a_menu_is_offered_for_many_rows_only(beds: House) -> None:
    page = beds.page("/portal/north/beds/", "north")
    assert [action["name"] for action in page["bulk_actions"]] == ["burn", "map"]
    assert [action["name"] for action in page["rows"][0]["actions"]] == ["rename", "plan", "map"]
    assert [action["name"] for action in beds.page("/portal/north/beds/n1", "north")["actions"]] == [
        "rename",
        "plan",
        "map",
    ]
    assert beds.post("/portal/north/beds/n1/burn", {}, "north").status_code == 303
    assert name_of_bed(beds) == "burnt"


def test_an_act_that_leads_to_a_page_asks_nothing_and_changes_nothing(beds: House) -> None:
    offered = {action["name"]: action["asks"] for action in beds.page("/portal/north/beds/n1", "north")["actions"]}
    assert offered == {"rename": True, "plan": False, "map": False}
    for answer in (
        beds.get("/portal/north/beds/n1/plan", "north"),
        beds.post("/portal/north/beds/n1/plan", {}, "north"),
    ):
        assert (answer.status_code, answer.location) == (303, "/portal/north/plans/n1")
    assert name_of_bed(beds) == "Sunny bed"


def test_many_rows_are_led_to_a_page_with_their_keys_and_only_those_in_sight(beds: House) -> None:
    beds.add(Garden(id=2, code="south", name="South garden"))
    beds.add(Bed(id=2, garden_id=2, code="s1", name="Shady bed"))
    answer = beds.get("/portal/north/beds/bulk/map?id=n1&id=n1", "north")
    assert (answer.status_code, answer.location) == (303, "/portal/north/maps/?id=n1")
    assert beds.get("/portal/north/beds/bulk/map?id=n1&id=s1", "north").status_code == 404
    assert beds.get("/portal/north/beds/bulk/plan?id=n1", "north").status_code == 404  # it is for one row alone


def test_a_page_says_facts_beyond_its_columns_and_a_list_what_waits(beds: House) -> None:
    (facts,) = beds.page("/portal/north/beds/n1", "north")["facts"]
    assert (facts["title"], facts["fields"][0]["value"]) == ("Soil", "Clay of Sunny bed")
    (banner,) = beds.page("/portal/north/beds/", "north")["banners"]
    assert (banner["text"], banner["url"]) == ("Frost tonight.", "/portal/north/beds/")
    assert beds.page("/staff/beds/")["banners"] == []


@pytest.mark.parametrize(
    ("ticked", "saved"), [(["dry"], []), (["dry", "wet"], [{"tags_of_it": ["dry", "wet"]}]), ([], [{"tags_of_it": []}])]
)
def test_a_field_beyond_the_columns_is_saved_when_it_differs(
    beds: House, ticked: list[str], saved: list[dict[str, Any]]
) -> None:
    page = beds.page("/portal/north/beds/n1/edit", "north")
    assert page["form"]["tags_of_it"]["value"] == "['dry']"
    sent = {"name": "Sunny bed", "tags_of_it": ticked}
    answer = beds.post("/portal/north/beds/n1/edit", sent, "north")
    assert answer.status_code == 303
    assert saved == SAVED


def test_a_tick_that_is_no_choice_is_refused(beds: House) -> None:
    answer = beds.post("/portal/north/beds/n1/edit", {"name": "Sunny bed", "tags_of_it": ["swampy"]}, "north")
    assert answer.status_code == 422
    assert SAVED == []
