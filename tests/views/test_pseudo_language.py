"""Every page in the language that puts each translated message into brackets: what stands outside is data of rows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from extensions import Base, db
from models import Account, Discussion, Message, Person
from panel import PORTAL, STAFF
from services.guides import guide, guides_of
from tests.support.bare_text import bare_texts
from tests.support.matrix import Asks, cases, name_of
from tests.support.matrix_world import ADMINISTRATOR, OWNER, SIGNED_OUT
from views.listed import LISTS
from views.locale import COOKIE

pytestmark = pytest.mark.slow  # a sweep over every record

VISITOR = {PORTAL: OWNER, STAFF: ADMINISTRATOR}
PAGES = ("list", "details", "create", "edit", "delete", "action", "bulk")
NO_MESSAGES = {"UTC", "PDF", "CSV", "XLSX", "ZIP", "kB", "SHA-256", "English", "Right to left", "IP", "ID"}
SAMPLES = "/staff/components"  # building blocks with made-up words in them, for whoever works on Foyer
SIGNED_OUT_PAGES = ("/sign-in", "/forgot-password", "/nothing-is-here")


@pytest.fixture(scope="module")
def data(world):
    """What rows hold, and names that are no messages."""
    found = {world.app.extensions["settings"].brand_name, *NO_MESSAGES, *Base.metadata.tables}
    for side in world.rows.values():
        for row in side.values():
            found.update(" ".join(value.split()) for value in row.values() if isinstance(value, str) and len(value) > 1)
    visit = SimpleNamespace(locale="en")
    found.update(words for listed in LISTS.values() for words in listed(visit).values())
    for realm in (PORTAL, STAFF):
        guides = [guide(realm, role, "en", named=str) for role in guides_of(realm)]
        found.update(words for each in guides for words in (each.title, each.lead))
    with world.app.app_context():
        for person in db.session.scalars(select(Person)):
            found.update({person.name, person.first_name, person.last_name, person.email or "", initials_of(person)})
        for written in (Discussion.title, Message.title, Message.body):
            found.update(db.session.scalars(select(written)))
        for spoken_to in (Person, Account):
            db.session.execute(update(spoken_to).values(language="en-XA"))
        db.session.commit()
    return found - {""}


def initials_of(person):
    return "".join(word[0] for word in person.name.split()[:1] + person.name.split()[-1:]).upper()


def texts_of(visitor, address, data):
    """What a page says outside of brackets; nothing where there is no page to be seen."""
    answer = visitor.client.get(address)
    if answer.mimetype != "text/html" or answer.status_code not in (200, 404, 409, 422):
        return []
    return bare_texts(answer.get_data(as_text=True), data)


@pytest.mark.parametrize(("realm", "resource"), cases(), ids=name_of)
def test_every_text_of_a_records_pages_can_be_translated(world, data, realm, resource):
    visitor, asks = world.visitors[VISITOR[realm]], Asks(world, realm, resource)
    bare = {}
    for ask in asks.reading():
        if ask.verb in PAGES and ask.found:
            bare.update(dict.fromkeys(texts_of(visitor, f"{asks.url}{ask.path}", data), ask.path))
    assert bare == {}


@pytest.mark.parametrize("realm", [PORTAL, STAFF])
def test_every_text_of_the_pages_that_are_no_list_can_be_translated(world, data, realm):
    site = next(site for site in world.app.extensions["sites"] if site.realm.name == realm)
    rules = {
        route.rule.replace(site.realm.prefix, world.base(realm))
        for route in site.routes()
        if route.slug not in site.mounted
    }
    bare = {}
    for address in sorted(rule for rule in rules if "<" not in rule and not rule.startswith(SAMPLES)):
        bare.update(dict.fromkeys(texts_of(world.visitors[VISITOR[realm]], address, data), address))
    assert bare == {}


def test_every_text_of_ones_own_settings_can_be_translated(world, data):
    rules = [rule for rule in world.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    addresses = sorted(
        {rule.rule for rule in rules if rule.rule.startswith(("/settings", "/change-password", "/accounts"))}
    )
    bare = {}
    for address in addresses:
        for name in (OWNER, ADMINISTRATOR):
            bare.update(dict.fromkeys(texts_of(world.visitors[name], address, data), address))
    assert addresses
    assert bare == {}


def test_every_text_that_strangers_see_can_be_translated(world, data):
    visitor = world.visitors[SIGNED_OUT]
    visitor.client.set_cookie(COOKIE, "en-XA")
    bare = {}
    for address in SIGNED_OUT_PAGES:
        bare.update(dict.fromkeys(texts_of(visitor, address, data), address))
    assert bare == {}
