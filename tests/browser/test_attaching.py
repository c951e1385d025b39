"""Files in the composers of tickets, in Chromium: chosen, dropped, pasted, removed, sent and refused; and kept drafts (UX 26, 35)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select

from extensions import db
from models import Message, MessageAttachment
from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, furnish, sign_in
from tests.browser.soundness import assert_sound
from tests.factories.support import DiscussionFactory, MessageFactory

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WINDOWS = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
TICKET = f"{PORTAL}/tickets/T-1"
SMALLEST_TARGET = 44

OpenWindow = Callable[..., BrowserPage]

# A file that is dropped or pasted: (name, length in bytes).
CARRY = """([target, kind, files]) => {
  const carried = new DataTransfer();
  for (const [name, length] of files) carried.items.add(new File([new Uint8Array(length).fill(97)], name));
  const given = { bubbles: true, cancelable: true };
  const happened = kind === "paste"
    ? new ClipboardEvent("paste", { ...given, clipboardData: carried })
    : new DragEvent(kind, { ...given, dataTransfer: carried });
  target.dispatchEvent(happened);
}"""


@pytest.fixture
def house(session: object) -> House:
    house = furnish(dt.datetime.now(dt.UTC))
    MessageFactory(discussion=DiscussionFactory(ticket=house.tickets[0]))
    return house


def carry(page: Page, target: Locator, kind: str, *files: tuple[str, int]) -> None:
    page.evaluate(CARRY, [target.element_handle(), kind, files])


def composer(page: Page) -> Locator:
    return page.locator("#answer form")


def listed(form: Locator) -> list[str]:
    return form.locator(".file-name").all_text_contents()


def chosen(name: str, content: bytes = b"INVITE sip:100@pbx") -> dict[str, Any]:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def attached() -> Sequence[str]:
    db.session.rollback()
    return db.session.scalars(
        select(MessageAttachment.name).join(Message).order_by(MessageAttachment.message_id, MessageAttachment.position)
    ).all()


@SQLITE
@WINDOWS
def test_files_come_by_button_drop_and_paste_and_go_with_the_answer(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(TICKET)
    form = composer(page)
    form.get_by_label("Files").set_input_files([chosen("trace.log")])
    form.get_by_label("Files").set_input_files([chosen("more.log")])
    assert listed(form) == ["trace.log", "more.log"]  # choosing again adds
    carry(page, form, "dragover", ("notes.txt", 3))
    assert "is-drop-target" in (form.get_attribute("class") or "")
    carry(page, form, "drop", ("notes.txt", 3), ("spare.txt", 4))
    carry(page, form.get_by_label("Description"), "paste", ("image.png", 5))
    expect(form.get_by_role("status").last).to_contain_text("pasted-1.png added. 5 files.")
    assert listed(form) == ["trace.log", "more.log", "notes.txt", "spare.txt", "pasted-1.png"]
    assert_sound(page)
    for button in form.get_by_role("button", name="Remove").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= SMALLEST_TARGET

    form.get_by_role("button", name="Remove spare.txt").focus()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status").last).to_contain_text("spare.txt removed. 4 files.")
    expect(form.get_by_role("button", name="Remove pasted-1.png")).to_be_focused()
    form.get_by_label("Description").fill("See the files.")
    form.get_by_role("button", name="Send answer").click()
    expect(page.locator(".flashes")).to_contain_text("Your answer is sent.")
    expect(page.locator(".message-files li")).to_have_count(4)
    assert attached() == ["trace.log", "more.log", "notes.txt", "pasted-1.png"]


@SQLITE
@WINDOWS
def test_what_the_server_refuses_is_said_beside_the_file_and_everything_stays(
    house: House, open_window: OpenWindow, theme: str, width: int
) -> None:
    window = open_window(width=width, theme=theme)
    page = sign_in(window, OWNER)
    window.open(TICKET)
    form = composer(page)
    carry(page, form, "drop", ("fine.txt", 9), ("setup.exe", 2))
    form.get_by_label("Title").fill("")
    form.get_by_label("Description").fill("A long text that took an hour.")
    form.get_by_role("button", name="Send answer").click()
    expect(form.locator(".error-summary")).to_be_focused()
    expect(form.locator("#answer-title-error")).to_contain_text("Enter a title.")

    form.get_by_label("Title").fill("Re: it")
    form.get_by_role("button", name="Send answer").click()
    expect(form.locator(".error-summary")).to_contain_text("“setup.exe” is a program")
    expect(form.locator("#answer-title-error")).to_have_count(0)
    rows = form.locator(".file-row")
    expect(rows.nth(1)).to_contain_text("“setup.exe” is a program")
    expect(rows.nth(0)).not_to_contain_text("program")
    expect(form.get_by_label("Description")).to_have_value("A long text that took an hour.")
    assert listed(form) == ["fine.txt", "setup.exe"]
    assert_sound(page)

    form.get_by_role("button", name="Send answer").click()  # nothing goes while a file is marked
    expect(form.get_by_role("button", name="Remove setup.exe")).to_be_focused()
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Send answer").click()
    expect(page.locator(".flashes")).to_contain_text("Your answer is sent.")
    assert attached() == ["fine.txt"]


@SQLITE
def test_limits_are_said_before_anything_is_sent(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, OWNER)
    browser_page.open(TICKET)
    form = composer(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    carry(page, form, "drop", ("large.bin", 20 * 1024 * 1024 + 1), ("empty.txt", 0))
    expect(form.locator(".file-row").nth(0)).to_contain_text("Larger than 20 MB.")
    expect(form.locator(".file-row").nth(1)).to_contain_text("This file is empty")
    expect(form.get_by_role("status").last).to_contain_text("2 cannot be sent.")
    form.get_by_label("Description").fill("See the files.")
    form.get_by_role("button", name="Send answer").click()
    expect(form.get_by_role("button", name="Remove large.bin")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    carry(page, form, "drop", *((f"{number}.txt", 1) for number in range(11)))
    expect(form.get_by_role("alert")).to_contain_text("At most 10 files go with one message. Remove some.")
    assert asked == []


@SQLITE
def test_sending_shows_how_far_it_is_and_can_be_stopped(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, OWNER)
    browser_page.open(TICKET)
    form, held = composer(page), []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/answer", hold)
    carry(page, form, "drop", ("trace.log", 9))
    form.get_by_label("Description").fill("See the file.")
    form.get_by_role("button", name="Send answer").click()
    expect(form.locator(".sending")).to_contain_text("Sending 1 file")
    expect(form.get_by_role("progressbar")).to_be_visible()
    assert_sound(page)
    form.get_by_role("button", name="Send answer").click()  # a second press sends nothing more
    form.get_by_role("button", name="Stop sending").click()
    expect(form.locator(".sending")).to_have_count(0)
    assert len(held) == 1
    page.unroute("**/answer")
    assert listed(form) == ["trace.log"]
    form.get_by_role("button", name="Send answer").click()
    expect(page.locator(".flashes")).to_contain_text("Your answer is sent.")


@SQLITE
def test_a_lost_connection_and_a_lost_session_keep_what_was_typed_and_chosen(
    house: House, browser_page: BrowserPage
) -> None:
    page = sign_in(browser_page, OWNER)
    browser_page.open(TICKET)
    form = composer(page)
    carry(page, form, "drop", ("trace.log", 9))
    form.get_by_label("Description").fill("See the file.")
    page.route("**/answer", lambda route: route.abort())
    form.get_by_role("button", name="Send answer").click()
    expect(form.locator(".error-summary")).to_contain_text("The connection was lost")
    page.unroute("**/answer")
    page.context.clear_cookies()
    form.get_by_role("button", name="Send answer").click()
    expect(form.locator(".error-summary")).to_contain_text("expired")
    assert listed(form) == ["trace.log"]
    expect(form.get_by_label("Description")).to_have_value("See the file.")


@SQLITE
def test_a_note_a_discussion_and_a_new_ticket_take_files_too(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, STAFF)
    for name, button in (("Internal note", "Keep internal note"), ("Start another discussion", "Start discussion")):
        browser_page.open("/staff/tickets/T-1")
        details = page.locator("details", has=page.locator("summary", has_text=name))
        details.locator("summary").click()
        form = details.locator("form")
        carry(page, form, "drop", (f"{name}.txt", 3))
        form.get_by_label("Title").fill(name)
        form.locator("textarea").fill("See the file.")
        form.get_by_role("button", name=button).click()
        expect(page.locator(".message-files").last).to_contain_text(f"{name}.txt")
    member = sign_in(browser_page, OWNER) if page.context.clear_cookies() is None else page
    browser_page.open(f"{PORTAL}/tickets/new")
    member.get_by_label("Question").check()
    member.get_by_role("button", name="Continue").click()
    form = member.locator("main form")
    expect(form.locator(".file-hint")).to_be_visible()
    carry(member, form, "drop", ("setup.exe", 2))
    form.get_by_label("Subject").fill("All down")
    form.get_by_label("Description").fill("Since nine.")
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".file-row")).to_contain_text("is a program")
    assert_sound(member)
    form.get_by_role("button", name="Remove setup.exe").click()
    carry(member, form, "drop", ("trace.log", 3))
    form.get_by_role("button", name="Save").click()
    expect(member.get_by_role("heading", level=1)).to_contain_text("All down")
    expect(member.locator(".message-files")).to_contain_text("trace.log")


@SQLITE
def test_a_draft_survives_a_reload_for_its_person_and_goes_when_it_is_sent(
    house: House, browser_page: BrowserPage
) -> None:
    page = sign_in(browser_page, OWNER)
    page.on("dialog", lambda dialog: dialog.accept())
    browser_page.open(TICKET)
    composer(page).get_by_label("Description").fill("Half an answer.")
    browser_page.open(f"{PORTAL}/tickets/T-2")
    expect(composer(page).get_by_label("Description")).to_have_value("")
    browser_page.open(TICKET)
    expect(composer(page).get_by_label("Description")).to_have_value("Half an answer.")
    expect(composer(page).get_by_role("status").first).to_contain_text("This is what you typed before")
    assert_sound(page)

    page.context.clear_cookies()
    sign_in(browser_page, STAFF)
    browser_page.open("/staff/tickets/T-1")
    expect(composer(page).get_by_label("Description")).to_have_value("")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))") == []


@SQLITE
@pytest.mark.parametrize("files", [(), (("trace.log", 9),)], ids=["without files", "with files"])
def test_a_draft_goes_when_it_was_sent_and_stays_when_it_was_refused(
    house: House, browser_page: BrowserPage, files: tuple[tuple[str, int], ...]
) -> None:
    page = sign_in(browser_page, OWNER)
    page.on("dialog", lambda dialog: dialog.accept())
    browser_page.open(TICKET)
    form = composer(page)
    form.get_by_label("Title").fill("")
    form.get_by_label("Description").fill("An answer.")
    if files:
        carry(page, form, "drop", *files)
    form.get_by_role("button", name="Send answer").click()
    expect(page.locator(".error-summary")).to_be_visible()
    browser_page.open(TICKET)
    expect(composer(page).get_by_label("Description")).to_have_value("An answer.")
    composer(page).get_by_label("Title").fill("Re: it")
    if files:
        carry(page, composer(page), "drop", *files)
    composer(page).get_by_role("button", name="Send answer").click()
    expect(page.locator(".flashes")).to_contain_text("Your answer is sent.")
    expect(composer(page).get_by_label("Description")).to_have_value("")
    browser_page.open(TICKET)
    expect(composer(page).get_by_label("Description")).to_have_value("")


@SQLITE
def test_leaving_what_was_not_sent_is_warned_of(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, OWNER)
    warned: list[str] = []

    def note(dialog: Any) -> None:
        warned.append(dialog.type)
        dialog.accept()

    page.on("dialog", note)
    browser_page.open(TICKET)
    browser_page.open(TICKET)
    assert warned == []
    carry(page, composer(page), "drop", ("trace.log", 9))
    page.mouse.click(5, 5)  # a browser asks only where somebody did something
    composer(page).get_by_label("Description").press_sequentially("x")
    browser_page.open(f"{PORTAL}/")
    assert warned == ["beforeunload"]


@SQLITE
def test_signing_out_forgets_the_drafts(house: House, browser_page: BrowserPage) -> None:
    page = sign_in(browser_page, OWNER)
    page.on("dialog", lambda dialog: dialog.accept())
    browser_page.open(TICKET)
    composer(page).get_by_label("Description").fill("Half an answer.")
    page.get_by_role("button", name="Mia Stone").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    assert page.evaluate("localStorage.length") == 0
