"""The guides that come with Foyer: how each role does its work, as files in guides/<language>/<realm>/<role>.md.

A guide is a title, a plain paragraph, and steps: each a heading, its text in Markdown, and at most one picture. A name
in bold stands on the screen: a button, an entry of the menu, a field. It is written in English in the files of every
language and said in the reader's, so that a guide shows the very word to look for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS

FOLDER: Final = Path(__file__).resolve().parent.parent / "guides"
ENGLISH: Final = "en"
PORTAL, STAFF = "portal", "staff"
EVERYBODY: Final = "everybody"
"""The guide that a realm has beside those of its roles: what everybody does there."""

_GRANTS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    PORTAL: {role.value: frozenset(granted) for role, granted in MEMBER_GRANTS.items()},
    STAFF: {role.value: frozenset(granted) for role, granted in STAFF_GRANTS.items()},
}
_HEADING: Final = re.compile(r"^(#{1,2}) +(.+)$", re.MULTILINE)
_PICTURE: Final = re.compile(r"^!\[(?P<alt>[^\]\n]*)\]\((?P<picture>[^()\s]+)\)$", re.MULTILINE)
_END_OF_LINE: Final = re.compile(r"(?<!\n)\n(?!\n|[-*] |\d+\. )")
_NAME: Final = re.compile(r"\*\*([^*\n]+)\*\*")


class GuideNotReadable(Exception):
    """A file of guides/ is not written as a guide. The message names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``text`` is Markdown; ``picture`` the name of a file in static/img/guides/, or empty."""

    title: str
    text: str
    picture: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide in one language: the reader's, or English where it is not written in theirs."""

    realm: str
    role: str
    language: str
    title: str
    lead: str
    steps: tuple[Step, ...]


def guides_of(realm: str) -> list[str]:
    """What a realm has a guide for: everybody, and each of its roles."""
    return [EVERYBODY, *_GRANTS[realm]]


def readable_guides(realm: str, grants: Collection[str]) -> list[str]:
    """What somebody who holds these grants may read of a realm: whatever tells of nothing that they may not do."""
    held = frozenset(grants)
    return [EVERYBODY, *(role for role, granted in _GRANTS[realm].items() if granted <= held)]


def own_guides(realm: str, grants: Collection[str]) -> list[str]:
    """Those that are written for them, the role's first: one that is a part of another they read is not among them."""
    table = _GRANTS[realm]
    roles = [role for role in readable_guides(realm, grants) if role != EVERYBODY]
    return [*(role for role in roles if not any(table[role] < table[other] for other in roles)), EVERYBODY]


def guide(realm: str, role: str, language: str, *, named: Callable[[str], str]) -> Guide | None:
    """The guide for a role of a realm, None where neither is one; ``named`` says a name of the screen to the reader."""
    if realm not in _GRANTS or role not in guides_of(realm):
        return None
    there = (FOLDER / language / realm / f"{role}.md").exists()
    written = _read(realm, role, language if there else ENGLISH)
    steps = tuple(
        replace(step, text=_NAME.sub(lambda name: f"**{named(name[1])}**", step.text)) for step in written.steps
    )
    return replace(written, steps=steps)


@lru_cache(256)
def _read(realm: str, role: str, language: str) -> Guide:
    file = FOLDER / language / realm / f"{role}.md"
    text = file.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    levels = [len(heading[1]) for heading in headings]
    if levels[:1] != [1] or levels.count(1) > 1 or len(levels) == 1 or text[: headings[0].start()].strip():
        raise GuideNotReadable(f"{file.name}: a guide is one title, a paragraph, and steps below headings of their own")
    ends = [*(following.start() for _heading, following in pairwise(headings)), len(text)]
    parts = [
        _END_OF_LINE.sub(" ", text[heading.end() : end].strip()) for heading, end in zip(headings, ends, strict=True)
    ]
    steps = [_step(heading[2], part) for heading, part in zip(headings[1:], parts[1:], strict=True)]
    return Guide(realm, role, language, headings[0][2], parts[0], tuple(steps))


def _step(title: str, part: str) -> Step:
    shown = _PICTURE.search(part)
    text = _PICTURE.sub("", part).strip()
    return Step(title, text) if shown is None else Step(title, text, shown["picture"], shown["alt"])
