"""Each of the two scope locks holds by itself, and with both off the proofs of access fail: so they prove something."""

from __future__ import annotations

import pytest

from panel import PORTAL, scope
from tests.support.matrix import (
    Asks,
    Findings,
    ask_all,
    cases,
    forbidden_marks,
    is_owned,
    key_of,
    name_of,
    sides_hidden,
)
from tests.support.matrix_sides import BELOW, FOREIGN, OWN
from tests.support.matrix_snapshot import AUDIT, take_snapshot
from tests.support.matrix_world import OWNER
from tests.support.matrix_writing import Posts, writes_in_portal

pytestmark = pytest.mark.slow  # a sweep over every record

PORTAL_RECORDS = [resource for realm, resource in cases() if realm == PORTAL]
OWNED = [resource for resource in PORTAL_RECORDS if is_owned(resource)]

one_lock_off = pytest.mark.parametrize("off", [{"first": True}, {"second": True}], ids=["first-off", "second-off"])


def read_as_owner(world, resource) -> Findings:
    """Everything an owner can ask of a record, with true and forged addresses."""
    asks = Asks(world, PORTAL, resource)
    addresses = [*asks.reading(), *asks.forged()]
    return ask_all(world, PORTAL, resource, [OWNER], addresses, forbidden_marks(PORTAL, resource))


@one_lock_off
@pytest.mark.parametrize("resource", OWNED, ids=name_of)
def test_one_lock_alone_keeps_foreign_rows_unseen(world, resource, off):
    with scope.switched_off(**off):
        found = read_as_owner(world, resource)
    assert (found.wrong, found.leaks) == ([], [])


@one_lock_off
@pytest.mark.parametrize("resource", [each for each in OWNED if writes_in_portal(each)], ids=name_of)
def test_one_lock_alone_keeps_foreign_rows_unchanged(world, resource, off):
    posts = Posts(world, PORTAL, resource)
    own = [key_of(world, resource, OWN)]
    before = take_snapshot(world)
    with scope.switched_off(**off):
        answers = {
            f"{world.base(PORTAL)}/{resource.slug}{post.path}": world.visitors[OWNER]
            .post(f"{world.base(PORTAL)}/{resource.slug}{post.path}", post.fields)
            .status_code
            for post in posts.on_others(own)
            if post.verb != "create"
        }
    assert set(answers.values()) == {404}, answers
    assert before.changed_to(take_snapshot(world)) == []


def test_records_of_nobody_are_narrowed_by_the_first_lock_without_the_second(world):
    for resource in PORTAL_RECORDS:
        if not is_owned(resource):
            with scope.switched_off(second=True):
                found = read_as_owner(world, resource)
            assert (found.wrong, found.leaks) == ([], []), resource.slug


@pytest.mark.parametrize("resource", OWNED, ids=name_of)
def test_with_both_locks_off_the_proof_of_reading_fails(world, resource):
    with scope.switched_off(first=True, second=True):
        found = read_as_owner(world, resource)
    assert found.wrong, "foreign records opened, and nobody noticed"
    seen = " ".join(found.leaks).upper()
    for mark in sides_hidden(PORTAL, resource):
        if mark in (FOREIGN, BELOW):
            assert mark in seen


def test_with_both_locks_off_the_proof_of_writing_fails(world):
    """One record stands for all: the write reaches a row of another account, and the snapshot shows it."""
    resource = next(each for each in OWNED if each.slug == "licenses")
    foreign = world.fresh(FOREIGN, resource.model)
    before = take_snapshot(world, AUDIT)
    with scope.switched_off(first=True, second=True):
        answer = world.visitors[OWNER].post(f"{world.base(PORTAL)}/licenses/{foreign['code']}/reset-mac-ip")
    assert answer.status_code == 303
    assert before.foreign_changed_to(take_snapshot(world, AUDIT)) != []


def test_the_locks_are_on_again(world):
    url = f"{world.base(PORTAL)}/licenses"
    foreign = key_of(world, next(each for each in OWNED if each.slug == "licenses"), FOREIGN)
    assert world.visitors[OWNER].get(f"{url}/{foreign}").status_code == 404
