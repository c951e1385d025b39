"""What holds on every page: nothing that axe finds serious, one heading, landmarks, all its styles, no scrolling sideways."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from views.assets import files, styles

GRAVE = ("serious", "critical")

# Read by the page itself in one go: each question of its own would be a round trip.
FACTS = """() => ({
  title: document.title,
  headings: [...document.querySelectorAll("h1")].filter((each) => each.checkVisibility()).length,
  mains: document.querySelectorAll("main").length,
  headers: document.querySelectorAll("body > header, .staff-body > header").length,
  navigations: document.querySelectorAll("nav[aria-label=Main]").length,
  current: [...document.querySelectorAll("nav[aria-label=Main] [aria-current]")].map((each) => each.textContent.trim()),
  theme: document.documentElement.dataset.bsTheme,
  classes: [...new Set([...document.querySelectorAll("[class]")].flatMap((each) => [...each.classList]))],
  spare: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})"""

# Only what is wrong comes back: all that was looked at would be a long answer.
ASK_AXE = """([apart, options]) =>
  axe.run({ include: [["html"]], exclude: apart.map((each) => [each]) }, options).then((found) => found.violations)"""


def assert_sound(page: Page, *, current: str | None = None, opened: bool = False) -> None:
    """Check the page as it stands. ``current`` is the word of the navigation that is marked as this page.

    ``opened``: a dialog or menu stands over the page; only what can be seen is checked, not how the page is built.
    """
    page.wait_for_load_state("load")  # measured before its styles came, a page is as wide as its table
    facts = page.evaluate(FACTS)
    where = page.url
    assert facts["spare"] <= 0, f"{where} is {facts['spare']} px wider than the window"
    assert grave_findings(page) == [], where
    assert missed_rules(facts["classes"]) == [], where
    if opened:
        return
    assert facts["headings"] == 1, where
    assert facts["mains"] == 1, where
    assert facts["headers"] == 1, where
    assert facts["title"].strip(" ·"), where
    if current is not None:
        assert facts["navigations"] == 1, where
        assert facts["current"] == [current], where


@cache
def _left_out() -> frozenset[frozenset[str]]:
    return styles.needs_of(files.bootstrap_sheet()) - styles.needs_of(files.used_bootstrap())


def missed_rules(classes: Collection[str]) -> list[str]:
    """The classes of each rule of Bootstrap that may match where these classes stand, and that we do not serve."""
    present = set(classes)
    return sorted(f"Bootstrap's .{' .'.join(sorted(need))} is left out" for need in _left_out() if need <= present)


def grave_findings(page: Page, *, apart_from: Sequence[str] = ()) -> list[str]:
    """What axe finds serious or critical, a line for each element; ``apart_from`` are selectors of what it leaves out."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(ASK_AXE, [list(apart_from), {"resultTypes": ["violations"]}])
    return [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in found
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def first_tab_stop(page: Page) -> str:
    """The words of what the first press of Tab reaches on a fresh page."""
    page.keyboard.press("Tab")
    words: str = page.evaluate("document.activeElement.textContent.trim()")
    return words
