"""A shared view that a list opens with, set and left in Chromium (UX 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import STAFF, furnish, sign_in
from tests.browser.soundness import assert_sound

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("theme", "width", "script"), [("light", 1280, True), ("dark", 360, True), ("light", 360, False)]
)
def test_a_view_is_kept_set_opened_and_left(
    session: object, open_window: Callable[..., BrowserPage], theme: str, width: int, script: bool
) -> None:
    furnish(dt.datetime.now(dt.UTC))
    window = open_window(width=width, theme=theme, java_script_enabled=script)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/?status=solved")
    page.get_by_role("link", name="Columns and views").click()
    page.get_by_label("Name", exact=True).fill("What is done")
    page.get_by_label("Colleagues see it too").check()
    page.get_by_role("button", name="Keep view").click()
    page.get_by_role("link", name="Columns and views").click()
    page.get_by_label("The list opens with it for What is done").select_option(label="Administrator")
    if script:
        assert_sound(page)
    page.get_by_role("button", name="Save What is done").click()
    expect(page.locator(".kept-views")).to_contain_text("Opens for: Administrator")
    window.open("/staff/tickets/")
    views = page.get_by_role("navigation", name="Views")
    expect(views.locator("[aria-current=page]")).to_contain_text("What is done")
    expect(page.locator("tbody tr")).to_have_count(1)
    if script:
        assert_sound(page)
    views.get_by_role("link", name="All", exact=True).click()
    expect(views.locator("[aria-current=page]")).to_have_text("All")
    expect(page.locator("tbody tr")).to_have_count(5)
