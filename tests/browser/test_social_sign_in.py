"""Signing in by another house in Chromium: the content policy lets the browser go there, and it comes back."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from waitress.server import create_server

from tests.browser.conftest import BrowserPage
from tests.browser.soundness import assert_sound
from tests.support.door import PASSWORD, member_who_can_sign_in
from tests.support.openid_house import provider_setting, running_house

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
METHODS = "/settings/sign-in-methods"


@pytest.fixture
def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def issuer() -> Iterator[str]:
    with running_house() as issuer:
        yield issuer


@pytest.fixture
def app(make_app: Callable[..., Flask], issuer: str, port: int) -> Flask:
    """The program at the address that the other house leads back to."""
    return make_app(OIDC_PROVIDERS=provider_setting(issuer), BASE_URL=f"http://127.0.0.1:{port}")


@pytest.fixture
def running_app(app: Flask, port: int) -> Iterator[str]:
    server = create_server(app, host="127.0.0.1", port=port, threads=8)

    def serve() -> None:
        with contextlib.suppress(OSError):
            server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.task_dispatcher.shutdown(timeout=5)
    server.close()
    thread.join(timeout=10)


def say_who_one_is(page: Page, issuer: str, subject: str) -> None:
    page.wait_for_url(f"{issuer}/**")
    page.locator("input[name=sub]").fill(subject)
    page.locator("input[name=sub]").press("Enter")


@SQLITE
@pytest.mark.parametrize(
    ("theme", "width", "script"), [("light", 1440, True), ("dark", 360, True), ("light", 360, False)]
)
def test_a_person_connects_an_account_elsewhere_and_comes_in_by_it(
    session: Any, issuer: str, open_window: Callable[..., BrowserPage], theme: str, width: int, script: bool
) -> None:
    account = member_who_can_sign_in().account.client_id
    window = open_window(width=width, theme=theme, java_script_enabled=script)
    page = window.open("/sign-in")
    if script:
        assert_sound(page)
    page.locator("[name=email]").fill("mia@acme.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form:has([name=email]) [type=submit]").click()
    page.wait_for_url(f"**/portal/{account}/")

    window.open(METHODS).locator("form[action$='/acme/connect'] button").click()
    say_who_one_is(page, issuer, "mia@elsewhere.example")
    page.wait_for_url(f"**{METHODS}")
    assert "mia@elsewhere.example" in page.content()
    if script:
        assert_sound(page)

    page.context.clear_cookies()
    window.open("/sign-in").locator("form[action*='/sign-in/with/acme'] button").click()
    say_who_one_is(page, issuer, "mia@elsewhere.example")
    page.wait_for_url(f"**/portal/{account}/")
