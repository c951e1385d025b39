"""Paying and storing a method through each gateway's own page, as a payer goes there and comes back.

On SQLite only, as the other stories of the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from gateways.registry import Gateways
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, House, sign_in
from tests.browser.soundness import assert_sound
from tests.support.till import TILLS, Till

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GATEWAYS = pytest.mark.parametrize("till", TILLS, indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])
PAYS = {"stripe": "Credit or debit card", "paypal": "PayPal", "authorize_net": "Credit or debit card"}
KEEPS = {"stripe": "Keep this card", "paypal": "Agree and continue", "authorize_net": "Keep this card"}
ADDS = {"stripe": "Add card", "paypal": "Create agreement", "authorize_net": "Add card"}

OpenWindow = Callable[..., BrowserPage]


@pytest.fixture
def till(
    request: pytest.FixtureRequest, app: Flask, running_app: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Till]:
    """The program with one gateway, which leads back to where it really runs."""
    with TILLS[request.param](tmp_path, tell=running_app) as opened:
        settings = app.extensions["settings"].model_copy(update={"base_url": running_app})
        monkeypatch.setitem(app.extensions, "gateways", Gateways({opened.gateway.name: opened.gateway}))
        monkeypatch.setitem(app.extensions, "settings", settings)
        yield opened


def act(page: Page, choice: str, button: str) -> None:
    """What the payer does at the provider. Some providers are reached by a page of ours with a form."""
    going_on = page.get_by_role("button", name="Continue", exact=True)
    expect(page.locator("input[name=card]").or_(going_on).first).to_be_visible()  # the page before may still be there
    if going_on.is_visible():
        assert_sound(page)
        going_on.click()
    page.locator(f"input[name=card][value={choice}]").check()
    page.get_by_role("button", name=button).click()


@SQLITE
@GATEWAYS
@WINDOWS
def test_an_invoice_is_paid_on_the_page_of_the_gateway(
    house: House, till: Till, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/pay/?invoice={house.large_invoice.number}")
    page.get_by_label(PAYS[till.gateway.name], exact=False).first.check()
    assert_sound(page)
    page.get_by_role("button", name="Pay now").click()
    act(page, "visa", "Pay")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paid")
    expect(page.get_by_role("link", name=house.large_invoice.number)).to_be_visible()
    assert_sound(page)
    assert till.provider.taken() == 10_000


@SQLITE
@GATEWAYS
def test_a_payer_who_turns_back_pays_nothing_and_may_try_again(
    house: House, till: Till, open_window: OpenWindow
) -> None:
    window = open_window()
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/pay/?invoice={house.large_invoice.number}")
    page.get_by_role("button", name="Pay now").click()
    act(page, "visa", "Cancel")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not finished yet")
    page.get_by_role("button", name="Do not pay").click()
    if till.gateway.name == "authorize_net":  # its page cannot be closed
        expect(page.get_by_text("cannot be closed").first).to_be_visible()
    else:
        expect(page.get_by_role("heading", level=1)).to_have_text("Not paid")
    assert_sound(page)
    assert till.provider.taken() == 0


@SQLITE
@GATEWAYS
def test_a_method_is_stored_on_the_page_of_the_gateway_and_pays(
    house: House, till: Till, open_window: OpenWindow
) -> None:
    window = open_window()
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/add-payment-method/")
    page.get_by_role("button", name=ADDS[till.gateway.name]).click()
    act(page, "visa", KEEPS[till.gateway.name])
    expect(page.get_by_text("It is added and can be used to pay.").first).to_be_visible()
    window.open(f"{PORTAL}/pay/?invoice={house.large_invoice.number}")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paid")
    assert till.provider.taken() == 10_000
