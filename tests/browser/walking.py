"""A walk through every page of a realm that its visitor can reach: each is looked at, and says where to go on.

By hand, against a program that runs already with the demo:
`python -m tests.browser.walking ADDRESS staff|portal` prints what is wrong, and how long each page took.
"""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, Error, Page, sync_playwright
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.browser.conftest import CHROMIUM_OPTIONS
from tests.browser.pictures import OWNER, STAFF, sign_in
from tests.browser.soundness import FACTS, grave_findings
from tests.support.surroundings import chromium_path

# Every width, theme and direction is looked at; by axe the two that differ in all three.
WINDOWS = (
    (1440, "light", "ltr"),
    (1440, "light", "rtl"),
    (768, "dark", "ltr"),
    (768, "light", "rtl"),
    (360, "light", "ltr"),
    (360, "dark", "rtl"),
)
BY_AXE = {(1440, "light", "ltr"), (360, "dark", "rtl")}
# What is no page: files, answers to scripts, and the ways out.
NO_PAGE = re.compile(r"/export\.|/lookup/|/count$|/sign-out|/static/|\.csv$|\.xlsx$|\.pdf$|/unread$|/file/")

DRESS = """([theme, direction]) => {
  document.documentElement.dir = direction;
  document.documentElement.dataset.bsTheme = theme;
  const dark = document.getElementById("dark-colours");
  if (dark) dark.media = theme === "dark" ? "screen" : "not all";
}"""
LINKS = """() => [...document.querySelectorAll("a[href]:not([download]):not([data-method]), [formaction]")].map(
  (each) => each.getAttribute("formaction") ? new URL(each.getAttribute("formaction"), location).href : each.href)"""

Rule = tuple[str, str]  # an endpoint, and the action it is asked for


@dataclass
class Walk:
    """Where a visitor came, and what was wrong there. ``reached`` are the rules of the program with an address each."""

    address: str
    rule_of: Callable[[str], Rule | None]
    reached: dict[Rule, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def go(self, page: Page, *starts: str) -> None:
        """Walk from these addresses on, the nearest pages first."""
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("console", self._note)
        page.on("request", self._only_here)
        ahead = deque(starts)
        while ahead:
            path = ahead.popleft()
            rule = self.rule_of(urlsplit(path).path)
            if rule is None or rule in self.reached or NO_PAGE.search(urlsplit(path).path):
                continue
            began = time.monotonic()
            if self._open(page, path, rule):
                self.found += [f"{path}: {said}" for said in looked_at(page)]
                ahead.extend(self._onward(page))
            self.found += [f"{path}: {said}" for said in self.complaints]
            self.complaints.clear()
            self.seconds[path] = time.monotonic() - began

    def _open(self, page: Page, path: str, rule: Rule) -> bool:
        """Whether there is a page to look at: one that was not seen under another address before."""
        try:
            answer = page.goto(self.address + path)
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            self.reached[rule] = path
            return False
        if answer is None or answer.status >= 400:
            status = "no answer" if answer is None else answer.status
            if status != 409:  # what is not possible just now: the next record may allow it
                self.found.append(f"{path}: {status}")
            return False
        self.reached[rule] = path
        landed = urlsplit(page.url)
        here = self.rule_of(landed.path)
        if here == rule:
            return True
        if here is None or here in self.reached:
            return False
        self.reached[here] = landed.path
        return True

    def _onward(self, page: Page) -> Iterator[str]:
        for link in page.evaluate(LINKS):
            if link.startswith(self.address + "/"):
                yield link.removeprefix(self.address).split("#")[0]

    def _note(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _only_here(self, request: Any) -> None:
        if not request.url.startswith((self.address + "/", "data:", "blob:")):
            self.complaints.append(f"asks another host: {request.url}")


def looked_at(page: Page) -> Iterator[str]:
    """What is wrong with the page as it stands, in every window."""
    page.wait_for_load_state("load")
    facts: dict[str, Any] = {}
    for window in WINDOWS:
        width, theme, direction = window
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(DRESS, [theme, direction])
        facts = page.evaluate(FACTS)
        if facts["spare"] > 0:
            yield f"{width} px, {direction}: {facts['spare']} px wider than the window"
        if window in BY_AXE:
            yield from (f"{width} px, {theme}: {finding}" for finding in grave_findings(page))
    if facts["headings"] != 1:
        yield f"{facts['headings']} headings of the first order"
    if facts["mains"] != 1:
        yield f"{facts['mains']} main landmarks"
    if not facts["title"].strip(" ·"):
        yield "no title"
    if facts["headers"] > 1 or facts["navigations"] > 1:
        yield f"{facts['headers']} headers, {facts['navigations']} main navigations"


def rules_of(app: Flask) -> Callable[[str], Rule | None]:
    """What tells the rule of a path by the route map of the program."""
    adapter = app.url_map.bind("127.0.0.1")

    def rule_of(path: str) -> Rule | None:
        try:
            rule, values = adapter.match(path, method="GET", return_rule=True)
        except (HTTPException, RequestRedirect):
            return None
        return rule.endpoint, str(values.get("action", ""))

    return rule_of


def visitor(browser: Browser, address: str) -> Page:
    """A window in which nothing moves: colours that fade in are no colours yet."""
    return browser.new_context(reduced_motion="reduce", locale="en-US").new_page()


def main() -> None:
    """Walk by hand."""
    import tempfile

    from app import create_app
    from config import load_settings

    address, realm = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings({"DATA_DIR": str(Path(folder))}))
    walk = Walk(address, rules_of(app))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_OPTIONS))
        email, start = {"staff": STAFF, "portal": OWNER}[realm]
        page = visitor(browser, address)
        sign_in(page, address, email)
        walk.go(page, f"{start}/")
        browser.close()
    print("\n".join(walk.found))
    for path, seconds in sorted(walk.seconds.items(), key=lambda each: -each[1])[:15]:
        print(f"{seconds:6.1f} s {path}")
    print(f"{len(walk.reached)} pages in {sum(walk.seconds.values()):.0f} s")


if __name__ == "__main__":
    main()
