"""The palette and the list of shortcuts, by keyboard alone. On SQLite only, see test_core_flows.py."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, sign_in
from tests.browser.soundness import assert_sound

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def at(window: BrowserPage, path: str) -> Page:
    page = window.open(path)
    page.wait_for_load_state()
    return page


def test_a_customer_is_found_by_a_license_code_and_the_focus_comes_back_on_escape(window: BrowserPage) -> None:
    sign_in(window, STAFF)
    page = at(window, "/staff/tickets/")
    page.get_by_role("link", name="T-1").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.get_by_role("link", name="T-1")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("lic-2")
    first = page.locator("#palette [role=option]").first
    expect(first).to_contain_text("LIC-2")
    expect(first).to_contain_text("Acme Telecom (20777)")
    expect(first).to_have_attribute("aria-selected", "true")
    assert_sound(page, opened=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/licenses/LIC-2")


def test_arrows_walk_through_what_is_offered_and_around_its_end(window: BrowserPage) -> None:
    sign_in(window, OWNER)
    page = at(window, f"{PORTAL}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("silent")
    offers = page.locator("#palette [role=option]")
    expect(offers).to_have_count(5)
    chosen = page.locator("#palette [aria-selected=true]")
    first = offers.first.text_content() or ""
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_text(offers.last.text_content() or "")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text(first)
    expect(page.locator("#palette-text")).to_have_attribute(
        "aria-activedescendant", offers.first.get_attribute("id") or "-"
    )


def test_nothing_found_is_said(window: BrowserPage) -> None:
    sign_in(window, OWNER)
    page = at(window, f"{PORTAL}/")
    page.keyboard.press("/")
    page.keyboard.type("no such thing")
    expect(page.locator("#palette [role=status]")).to_have_text("Nothing found.")


def test_single_keys_rest_while_typing_and_can_be_switched_off(window: BrowserPage) -> None:
    sign_in(window, STAFF)
    page = at(window, "/staff/tickets/")
    page.get_by_role("searchbox", name="Search tickets").focus()
    page.keyboard.type("/?")
    expect(page.locator("#palette, #shortcuts").first).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(listed).to_be_visible()
    assert_sound(page, opened=True)
    listed.get_by_label("Shortcuts of a single key").uncheck()
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")  # with a modifier it still works
    expect(page.locator("#palette")).to_be_visible()
