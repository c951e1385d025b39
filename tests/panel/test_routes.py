"""Addresses: the whole list of them, who may open which, and that there are no others."""

from __future__ import annotations

from typing import Any

import pytest
from flask import template_rendered

from panel import EVERYONE, PORTAL, STAFF
from tests.panel.house import GRANTS, MEMBER_GRANTS, House

PARTS = {
    "/": "list",
    "/count": "list",
    "/export.csv": "export",
    "/export.xlsx": "export",
    "/lookup/<field>": "lookup",
    "/new": "create",
    "/<key>": "details",
    "/<key>/edit": "edit",
    "/<key>/delete": "delete",
    "/<key>/<action>": "action",
    "/bulk/<action>": "bulk",
}


def test_a_resource_has_these_addresses_and_no_other(house: House) -> None:
    rules = {rule.rule for rule in house.app.url_map.iter_rules() if rule.rule.startswith("/staff/plants")}
    assert rules == {f"/staff/plants{part}" for part in PARTS}
    told = {
        route.rule.removeprefix("/staff/plants"): route.verb
        for route in house.sites[0].routes()
        if route.slug == "plants"
    }
    assert told == PARTS


def test_every_address_tells_what_it_needs(house: House) -> None:
    for site in house.sites:
        known = GRANTS | {EVERYONE}
        for route in site.routes():
            assert route.endpoint in house.app.view_functions
            assert route.grant in known or route.verb in ("action", "bulk", "lookup") or route.grant == ""


@pytest.mark.parametrize("url", ["/staff/plants/ajax/update/", "/staff/plants/action/", "/staff/plants/p-1/edit/x", "/staff/plants/export/csv/", "/staff/plants/p-1/nothing", "/staff/plants/p-1/", "/staff/nothing/", "/staff/plants/details/?id=1"])  # fmt: skip
def test_any_other_address_is_not_found(plants: House, url: str) -> None:
    assert plants.get(url).status_code == 404
    assert plants.post(url, {"id": "1"}).status_code in (404, 405)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_not_allowed(plants: House, method: str) -> None:
    client = plants.app.test_client()
    for url in ("/staff/plants/", "/staff/plants/p-1", "/staff/plants/p-1/edit", "/staff/plants/p-1/water"):
        assert getattr(client, method)(url, headers={"X-Who": "staff"}).status_code == 405


def test_nothing_is_changed_by_reading(plants: House) -> None:
    assert plants.post("/staff/plants/", {}).status_code == 405
    assert plants.post("/staff/plants/p-1", {}).status_code == 405
    assert plants.post("/staff/plants/export.csv", {}).status_code == 405


def test_the_door_sends_strangers_away_before_anything_else(plants: House) -> None:
    assert plants.get("/staff/plants/p-1", "nobody").location == "/sign-in"
    for url in ("/portal/north/", "/portal/north/plants/", "/portal/north/nothing-like-it", "/portal/unknown/plants/"):
        assert plants.get(url, "south").status_code == 404


VERBS = {
    "read": ["/", "/count", "/export.csv", "/export.xlsx", "/p-1"],
    "create": ["/new"],
    "edit": ["/p-1/edit"],
    "water": ["/p-1/water", "/bulk/water?id=p-1"],
}


@pytest.mark.parametrize("missing", list(VERBS))
def test_a_member_without_the_right_is_refused_and_all_others_are_not(plants: House, missing: str) -> None:
    plants.portal_grants = MEMBER_GRANTS - {missing}
    for grant, parts in VERBS.items():
        for part in parts:
            status = plants.get(f"/portal/north/plants{part}", "north").status_code
            assert status == (403 if grant == missing else 200), part


def test_the_right_is_asked_before_the_record(plants: House) -> None:
    plants.portal_grants = frozenset()
    for key in ("p-1", "p-3", "nowhere"):
        assert plants.get(f"/portal/north/plants/{key}", "north").status_code == 403


def test_what_nobody_in_a_realm_may_ever_do_does_not_exist_there(plants: House) -> None:
    for url in (
        "/plants/p-1/delete",
        "/plants/p-1/uproot",
        "/beds/new",
        "/beds/n1/edit",
        "/gardens/",
        "/beds/n1/water",
    ):
        assert plants.get(f"/portal/north{url}", "north").status_code == 404
    assert plants.get("/staff/plants-below/").status_code == 404


def test_a_page_of_the_house_goes_through_the_same_door(house: House) -> None:
    assert house.get("/portal/north/", "north").get_data(as_text=True) == "Portal of 1"
    assert house.get("/staff/").get_data(as_text=True) == "Back office of None"
    assert house.get("/staff/", "nobody").status_code == 302


def test_templates_are_given_the_page_its_layout_and_the_visit(plants: House) -> None:
    seen: list[dict[str, Any]] = []

    def note(_app: Any, template: Any, context: dict[str, Any]) -> None:
        seen.append(context)

    with template_rendered.connected_to(note, plants.app):
        plants.get("/portal/north/plants/", "north")
    assert seen[0]["layout"] == "none.html"
    assert (seen[0]["visit"].owner_id, seen[0]["visit"].realm.name) == (1, PORTAL)


def test_the_realms_know_whether_their_rows_have_owners(house: House) -> None:
    assert [(site.realm.name, site.realm.scoped) for site in house.sites] == [(STAFF, False), (PORTAL, True)]
