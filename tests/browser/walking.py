"""A walk through every page of a realm that its visitor can reach: each is looked at, and says where to go on.

By hand, against a program that runs already with the demo:
`python -m tests.browser.walking ADDRESS staff|portal` prints what is wrong, and how long each page took.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
from tests.browser.soundness import FACTS, grave_findings, missed_rules
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
BY_AXE = ((1440, "light", "ltr"), (360, "dark", "rtl"))
# The pages that ask before an act are one template: those two windows do for each of them.
ASKS = (".action_view", ".bulk_view", ".delete_view")
# What is alike on every page is looked at by axe on the first alone, and of the rows of a table the first few:
# most of its time goes into the colours of each element.
ALIKE = (
    "nav[aria-label=Main]",
    "#palette",
    "#shortcuts",
    "#person-menu",
    "#help-menu",
    ".menu",
    "tbody tr:nth-child(n+6)",
)
# What is no page, by the verb of its route and by its endpoint: files, pictures, and answers to scripts.
NO_PAGE = frozenset({"export", "lookup"})
NO_PAGES = (".count_view", ".picture")

DRESS = """([theme, direction]) => {
  document.documentElement.dir = direction;
  document.documentElement.dataset.bsTheme = theme;
  const dark = document.getElementById("dark-colours");
  if (dark) dark.media = theme === "dark" ? "screen" : "not all";
}"""
# Where a click leads, and the page that asks what a form of another page is sent with; what is done to many rows needs one.
LINKS = """() => {
  const row = document.querySelector("tbody input[name=id]:not(:disabled)");
  const where = "a[href]:not([download]), [formaction], form[method=post][action]";
  return [...document.querySelectorAll(where)].map((each) => {
    const there = new URL(each.getAttribute("formaction") || each.getAttribute("action") || each.href, location);
    if (row && there.pathname.includes("/bulk/")) there.searchParams.append("id", row.value);
    return there.href;
  });
}"""

Window = tuple[int, str, str]  # width, theme, direction
Rule = tuple[str, str]  # an endpoint, and the action it is asked for


@dataclass
class Walk:
    """Where a visitor came, and what was wrong there. ``reached`` are the rules of the program with an address each."""

    address: str
    rule_of: Callable[[str], Rule | None]
    pages: Collection[Rule]
    reached: dict[Rule, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def go(self, page: Page, *starts: str, through: Collection[str] = ()) -> None:
        """Walk from these addresses on, the nearest pages first, and look at one page for each rule.

        ``through`` are pages that show records in another state: when all else is walked, they are opened for their links.
        """
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("console", self._note)
        page.on("request", self._only_here)
        self._walk(page, starts)
        for path in through:
            page.goto(self.address + path)
            self._walk(page, self._onward(page))

    def _walk(self, page: Page, starts: Iterable[str]) -> None:
        ahead = deque(starts)
        while ahead:
            path = ahead.popleft()
            rule = self.rule_of(urlsplit(path).path)
            if rule is None or rule not in self.pages or rule in self.reached or path in self.seconds:
                continue
            began = time.monotonic()
            if self._open(page, path, rule):
                alike = ALIKE if self.seconds else ()
                windows = BY_AXE if rule[0].endswith(ASKS) else WINDOWS
                self.found += [f"{path}: {said}" for said in looked_at(page, windows, apart_from=alike)]
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
        if here is None or here not in self.pages or here in self.reached:
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


def looked_at(page: Page, windows: Sequence[Window] = WINDOWS, *, apart_from: Sequence[str] = ()) -> Iterator[str]:
    """What is wrong with the page as it stands, in these windows; axe leaves out what ``apart_from`` selects."""
    page.wait_for_load_state("load")
    facts: dict[str, Any] = {}
    for window in windows:
        width, theme, direction = window
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(DRESS, [theme, direction])
        facts = page.evaluate(FACTS)
        if facts["spare"] > 0:
            yield f"{width} px, {direction}: {facts['spare']} px wider than the window"
        if window in BY_AXE:
            findings = grave_findings(page, apart_from=apart_from)
            yield from (f"{width} px, {theme}: {finding}" for finding in findings)
    yield from missed_rules(facts["classes"])
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

    def matched(path: str, method: str) -> tuple[Any, Any]:
        try:
            rule, values = adapter.match(path, method=method, return_rule=True)
        except (HTTPException, RequestRedirect):
            return None, {}
        return rule, values

    def rule_of(path: str) -> Rule | None:
        rule, values = matched(path, "GET")
        posted, _values = matched(path, "POST")
        if rule is None or (posted is not None and posted.rule != rule.rule):
            return None  # a word of an act that would be taken for the key of a row
        return rule.endpoint, str(values.get("action", ""))

    return rule_of


def pages_of(app: Flask, realm: str) -> set[Rule]:
    """Every rule of a realm that answers a GET with a page, by the map of routes and what the records declare.

    Each action counts for itself. A record has every address in the map; those of verbs that it does not know are
    no pages (tests/support/matrix.py proves that they are not found).
    """
    (site,) = (each for each in app.extensions["sites"] if each.realm.name == realm)
    answers = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    found: set[Rule] = set()
    for route in site.routes():
        if route.endpoint not in answers or route.verb in NO_PAGE or route.endpoint.endswith(NO_PAGES):
            continue
        if route.verb in ("action", "bulk"):
            actions = site.mounted[route.slug].actions.values()
            found |= {(route.endpoint, each.slug) for each in actions if route.verb == "action" or each.bulk}
        elif route.grant:
            found.add((route.endpoint, ""))
    return found


def visitor(browser: Browser) -> Page:
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
    walk = Walk(address, rules_of(app), pages_of(app, realm))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_OPTIONS))
        email, start = {"staff": STAFF, "portal": OWNER}[realm]
        page = visitor(browser)
        sign_in(page, address, email)
        walk.go(page, f"{start}/")
        browser.close()
    print("\n".join(walk.found))
    for path, seconds in sorted(walk.seconds.items(), key=lambda each: -each[1])[:15]:
        print(f"{seconds:6.1f} s {path}")
    print(f"{len(walk.reached)} pages in {sum(walk.seconds.values()):.0f} s")


if __name__ == "__main__":
    main()
