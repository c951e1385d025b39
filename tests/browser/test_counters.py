"""The numbers of the navigation in Chromium: there at the load, fresh without a reload, and not asked for unseen (SPEC F8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from extensions import db
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.browser.soundness import assert_sound
from tests.factories.support import DiscussionFactory, MessageFactory

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
MINUTE = 60_000

OpenWindow = Callable[..., BrowserPage]


def support_answers(house: House, number: int) -> None:
    MessageFactory(
        discussion=DiscussionFactory(ticket=house.tickets[number]), from_staff=True, created_at=dt.datetime.now(dt.UTC)
    )
    db.session.commit()


def entry(page: Page, name: str) -> str:
    """What a reader of screens says of an entry of the navigation, also while it is folded away."""
    return str(
        page.locator("nav[aria-label=Main] a", has_text=name).first.evaluate(
            "(link) => [...link.querySelectorAll('.nav-number:not([hidden])')].map((each) => each.ariaLabel).join()"
        )
    )


@SQLITE
@WINDOWS
def test_a_new_answer_shows_beside_the_entry_without_a_reload(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    page.clock.install()
    support_answers(house, 0)
    window.open(f"{PORTAL}/")
    assert entry(page, "Tickets") == "1 ticket with new answers"
    loaded = page.evaluate("performance.timeOrigin")
    support_answers(house, 1)
    with page.expect_response("**/counters/"):
        page.clock.fast_forward(MINUTE + 1)
    expect(page.locator("[data-counter=tickets]")).to_have_attribute("data-text", "2")
    assert entry(page, "Tickets") == "2 tickets with new answers"
    if width > 992:
        expect(page.get_by_role("button", name="Support")).to_contain_text("")
        expect(page.locator("[data-counter-sum]")).to_be_visible()
        page.get_by_role("button", name="Support 2 new").click()
    else:
        page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("link", name="Tickets 2 tickets with new answers")).to_be_visible()
    assert_sound(page, opened=True)
    assert page.evaluate("performance.timeOrigin") == loaded

    page.get_by_role("link", name="Tickets 2 tickets with new answers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tickets")
    expect(page.get_by_role("link", name="Read them")).to_have_count(2)
    assert_sound(page, current="Tickets")
    page.get_by_role("link", name="Read them").first.click()
    expect(page.locator("#answer")).to_be_visible()
    assert entry(page, "Tickets") == "1 ticket with new answers"


@SQLITE
def test_an_agents_numbers_stand_in_the_sidebar(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, STAFF)
    browser_page.open("/staff/")
    expect(page.get_by_role("link", name="Tickets 4 tickets wait for you")).to_be_visible()
    assert_sound(page, current="Home")


@SQLITE
def test_asking_grows_rarer_while_it_fails(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, OWNER)
    page.clock.install()
    browser_page.open(f"{PORTAL}/")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/counters/", refuse)
    for _minute in range(7):
        page.clock.run_for(MINUTE)
        page.wait_for_timeout(50)
    assert len(asked) == 3  # after one minute, after two more, after four more
