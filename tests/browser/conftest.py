"""Chromium on the running program: a page that records what the browser complains about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, has_app_context
from playwright.sync_api import Browser, Page, sync_playwright
from waitress.server import create_server

from extensions import db
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
    server = create_server(app, host="127.0.0.1", port=0, threads=8, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@pytest.fixture
def browser_page(chromium: Browser, running_app: str) -> Iterator[BrowserPage]:
    """A fresh page (no cookies) in a window of 1280 x 800. Fails the test when the browser complained about anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(10_000)
    page = context.new_page()
    made = BrowserPage(page, running_app)
    page.on("pageerror", lambda error: made.complaints.append(f"script error: {error}"))
    page.on("console", lambda message: _note(made, message))
    yield made
    context.close()
    assert made.complaints == []


def _note(page: BrowserPage, message: Any) -> None:
    """Keep errors of the console. An answer of 4xx is logged there as well, but tests ask for those on purpose."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        page.complaints.append(message.text)
