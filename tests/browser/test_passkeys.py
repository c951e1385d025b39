"""A passkey in a real browser: made, used after the password, alone, and to prove it again, with a virtual device."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from extensions import db
from models import SignInSession
from tests.browser.conftest import BrowserPage
from tests.support.door import PASSWORD, member_who_can_sign_in
from tests.support.oathtool import code_by_oathtool

HOME = "/settings/two-step-verification"


@pytest.fixture
def window(open_window: Callable[..., BrowserPage], session: Session) -> BrowserPage:
    """A window on the program by its name: browsers make no passkeys for numbers."""
    member_who_can_sign_in(account__client_id="20777")
    window = open_window()
    window.address = window.address.replace("127.0.0.1", "localhost")
    return window


def plug_in(window: BrowserPage) -> tuple[Any, str]:
    """Give the window a device that makes and uses passkeys as soon as it is asked."""
    devices = window.page.context.new_cdp_session(window.page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices, made["authenticatorId"]


def type_password(window: BrowserPage) -> None:
    page = window.open("/sign-in")
    page.get_by_label("E-mail").fill("mia@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def make_passkey(window: BrowserPage) -> None:
    page = window.open(HOME)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url(re.compile("recovery-codes$"))


def let_proofs_grow_old() -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    db.session.execute(update(SignInSession).values(proved_at=long_ago))
    db.session.commit()


def test_a_passkey_is_made_and_used_in_every_way(window: BrowserPage) -> None:
    plug_in(window)
    type_password(window)
    window.page.wait_for_url(re.compile("/portal/20777/"))
    make_passkey(window)
    window.page.get_by_role("button", name="Make recovery codes").click()
    expect(window.page.locator(".recovery-codes code")).to_have_count(10)

    # To prove it again, and back to the page that asked.
    let_proofs_grow_old()
    page = window.open(f"{HOME}/passkeys/new")
    assert "/prove?" in page.url
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("passkeys/new$"))

    # After the password.
    window.page.context.clear_cookies()
    type_password(window)
    page.wait_for_url(re.compile("/sign-in/code"))
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/portal/20777/"))

    # Alone, to the page that was wanted.
    window.page.context.clear_cookies()
    page = window.open(f"{HOME}")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile("/settings/two-step-verification$"))
    assert page.locator(".factor-list strong").all_inner_texts() == ["Laptop"]


def test_who_cancels_is_told_and_may_try_again(window: BrowserPage) -> None:
    devices, device = plug_in(window)
    type_password(window)
    window.page.wait_for_url(re.compile("/portal/20777/"))
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    window.page.context.clear_cookies()
    page = window.open("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    message = page.locator("[data-passkey-message]")
    message.wait_for()
    assert "No passkey was used" in message.inner_text()
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_an_app_is_set_up_and_the_codes_are_downloaded(window: BrowserPage) -> None:
    type_password(window)
    window.page.wait_for_url(re.compile("/portal/20777/"))
    page = window.open(HOME)
    page.get_by_role("link", name="Set up an authenticator app").click()
    picture = page.locator("img.qr")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = page.locator(".secret-text").inner_text()
    page.get_by_label("Code the app shows now").fill(code_by_oathtool(secret, dt.datetime.now(dt.UTC)))
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("button", name="Print").wait_for()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    text = download.value.path().read_text()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert len(codes) == 10
    assert all(code in text for code in codes)


def test_where_no_passkeys_are_possible_the_page_says_so(
    open_window: Callable[..., BrowserPage], session: Session
) -> None:
    member_who_can_sign_in(account__client_id="20777")
    window = open_window()
    type_password(window)
    window.page.wait_for_url(re.compile("/portal/20777/"))
    page = window.open(f"{HOME}/passkeys/new")
    assert page.get_by_text("This browser makes no passkeys").is_visible()
    assert page.get_by_role("button", name="Make the passkey").is_hidden()
    page.context.clear_cookies()
    assert window.open("/sign-in").get_by_role("button", name="Sign in with a passkey").is_hidden()
