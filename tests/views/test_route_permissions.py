"""Every address names its permission, every writing one asks for its token, and no other way in exists."""

from __future__ import annotations

import re

import pytest

from domain.permissions import P
from panel import EVERYONE
from panel.addresses import TAKEN_WORDS
from tests.support.matrix_world import ADMINISTRATOR, OWNER, SIGNED_OUT, STRANGER
from views.access import PUBLIC, SIGNED_IN, permission_of
from views.resources import RESOURCES
from views.sites import DECIDED_BY_PARTS

VOCABULARY = {permission.value for permission in P}
DYNAMIC = {"action", "bulk", "lookup"}
LISTS = {resource.slug for resource in RESOURCES}
# Mail programs know no token of ours: the address holds a signed one (tests/views/test_attacks_forms.py).
# Nor do gateways: they sign what they tell (tests/views/test_webhooks.py).
# Nor do devices: they have no session that a token could protect (tests/views/test_device_api.py).
WITHOUT_TOKEN = {
    "unsubscribing.stop",
    "webhooks.receive",
    "device_api.activate",
    "device_api.check",
    "device_api.deactivate",
}


def rules(app):
    return list(app.url_map.iter_rules())


def panel_routes(app):
    return {route.endpoint: route for site in app.extensions["sites"] for route in site.routes()}


def address_of(rule, world):
    """A rule with believable values in it."""
    values = {"client_id": world.client_ids["OWNMARK"], "key": "some-key", "action": "enable", "field": "account"}
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: values.get(found[1], "x"), rule.rule)


def test_every_endpoint_names_a_permission_that_exists(world):
    known = VOCABULARY | {PUBLIC, SIGNED_IN, EVERYONE, DECIDED_BY_PARTS}
    named = {rule.endpoint: permission_of(world.app, rule.endpoint) for rule in rules(world.app)}
    assert {endpoint: name for endpoint, name in named.items() if name not in known} == {}


def test_every_address_of_a_realm_stands_in_its_table_of_routes(world):
    listed = panel_routes(world.app)
    in_realms = [rule for rule in rules(world.app) if rule.rule.startswith(("/staff", "/portal"))]
    assert len(in_realms) > 200
    assert [rule.endpoint for rule in in_realms if rule.endpoint not in listed] == []


def test_a_route_names_its_grant_unless_the_address_decides_or_nobody_may(world):
    for route in panel_routes(world.app).values():
        assert permission_of(world.app, route.endpoint) == (route.grant or DECIDED_BY_PARTS)
        assert route.grant in VOCABULARY | {EVERYONE, ""}, route
        if route.verb in DYNAMIC:
            assert route.grant == "", route


def test_routes_of_the_portal_never_name_a_permission_of_staff(world):
    (portal,) = (site for site in world.app.extensions["sites"] if site.realm.name == "portal")
    assert [route for route in portal.routes() if route.grant.startswith("staff:")] == []


def test_every_address_turns_a_post_without_token_away(world):
    asked = 0
    for rule in rules(world.app):
        if "POST" not in rule.methods or rule.endpoint in WITHOUT_TOKEN:
            continue
        for name in (OWNER, ADMINISTRATOR, SIGNED_OUT):
            answer = world.visitors[name].post(address_of(rule, world), token=False)
            assert answer.status_code == 400, (rule.rule, name)
            asked += 1
    assert asked > 300


def test_a_post_with_the_token_of_another_session_is_turned_away(world):
    stolen = world.visitors[OWNER].token
    answer = world.visitors[ADMINISTRATOR].post(
        "/staff/licenses/some-key/reset-mac-ip", {"csrf_token": stolen}, token=False
    )
    assert answer.status_code == 400


def test_no_word_of_our_own_below_a_list_can_be_taken_for_a_key(world):
    for route in panel_routes(world.app).values():
        if route.slug in LISTS and "<key>" not in route.rule:
            below = route.rule.split(f"/{route.slug}", 1)[1].split("/")[1]
            assert below in TAKEN_WORDS | {""}, route.rule


def test_no_address_answers_to_put_patch_or_delete(world):
    for rule in rules(world.app):
        assert not rule.methods & {"PUT", "PATCH", "DELETE"}, rule


def test_who_is_not_signed_in_sees_nothing_of_either_realm(world):
    for rule in rules(world.app):
        if rule.rule.startswith(("/staff", "/portal")) and "GET" in rule.methods:
            answer = world.visitors[SIGNED_OUT].get(address_of(rule, world))
            assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in"), rule.rule


def test_a_stranger_finds_nothing_in_a_realm_that_is_not_theirs(world):
    strangers = {"/portal": (STRANGER, ADMINISTRATOR), "/staff": (STRANGER, OWNER)}
    for rule in rules(world.app):
        for name in strangers.get(f"/{rule.rule.split('/')[1]}", ()):
            if "GET" in rule.methods:
                assert world.visitors[name].get(address_of(rule, world)).status_code == 404, (rule.rule, name)


@pytest.mark.parametrize("name", [OWNER, ADMINISTRATOR])
def test_addresses_that_flask_admin_brings_along_are_closed(world, name):
    visitor = world.visitors[name]
    for base in ("/staff", f"/portal/{world.client_ids['OWNMARK']}"):
        for part in ("/licenses/ajax/update/", "/licenses/action/", "/licenses/export/csv/", "/licenses/details/?id=1"):
            assert visitor.get(f"{base}{part}").status_code in {404, 308}, part
            assert visitor.post(f"{base}{part}").status_code in {404, 405}, part
        assert visitor.post(f"{base}/licenses/delete/", {"id": "1"}).status_code in {404, 405}
