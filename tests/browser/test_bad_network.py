"""A connection that is slow, or lost while something is saved: nothing is saved twice, nothing typed is lost.

On SQLite only, see test_core_flows.py. Refused by the network is what Chromium calls "failed"; the page that it shows then
is its own, so what is proved here is what a person finds on coming back.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from domain.permissions import StaffRole
from extensions import db
from models import Account, Member
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in
from tests.support.door import staff_who_can_sign_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


# In one go, since a page that is being left answers no more questions.
TWO_PRESSES = """() => {
  const button = document.querySelector("main form[data-guard] button[type=submit]");
  button.click();
  button.click();
  return button.getAttribute("aria-busy");
}"""


def lose_posts(page: Page) -> None:
    """Let the network refuse whatever is posted, until `unroute_all`."""
    page.route("**/*", lambda route: route.abort() if route.request.method == "POST" else route.continue_())


def name_kept(house: House) -> str:
    db.session.rollback()
    return str(db.session.scalar(select(Account.name).where(Account.id == house.account.id)))


def fill(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Acme Telephones")
    page.get_by_label("Contact e-mail").fill("hello@acme.example")
    page.get_by_label("Country", exact=True).select_option("DE")


def assert_filled(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="This is what you typed before")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme Telephones")
    expect(page.get_by_label("Contact e-mail")).to_have_value("hello@acme.example")
    expect(page.get_by_label("Country", exact=True)).to_have_value("DE")


def test_what_was_typed_is_there_again_after_the_connection_was_lost(window: BrowserPage, house: House) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/accounts/20777")
    window.open("/staff/accounts/20777/edit")
    fill(page)
    lose_posts(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("chrome-error://**")
    assert name_kept(house) == "Acme Telecom"
    page.unroute_all()
    page.go_back()
    window.open("/staff/accounts/20777/edit")
    assert_filled(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/staff/accounts/20777")
    assert name_kept(house) == "Acme Telephones"
    # It was answered: a form that is opened now stands as the record does.
    window.open("/staff/accounts/20777/edit")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme Telephones")
    expect(page.get_by_text("This is what you typed before")).to_have_count(0)


def test_what_was_typed_is_there_again_after_a_session_that_ended_meanwhile(window: BrowserPage, house: House) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/accounts/20777/edit")
    fill(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This request could not be read")
    sign_in(window, STAFF)
    window.open("/staff/accounts/20777/edit")
    assert_filled(page)
    assert name_kept(house) == "Acme Telecom"


def test_nobody_else_finds_what_was_typed(window: BrowserPage, house: House) -> None:
    page = sign_in(window, STAFF)
    other = staff_who_can_sign_in("bo@provider.example", role=StaffRole.ADMINISTRATOR)
    window.open("/staff/accounts/20777/edit")
    fill(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This request could not be read")
    sign_in(window, other.person.email)
    window.open("/staff/accounts/20777/edit")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme Telecom")
    assert page.evaluate("sessionStorage.length") == 0


def test_what_was_refused_is_corrected_once_and_does_not_come_again(window: BrowserPage, house: House) -> None:
    page = sign_in(window, STAFF)
    window.open("/staff/accounts/20777/edit")
    page.get_by_label("Name", exact=True).fill("Acme Telephones")
    page.get_by_label("Contact e-mail").fill("no address")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme Telephones")
    window.open("/staff/accounts/20777")
    window.open("/staff/accounts/20777/edit")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme Telecom")


def test_on_a_slow_network_a_second_press_adds_nothing(window: BrowserPage, house: House) -> None:
    page = sign_in(window, OWNER)
    window.open(f"{PORTAL}/members/new")
    page.get_by_label("E-mail").fill("new@acme.example")
    page.get_by_label("First name").fill("Nora")

    held: list[Route] = []
    page.route("**/*", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    assert page.evaluate(TWO_PRESSES) == "true"
    page.wait_for_timeout(300)
    for route in held:
        route.continue_()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    assert len(held) == 1
    db.session.rollback()
    members = db.session.scalar(select(func.count()).select_from(Member).where(Member.account_id == house.account.id))
    assert members == 2
