"""Every page in the language that puts each translated message into brackets: what stands outside is data of rows."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from extensions import db
from models import Person
from panel import PORTAL, STAFF
from tests.support.bare_text import bare_texts
from tests.support.matrix import Asks, cases, name_of
from tests.support.matrix_world import ADMINISTRATOR, OWNER

pytestmark = pytest.mark.slow  # a sweep over every record

VISITOR = {PORTAL: OWNER, STAFF: ADMINISTRATOR}
PAGES = ("list", "details", "create", "edit", "delete", "action", "bulk")


@pytest.fixture(scope="module")
def data(world):
    """What rows hold, and names that are no messages."""
    found = {world.app.extensions["settings"].brand_name, "UTC", "PDF", "CSV", "XLSX"}
    for side in world.rows.values():
        for row in side.values():
            for value in row.values():
                if isinstance(value, str) and len(value) > 1:
                    found.add(" ".join(value.split()))
    with world.app.app_context():
        for person in db.session.scalars(select(Person)):
            found.update({person.name, person.email or "", initials_of(person.name)})
        db.session.execute(update(Person).values(language="en-XA"))
        db.session.commit()
    return found - {""}


def initials_of(name):
    return "".join(word[0] for word in name.split()[:1] + name.split()[-1:]).upper()


@pytest.mark.parametrize(("realm", "resource"), cases(), ids=name_of)
def test_every_text_of_a_records_pages_can_be_translated(world, data, realm, resource):
    visitor, asks = world.visitors[VISITOR[realm]], Asks(world, realm, resource)
    bare: dict[str, str] = {}
    for ask in asks.reading():
        if ask.verb not in PAGES or not ask.found:
            continue
        answer = visitor.get(f"{asks.url}{ask.path}")
        if answer.mimetype == "text/html" and answer.status_code in (200, 409, 422):
            for text in bare_texts(answer.get_data(as_text=True), data):
                bare.setdefault(text, ask.path)
    assert bare == {}
