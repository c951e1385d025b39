"""Where texts of the house become words of the reader's language: labels, helps, questions, mistakes.

Whoever writes a Resource writes English; what is shown goes through here. The sentences of the generator itself are
written with ``gettext`` and ``ngettext`` where they are shown.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import flask_babel
from flask import current_app, has_app_context


class _Speaker(Protocol):
    """The house's language (Flask-Babel's translations, with what the house can say besides)."""

    def say(self, text: str) -> str: ...

    def choice(self, context: str, value: Any) -> str: ...

    def inside(self, label: str) -> str: ...


def gettext(message: str, **values: Any) -> str:
    """A sentence of the generator in the reader's language, with its values."""
    return str(flask_babel.gettext(message, **values))


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """A sentence about a number of things, which stands in it as ``%(num)s``."""
    return str(flask_babel.ngettext(one, many, count, **values))


def translated(text: Any) -> str:
    """A text written in the code, as the reader reads it. What is no message of the catalog comes back as it is."""
    speaker = _speaker()
    return speaker.say(text) if speaker is not None else str(text)


def choice_words(context: str, value: Any) -> str:
    """A choice as people read it: "partially_paid" -> "Partially paid". ``context``: the name of its class, if any."""
    speaker = _speaker()
    return speaker.choice(context, value) if speaker is not None else choice_label(value)


def inside(label: str) -> str:
    """A label within a sentence: "Credit note" -> "credit note", and "SLA policy" as it is."""
    speaker = _speaker()
    return speaker.inside(label) if speaker is not None else in_a_sentence(label)


def choice_label(value: Any) -> str:
    """A choice in English: "partially_paid" -> "Partially paid"."""
    text = str(getattr(value, "value", value)).replace("_", " ")
    return text[:1].upper() + text[1:]


def in_a_sentence(label: str) -> str:
    """An English label within a sentence."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _speaker() -> _Speaker | None:
    """None where nobody reads: at the start, and in an app without our catalogs."""
    if not has_app_context() or "babel" not in current_app.extensions:
        return None
    found = flask_babel.get_translations()
    return cast("_Speaker", found) if hasattr(found, "say") else None
