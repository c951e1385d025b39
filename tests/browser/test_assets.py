"""Cutting and shrinking, seen by Chromium: it reads the same rules and the same scripts as from the sources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from views.assets import files, scripts, styles

STATIC = Path(__file__).parents[2] / "static"

# Every rule as Chromium understood it.
RULES = """text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map((rule) => rule.cssText);
}"""
SCRIPT_ERROR = "text => { try { new Function(text); return ''; } catch (error) { return String(error); } }"


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda sheet: sheet.stem)
def test_a_shrunk_sheet_has_the_same_rules(blank: Page, sheet: Path) -> None:
    text = sheet.read_text("utf-8")
    rules = blank.evaluate(RULES, text)
    assert rules
    assert blank.evaluate(RULES, styles.shrink([text])) == rules


def test_what_is_kept_of_bootstrap_stands_in_it_in_the_same_order(blank: Page) -> None:
    whole = iter(chain.from_iterable(one_by_one(rule) for rule in blank.evaluate(RULES, files.bootstrap_sheet())))
    kept = list(chain.from_iterable(one_by_one(rule) for rule in blank.evaluate(RULES, files.used_bootstrap())))
    assert len(kept) > 400
    assert [rule for rule in kept if rule not in whole] == []  # each search goes on where the last one ended


def one_by_one(rule: str) -> list[str]:
    """A rule of several selectors as one rule each; what stands in a condition goes with it."""
    if rule.startswith("@media"):
        condition, _brace, inside = rule.partition("{")
        return [
            f"{condition}{each}"
            for line in inside.splitlines()
            for each in one_by_one(line.strip())
            if line.strip("} ")
        ]
    selectors, _brace, body = rule.partition("{")
    return [f"{selector.strip()} {{{body}" for selector in selectors.split(",")]


def test_the_joined_and_shrunk_script_can_be_read(blank: Page) -> None:
    joined = scripts.join_modules(STATIC / "js", "app")
    assert blank.evaluate(SCRIPT_ERROR, joined) == ""
    assert blank.evaluate(SCRIPT_ERROR, scripts.shrink(joined)) == ""
    assert "SyntaxError" in blank.evaluate(SCRIPT_ERROR, joined + "const {")
