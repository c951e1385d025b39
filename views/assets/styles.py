"""Style sheets: of a large one only the rules that our pages can match, and several shrunk into one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import rcssmin
import tinycss2

HOLDS_RULES = frozenset({"media", "supports", "layer", "container"})


def keep_used(sheet: str, is_used: Callable[[str], bool]) -> str:
    """The sheet without the rules that need a class that is not used.

    A selector needs the classes it names itself; those inside ``:not()`` and its like are left alone. Rules without a
    class, at-rules that hold no rules and comments that say whose the sheet is (``/*!``) stay, and so does the order.
    """
    return _kept(tinycss2.parse_stylesheet(sheet, skip_whitespace=True), is_used)


def shrink(sheets: Iterable[str]) -> str:
    """The sheets one after the other, without white space and comments that say nothing to a browser."""
    return str(rcssmin.cssmin("\n".join(sheets), keep_bang_comments=True))


def needs_of(sheet: str) -> frozenset[frozenset[str]]:
    """For each selector of this sheet the classes it needs."""
    return frozenset(_needs(tinycss2.parse_stylesheet(sheet, skip_whitespace=True, skip_comments=True)))


def _kept(rules: list[Any], is_used: Callable[[str], bool]) -> str:
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [each for each in _split(rule.prelude) if all(map(is_used, _classes(each)))]
            if selectors:
                body = tinycss2.serialize(rule.content)
                kept.append(f"{','.join(map(tinycss2.serialize, selectors))}{{{body}}}")
        elif _holds_rules(rule):
            inside = _kept(_rules_in(rule), is_used)
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif rule.type != "comment" or rule.value.startswith("!"):
            kept.append(rule.serialize())
    return "".join(kept)


def _needs(rules: list[Any]) -> Iterator[frozenset[str]]:
    for rule in rules:
        if rule.type == "qualified-rule":
            yield from (frozenset(_classes(each)) for each in _split(rule.prelude))
        elif _holds_rules(rule):
            yield from _needs(_rules_in(rule))


def _holds_rules(rule: Any) -> bool:
    return rule.type == "at-rule" and rule.lower_at_keyword in HOLDS_RULES and rule.content is not None


def _rules_in(rule: Any) -> list[Any]:
    return list(tinycss2.parse_rule_list(rule.content, skip_whitespace=True, skip_comments=True))


def _split(prelude: list[Any]) -> Iterator[list[Any]]:
    """The selectors between the commas."""
    selector: list[Any] = []
    for part in prelude:
        if part == ",":
            yield selector
            selector = []
        else:
            selector.append(part)
    yield selector


def _classes(selector: list[Any]) -> Iterator[str]:
    for dot, name in pairwise(selector):
        if dot == "." and name.type == "ident":
            yield name.value
