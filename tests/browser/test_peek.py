"""A quick look at a record from its list: by the menu of its row, by a key, and without script (UX 15)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, House, sign_in
from tests.browser.soundness import assert_sound

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

OpenWindow = Callable[..., BrowserPage]


def menu_of(page: Page, license: str) -> None:
    page.get_by_role("button", name=f"Actions for {license}").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_the_menu_of_a_row_opens_it_and_escape_gives_the_focus_back(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/")
    menu_of(page, "LIC-2")
    expect(page.locator(":focus")).to_have_text("Quick look")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("LIC-2"))
    expect(dialog).to_contain_text("Office 2")
    expect(dialog.get_by_role("link", name="Open")).to_be_focused()
    assert page.url.endswith("/licenses/")
    assert_sound(page, opened=True)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Actions for LIC-2")).to_be_focused()


def test_the_key_p_opens_the_row_in_which_the_focus_is(house: House, open_window: OpenWindow) -> None:
    window = open_window(width=1280)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/")
    page.keyboard.press("p")  # no row has the focus
    link = page.locator("tbody").get_by_role("link", name="LIC-3", exact=True)
    link.focus()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name=re.compile("LIC-3"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    page.keyboard.press("p")
    dialog.get_by_role("link", name="Open").press("Enter")
    page.wait_for_url("**/licenses/LIC-3")


def test_the_key_is_a_letter_where_something_is_typed(house: House, open_window: OpenWindow) -> None:
    window = open_window(width=1280)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/")
    box = page.locator("main input[type=search]").first
    box.press_sequentially("up")
    expect(box).to_have_value("up")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_without_script_it_is_the_page_of_the_record(house: House, open_window: OpenWindow) -> None:
    window = open_window(width=1280, java_script_enabled=False)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/")
    page.get_by_role("button", name="Actions for LIC-1").click()
    page.locator(".menu:popover-open").get_by_role("link", name="Quick look").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("LIC-1")
