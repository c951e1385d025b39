"""Names as long as they may be, from right to left, of emoji: every place that shows a name holds them, on any width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from extensions import db
from models import Account, Person
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.browser.soundness import assert_sound

LONGEST: int = Account.__table__.c.name.type.length  # type: ignore[attr-defined]
LONGEST_OF_PERSON: int = Person.__table__.c.first_name.type.length  # type: ignore[attr-defined]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # as in test_core_flows.py

NAMES = {
    "one word": "Donaudampfschifffahrtsgesellschaft" * 6,
    "words": "The Very Long and Honourable Company of Merchants " * 4,
    "right to left": "شركة الاتصالات المتحدة (ش.م.م) 2026 " * 5,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈☎️" * 20,
    "marks": "Z̷̧̛a̸͠l̵g̶o̷ " * 12,
}
HIGHEST_HEADER = 130


def named(house: House, name: str) -> str:
    """Call the account and its owner so, as far as the column holds; the name as it is kept."""
    kept = name[:LONGEST].strip()
    house.account.name = house.account.billing_name = kept
    person = db.session.scalars(select(Person).where(Person.email == OWNER)).one()
    person.first_name = person.last_name = kept[:LONGEST_OF_PERSON].strip()
    return kept


def assert_holds(page: Page) -> None:
    """Nothing sticks out, and the header is still a header."""
    assert_sound(page)
    box = page.locator("body > header, .staff-body > header").bounding_box()
    assert box is not None
    assert box["height"] <= HIGHEST_HEADER, page.url


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_hard_name_is_held_wherever_it_stands(
    house: House, open_window: Callable[..., BrowserPage], name: str, width: int
) -> None:
    kept = named(house, name)
    staff = open_window(width=width)
    sign_in(staff, STAFF)
    for path in ("/staff/", "/staff/accounts/", "/staff/accounts/20777", "/staff/members/", "/staff/invoices/"):
        assert_holds(staff.open(path))
    staff.open("/staff/accounts/20777/edit")
    assert_holds(staff.page)
    expect(staff.page.get_by_label("Name", exact=True)).to_have_value(kept)
    staff.page.keyboard.press("Control+k")
    staff.page.locator("#palette-text").fill("20777")
    expect(staff.page.locator("#palette [role=option]").first).to_contain_text(kept.split()[0])
    assert_sound(staff.page, opened=True)

    member = open_window(width=width)
    sign_in(member, OWNER)
    for path in (f"{PORTAL}/", f"{PORTAL}/members/", f"{PORTAL}/account/", "/settings/"):
        assert_holds(member.open(path))
