"""The same stories in a browser that runs no script. On SQLite only, for the reason given in test_core_flows.py."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.factories.support import TicketFactory

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def window(house: House, open_window: Callable[..., BrowserPage]) -> BrowserPage:
    return open_window(java_script_enabled=False)


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_a_list_is_filtered_and_leads_to_a_record(window: BrowserPage) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Urgent").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="T-4").click()
    assert "Phones of floor 4" in heading(page)
    page.go_back()
    page.get_by_role("link", name=re.compile("remove this filter")).click()
    expect(page.locator("tbody tr")).to_have_count(5)


def test_the_pager_goes_forward_and_back(house: House, window: BrowserPage) -> None:
    TicketFactory.create_batch(50, account=house.account, ticket_type=house.tickets[0].ticket_type)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/?sort=number")
    rows, pager = page.locator("tbody tr"), page.get_by_role("navigation", name="Pages")
    expect(rows).to_have_count(50)
    first = rows.first.inner_text()
    pager.get_by_role("link", name="Next").click()
    expect(rows).to_have_count(5)
    assert rows.first.inner_text() != first
    pager.get_by_role("link", name="Previous").click()
    expect(rows).to_have_count(50)
    assert rows.first.inner_text() == first


def test_a_form_shows_its_mistakes_and_is_saved(window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/tickets/new")
    page.get_by_label("Question").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Subject").fill("No dial tone")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".error-summary a").first).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_value("No dial tone")
    page.get_by_label("Description").fill("Since Monday no phone has a dial tone.")
    page.locator("main button[type=submit]").click()
    assert "No dial tone" in heading(page)


def test_an_action_is_confirmed_on_a_page_of_its_own(window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/")
    page.get_by_role("button", name=re.compile("^Actions for .*LIC-1")).click()
    page.get_by_role("link", name="Reset MAC/IP address").click()
    assert heading(page).startswith("Reset MAC/IP address")
    page.get_by_role("button", name="Reset MAC/IP address").click()
    expect(page.get_by_role("status")).to_contain_text("The MAC and IP address are reset.")


def test_a_refused_payment_says_why_and_a_covered_one_is_made(house: House, window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/invoices/{house.large_invoice.number}/pay")
    page.get_by_role("button", name="Pay from balance").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".error-summary")).to_contain_text("balance")
    window.open(f"{PORTAL}/invoices/{house.small_invoice.number}/pay")
    page.get_by_role("button", name="Pay from balance").click()
    expect(page.locator("h1 .badge")).to_have_text("Paid")


def test_a_bulk_action_is_confirmed_and_answered_on_pages(window: BrowserPage) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    for floor in (1, 5):
        page.get_by_label(re.compile(f"^Select .*floor {floor}")).check()
    page.get_by_role("button", name="Solve").click()
    expect(page.locator(".objects li")).to_have_count(2)
    page.get_by_role("button", name="Solve").click()
    expect(page.locator(".results .badge")).to_have_text(["Done", "Skipped"])
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("tbody .badge", has_text="Solved")).to_have_count(2)


def test_items_move_between_licenses_by_numbers(window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/transfers/")
    for code in ("LIC-1", "LIC-2"):
        page.get_by_label(code).check()
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("slider")).to_have_count(0)
    page.get_by_role("spinbutton").fill("99")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.get_by_role("spinbutton")).to_have_value("99")
    page.get_by_role("spinbutton").fill("2")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Transfer").click()
    assert "LIC-1" in heading(page)
    page.get_by_role("link", name="Undo transfer").click()
    page.get_by_role("button", name="Undo transfer").click()
    expect(page.get_by_role("status")).to_contain_text("The transfer is undone.")


def test_menus_theme_and_sign_out_need_no_script(window: BrowserPage) -> None:
    page = sign_in(window, OWNER)
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("button", name="Sign out").click()
    assert heading(page) == "Sign in"
