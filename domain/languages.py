"""The languages that Foyer speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """``name`` is what its speakers call it; ``locale`` says how dates, numbers and money are written.

    With ``capital_nouns`` a label keeps its first letter inside a sentence.
    """

    code: str
    name: str
    locale: str
    right_to_left: bool = False
    capital_nouns: bool = False


ENGLISH: Final = Language("en", "English", "en")

TRANSLATED: Final = (
    Language("de", "Deutsch", "de", capital_nouns=True),
    Language("fr", "Français", "fr"),
    Language("es", "Español", "es"),
    Language("bs", "Bosanski", "bs"),
)
"""Those that have a catalog in translations/, or will have one."""

_COMPLETE: Final = frozenset({"de", "fr", "es", "bs"})

SPOKEN: Final = {
    language.code: language for language in (ENGLISH, *TRANSLATED) if language is ENGLISH or language.code in _COMPLETE
}
"""Those that are offered: a catalog must be complete first, which tests/test_catalogs.py proves."""

PSEUDO: Final = {
    language.code: language
    for language in (
        Language("en-XA", "[Åççéñţš]", "en"),
        Language("ar-XB", "Right to left", "en", right_to_left=True),
    )
}
"""No languages: they show what is not translatable yet, and how pages look turned round. Never in production."""
