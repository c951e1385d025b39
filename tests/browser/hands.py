"""Two ways to use a page: by the keyboard alone, with its scripts, and by clicks without any script."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Download, Locator, Page, expect

from tests.browser.conftest import BrowserPage
from tests.support.door import PASSWORD

MOST_STOPS = 150
# Whether the eye sees where the focus is: a ring or a mark of its own around something that stands in the window.
SEEN = """each => {
  const outlined = (shown) => {
    const style = getComputedStyle(shown);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  };
  const ringed = outlined(each) || getComputedStyle(each).boxShadow !== "none";
  const box = each.getBoundingClientRect();
  const there = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return there && (ringed || [...(each.labels ?? [])].some(outlined) || outlined(each.parentElement));
}"""


class Hand(Protocol):
    """What a person does on a page."""

    page: Page

    def press(self, target: Locator) -> None:
        """Follow a link, press a button, open what opens, tick a box."""

    def write(self, target: Locator, text: str) -> None:
        """Write into an empty field."""

    def choose(self, target: Locator, words: str) -> None:
        """Choose from a list by the words of a choice."""

    def attach(self, target: Locator, file: Path) -> None:
        """Choose a file."""

    def download(self, target: Locator) -> Download:
        """Press what sends a file."""


class Keys:
    """Only Tab, Enter, Space and letters, and at each stop the focus is seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # Who listens gets the choosers of files. Asked for just before the press, Chromium may open its own first.
        page.on("filechooser", lambda _chooser: None)

    def press(self, target: Locator) -> None:
        self._walk_to(target)
        kind = target.evaluate("each => each.type ?? each.tagName")
        self.page.keyboard.press("Space" if kind in ("checkbox", "radio") else "Enter")

    def write(self, target: Locator, text: str) -> None:
        self._walk_to(target)
        self.page.keyboard.type(text)

    def choose(self, target: Locator, words: str) -> None:
        self._walk_to(target)
        self.page.keyboard.type(words)

    def attach(self, target: Locator, file: Path) -> None:
        self._walk_to(target)
        with self.page.expect_file_chooser() as opened:
            self.page.keyboard.press("Enter")
        opened.value.set_files(file)

    def download(self, target: Locator) -> Download:
        with self.page.expect_download() as sent:
            self.press(target)
        return sent.value

    def _walk_to(self, target: Locator) -> None:
        """Go on from where the focus is; what opens or fails a form has put it in the right place."""
        target.first.wait_for(state="attached")
        self.page.wait_for_load_state()
        kind = target.evaluate("each => each.type ?? each.tagName")
        for _stop in range(MOST_STOPS):
            if self._is_at(target, kind):
                return
            self.page.keyboard.press("Tab")
            self._focus_is_seen()
        raise AssertionError(f"{target} is not reached by {MOST_STOPS} presses of Tab on {self.page.url}")

    def _focus_is_seen(self) -> None:
        focused, give_up = self.page.locator(":focus"), time.monotonic() + 2  # it may still be scrolled to
        while focused.count() and not focused.evaluate(SEEN):
            assert time.monotonic() < give_up, f"the focus is not seen on {focused.evaluate('each => each.outerHTML')}"

    def _is_at(self, target: Locator, kind: str) -> bool:
        if target.evaluate("each => each === document.activeElement"):
            return True
        if kind != "radio":
            return False
        # Of a group one is a stop of Tab; the arrows walk to the others.
        grouped = "each => document.activeElement.type === 'radio' && document.activeElement.name === each.name"
        for _choice in range(target.evaluate("each => document.getElementsByName(each.name).length")):
            if not target.evaluate(grouped):
                return False
            self.page.keyboard.press("ArrowDown")
            if target.evaluate("each => each === document.activeElement"):
                return True
        return False


class Clicks:
    """A browser without scripts."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def choose(self, target: Locator, words: str) -> None:
        target.select_option(label=words)

    def attach(self, target: Locator, file: Path) -> None:
        target.set_input_files(file)

    def download(self, target: Locator) -> Download:
        with self.page.expect_download() as sent:
            target.click()
        return sent.value


def come_in(hand: Hand, window: BrowserPage, email: str) -> None:
    """Sign in, and arrive on the first page."""
    page = window.open("/sign-in")
    hand.write(page.get_by_label("E-mail"), email)
    hand.write(page.get_by_label("Password"), PASSWORD)
    hand.press(page.get_by_role("button", name="Sign in", exact=True))
    expect(page).not_to_have_url(f"{window.address}/sign-in")
    page.wait_for_load_state()
