"""What is typed into the questions of a ticket type, read by the kind of the question: as it is kept in the ticket."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from domain.refusals import Refusal
from domain.sentences import Sentence

LONGEST_TEXT: Final = 255
LONGEST_LONG_TEXT: Final = 20_000
LONGEST_NUMBER: Final = 30

_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_TICKED: Final = frozenset({"y", "yes", "true", "on", "1"})

Answer = str | bool | None


class AnswerNotReadable(Refusal):
    """Its message says what to type instead."""


def read_answer(
    kind: str, typed: str, *, required: bool = True, max_length: int | None = None, choices: Sequence[str] = ()
) -> Answer:
    """The answer as it is kept: text, a day as 2026-01-31, True or False; None when nothing was answered.

    ``kind``: text, long_text, number, date, choice, yes_no, license, ticket. Whether there is such a license or ticket
    is not asked here. Refused: AnswerNotReadable.
    """
    text = typed.strip()
    if kind == "yes_no":
        return text.lower() in _TICKED
    if not text:
        if required:
            raise AnswerNotReadable("Choose one." if kind == "choice" else "This is needed. Enter an answer.")
        return None
    longest = min(max_length or LONGEST_LONG_TEXT, LONGEST_LONG_TEXT if kind == "long_text" else LONGEST_TEXT)
    if len(text) > longest:
        raise AnswerNotReadable(
            Sentence("Enter at most %(longest)s characters. These are %(len)s.", longest=longest, len=len(text))
        )
    if "\0" in text:
        raise AnswerNotReadable("This holds a character that is no text.")
    if kind == "number":
        return _number(text)
    if kind == "date":
        return _day(text)
    if kind == "choice" and text not in choices:
        raise AnswerNotReadable("Not a valid choice. Choose one of the list.")
    return text


def _number(text: str) -> str:
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise AnswerNotReadable("Enter a number like 12 or 12.5.")
    return text.replace(",", ".")


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise AnswerNotReadable("Enter a date like 2026-01-31.") from None
