"""A chat in two windows of Chromium: each side sees what the other writes without reloading, and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.browser.soundness import assert_sound

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])

OpenWindow = Callable[..., BrowserPage]


@SQLITE
@WINDOWS
def test_both_sides_write_and_read_without_reloading(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window, desk = open_window(width=width, theme=theme), open_window(width=1440, theme=theme)
    member, agent = sign_in(window, OWNER), sign_in(desk, STAFF)
    window.open(f"{PORTAL}/chat/")
    assert_sound(member)
    member.get_by_label("Message", exact=True).fill("My phone is silent.")
    member.get_by_role("button", name="Start chat").click()
    expect(member.get_by_role("log")).to_contain_text("My phone is silent.")

    desk.open("/staff/chats/")
    agent.locator("tbody a").first.click()
    expect(agent.get_by_role("heading", level=1)).to_contain_text("Chat with Mia Stone")
    agent.wait_for_load_state()
    agent.get_by_role("link", name="Take").click()
    agent.get_by_role("dialog").get_by_role("button", name="Take").click()
    expect(agent.get_by_label("Message", exact=True)).to_be_visible()
    assert_sound(agent)
    agent.wait_for_load_state()
    before = member.evaluate("performance.timeOrigin")
    agent.get_by_label("Message", exact=True).fill("We look into it.")
    agent.keyboard.press("Tab")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("log")).to_contain_text("We look into it.")
    expect(agent.get_by_label("Message", exact=True)).to_have_value("")
    expect(member.get_by_role("log")).to_contain_text("We look into it.")
    for text in ("It rings again.", "Thank you!"):
        member.get_by_label("Message", exact=True).fill(text)
        member.get_by_role("button", name="Send").click()
        expect(agent.get_by_role("log")).to_contain_text(text)
    assert member.evaluate("performance.timeOrigin") == before  # the page is the one that was opened
    assert_sound(member)
