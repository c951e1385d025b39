"""What a page in the pseudo-language says outside of the brackets that every translated message stands in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from typing import Final

_SAID_BY: Final = ("aria-label", "title", "placeholder", "alt", "data-slider", "data-label")
_UNSEEN: Final = frozenset({"script", "style", "svg"})
_DATA: Final = re.compile(
    r"[A-Z]{3} ?-?[\d.,]+|[\w.+-]+@[\w.-]+|https?://\S+|/\S+"  # amounts, mail addresses, addresses and paths
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}, \d{4}"  # days of the pseudo-language
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
    r"|\d{4}-\d\d-\d\dT\S+|\S*\d\S*",  # moments, numbers, codes
    re.IGNORECASE,
)
# What tests/support/matrix_sides.py writes into rows, and the names of values in what the audit keeps.
_MARKED: Final = re.compile(
    r"\S*(?:own|below|foreign)mark[\w-]*(?:@[\w.-]+)?(?: before| after)?|\"\w+\":", re.IGNORECASE
)
_SECRET: Final = re.compile(r"(?:\b[A-Z2-7]{4}\b ?){8}")  # of time codes
_AS_LOGGED: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d[\d.,]* [A-Z]{3}\b")
_WRITTEN_BY_THE_LANGUAGE: Final = re.compile(
    r"[\w.+-]+@[\w.-]+|https?://\S+|/\S+|\S*\d-\d\S*|[A-Z]+-\d\S*"  # addresses, paths, numbers of documents
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}, \d{4}|\d{1,2}:\d\d\s[AP]M|\bUTC\b"
)
_WITHOUT_ACCENTS: Final = re.compile(r"[fmpqvxFMPQVX]+").fullmatch
_WORD: Final = re.compile(r"[A-Za-z]{2,}")


def bare_texts(page: str, data: Collection[str]) -> list[str]:
    """Each text of a page with words outside of brackets, apart from what rows hold."""
    return [text for text in _texts(page) if _WORD.search(_without(text, data))]


def english_words(text: str, data: Collection[str] = ()) -> list[str]:
    """Words and values in a text of the pseudo-language that nobody said in it, inside of messages, too.

    Messages have accents in every word of them, and days and amounts are written as on pages: "Jan 31, 2026" and
    "€12.05" instead of 2026-01-31 and 12.05 EUR.
    """
    for part in sorted((each for each in data if each), key=len, reverse=True):
        text = text.replace(part, " ")
    values = _AS_LOGGED.findall(text)
    words = re.findall(r"[^\W\d_]{2,}", _WRITTEN_BY_THE_LANGUAGE.sub(" ", text))
    return [*values, *(word for word in words if word.isascii() and not _WITHOUT_ACCENTS(word))]


def _without(text: str, data: Collection[str]) -> str:
    text = " ".join(text.split())
    if text in data:
        return ""
    outside = _SECRET.sub(" ", _MARKED.sub(" ", _outside_brackets(text)))
    for part in sorted((each for each in data if each in outside), key=len, reverse=True):
        outside = outside.replace(part, " ")
    return _DATA.sub(" ", outside)


def _outside_brackets(text: str) -> str:
    kept, depth = [], 0
    for letter in text:
        depth += letter == "["
        kept.append(letter if not depth else " ")
        depth -= letter == "]" and depth > 0
    return "".join(kept)


def _texts(page: str) -> Iterator[str]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    yield from reader.texts


class _Reader(HTMLParser):
    """Texts of one element belong together, for a message may hold tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []
        self._unseen = 0
        self._line = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag not in _INLINE:
            self._end_line()
        given = dict(attrs)
        self.texts += [value for name in _SAID_BY if (value := given.get(name))]
        if tag == "input" and given.get("type") == "submit" and (value := given.get("value")):
            self.texts.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1
        if tag not in _INLINE:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._line += data

    def close(self) -> None:
        super().close()
        self._end_line()

    def _end_line(self) -> None:
        if self._line.strip():
            self.texts.append(self._line)
        self._line = ""


_INLINE: Final = frozenset({"a", "abbr", "b", "bdi", "br", "code", "em", "i", "small", "strong", "span", "time"})
