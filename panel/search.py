"""Searching: every word stands somewhere in the searched columns, without regard to case; or a record's own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, or_, select

from panel.paths import Path
from panel.realm import Visit
from panel.words import gettext

SHORTEST_WORD = 3
LONGEST_TEXT = 200
MOST_WORDS = 8

NOT_TEXT = "The search holds a character that is no text."


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, the words that are looked for, and what must be said about the others."""

    text: str
    words: tuple[Any, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class OwnSearch:
    """How a record is searched by more than columns of its own: by an index for full-text search, say.

    ``read`` makes of what was typed the words that are looked for, whatever they are (``str`` of them is shown), and
    what it leaves out since it is shorter than ``shortest``. ``where`` makes of a visit and these words the predicate
    of the rows that hold them all; it must look at nothing the visit may not see. ``columns`` are those it looks
    through, each with a GIN index.
    """

    read: Callable[[str], tuple[Sequence[Any], Sequence[str]]]
    where: Callable[[Visit, Sequence[Any]], ColumnElement[bool]]
    shortest: int
    columns: tuple[Any, ...]


def read_search(text: str, own: OwnSearch | None = None) -> Search:
    """Split what was typed into words."""
    text = text.strip()
    if "\0" in text:
        return Search(text.replace("\0", ""), warning=NOT_TEXT)
    if len(text) > LONGEST_TEXT:
        return Search(text, warning=gettext("Search for at most %(count)s characters.", count=LONGEST_TEXT))
    if own is not None:
        found, left_out = own.read(text)
        return Search(text, tuple(found), too_short_to_read(own.shortest, left_out) if left_out else "")
    words = text.split()
    long = tuple(word for word in words if len(word) >= SHORTEST_WORD)[:MOST_WORDS]
    short = [word for word in words if len(word) < SHORTEST_WORD]
    return Search(text, long, left_out_words(short) if short else "")


def too_short_to_read(shortest: int, left_out: Sequence[str]) -> str:
    """The same of a record that is searched by an index of its own."""
    return gettext(
        "Search words need at least %(count)s letters or digits; left out: %(words)s.",
        count=shortest,
        words=", ".join(left_out),
    )


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


def hits(primary_key: Any, predicates: Sequence[ColumnElement[bool]]) -> CTE:
    """The keys of the rows that a search finds.

    MATERIALIZED: else PostgreSQL may walk the index of the sort order instead of that of the search, which is 50 times
    slower for a rare word.
    """
    statement: Select[Any] = select(primary_key.label("key")).where(*predicates)
    return statement.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
