"""Hostile texts (three hundred in a whole sweep) in every column that takes anybody's words, shown to staff: they stay words (issue 6).

All pages are looked at twice: with harmless words, and with hostile ones in every table. Their elements, attributes and
addresses are the same, so that nothing that was typed became one of them; and what was typed stands there as text.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from extensions import db
from panel import PORTAL, STAFF
from services.markdown import ALLOWED
from tests.support.crawling import pages_from
from tests.support.hostile_house import ROWS, TEXTS, Overwritten, furnish, multiply, overwrite
from tests.support.hostile_texts import HOW_MANY, LONGEST, hostile_texts, kinds
from tests.support.matrix import Record
from tests.support.matrix_sides import OWN
from tests.support.matrix_world import ADMINISTRATOR, OWNER, World
from tests.support.pages import page_of
from tests.support.shapes import Element, Shape, shape_of
from tests.support.sweeps import size
from views.resources import RESOURCES

pytestmark = pytest.mark.slow

VISITORS = {STAFF: ADMINISTRATOR, PORTAL: OWNER}
MARKDOWN = ("tickets", "announcements", "resources", "policies", "help", "releases", "chats")
"""Where words may become the few elements that Markdown has."""
PLAIN = {"href", "rel", "start"}
ONE_OF_A_KIND = {"roles", "subscription-items", "sla-policies", "editions", "prices", "staff-members", "logins-as"}
"""Records of which no two can be alike; what their lists show is shown by the lists of others, too."""
ONLY_IN_DETAILS = {"financing-requests", "data-requests"}
"""What somebody wrote in these does not stand in a list."""
NO_WORDS = {"ownership-changes", "chats"} | ONLY_IN_DETAILS
DETAILS = size(6, 3)
SHORTEST_COLUMN = 40
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class House:
    """As it was with harmless words: ``seen`` is each page, by realm and address; ``lists`` says how often an element
    stands in a row at most, ``details`` is one page, by record. ``many`` are the records that there is one of for each text.
    """

    world: World
    seen: dict[str, dict[str, Shape]] = field(default_factory=dict)
    lists: dict[str, Counter[Element]] = field(default_factory=dict)
    details: dict[str, Shape] = field(default_factory=dict)
    many: set[str] = field(default_factory=set)
    overwritten: Overwritten = field(default_factory=Overwritten)

    def get(self, realm: str, address: str):
        return self.world.visitors[VISITORS[realm]].get(address)


def listed(realm: str) -> list[Record]:
    return [resource for resource in RESOURCES if realm in resource.realms]


def pages_of_list(house: House, realm: str, slug: str) -> Iterator[Shape]:
    """Every page of a list, as its links lead from one to the next."""
    url = address = f"{house.world.base(realm)}/{slug}/"
    while address:
        answer = house.get(realm, address)
        assert answer.status_code == 200, address
        yield shape_of(answer.get_data(as_text=True))
        has_more = "after=" in answer.get_data(as_text=True)  # reading every link of a long page takes a while
        links = page_of(answer).links if has_more else []
        found = {link for label, link in links if label == "Next" and "after=" in link}
        address = next((link if link.startswith("/") else f"{url}{link}" for link in found), "")


def most_in_a_row(pages: Iterable[Shape]) -> Counter[Element]:
    """How often each element stands in a row of a list at most."""
    most: Counter[Element] = Counter()
    for page in pages:
        for row in page.rows:
            most |= Counter(row)
    return most


def keys_of(house: House, resource: Record) -> list[str]:
    """The addresses of the records that were multiplied, the newest first."""
    key = getattr(resource.model, resource.key)
    with house.world.app.app_context():
        found = select(key).where(key.like(f"{OWN}%")).order_by(resource.model.id.desc()).limit(ROWS)
        return [str(each) for each in db.session.scalars(found)]


def details_of(house: House, resource: Record, key: str) -> Shape:
    """The page of a record, in the back office."""
    answer = house.get(STAFF, f"/staff/{resource.slug}/{key}")
    assert answer.status_code == 200, (resource.slug, key)
    return shape_of(answer.get_data(as_text=True))


@pytest.fixture(scope="module")
def house(world: World) -> House:
    made = House(world)
    furnish(world)
    made.many = {resource.slug for resource in RESOURCES if multiply(world, resource)}
    for realm, name in VISITORS.items():
        pages = pages_from(world, world.visitors[name], f"{world.base(realm)}/")
        made.seen[realm] = {address: shape_of(answer.get_data(as_text=True)) for address, _end, answer in pages}
    for resource in listed(STAFF):
        made.lists[resource.slug] = most_in_a_row(pages_of_list(made, STAFF, resource.slug))
        if resource.slug in made.many and "details" in resource.grants:
            made.details[resource.slug] = details_of(made, resource, keys_of(made, resource)[0])
    made.overwritten = overwrite(world, shift=0)
    return made


def bones(elements: list[Element]) -> Counter[Element]:
    """The elements without those of Markdown, which have no attributes but an address that leads to the web."""
    return Counter(each for each in elements if not (each[0] in ALLOWED and {name for name, _ in each[1]} <= PLAIN))


def squeezed(text: str) -> str:
    return " ".join(text.split())


# The texts


def test_there_are_three_hundred_different_ones_of_every_kind():
    texts = [each.text for each in hostile_texts()]
    assert (len(texts), len(set(texts)), len(kinds())) == (HOW_MANY, HOW_MANY, 17)
    assert max(len(each) for each in texts) <= LONGEST
    assert not any("\0" in each for each in texts)  # every form refuses it: test_bad_input.py


def test_every_kind_is_shown_in_each_run():
    assert {each.kind for each in hostile_texts() if each.text in TEXTS} == set(kinds())
    assert len(TEXTS) == size(HOW_MANY, 60)


# Pages


@pytest.mark.parametrize("realm", [STAFF, PORTAL])
def test_every_page_is_made_of_the_same_elements_as_with_harmless_words(house, realm):
    wrong = []
    for address, before in house.seen[realm].items():
        answer = house.get(realm, address)
        assert answer.status_code == 200, address
        now = shape_of(answer.get_data(as_text=True))
        stripped = any(word in address for word in MARKDOWN)
        pair = [bones(each.elements) if stripped else Counter(each.elements) for each in (before, now)]
        if pair[0] != pair[1]:
            wrong.append((address, pair[0] - pair[1], pair[1] - pair[0]))
        if not set(now.rows) <= set(before.rows):
            wrong.append((address, set(now.rows) - set(before.rows)))
    assert wrong == []
    assert len(house.seen[realm]) > (190 if realm == STAFF else 70)


def test_lists_show_every_text_as_words(house):
    assert {resource.slug for resource in RESOURCES} - house.many - {"customer-licenses"} == ONE_OF_A_KIND
    for resource in listed(STAFF):
        pages = list(pages_of_list(house, STAFF, resource.slug))
        assert most_in_a_row(pages) - house.lists[resource.slug] == Counter(), resource.slug
        if resource.slug not in ONE_OF_A_KIND | NO_WORDS:
            words = squeezed(" ".join(page.text for page in pages))
            missing = [text for text in TEXTS if squeezed(text) not in words and len(text) <= SHORTEST_COLUMN]
            assert missing == [], resource.slug


@pytest.mark.parametrize("turn", range(4))
def test_details_show_them_as_words(house, turn):
    """All pages of details are made by the same code: records show their shares in turn, some show all."""
    some = [resource for resource in listed(STAFF) if resource.slug in house.details][turn::4]
    for number, resource in enumerate(some):
        before, keys, seen = house.details[resource.slug], keys_of(house, resource), set()
        every = resource.slug in ONLY_IN_DETAILS and house.world.reader.dialect.name == "sqlite"
        for key in keys if every else keys[number :: len(keys) // DETAILS]:
            now = details_of(house, resource, key)
            extra = set(now.elements) - set(before.elements)
            assert not (set(bones(list(extra))) if resource.slug in MARKDOWN else extra), (resource.slug, key)
            words = squeezed(now.text)
            seen |= {text for text in TEXTS if squeezed(text) in words}
        assert len(seen) >= (len(TEXTS) if every else DETAILS // 2), resource.slug


def cells_of(answer) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")) for cell in row]


def test_sheets_hold_them_as_words(house):
    for resource in listed(STAFF):
        with house.get(STAFF, f"/staff/{resource.slug}/export.csv") as answer:
            cells = cells_of(answer)
        assert [cell for cell in cells if cell.startswith(FORMULA) and not re.fullmatch(r"-[\d.,]+", cell)] == [], (
            resource.slug
        )
        if resource.slug not in ONE_OF_A_KIND | NO_WORDS:
            words = {squeezed(cell) for cell in cells}
            missing = [
                text
                for text in TEXTS
                if len(text) <= SHORTEST_COLUMN and not {squeezed(text), squeezed(f"'{text}")} & words
            ]
            assert missing == [], resource.slug
        with house.get(STAFF, f"/staff/{resource.slug}/export.xlsx") as answer:
            assert "<f>" not in sheet_of(answer.get_data()), resource.slug


def sheet_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()
