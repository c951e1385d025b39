"""Languages that nobody speaks: they show what cannot be translated yet, and how pages look the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from babel.messages.catalog import Message
from babel.support import NullTranslations

_KEPT: Final = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]*>|&\w+;)")
_ACCENTS: Final = str.maketrans("ABCDEGHIJKLNORSTUWYZabcdeghijklnorstuwyz", "ÅƁÇÐÉĜĤÎĴĶĻÑÖŔŠŢÛŴÝŽåƀçðéĝĥîĵķļñöŕšţûŵýž")
_TURN_ROUND, _TURN_BACK = "\u202e", "\u202c"


def accented(text: str) -> str:
    """The text as English readers can still read it, in brackets that show where a message begins and ends."""
    return f"[{_changed(text, lambda part: part.translate(_ACCENTS))}]"


def turned_round(text: str) -> str:
    """The text as it runs from right to left."""
    return _changed(text, lambda part: f"{_TURN_ROUND}{part}{_TURN_BACK}" if part.strip() else part)


def _changed(text: str, change: Callable[[str], str]) -> str:
    """The text with its words changed: placeholders, markup and entities stay."""
    parts = _KEPT.split(text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


class PseudoTranslations(NullTranslations):
    """Changes each message that the template knows. What it does not know stays plain English, and so is found."""

    def __init__(self, messages: Iterable[Message], change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change
        self._known: set[tuple[str, str]] = set()
        for message in messages:
            forms = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            self._known.update((str(message.context or ""), form) for form in forms if form)

    def gettext(self, message: str) -> str:
        return self._said("", message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._said("", msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self._said(context, message)

    def npgettext(self, context: str, singular: str, plural: str, num: int) -> str:
        return self._said(context, singular if num == 1 else plural)

    upgettext, unpgettext = pgettext, npgettext

    def _said(self, context: str, message: str) -> str:
        return self._change(message) if (context, message) in self._known else message
