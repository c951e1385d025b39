"""What the keyboard reaches: menus, dialogs and suggestions. On SQLite only, see test_core_flows.py."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.factories.people import AccountFactory

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_row_menu_opens_walks_and_closes(window: BrowserPage) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    button = page.get_by_role("button", name=re.compile("^Actions for .*floor 1"))
    button.focus()
    page.keyboard.press("Enter")
    opened = page.locator(".menu:popover-open")
    page.keyboard.press("ArrowDown")
    expect(opened.get_by_role("link", name="Open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(opened.get_by_role("link", name="Quick look")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(opened.get_by_role("link", name="Take")).to_be_focused()
    for _up in range(3):
        page.keyboard.press("ArrowUp")
    expect(opened.get_by_role("link", name="Merge")).to_be_focused()  # around the end
    page.keyboard.press("ArrowDown")
    expect(opened.get_by_role("link", name="Open")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu:popover-open")).to_have_count(0)
    expect(button).to_be_focused()


def test_a_dialog_takes_the_focus_and_gives_it_back(window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/LIC-1")
    link = page.get_by_role("link", name="Reset MAC/IP address")
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Reset MAC/IP address")).to_be_focused()
    for _press in range(6):  # the page behind is out of reach
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    expect(page.locator(".fact", has_text="Resets left")).to_contain_text("3")


def test_a_dialog_opened_from_a_row_menu_gives_the_focus_back_to_the_row(window: BrowserPage) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    button = page.get_by_role("button", name=re.compile("^Actions for .*floor 1"))
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_a_record_is_looked_up_and_chosen(house: House, window: BrowserPage) -> None:
    AccountFactory(name="Acorn Labs", client_id="20999")
    page = sign_in(window, STAFF)
    window.open(f"/staff/tickets/new?ticket_type={house.tickets[0].ticket_type.public_id}")
    field = page.get_by_role("combobox", name="Account")
    field.focus()
    page.keyboard.type("aco")
    options = page.get_by_role("option")
    expect(options).to_have_count(1)
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Acorn Labs")
    expect(page.locator('input[type=hidden][name="account"]')).to_have_value("20999")
    # Esc closes the suggestions and leaves the form alone.
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    expect(options.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_be_focused()


def test_a_filter_takes_a_looked_up_record(house: House, window: BrowserPage) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/invoices/")
    page.locator("summary", has_text="Filters").focus()
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Account").focus()
    page.keyboard.type("another")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text("Another House")
