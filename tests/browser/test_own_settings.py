"""A person's own settings in Chromium: sound in light and dark, on a desk and on a telephone, with and without a menu."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, House, sign_in
from tests.browser.soundness import assert_sound
from tests.support.pictures import picture

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

PAGES = ("/settings/profile", "/settings/security", "/settings/sessions", "/settings/networks", "/settings/your-data",
         "/change-password", f"{PORTAL}/networks/")  # fmt: skip


@pytest.mark.parametrize("width", [1440, 360])
def test_every_page_is_sound(browser_page: BrowserPage, house: House, width: int) -> None:
    page = sign_in(browser_page, OWNER)
    page.set_viewport_size({"width": width, "height": 800})
    for theme in ("light", "dark"):
        page.context.add_cookies([{"name": "theme", "value": theme, "url": page.url}])
        for path in PAGES:
            browser_page.open(path)
            assert_sound(page)
    browser_page.open("/settings/networks")
    page.get_by_label("IP address or network").fill("203.0.113.0/24")
    page.get_by_role("button", name="Add network").click()
    expect(page).to_have_title(re.compile("^Error: "))
    assert_sound(page)


def test_on_a_telephone_the_sections_open_from_a_button(browser_page: BrowserPage, house: House) -> None:
    page = sign_in(browser_page, OWNER)
    page.set_viewport_size({"width": 360, "height": 800})
    browser_page.open("/settings/profile")
    assert not page.get_by_role("link", name="Sessions").is_visible()
    page.get_by_role("button", name="Your settings: Profile").click()
    assert_sound(page, opened=True)
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("heading", name="Sessions", level=1).wait_for()


def test_a_picture_is_chosen_shown_and_removed(browser_page: BrowserPage, house: House) -> None:
    page = sign_in(browser_page, OWNER)
    browser_page.open("/settings/profile")
    sent = {"name": "me.png", "mimeType": "image/png", "buffer": picture(400, 300)}
    page.get_by_label("New picture").set_input_files([sent])
    page.get_by_role("button", name="Save the picture").click()
    shown = page.locator("img.avatar.is-large")
    expect(shown).to_have_js_property("naturalWidth", 256)  # once it is there
    page.get_by_role("button", name="Remove picture").click()
    page.get_by_text("Your picture is removed.").first.wait_for()
    assert page.locator("img.avatar").count() == 0
