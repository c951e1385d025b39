"""Checks at the start: what would be slow, open or broken stops the program and says what to write."""

from __future__ import annotations

from typing import Any

import pytest
from flask_wtf import FlaskForm

from panel import (
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    FurtherExport,
    Lookup,
    Realm,
    Related,
    Resource,
    ResourceMistake,
    Text,
    everyone,
    reading,
)
from panel.checks import check
from panel.mounted import Mounted
from tests.panel.house import RESOURCES, House, uproot
from tests.panel.schema import Garden, Plant, Species


def mistakes(house: House, model: type[Any] = Plant, realm: str = STAFF, **declared: Any) -> str:
    """What is wrong with a resource that declares this."""
    given = {"model": model, "slug": "x", "title": "Xs", "key": "code", "grants": reading("read"), **declared}
    resource = type("XResource", (Resource,), given)
    found = next(site.realm for site in house.sites if site.realm.name == realm)
    neighbours = {
        site_mounted.model: site_mounted
        for site in house.sites
        if site.realm is found
        for site_mounted in site.mounted.values()
    }
    everywhere = {described.model: described for described in RESOURCES}
    try:
        check(Mounted(resource, found, house.hooks, neighbours, everywhere))
    except ResourceMistake as mistake:
        return str(mistake)
    return ""


def test_a_resource_without_mistakes_passes(house: House) -> None:
    assert mistakes(house, columns=(Column("code"),)) == ""
    assert mistakes(house, realm=PORTAL, columns=(Column("code"),)) == ""


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"columns": (Column("colour"),)}, "Plant has no column 'colour'"),
        ({"columns": (Column("owner.name"),)}, "Plant has no relationship 'owner'"),
        (
            {"further_exports": (FurtherExport("All", "trees"),)},
            "'All' is of 'trees', and no Resource here is called so",
        ),
        (
            {
                "filters": (Choice("kind"), Choice("health")),
                "further_exports": (FurtherExport("All", "beds", {"age": "1"}),),
            },
            "needs filters of 'beds': age, health, kind",
        ),
        ({"search": ("name",), "further_exports": (FurtherExport("All", "beds"),)}, "needs a search of 'beds'"),
        ({"columns": (Column("bed.colour"),)}, "Bed has no column 'colour'"),
        ({"columns": (Column("waterings.litres"),)}, "leads to many rows"),
        ({"columns": (Column("name", kind="colour"),)}, "there is no kind 'colour'"),
        ({"columns": (Column("bed.name", sort=True),)}, "must be a plain column"),
        ({"columns": (Column("can_water", sort=True),)}, "must be a plain column"),
        ({"columns": (Column("health", sort=True),)}, "no index on (health, id), which the list needs"),
        ({"default_sort": "-health"}, "no index on (health, id)"),
        ({"columns": (Column("tags", sort=True),)}, "cannot be sorted by 'tags'"),
        ({"search": ("note",)}, "no trigram index on 'note'"),
        ({"search": ("colour",)}, "Plant has no column 'colour'"),
        ({"filters": (Text("colour"),)}, "Plant has no column 'colour'"),
        ({"filters": (Choice("bed.colour"),)}, "Bed has no column 'colour'"),
        ({"filters": (Lookup("name"),)}, "Plant has no relationship 'name'"),
        ({"filters": (Lookup("waterings"),)}, "is no reference to one row"),
        ({"related": (Related("bed", columns=("name",)),)}, "leads to no rows of Plant"),
        ({"related": (Related("waterings", columns=("colour",)),)}, "Watering has no column 'colour'"),
        ({"key": "colour"}, "Plant has no column 'colour'"),
        ({"load": ("colour",)}, "load names 'colour'"),
        ({"references": {"colour": None}}, "references names 'colour'"),
        ({"grants": {"list": "no-such-right"}}, "the grant 'no-such-right' of 'list' is not known"),
        ({"grants": {"lists": "read"}}, "there is no verb 'lists'"),
        ({"grants": {"edit": "edit"}}, "'edit' is granted, but form['edit'] is missing"),
        ({"grants": {"edit": "edit"}, "form": {"edit": ("colour",)}}, "Plant has no column 'colour'"),
        ({"grants": {"edit": "edit"}, "form": {"edit": ("can_water",)}}, "is computed and cannot be typed"),
        ({"grants": {"edit": "edit"}, "form": {"edit": ("bed.name",)}}, "belongs to another record"),
        ({"form": {"delete": ("name",)}}, "there is no form for 'delete'"),
        ({"saves": {"list": uproot}}, "saves names 'list'"),
        ({"actions": (Action(uproot, "Uproot"),)}, "the action 'uproot' names no permission"),
        ({"actions": (Action(uproot, "Uproot", grant="x"),)}, "the grant 'x' of the action 'uproot' is not known"),
        (
            {"actions": (Action(uproot, "Uproot", grant="read", when="colour"),)},
            "the action 'uproot' asks for 'colour'",
        ),
        ({"actions": (Action(uproot, "Edit", grant="read", name="edit"),)}, "is called like a page"),
        ({"actions": (Action(uproot, "A", grant="read"), Action(uproot, "B", grant="read"))}, "two actions are called"),
        ({"owners": lambda owner_id: owner_id, "model": Garden}, "owners is for rows that belong to an owner"),
    ],
)
def test_a_mistake_in_a_resource_stops_the_start_and_says_where(
    house: House, declared: dict[str, Any], said: str
) -> None:
    found = mistakes(house, **declared)
    assert found.startswith("XResource (staff): ")
    assert said in found


