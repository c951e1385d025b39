"""Every record, route and visitor, with own, foreign and missing ids: what is written.

Nothing foreign changes, whoever asks; nothing at all changes for who may not. Proved by reading every row of every table
before and after.
"""

from __future__ import annotations

import pytest

from panel import PORTAL
from tests.support.matrix import (
    Asks,
    cases,
    expected,
    forbidden_marks,
    is_asked,
    key_of,
    leaks_in,
    name_of,
    sides_seen,
    visible_text,
)
from tests.support.matrix_snapshot import take_snapshot
from tests.support.matrix_world import ADMINISTRATOR, OWNER, VISITORS
from tests.support.matrix_writing import Posts

pytestmark = pytest.mark.slow  # a sweep over every record

every_record = pytest.mark.parametrize(("realm", "resource"), cases(), ids=name_of)


class Sent:
    """What was answered wrongly or told too much."""

    def __init__(self, world, realm, resource):
        self.world, self.realm, self.resource = world, realm, resource
        self.url = f"{world.base(realm)}/{resource.slug}"
        self.wrong, self.leaks, self.sent = [], [], 0

    def may(self, visitor, post):
        return expected(visitor, self.realm, post) == post.answers

    def send(self, visitor, post):
        right = expected(visitor, self.realm, post)
        answer = visitor.post(f"{self.url}{post.path}", post.fields)
        self.sent += 1
        if answer.status_code not in right:
            self.wrong.append(f"{visitor.name}: POST {self.url}{post.path}: {answer.status_code}, not {sorted(right)}")
        if self.realm == PORTAL:
            typed = [str(value) for value in post.fields.values()]
            marks = forbidden_marks(self.realm, self.resource)
            self.leaks += leaks_in(visible_text(answer), marks, [*typed, post.path])


# In a preview nothing can be changed: whoever began one would be refused at every address that follows.
CLOSES_THE_REST = "/preview"


@every_record
def test_what_one_may_not_changes_nothing(world, realm, resource):
    posts, sent = Posts(world, realm, resource), Sent(world, realm, resource)
    own = [key_of(world, resource, mark) for mark in sides_seen(realm, resource)]
    before = take_snapshot(world)
    for name in VISITORS[realm]:
        visitor = world.visitors[name]
        for post in (*posts.on(own), *posts.on_others(own)):
            if not sent.may(visitor, post) and is_asked(visitor, realm, post):
                sent.send(visitor, post)
    assert (sent.wrong, sent.leaks) == ([], [])
    assert sent.sent >= len(VISITORS[realm])
    assert before.changed_to(take_snapshot(world)) == []


@every_record
def test_what_one_may_changes_nothing_foreign(world, realm, resource):
    posts, sent = Posts(world, realm, resource), Sent(world, realm, resource)
    mark = sides_seen(realm, resource)[0]
    before = take_snapshot(world)
    for name in VISITORS[realm]:
        visitor = world.visitors[name]
        for number, post in enumerate(posts.on(["any"])):
            if not sent.may(visitor, post) or post.path.endswith(CLOSES_THE_REST):
                continue
            keys = ["any"] if post.verb == "create" else [str(world.fresh(mark, resource.model)[resource.key])]
            sent.send(visitor, list(posts.on(keys))[number])
    assert (sent.wrong, sent.leaks) == ([], [])
    if realm == PORTAL:
        assert before.foreign_changed_to(take_snapshot(world)) == []


@every_record
def test_addresses_for_reading_take_no_post(world, realm, resource):
    asks = Asks(world, realm, resource)
    visitor = world.visitors[OWNER if realm == PORTAL else ADMINISTRATOR]
    for path in ("/", "/count", "/export.csv", "/export.xlsx", f"/{asks.seen[0]}"):
        assert visitor.post(f"{asks.url}{path}").status_code == 405, path
