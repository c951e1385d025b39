"""The stories of every day in Chromium, in light on a desk and in dark on a telephone.

On SQLite only, since what happens here is the browser's and both databases answer the same pages (the tests of views
and panel prove it on both); one whole story runs on PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from models import TicketStatus
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.browser.soundness import assert_sound, first_tab_stop
from tests.support.door import PASSWORD

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])
ALL_WINDOWS = pytest.mark.parametrize(
    ("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360)]
)

OpenWindow = Callable[..., BrowserPage]

# Beside the pages that the stories below pass and check.
STAFF_PAGES = {
    "/staff/": "Home",
    "/staff/accounts/20777": "Accounts",
    "/staff/accounts/20777/edit": "Accounts",
    "/staff/tickets/?status=open&priority=urgent": "Tickets",
}
PORTAL_PAGES = {
    f"{PORTAL}/": "Dashboard",
    f"{PORTAL}/licenses/": "Licenses",
    f"{PORTAL}/licenses/LIC-1/reset-mac-ip": "Licenses",
    f"{PORTAL}/invoices/?status=void": "Invoices",
    f"{PORTAL}/help/": "Help",
    f"{PORTAL}/resources-centre/first-steps": "Resources centre",
    f"{PORTAL}/financing/": "Financing",
}


@SQLITE
@ALL_WINDOWS
def test_every_page_is_sound(house: House, open_window: OpenWindow, theme: str, width: int) -> None:
    for email, pages in ((STAFF, STAFF_PAGES), (OWNER, PORTAL_PAGES)):
        window = open_window(width=width, theme=theme)
        page = sign_in(window, email)
        for path, current in pages.items():
            window.open(path)
            assert page.locator("html").get_attribute("data-bs-theme") == theme
            assert_sound(page, current=current)
    # The page of an error, and the door.
    assert page.goto(f"{window.address}/staff/no-such-page").status == 404
    assert_sound(page)
    page.context.clear_cookies(name="foyer_session")
    assert_sound(window.open("/sign-in"))


@SQLITE
def test_the_first_tab_stop_skips_to_the_content(house: House, open_window: OpenWindow) -> None:
    window = open_window()
    sign_in(window, STAFF)
    for path in ("/staff/tickets/", "/staff/tickets/T-1"):
        page = window.open(path)
        assert first_tab_stop(page) == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


@SQLITE
@WINDOWS
def test_signing_in_says_what_was_wrong_and_then_lets_in(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = window.open(f"{PORTAL}/invoices/")
    expect(page).to_have_title(re.compile("Sign in"))
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Error: Sign in"))
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(OWNER)
    assert_sound(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoices")


@SQLITE
@WINDOWS
def test_a_list_is_filtered_searched_and_sorted(house: House, open_window: OpenWindow, theme: str, width: int) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    rows, chips = page.locator("tbody tr"), page.get_by_role("list", name="Filters in force")
    expect(rows).to_have_count(5)

    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Open", exact=True).check()
    page.get_by_label("Urgent").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(chips.locator("a.chip")).to_have_count(2)
    expect(rows).to_have_count(1)
    assert "status=open" in page.url
    assert "created_at" not in page.url  # empty filters stay out of the address
    assert_sound(page, current="Tickets")

    page.get_by_role("link", name="T-4").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Phones of floor 4")
    page.go_back()
    expect(rows).to_have_count(1)
    chips.get_by_role("link", name=re.compile("Priority")).click()
    expect(rows).to_have_count(4)
    page.get_by_role("link", name="Clear all").click()
    expect(rows).to_have_count(5)

    page.get_by_role("searchbox", name="Search tickets").fill("T-3")
    page.get_by_role("searchbox", name="Search tickets").press("Enter")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="Search tickets").fill("nothing like it")
    page.get_by_role("searchbox", name="Search tickets").press("Enter")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()

    page.locator("thead a", has_text="Number").click()
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    expect(rows.first).to_contain_text("T-1")
    page.locator("thead a", has_text="Number").click()
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text("T-5")


@SQLITE
@WINDOWS
def test_a_form_keeps_what_was_typed_and_is_saved(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, STAFF)
    window.open("/staff/accounts/")
    page.get_by_role("link", name="Add account").click()
    page.get_by_label("Name", exact=True).fill("New House Ltd")
    page.get_by_label("Currency", exact=True).select_option("USD")
    page.locator("main button[type=submit]").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Name", exact=True)).to_have_value("New House Ltd")
    expect(page.get_by_label("Currency", exact=True)).to_have_value("USD")
    assert_sound(page, current="Accounts")

    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    page.get_by_label("Country", exact=True).select_option("US")
    for label, text in {
        "Owner's first name": "Nora",
        "Owner's last name": "New",
        "Owner's e-mail": "nora@new-house.example",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New House Ltd")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Contact name").fill("Nora New")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".fact", has_text="Contact name")).to_contain_text("Nora New")
    expect(page.locator(".timeline")).to_contain_text("Nora New")


@SQLITE
@WINDOWS
def test_an_action_is_confirmed_in_a_dialog(house: House, open_window: OpenWindow, theme: str, width: int) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/licenses/LIC-1")
    page.get_by_role("link", name="Reset MAC/IP address").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("LIC-1")
    expect(dialog).to_contain_text("One of the resets left is used")
    assert_sound(page, opened=True)
    dialog.get_by_role("button", name="Reset MAC/IP address").click()
    expect(page.get_by_role("status")).to_contain_text("The MAC and IP address are reset.")
    expect(page.locator(".fact", has_text="MAC address")).to_contain_text("–")
    expect(page.get_by_role("link", name="Reset MAC/IP address")).to_have_count(0)


@SQLITE
@WINDOWS
def test_paying_from_the_balance_is_refused_in_words_and_then_done(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    dialog = page.get_by_role("dialog")
    window.open(f"{PORTAL}/invoices/{house.large_invoice.number}")
    page.get_by_role("link", name="Pay from balance").click()
    dialog.get_by_role("button", name="Pay from balance").click()
    expect(dialog.locator(".error-summary")).to_be_focused()
    expect(dialog.locator(".error-summary")).to_contain_text("balance")
    assert_sound(page, opened=True)
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("h1 .badge")).to_have_text("Unpaid")

    window.open(f"{PORTAL}/invoices/{house.small_invoice.number}")
    page.get_by_role("link", name="Pay from balance").click()
    dialog.get_by_role("button", name="Pay from balance").click()
    expect(page.get_by_role("status")).to_contain_text("The invoice is paid.")
    expect(page.locator("h1 .badge")).to_have_text("Paid")


@SQLITE
@WINDOWS
def test_a_bulk_action_says_what_became_of_each_row(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    page.get_by_label("Select all rows of this page").check()
    expect(bar).to_contain_text("5 rows selected")
    page.get_by_label(re.compile("^Select .*floor 3")).uncheck()
    expect(bar).to_contain_text("4 rows selected")
    assert_sound(page, current="Tickets")
    bar.get_by_role("button", name="Solve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".objects li")).to_have_count(4)
    dialog.get_by_role("button", name="Solve").click()
    outcomes = dialog.locator(".results .badge")
    # Floor 5, the last of the list, was solved before.
    expect(outcomes).to_have_text(["Done", "Done", "Done", "Skipped"])
    assert_sound(page, opened=True)
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("tbody .badge", has_text="Solved")).to_have_count(4)


@SQLITE
@WINDOWS
def test_items_move_between_licenses_by_a_slider(house: House, open_window: OpenWindow, theme: str, width: int) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/transfers/")
    page.get_by_label("LIC-1").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("LIC-2").check()
    page.get_by_role("button", name="Continue").click()
    slider, number = page.get_by_role("slider"), page.get_by_role("spinbutton")
    slider.wait_for()
    page.wait_for_load_state()  # before its scripts are there, the slider moves no number
    slider.focus()
    for _press in range(3):
        page.keyboard.press("ArrowRight")
    expect(number).to_have_value("3")
    number.fill("4")
    expect(slider).to_have_value("4")
    assert_sound(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("tbody tr")).to_contain_text("10 → 6")
    expect(page.locator("tbody tr")).to_contain_text("9 → 13")
    assert_sound(page)
    page.get_by_role("button", name="Transfer").click()
    expect(page.get_by_role("status")).to_contain_text("The items are transferred.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("LIC-1")
    expect(page.locator("dl").first).to_contain_text("LIC-2")
    page.wait_for_load_state()  # before its scripts are there, the link leads to a page of its own
    page.get_by_role("link", name="Undo transfer").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The items go back")
    assert_sound(page)
    dialog.get_by_role("button", name="Undo transfer").click()
    expect(page.get_by_role("status")).to_contain_text("The transfer is undone.")


@SQLITE
def test_the_theme_changes_at_once_and_is_drawn_by_the_server(house: House, open_window: OpenWindow) -> None:
    window = open_window()
    page = sign_in(window, STAFF)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    # What the server sends is dark already, so no script has to darken it after it was shown.
    sent = page.request.get(f"{window.address}/staff/").text()
    assert 'data-bs-theme="dark"' in sent
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


@SQLITE
def test_a_theme_that_storage_remembers_comes_back_to_a_browser_without_its_cookie(
    house: House, open_window: OpenWindow
) -> None:
    window = open_window()
    page = window.open("/sign-in")
    page.get_by_role("button", name="Dark").click()
    page.context.clear_cookies()
    window.open("/sign-in")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert 'data-bs-theme="dark"' in page.request.get(f"{window.address}/sign-in").text()


@SQLITE
@WINDOWS
def test_signing_out_ends_the_session(house: House, open_window: OpenWindow, theme: str, width: int) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    page.get_by_role("button", name=re.compile("your menu")).click()
    assert_sound(page, opened=True)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    window.open(f"{PORTAL}/invoices/")
    expect(page).to_have_url(re.compile("/sign-in"))


@POSTGRESQL
def test_one_whole_story_on_postgresql(house: House, open_window: OpenWindow) -> None:
    window = open_window()
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/?status=open")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("button", name=re.compile("^Actions for .*floor 1")).click()
    page.get_by_role("link", name="Solve").click()
    page.get_by_role("dialog").get_by_role("button", name="Solve").click()
    expect(page.get_by_role("status")).to_contain_text("The ticket is solved.")
    window.open("/staff/tickets/T-1")
    expect(page.locator("h1 .badge")).to_have_text("Solved")
    page.get_by_role("link", name="Reopen").click()
    page.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(page.locator("h1 .badge")).to_have_text(
        TicketStatus.WAITING_FOR_SUPPORT.value.replace("_", " ").capitalize()
    )
    page.wait_for_load_state()  # before its scripts are there, the menu does not open
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
