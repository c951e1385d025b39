"""Where a customer's words end up: every field of the portal that takes some is found by walking, and followed (issue 6).

What `test_hostile_texts.py` overwrites with hostile texts is every column that takes words. Here it is shown that no field
of a customer leads anywhere else, and that each hostile text can be typed: it is kept, or refused in words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import pytest
from sqlalchemy import JSON, String, Text, cast, select

from extensions import Base, db
from panel import PORTAL
from tests.support.crawling import pages_from
from tests.support.hostile_house import furnish, takes_words
from tests.support.hostile_texts import hostile_texts
from tests.support.matrix import cases, sides_seen, target_of
from tests.support.matrix_sides import OWN
from tests.support.matrix_world import OWNER, Visitor, World
from tests.support.pages import PageForm, filled, forms_of, said_by
from tests.support.sweeps import size, some

pytestmark = pytest.mark.slow

MARK = re.compile(r"zq9\d{4}x")
WORDS = ("text", "textarea", "email", "tel", "url", "search")
READ_FIRST = {"cidr": "127.0.0.1", "country": "US", "currency": "USD", "time_zone": "UTC"}
"""What has to make sense before the other fields of its form are read."""
MADE_BY_THE_HOUSE = {("prospect", "company_key")}
"""Out of what was typed, to compare by."""
NOT_TAKEN_HERE = {
    "ask-the-owner": ("pay_approval", "note"),
    "say": ("chat_message", "text"),
    "passkeys/new": ("passkey", "name"),
}
"""Forms that the owner of this world cannot use (they need not ask, the chat is another's, no key is at hand): where their
words go."""


@dataclass(frozen=True)
class Asked:
    """A form that takes words: the page it stands on, what it says of itself, and the fields that take them."""

    page: str
    form: PageForm
    names: tuple[str, ...]

    @property
    def target(self) -> str:
        return self.form.action or self.page


def forms_with_words(world: World) -> list[Asked]:
    """Every form that is sent and takes words, once for each kind of address it goes to."""
    visitor, found = world.visitors[OWNER], {}
    walked = [
        address
        for start in (f"{world.base(PORTAL)}/", "/settings/")
        for address, _endpoint, _answer in pages_from(world, visitor, start)
    ]
    for address in (*walked, *further_pages(world)):
        with visitor.get(address) as answer:
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            for form in forms_of(answer):
                asked = Asked(address, form, tuple(words_of(form)))
                if form.method == "post" and asked.names:
                    found.setdefault((re.sub(r"[A-Z]+MARK[^/?]*", "*", asked.target), asked.names), asked)
    return list(found.values())


def further_pages(world: World) -> list[str]:
    """Forms that no link leads to: of actions that are composed on a page, and those that ask what it is about first."""
    found = []
    for realm, resource in cases():
        base = f"{world.base(realm)}/{resource.slug}"
        if realm != PORTAL:
            continue
        key = world.row(sides_seen(realm, resource)[0], resource.model)[resource.key]
        found += [
            f"{base}/{key}/{action.slug}" for action in resource.actions if realm in action.realms and action.form
        ]
        if first := resource.first.get("create"):
            chosen = world.row(OWN, target_of(resource, first))["public_id"]
            found.append(f"{base}/new?{first}={chosen}")
    return found


def words_of(form: PageForm) -> list[str]:
    return [
        each.name
        for each in form.controls.values()
        if each.type in WORDS and not each.lookup_url and not each.inputmode
    ]


def typed(name: str, kind: str, words: str) -> str:
    """The words, in the shape that the field takes."""
    if name in READ_FIRST:
        return READ_FIRST[name]
    if kind == "email" or "email" in name or name == "copies":
        return f"{words}@mail.example"
    return f"https://{words}.example/" if kind == "url" else words


def where_it_stands() -> dict[str, set[tuple[str, str]]]:
    """Each mark -> table and column of where it is, anywhere in the database."""
    found = defaultdict(set)
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, String | Text | JSON):
                    held = cast(column, Text)
                    for value in connection.scalars(select(held).where(held.like("%zq9%"))):
                        for mark in MARK.findall(value):
                            found[mark].add((table.name, column.name))
    return found


@pytest.fixture(scope="module")
def asked(world) -> list[Asked]:
    furnish(world)
    return forms_with_words(world)


def test_no_field_of_a_customer_leads_to_a_column_that_is_not_shown_hostile(world, asked):
    visitor, marks, refused = world.visitors[OWNER], {}, set()
    for each in asked:
        sent = filled(each.form, visitor.client)
        for name in each.names:
            mark = f"zq9{len(marks):04d}x"
            marks[mark] = (each, name)
            sent[name] = typed(name, each.form.controls[name].type, mark)
        answer = visitor.post(each.target, sent)
        assert answer.status_code in (303, 409, 422), each.target
        if answer.status_code != 303:
            refused.add(each.target)
            assert any(each.target.endswith(f"/{end}") for end in NOT_TAKEN_HERE), (each.target, said_by(answer))
    with world.app.app_context():
        found = where_it_stands()
    assert len(asked) >= 17
    assert len(refused) == len(NOT_TAKEN_HERE)
    lost = {(each.target, name) for mark, (each, name) in marks.items() if mark not in found and name not in READ_FIRST}
    assert {target for target, _name in lost} == refused
    places = set().union(*found.values(), NOT_TAKEN_HERE.values()) - MADE_BY_THE_HOUSE
    columns = {(table, column): Base.metadata.tables[table].c[column] for table, column in places}
    assert [
        place
        for place, column in columns.items()
        if not isinstance(column.type, JSON) and not takes_words(column.table, column)
    ] == []


def test_the_forms_of_every_record_that_a_member_may_write_are_among_them(world, asked):
    targets = [each.target for each in asked]
    for realm, resource in cases():
        for verb, address in (("create", "new"), ("edit", "edit")):
            grant = resource.grant(verb, realm)
            if realm == PORTAL and grant and not grant.startswith("staff:"):
                assert any(f"/{resource.slug}/" in each and address in each for each in targets), (resource.slug, verb)


def opened_again(visitor: Visitor, each: Asked) -> PageForm | None:
    """The same form on its page of now; None where what it does was done."""
    with visitor.get(each.page) as answer:
        found = forms_of(answer) if answer.status_code == 200 else []
    return next((form for form in found if tuple(words_of(form)) == each.names), None)


def test_each_text_is_kept_or_refused_in_words(world, asked):
    visitor = world.visitors[OWNER]
    lasting = [each for each in asked if opened_again(visitor, each) is not None]
    assert len(lasting) >= 14
    kept = 0
    texts = some((each.text for each in hostile_texts()), 60, turn=1)  # not those that other tests show
    for number, text in enumerate(texts):
        each = lasting[number % len(lasting)]
        form = opened_again(visitor, each)
        assert form is not None, each.page
        sent = filled(form, visitor.client)
        for name in each.names:
            sent[name] = READ_FIRST.get(name, text[: form.controls[name].max_length or len(text)])
        answer = visitor.post(each.target, sent)
        assert answer.status_code in (303, 409, 422), (each.target, text)
        assert answer.status_code == 303 or said_by(answer), (each.target, text)
        kept += answer.status_code == 303
    assert kept > size(50, 10)
