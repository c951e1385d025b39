"""Words of a full-text search: how texts are split into them, and which of them a typed search looks for.

The rule is the same for both databases, since it is applied here and neither of them splits a text itself:

- Case and marks do not count: "Büro", "BÜRO" and "buro" are one word; "ß" is "ss", "ø" is "o", "æ" is "ae", "đ" is "d".
- A word is a run of letters and digits; every other character parts words. Of a longer one the first 60 count.
- Chinese and Japanese are written without spaces: of a run of their characters each two neighbours are a word, and so
  is the last one alone. So a search finds any part of such a run.
- A number also counts without the zeros in front of it.
- A typed word finds the words it begins ("invoi" finds "invoice"); one of two characters and a single digit only find
  themselves ("T-3"), and another single one is too short, except for Chinese and Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SHORTEST_WORD: Final = 2
SHORTEST_BEGINNING: Final = 3
LONGEST_WORD: Final = 60
MOST_WORDS: Final = 8

_RUN: Final = re.compile(r"[^\W_]+")
_WIDE: Final = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_ALIKE: Final = {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ı": "i"}


class _Folding(dict[int, str]):
    """What stands for a character: itself, letters of the alphabet, or nothing for a mark above or below another."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        found = "" if unicodedata.category(letter).startswith("M") else _ALIKE.get(letter, letter)
        self[code] = found
        return found


_FOLDED: Final = _Folding()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word that is looked for; ``begins`` finds all words that begin with it."""

    word: str
    begins: bool

    def __str__(self) -> str:
        return self.word


def words_of(*texts: str) -> list[str]:
    """The words of a text, each once, sorted."""
    found: set[str] = set()
    for text in texts:
        for run in set(_RUN.findall(_folded(text))):
            if run.isascii() and len(run) <= LONGEST_WORD and run[0] != "0":
                found.add(run)
            else:
                found.update(_stored(run))
    return sorted(found)


def read_words(text: str) -> tuple[list[Wanted], list[str]]:
    """What a typed search looks for, at most eight words, and what of it was too short or holds no letter or digit."""
    wanted: dict[Wanted, None] = {}
    left_out = []
    for typed in text.split():
        found = [each for run in _RUN.findall(_folded(typed)) for each in _looked_for(run)]
        wanted.update(dict.fromkeys(found))
        if not found:
            left_out.append(typed)
    return list(wanted)[:MOST_WORDS], left_out


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Twice: a letter that stands for another in print (as "™" for "TM") may be a capital.
    return unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_FOLDED)


def _parts(run: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a run, and whether one is of a script without spaces."""
    end = 0
    for wide in _WIDE.finditer(run) if not run.isascii() else ():
        if wide.start() > end:
            yield run[end : wide.start()], False
        yield wide[0], True
        end = wide.end()
    if end < len(run):
        yield run[end:], False


def _stored(run: str) -> Iterator[str]:
    for part, is_wide in _parts(run):
        if is_wide:
            yield from (part[at : at + 2] for at in range(len(part)))
            continue
        yield part[:LONGEST_WORD]
        if part.startswith("0") and part.isdecimal():
            yield part.lstrip("0")[:LONGEST_WORD] or "0"


def _looked_for(run: str) -> Iterator[Wanted]:
    for part, is_wide in _parts(run):
        if is_wide:
            yield from (Wanted(part[at : at + 2], begins=True) for at in range(max(1, len(part) - 1)))
        elif len(part) >= SHORTEST_WORD or part.isdecimal():
            yield Wanted(part[:LONGEST_WORD], begins=len(part) >= SHORTEST_BEGINNING)
