"""Every record, route and visitor, with own, foreign and missing ids: what is read.

Generated from the Resources: a new record is covered without a word here.
"""

from __future__ import annotations

import csv
import io
import json

import pytest

from panel import PORTAL, STAFF
from tests.support.matrix import (
    Asks,
    ask_all,
    cases,
    choices_of,
    forbidden_marks,
    is_owned,
    key_of,
    leaks_in,
    name_of,
    relations_of,
    sides_seen,
    visible_text,
)
from tests.support.matrix_sides import BELOW, FOREIGN, OWN
from tests.support.matrix_snapshot import AUDIT, count_of_own, take_snapshot
from tests.support.matrix_world import ADMINISTRATOR, MEMBERS, OWNER, STAFF_MEMBERS, STRANGER, VISITORS
from views.resources import RESOURCES

pytestmark = pytest.mark.slow  # a sweep over every record

every_record = pytest.mark.parametrize(("realm", "resource"), cases(), ids=name_of)
every_portal_record = pytest.mark.parametrize("resource", [r for realm, r in cases() if realm == PORTAL], ids=name_of)


@pytest.mark.parametrize("resource", RESOURCES, ids=name_of)
def test_the_world_holds_own_and_foreign_rows_of_the_record(world, resource):
    own, foreign = (world.row(mark, resource.model) for mark in (OWN, FOREIGN))
    assert own["id"] != foreign["id"]
    assert FOREIGN in str(foreign).upper()
    assert OWN in str(own).upper()
    if is_owned(resource):
        assert own["account_id"] == world.account_ids[OWN]
        assert foreign["account_id"] == world.account_ids[FOREIGN]


@every_record
def test_every_address_answers_everybody_as_declared_and_shows_nothing_foreign(world, realm, resource):
    before = take_snapshot(world, AUDIT)
    asks = list(Asks(world, realm, resource).reading())
    found = ask_all(world, realm, resource, VISITORS[realm], asks, forbidden_marks(realm, resource))
    assert (found.wrong, found.leaks) == ([], [])
    assert found.asked > 40
    assert before.changed_to(take_snapshot(world, AUDIT)) == []


@every_record
def test_forged_filters_find_nothing_foreign(world, realm, resource):
    asks = list(Asks(world, realm, resource).forged())
    visitors = (OWNER, STRANGER) if realm == PORTAL else (ADMINISTRATOR,)
    found = ask_all(world, realm, resource, visitors, asks, forbidden_marks(realm, resource))
    assert (found.wrong, found.leaks) == ([], [])


@every_portal_record
def test_the_owner_sees_their_rows_in_list_details_and_files(world, resource):
    url, owner = f"{world.base(PORTAL)}/{resource.slug}", world.visitors[OWNER]
    (mark,) = sides_seen(PORTAL, resource)
    key = key_of(world, resource, mark)
    for path in ("/", f"/{key}", "/export.csv", "/export.xlsx"):
        assert leaks_in(visible_text(owner.get(f"{url}{path}")), [mark]), path


@every_portal_record
def test_count_and_export_hold_exactly_the_rows_of_the_account(world, resource):
    if not is_owned(resource):
        pytest.skip("shown to every account: what is not published is looked for by the tests above")
    url, owner = f"{world.base(PORTAL)}/{resource.slug}", world.visitors[OWNER]
    (mark,) = sides_seen(PORTAL, resource)
    rows = count_of_own(world, resource.model.__table__, world.account_ids[mark])
    assert rows >= 1
    counted = json.loads(owner.get(f"{url}/count").get_data())["text"]
    assert counted == str(rows)
    exported = list(csv.reader(io.StringIO(owner.get(f"{url}/export.csv").get_data(as_text=True).lstrip("\ufeff"))))
    written = count_of_own(world, resource.model.__table__, world.account_ids[mark])
    assert len(exported) - 1 in {rows, written}  # the audit holds the export itself


@every_portal_record
def test_lookups_offer_own_rows_and_no_foreign_ones(world, resource):
    owner = world.visitors[OWNER]
    for field, grants in relations_of(resource, PORTAL).items():
        if not grants & owner.grants[PORTAL]:
            continue  # asked for in the back office only
        answer = owner.get(f"{world.base(PORTAL)}/{resource.slug}/lookup/{field}")
        offered = choices_of(answer)
        assert 1 <= len(offered) <= 20, field
        assert leaks_in(answer.get_data(as_text=True), forbidden_marks(PORTAL, resource)) == []


def test_records_of_one_realm_have_no_address_in_the_other(world):
    for resource in RESOURCES:
        for realm in {STAFF, PORTAL} - resource.realms:
            for name in VISITORS[realm]:
                answer = world.visitors[name].get(f"{world.base(realm)}/{resource.slug}/")
                assert answer.status_code == 404, (resource.slug, name)


def test_first_pages_show_nothing_foreign(world):
    home = f"{world.base(PORTAL)}/"
    for name in MEMBERS:
        answer = world.visitors[name].get(home)
        assert answer.status_code == 200
        assert leaks_in(visible_text(answer), [FOREIGN, BELOW]) == [], name
    assert world.visitors[STRANGER].get(home).status_code == 404
    for name in STAFF_MEMBERS:
        assert world.visitors[name].get("/staff/").status_code == 200


def test_a_reseller_is_a_stranger_in_the_portal_of_a_customer(world):
    owner = world.visitors[OWNER]
    for resource in RESOURCES:
        if PORTAL in resource.realms:
            assert owner.get(f"{world.base(PORTAL, BELOW)}/{resource.slug}/").status_code == 404
    assert owner.get(f"{world.base(PORTAL, BELOW)}/").status_code == 404
