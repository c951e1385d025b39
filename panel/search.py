"""Searching: every word stands somewhere in the searched columns, without regard to case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, or_, select

from panel.paths import Path
from panel.words import gettext

SHORTEST_WORD = 3
LONGEST_TEXT = 200
MOST_WORDS = 8

NOT_TEXT = "The search holds a character that is no text."


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, the words that are looked for, and what must be said about the others."""

    text: str
    words: tuple[str, ...] = ()
    warning: str = ""


def read_search(text: str) -> Search:
    """Split what was typed into words."""
    text = text.strip()
    if "\0" in text:
        return Search(text.replace("\0", ""), warning=NOT_TEXT)
    if len(text) > LONGEST_TEXT:
        return Search(text, warning=gettext("Search for at most %(count)s characters.", count=LONGEST_TEXT))
    words = text.split()
    long = tuple(word for word in words if len(word) >= SHORTEST_WORD)[:MOST_WORDS]
    short = [word for word in words if len(word) < SHORTEST_WORD]
    return Search(text, long, left_out_words(short) if short else "")


def left_out_words(short: Sequence[str]) -> str:
    """That words were too short to be looked for."""
    return gettext(
        "Search words need at least %(count)s characters; left out: %(words)s.",
        count=SHORTEST_WORD,
        words=", ".join(short),
    )


def contains(column: Any, word: str) -> ColumnElement[bool]:
    """Whether the column contains the word, without regard to case."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: ColumnElement[bool] = column.ilike(f"%{escaped}%", escape="\\")
    return found


def found_in(paths: Sequence[Path], word: str) -> ColumnElement[bool]:
    """Whether one of the values contains the word."""
    return or_(*(path.where(lambda column: contains(column, word)) for path in paths))


def hits(
    primary_key: Any, paths: Sequence[Path], words: Sequence[str], predicates: Sequence[ColumnElement[bool]]
) -> CTE:
    """The keys of the rows that hold every word.

    MATERIALIZED: else PostgreSQL may walk the index of the sort order instead of the trigrams, which is 50 times slower
    for a rare word.
    """
    statement: Select[Any] = select(primary_key.label("key")).where(
        *predicates, *(found_in(paths, word) for word in words)
    )
    return statement.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
