"""Chromium on the running program: a page that records what the browser complains about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, has_app_context
from playwright.sync_api import Browser, Page, sync_playwright

from extensions import db
from tests.browser.house import House, furnish
from tests.support.serving import served
from tests.support.surroundings import CHROMIUM, chromium_path

# Chromium as root in a container, and without any of its own calls to the outside.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--metrics-recording-only",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, so that `-m 'not browser'` leaves it out."""
    for item in items:
        if "tests/browser/" in item.nodeid or item.nodeid.startswith("browser/"):
            item.add_marker(pytest.mark.browser)


@dataclass
class BrowserPage:
    """A page on the program under test. ``complaints`` are errors of scripts and violations of the content policy."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path of the program, and wait until it is loaded. What the test wrote so far is committed first."""
        if has_app_context():
            db.session.commit()
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of this worker."""
    CHROMIUM.require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def running_app(app: Flask) -> Iterator[str]:
    """The address of the program, served by the server of the embedded start."""
    with served(app) as address:
        yield address


@pytest.fixture
def open_window(chromium: Browser, running_app: str) -> Iterator[Callable[..., BrowserPage]]:
    """Open windows without cookies: `open_window(width=360, theme="dark", java_script_enabled=False)`.

    Fails the test when the browser complained about anything in one of them.
    """
    opened: list[BrowserPage] = []

    def open_one(*, width: int = 1280, theme: str = "", **options: Any) -> BrowserPage:
        context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-US", **options)
        context.set_default_timeout(10_000)
        if theme:
            context.add_cookies([{"name": "theme", "value": theme, "url": running_app}])
        window = BrowserPage(context.new_page(), running_app)
        window.page.on("pageerror", lambda error: window.complaints.append(f"script error: {error}"))
        window.page.on("console", lambda message: _note(window, message))
        opened.append(window)
        return window

    yield open_one
    for window in opened:
        window.page.context.close()
    assert [complaint for window in opened for complaint in window.complaints] == []


@pytest.fixture
def house(session: object) -> House:
    """The rows that most stories need; a module that needs others has its own."""
    return furnish(dt.datetime.now(dt.UTC))


@pytest.fixture
def window(house: House, open_window: Callable[..., BrowserPage]) -> BrowserPage:
    """A fresh window, with the house behind it."""
    return open_window()


@pytest.fixture
def browser_page(open_window: Callable[..., BrowserPage]) -> BrowserPage:
    """A fresh page in a window of 1280 x 800."""
    return open_window()


def _note(page: BrowserPage, message: Any) -> None:
    """Keep errors of the console. An answer of 4xx is logged there as well, but tests ask for those on purpose."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        page.complaints.append(message.text)
