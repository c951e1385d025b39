"""What belongs to a record, in tabs: by keyboard, on a telephone and without script (UX 18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, House, furnish, sign_in
from tests.browser.soundness import assert_sound
from tests.factories.services import HardwareResetFactory

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

OpenWindow = Callable[..., BrowserPage]


@pytest.fixture
def house(session: object) -> House:
    house = furnish(dt.datetime.now(dt.UTC))
    for _reset in range(51):
        HardwareResetFactory(license=house.licenses[0])
    return house


@pytest.mark.parametrize(
    ("theme", "width", "script"), [("light", 1280, True), ("dark", 360, True), ("light", 360, False)]
)
def test_a_tab_opens_its_list_and_is_in_sight(
    house: House, open_window: OpenWindow, theme: str, width: int, script: bool
) -> None:
    window = open_window(width=width, theme=theme, java_script_enabled=script)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/LIC-1")
    row = page.get_by_role("navigation", name="What belongs to it")
    here = row.locator("[aria-current=page]")
    expect(here).to_have_text("Items 1")
    expect(page.get_by_role("heading", level=2, name="Items")).to_be_visible()
    row.get_by_role("link", name="Items").focus()
    for _other in range(2):
        page.keyboard.press("Tab")
    expect(row.get_by_role("link", name="MAC/IP resets 50+")).to_be_focused()
    page.keyboard.press("Enter")
    expect(here).to_have_text("MAC/IP resets 50+")
    expect(page.get_by_role("heading", level=2, name="MAC/IP resets")).to_be_in_viewport()
    expect(page.locator("#related tbody tr")).to_have_count(20)
    if script:
        expect(here).to_be_in_viewport()
        assert_sound(page)
    page.go_back()
    expect(here).to_have_text("Items 1")
