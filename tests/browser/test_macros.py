"""A macro in Chromium: previewed and used on one ticket by the keyboard, and on many with its job watched (UX 36, 40)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from extensions import db
from jobs.macros import use_macro_on_many
from jobs.registry import JobContext
from models import Job, Macro, MacroStatus
from tests.browser.conftest import BrowserPage
from tests.browser.house import STAFF, House, furnish, sign_in
from tests.browser.soundness import assert_sound
from tests.factories.support import DiscussionFactory, MacroFactory, MessageFactory, ReadyAnswerFactory

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])

OpenWindow = Callable[..., BrowserPage]


@pytest.fixture
def house(session: object) -> House:
    house = furnish(dt.datetime.now(dt.UTC))
    MessageFactory(discussion=DiscussionFactory(ticket=house.tickets[0]))
    return house


@pytest.fixture
def macro(house: House) -> Macro:
    answer = ReadyAnswerFactory(
        title="Restart", body="Dear {customer},\n\nplease restart it ({ticket number}).\n\n{agent}"
    )
    made: Macro = MacroFactory(title="Restart and solve", ready_answer=answer, takes=True, status=MacroStatus.SOLVED)
    return made


@SQLITE
@WINDOWS
def test_a_macro_is_previewed_and_used_on_one_ticket(
    house: House, macro: Macro, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/T-1")
    page.locator("summary", has_text="Macros").click()
    assert_sound(page)
    page.get_by_role("link", name="Restart and solve").click()
    expect(page.get_by_role("region", name="What is sent")).to_contain_text("please restart it (T-1).")
    expect(page.get_by_role("region", name="What changes")).to_contain_text("Status: Open")
    assert_sound(page)
    page.get_by_role("button", name="Send and change").focus()
    page.keyboard.press("Enter")
    flash = page.locator(".flashes .notice")
    expect(flash).to_contain_text("“Restart and solve” is done.")
    expect(page.locator(".flashes [role=status]")).to_have_text("“Restart and solve” is done.")
    assert_sound(page)
    page.get_by_role("button", name="Put this message away").click()
    expect(flash).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


@SQLITE
@WINDOWS
def test_a_macro_is_used_on_a_selection_and_its_job_is_watched_without_a_reload(
    house: House, macro: Macro, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, STAFF)
    window.open("/staff/tickets/")
    for number in ("T-1", "T-2"):
        page.locator("tr", has_text=number).get_by_role("checkbox").check()
    page.get_by_role("button", name="Use macro").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Use a macro on 2 tickets")
    assert_sound(page)
    page.get_by_label("Macro").select_option(label="Restart and solve")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Restart and solve on 2 tickets")
    assert_sound(page)
    page.get_by_role("button", name="Use on 2 tickets").click()
    expect(page.get_by_role("status")).to_contain_text("0 of 2 tickets.")
    assert_sound(page)
    loaded = page.evaluate("performance.timeOrigin")
    db.session.rollback()
    job = db.session.scalars(select(Job).where(Job.kind == "use_macro")).one()
    use_macro_on_many(JobContext(job.id, job.kind, job.payload, dt.datetime.now(dt.UTC)))
    expect(page.get_by_role("status")).to_contain_text("2 of 2 tickets. 2 done.")
    expect(page.locator(".results li")).to_have_count(2)
    assert page.evaluate("performance.timeOrigin") == loaded
    assert_sound(page)
