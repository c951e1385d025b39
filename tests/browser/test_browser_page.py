"""The ground of the browser tests: what the browser complains about is noticed, and nothing outside is reached."""

from __future__ import annotations

import pytest
from flask import Flask, Response
from playwright.sync_api import Error

from tests.browser.conftest import BrowserPage


@pytest.fixture
def app() -> Flask:
    """A program of two pages instead of ours."""
    small = Flask("two_pages")

    @small.get("/good")
    def good() -> str:
        return "<!doctype html><title>Good</title><h1>Good</h1>"

    @small.get("/bad")
    def bad() -> Response:
        page = Response("<!doctype html><title>Bad</title><h1 onclick='x()' style='color:red'>Bad</h1>")
        page.headers["Content-Security-Policy"] = "default-src 'none'"
        return page

    return small


def test_a_page_is_opened(browser_page: BrowserPage) -> None:
    assert browser_page.open("/good").title() == "Good"
    assert browser_page.complaints == []


def test_a_violation_of_the_content_policy_is_noticed(browser_page: BrowserPage) -> None:
    browser_page.open("/bad")
    browser_page.page.wait_for_timeout(200)
    noticed = list(browser_page.complaints)
    browser_page.complaints.clear()
    assert any("Content Security Policy" in complaint for complaint in noticed)


def test_the_browser_reaches_nothing_outside(browser_page: BrowserPage) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        browser_page.page.goto("http://example.com/")
    browser_page.complaints.clear()
    assert browser_page.page.url != "http://example.com/"