def test_the_portal_needs_indexes_that_begin_with_the_owner(house: House) -> None:
    wanted = "no index on (garden_id, name, id), which the list needs to be sorted by 'name'"
    index = next(index for index in Plant.__table__.indexes if index.name == "ix_plant_garden_name")
    Plant.__table__.indexes.remove(index)
    try:
        assert wanted in mistakes(house, realm=PORTAL, default_sort="name")
        assert mistakes(house, default_sort="name") == ""
    finally:
        Plant.__table__.indexes.add(index)


def test_records_of_nobody_need_a_scope_where_rows_have_owners(house: House) -> None:
    assert "say scope = everyone" in mistakes(house, Species, PORTAL)
    assert mistakes(house, Species, PORTAL, scope=everyone) == ""
    assert mistakes(house, Species, STAFF) == ""


def test_a_form_must_say_who_may_choose_records_of_nobody(house: House) -> None:
    declared = {"grants": {"edit": "edit"}, "form": {"edit": ("garden",)}}
    assert "say references = {'garden': Reference(where=…)}" in mistakes(house, realm=PORTAL, **declared)
    assert mistakes(house, realm=STAFF, **declared) == ""


def test_a_form_of_ones_own_is_taken_as_it_is(house: House) -> None:
    assert mistakes(house, grants={"create": "create"}, form={"create": FlaskForm}) == ""


def test_all_mistakes_are_told_at_once(house: House) -> None:
    found = mistakes(house, columns=(Column("colour"), Column("smell")), actions=(Action(uproot, "Uproot"),))
    assert len(found.splitlines()) == 3


def test_a_realm_of_another_name_is_scoped(house: House) -> None:
    assert Realm("api", "/api", "API", lambda _values: None).scoped  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"first": {"create": "bed"}}, "'bed' is to be chosen first, and the form of 'create' does not ask for it"),
        ({"form_extras": {"create": lambda _visit, _bed: FlaskForm}}, "say which one in first"),
    ],
)
def test_what_is_chosen_first_is_asked_by_the_form(house: House, declared: dict[str, Any], said: str) -> None:
    usual = {"form": {"create": ("code", "name")}, "grants": {**reading("read"), "create": "create"}}
    assert said in mistakes(house, **{**usual, **declared})


def test_what_else_is_asked_may_hang_on_what_is_chosen_first(house: House) -> None:
    declared = {
        "form": {"create": ("bed", "code", "name")},
        "grants": {**reading("read"), "create": "create"},
        "first": {"create": "bed"},
        "form_extras": {"create": lambda _visit, _bed: FlaskForm},
    }
    assert mistakes(house, **declared) == ""
