"""Cutting and shrinking, seen by Chromium: it reads the same rules and the same scripts as from the sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from views.assets import files, scripts, styles

STATIC = Path(__file__).parents[2] / "static"

# Every rule as Chromium understood it. What waits for a variable it keeps as written, so spaces there mean nothing.
RULES = """text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map((rule) => rule.cssText.replace(/([,:]) +/g, "$1"));
}"""
# The same with a rule of several selectors as one each, and what stands in a condition with it.
ONE_BY_ONE = """text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  const parts = (rules, where) => [...rules].flatMap((rule) => {
    if (rule.selectorText)
      return rule.selectorText.split(/, ?(?![^(]*\\))/).map((selector) => `${where}${selector}{${rule.style.cssText}}`);
    return rule.conditionText ? parts(rule.cssRules, `${where}${rule.conditionText} `) : [`${where}${rule.cssText}`];
  });
  return parts(sheet.cssRules, "");
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
    whole = iter(blank.evaluate(ONE_BY_ONE, files.bootstrap_sheet()))
    kept = blank.evaluate(ONE_BY_ONE, files.used_bootstrap())
    assert len(kept) > 300
    assert [rule for rule in kept if rule not in whole] == []  # each search goes on where the last one ended


def test_the_joined_and_shrunk_script_can_be_read(blank: Page) -> None:
    joined = scripts.join_modules(STATIC / "js", "app")
    assert blank.evaluate(SCRIPT_ERROR, joined) == ""
    assert blank.evaluate(SCRIPT_ERROR, scripts.shrink(joined)) == ""
    assert "SyntaxError" in blank.evaluate(SCRIPT_ERROR, joined + "const {")
